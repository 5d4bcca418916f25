/* The Compare page: which runs, which of them is the baseline, and the panels that hold them against each other. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const pages = ["/compare"];
  const MOST = 12; // columns that a table still shows
  const LIVE_MS = 1500;
  const OTHERS = [["image", "/media", "Images"], ["text", "/text", "Texts"], ["histogram", "/histograms", "Histograms"], ["table", "/tables", "Tables"], ["pr_curve", "/pr", "PR curves"], ["graph", "/graphs", "Graphs"]];
  // The runs in the order of their columns; [] follows the selection.
  tb.view.declare("compare", [], {pages, valid: (v) => v.every((name) => typeof name === "string")});
  tb.view.declare("cmpAll", false, {param: "compare-all", pages});

  const KEYS = ["compare", "cmpAll", "cmpValue", "cmpSort", "cmpSystem", "cmpTag", "cmpCode", "cmpCharts", "baseline", "tagFilter", "step"];

  // Runs that were selected elsewhere since are what is meant now.
  tb.view.subscribe((state, changed) => {
    if (changed.has("selection") && !changed.has("compare") && state.compare.length && tb.path() !== "/compare") tb.view.set({compare: []});
  });

  /** The compared runs: those chosen, else the first of those shown. */
  function compared() {
    const chosen = tb.view.get().compare.filter((name) => tb.runs.get(name));
    return chosen.length ? chosen : tb.runs.shown().slice(0, MOST).map((run) => run.name);
  }

  class CompareView {
    constructor(root) {
      this.root = root;
      this.chips = el("div", {class: "compare-chips", role: "list", "aria-label": "Compared runs"});
      this.add = el("button", {type: "button", class: "button", "aria-haspopup": "dialog", onclick: () => this.choose()}, "+ Add runs");
      this.follow = el("button", {type: "button", class: "button", title: "Compare whatever runs are selected in the list", onclick: () => tb.view.set({compare: []})}, "Follow the selection");
      this.all = el("input", {type: "checkbox", onchange: () => tb.view.set({cmpAll: !this.all.checked})});
      const link = el("button", {type: "button", class: "button", onclick: () => {
        tb.view.set({compare: compared()});
        tb.kit.copy(tb.view.link(), "Link copied");
      }}, "Copy link");
      this.bar = el("div", {class: "compare-bar"}, this.chips, this.add, this.follow, el("span", {class: "compare-space"}), el("label", {class: "control"}, this.all, "only differences"), link);
      this.settings = new tb.SettingsTable();
      this.metrics = new tb.MetricsTable();
      this.metrics.onNews = () => this.soon();
      this.code = new tb.CodePanel();
      this.curves = new tb.CurvesPanel();
      this.links = el("nav", {class: "compare-links", "aria-label": "The same runs on other pages"});
      this.empty = el("div", {hidden: true});
      this.body = el("div", {}, this.links, this.metrics.node, this.settings.node, this.curves.node, this.code.node);
      root.append(this.bar, this.empty, this.body);
      this.off = [
        tb.runs.subscribe((news) => this.news(news)),
        tb.view.subscribe((state, changed) => KEYS.some((key) => changed.has(key)) && this.soon()),
        tb.records.subscribe(() => this.soon()),
      ];
      tb.records.load().catch((error) => tb.kit.toast(error.message, {bad: true}));
      this.soon();
    }

    news(news) {
      if (news.runs || news.shown || news.theme) this.soon();
      else if (news.series.size) this.later = this.later || setTimeout(() => this.soon(), LIVE_MS);
    }

    soon() {
      clearTimeout(this.later);
      this.later = null;
      this.asked = this.asked || requestAnimationFrame(() => {
        this.asked = null;
        this.draw();
      });
    }

    draw() {
      if (!this.root.isConnected) return;
      const names = compared();
      const state = tb.view.get();
      this.bar.hidden = !tb.runs.all().length;
      if (!tb.runs.loaded) return this.explain(el("p", {class: "quiet"}, tb.runs.error || "Reading the runs…"));
      if (!tb.runs.all().length) return this.explain(noRuns());
      this.drawBar(names);
      if (!names.length) return this.explain(el("p", {class: "quiet"}, "No run is selected. Select some in the list, or add them here."));
      this.explain(null);
      const {regex} = tb.pattern(state.tagFilter);
      const scalars = tb.runs.series("scalar");
      const tags = [...scalars.keys()].filter((tag) => (!regex || regex.test(tag)) && names.some((name) => scalars.get(tag).has(name))).sort(tb.naturally);
      const model = {names, baseline: Math.max(0, names.indexOf(state.baseline)), all: state.cmpAll, tags};
      for (const panel of [this.metrics, this.settings, this.curves, this.code]) panel.update(model);
      this.drawLinks(names);
      return undefined;
    }

    explain(node) {
      this.empty.hidden = node === null;
      this.body.hidden = node !== null;
      if (node) this.empty.replaceChildren(node);
    }

    drawBar(names) {
      const {compare, baseline, cmpAll} = tb.view.get();
      this.all.checked = !cmpAll;
      this.follow.hidden = !compare.length;
      const base = names.includes(baseline) ? baseline : names[0];
      const shown = tb.runs.shown().length;
      this.chips.replaceChildren(
        ...names.map((name) => this.chip(name, name === base, names)),
        ...(compare.some((name) => !tb.runs.get(name)) ? [el("span", {class: "panel-hint"}, `not here (any more): ${compare.filter((name) => !tb.runs.get(name)).join(", ")}`)] : []),
        ...(!compare.length && shown > names.length ? [el("span", {class: "panel-hint"}, `the first ${names.length} of ${shown} selected`)] : [])
      );
    }

    chip(name, isBase, names) {
      const title = tb.runs.get(name)?.title ?? name;
      return el(
        "span", {class: "compare-chip" + (isBase ? " is-base" : ""), role: "listitem"},
        el("span", {class: "swatch", style: `background:${tb.runs.color(name)}`}),
        el("button", {type: "button", class: "name-button chip-name", "aria-pressed": String(isBase), title: isBase ? `${name} is the baseline` : `Hold the others against ${name}`,
          onclick: () => tb.view.set({baseline: name})}, title),
        isBase ? el("small", {}, "baseline") : null,
        names.length > 1 ? el("button", {type: "button", class: "chip-close", "aria-label": `Leave ${title} out`, onclick: () => tb.view.set({compare: names.filter((one) => one !== name)})}, "✕") : null
      );
    }

    /** A list of all runs to tick, with a field to find them by. */
    choose() {
      const filter = el("input", {type: "search", class: "field", placeholder: "Find runs", "aria-label": "Find runs"});
      const list = el("div", {class: "axes-list"});
      const show = () => {
        const names = compared();
        const found = tb.runs.all().filter(tb.runQuery(filter.value).matches);
        found.sort((a, b) => names.includes(b.name) - names.includes(a.name));
        list.replaceChildren(...found.slice(0, 200).map((run) => {
          const is = names.includes(run.name);
          const box = el("input", {type: "checkbox", checked: is, disabled: !is && names.length >= MOST, onchange: () => {
            tb.view.set({compare: box.checked ? [...names, run.name] : names.filter((name) => name !== run.name)});
            show();
          }});
          return el("label", {class: "check-line"}, box, el("span", {class: "swatch", style: `background:${tb.runs.color(run.name)}`}), el("span", {}, run.title));
        }), ...(found.length > 200 ? [el("p", {class: "panel-hint"}, `and ${found.length - 200} more: type to find them`)] : []));
      };
      filter.addEventListener("input", show);
      show();
      tb.kit.popover(this.add, el("div", {class: "axes-choice"}, filter, list, el("p", {class: "panel-hint"}, `Up to ${MOST} runs`)));
      filter.focus();
    }

    /** Where else these runs can be seen side by side, as far as they logged it. */
    drawLinks(names) {
      const links = OTHERS.filter(([kind, path]) =>
        document.querySelector(`#shell-nav a[href$="${path}"]`) && [...tb.runs.series(kind).values()].some((runs) => names.some((name) => runs.has(name))));
      this.links.hidden = !links.length;
      this.links.replaceChildren(el("span", {class: "panel-hint"}, "Side by side:"), ...links.map(([, path, title]) =>
        el("button", {type: "button", class: "button", onclick: () => tb.go(path, {selection: {only: names}})}, `${title} →`)));
    }

    destroy() {
      this.off.forEach((off) => off());
      cancelAnimationFrame(this.asked);
      clearTimeout(this.later);
      this.curves.destroy();
      this.root.replaceChildren();
    }
  }

  function noRuns() {
    return el("div", {class: "notice"}, el("h2", {}, "No runs to compare yet"),
      el("p", {}, "Two runs or more are held against each other here: settings, metrics, curves, code. Log some:"),
      el("pre", {}, `import summaries\n\nwith summaries.init(${JSON.stringify(tb.config.logdir || "logs")}, config={"lr": 0.1}) as run:\n    run.log({"train/loss": 0.5}, step=0)`));
  }

  tb.commands.add({id: "compare-shown", title: "Compare the selected runs", section: "Runs", run: () => tb.go("/compare", {compare: []})});

  tb.CompareView = function ({id}) {
    const root = React.useRef(null);
    React.useEffect(() => {
      const view = new CompareView(root.current);
      return () => view.destroy();
    }, []);
    return React.createElement("div", {id, className: "compare-view", ref: root});
  };
})();
