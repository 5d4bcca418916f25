/* The console page: the bar over one or two panes, and which runs they show. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const PAGES = ["/console"];
  const STREAMS = [["", "Both"], ["stdout", "stdout"], ["stderr", "stderr"]];
  tb.view.declare("console", [], {pages: PAGES, valid: (v) => v.length <= 2 && v.every((name) => typeof name === "string")});
  tb.view.declare("consoleStream", "", {param: "stream", pages: PAGES, valid: (v) => STREAMS.some(([name]) => name === v)});
  tb.view.declare("consoleRank", "", {param: "rank", pages: PAGES, valid: (v) => /^\d*$/.test(v)});
  tb.view.declare("consoleFind", "", {param: "findline", pages: PAGES});
  // Which pane, and the number of the line from 1 as people count.
  tb.view.declare("consoleLine", [], {param: "line", pages: PAGES, valid: (v) => v.length === 0 || (v.length === 2 && v.every(Number.isInteger))});
  tb.view.declare("consoleWrap", false, {param: "wrap", pages: PAGES, remember: true});
  tb.view.declare("consoleTimes", false, {param: "times", pages: PAGES, remember: true});

  /** The shown runs that printed something, the newest first, those that run before those that ended. */
  function having() {
    const names = new Set([...tb.runs.series("console").values()].flatMap((runs) => [...runs.keys()]));
    const runs = tb.runs.shown().filter((run) => names.has(run.name)).reverse();
    return [...runs.filter(({status}) => status === "running"), ...runs.filter(({status}) => status !== "running")];
  }

  class View {
    constructor(root) {
      this.root = root;
      this.panes = []; // [{pane, node, ...controls}]
      this.active = 0;
      this.bar();
      this.body = el("div", {class: "console-panes"});
      this.empty = el("div", {hidden: true});
      root.append(this.controls, this.empty, this.body);
      this.off = [
        tb.runs.subscribe((news) => this.listed(news)),
        tb.view.subscribe((state, changed) => this.viewed(changed)),
        tb.commands.add({id: "console-find", title: "Search the output", section: "Console", keys: "/", when: () => tb.path() === "/console", run: () => this.find.focus()}),
        tb.commands.add({id: "console-next", title: "Next match", section: "Console", keys: "n", when: () => tb.path() === "/console", run: () => this.step(1)}),
        tb.commands.add({id: "console-previous", title: "Previous match", section: "Console", keys: "N", when: () => tb.path() === "/console", run: () => this.step(-1)}),
      ];
      this.arrange();
    }

    bar() {
      const toggle = (key, text, title) =>
        el("button", {type: "button", class: "button", title, onclick: () => tb.view.set({[key]: !tb.view.get()[key]})}, text);
      this.find = el("input", {type: "search", class: "field", placeholder: "Search the output", "aria-label": "Search the output", spellcheck: "false"});
      this.find.addEventListener("input", () => {
        clearTimeout(this.typing);
        this.typing = setTimeout(() => tb.view.set({consoleFind: this.find.value}), 200);
      });
      this.find.addEventListener("keydown", async (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        clearTimeout(this.typing);
        tb.view.set({consoleFind: this.find.value});
        this.step(event.shiftKey ? -1 : 1);
      });
      this.streams = el(
        "div", {class: "segments", role: "radiogroup", "aria-label": "Stream"},
        ...STREAMS.map(([value, text]) => el("label", {}, el("input", {type: "radio", name: "console-stream", value, onchange: () => tb.view.set({consoleStream: value, consoleLine: []})}), text))
      );
      this.rank = el("select", {class: "field", "aria-label": "Rank", hidden: true, onchange: () => tb.view.set({consoleRank: this.rank.value, consoleLine: []})});
      this.wrap = toggle("consoleWrap", "Wrap", "Break long lines");
      this.times = toggle("consoleTimes", "Times", "When each line was printed");
      this.beside = el("button", {type: "button", class: "button", onclick: () => this.sideBySide()}, "Side by side");
      this.controls = el("div", {class: "console-controls"}, this.find, this.streams, this.rank, this.wrap, this.times, this.beside);
    }

    options() {
      const {consoleStream: stream, consoleRank: rank, consoleFind: find, consoleWrap: wrap, consoleTimes: times} = tb.view.get();
      return {stream, rank, find, wrap, times};
    }

    /** The runs that the panes show: those of the view that are shown, or else the newest one. */
    wanted() {
      const names = having().map(({name}) => name);
      const chosen = tb.view.get().console.filter((name) => names.includes(name));
      return chosen.length ? chosen : names.slice(0, 1);
    }

    arrange() {
      const wanted = this.wanted();
      const [at, line] = tb.view.get().consoleLine;
      wanted.forEach((run, i) => {
        if (this.panes[i]?.pane.run === run) return;
        const made = this.make(run, i);
        if (this.panes[i]) {
          this.panes[i].pane.destroy();
          this.panes[i].node.replaceWith(made.node);
        } else this.body.append(made.node);
        this.panes[i] = made;
        made.pane.open(at === i ? line - 1 : null);
      });
      for (const {pane, node} of this.panes.splice(wanted.length)) {
        pane.destroy();
        node.remove();
      }
      if (this.active >= this.panes.length) this.active = 0;
      this.explain(wanted.length);
      this.show();
    }

    make(run, at) {
      const select = el("select", {class: "field console-run", "aria-label": at ? "Second run" : "Run", onchange: () => this.choose(at, select.value)});
      const count = el("span", {class: "console-count", role: "status"});
      const previous = el("button", {type: "button", class: "button icon-button", "aria-label": "Previous match", title: "Previous match (N)", onclick: () => this.step(-1, at)}, "↑");
      const next = el("button", {type: "button", class: "button icon-button", "aria-label": "Next match", title: "Next match (n)", onclick: () => this.step(1, at)}, "↓");
      const follow = el("button", {type: "button", class: "button", title: "Keep the newest line in sight"}, "Follow");
      const save = el("button", {type: "button", class: "button", title: "All lines of this choice as a text file", onclick: () => this.download(pane)}, "Download");
      const close = el("button", {type: "button", class: "button icon-button", "aria-label": "Close this pane", hidden: at === 0, onclick: () => tb.view.set({console: this.wanted().slice(0, 1)})}, "✕");
      const error = el("p", {class: "warning", role: "alert", hidden: true});
      const pane = new tb.ConsolePane(run, {
        options: () => this.options(),
        onTarget: (number) => this.link(at, number),
        onState: () => this.show(),
      });
      follow.addEventListener("click", () => {
        pane.setFollow(!pane.follow);
        pane.layout();
      });
      pane.node.addEventListener("focusin", () => (this.active = at));
      const head = el("div", {class: "console-head"}, select, count, previous, next, follow, save, close);
      const node = el("section", {class: "console-pane", "aria-label": at ? "Second run's output" : "Output"}, head, error, pane.node);
      return {pane, node, select, count, previous, next, follow, error};
    }

    /** What stands in the bars, from the view and the panes. */
    show() {
      const {stream, rank, find, wrap, times} = this.options();
      if (document.activeElement !== this.find) this.find.value = find;
      for (const radio of this.streams.querySelectorAll("input")) radio.checked = radio.value === stream;
      this.wrap.setAttribute("aria-pressed", wrap);
      this.times.setAttribute("aria-pressed", times);
      this.beside.setAttribute("aria-pressed", this.panes.length > 1);
      const runs = having();
      this.beside.hidden = runs.length < 2 && this.panes.length < 2;
      const ranks = [...new Set(this.panes.flatMap(({pane}) => pane.ranks))].sort((a, b) => a - b);
      const asked = rank === "" || ranks.includes(Number(rank)) ? ranks : [...ranks, Number(rank)];
      this.rank.hidden = asked.length < 2 && rank === "";
      this.fill(this.rank, [["", "All ranks"], ...asked.map((n) => [String(n), `Rank ${n}`])], rank);
      for (const {pane, select, count, previous, next, follow, error} of this.panes) {
        this.fill(select, runs.map(({name, title}) => [name, title]), pane.run);
        const {found} = pane;
        const plural = (n, word) => `${n.toLocaleString("en-US")} ${word}${n === 1 ? "" : "s"}`;
        if (find && found.text === find) count.textContent = found.total === 0 ? "no match" : `${found.at >= 0 ? (found.at + 1).toLocaleString("en-US") + " of " : ""}${plural(found.total, "match").replace("matchs", "matches")}`;
        else count.textContent = find ? "…" : plural(pane.total, "line");
        previous.hidden = next.hidden = !find;
        previous.disabled = next.disabled = found.positions.length === 0;
        follow.setAttribute("aria-pressed", pane.follow);
        error.hidden = !pane.error;
        error.textContent = pane.error || "";
      }
    }

    fill(select, options, value) {
      const shape = JSON.stringify(options);
      if (select.dataset.shape !== shape) {
        select.dataset.shape = shape;
        select.replaceChildren(...options.map(([name, text]) => el("option", {value: name}, text)));
      }
      select.value = value;
    }

    choose(at, run) {
      const wanted = this.wanted();
      wanted[at] = run;
      tb.view.set({console: wanted, consoleLine: []});
    }

    sideBySide() {
      const wanted = this.wanted();
      const other = having().find(({name}) => name !== wanted[0]);
      tb.view.set({console: wanted.length > 1 || !other ? wanted.slice(0, 1) : [wanted[0], other.name]});
    }

    step(by, at = this.active) {
      this.active = at;
      this.panes[at]?.pane.next(by);
    }

    link(at, number) {
      const same = JSON.stringify(tb.view.get().consoleLine) === JSON.stringify([at, number + 1]);
      tb.view.set({consoleLine: same ? [] : [at, number + 1], console: this.wanted()});
    }

    download(pane) {
      const {times} = this.options();
      el("a", {href: tb.http.url("/api/console/text?" + pane.query(times ? {times: 1} : {})), download: ""}).click();
    }

    listed(news) {
      if (news.runs || news.shown) this.arrange();
      const grown = [...news.series].filter((name) => name.startsWith("console\n")).map((name) => name.split("\n")[1]);
      if (!grown.length) return;
      if (!this.panes.length) this.arrange();
      for (const {pane} of this.panes) {
        const n = [...tb.runs.series("console").values()].reduce((sum, runs) => sum + (runs.get(pane.run)?.n || 0), 0);
        if (n !== pane.known) pane.grew();
        pane.known = n;
      }
    }

    viewed(changed) {
      const has = (...keys) => keys.some((key) => changed.has(key));
      if (has("console")) this.arrange();
      if (has("consoleStream", "consoleRank")) this.panes.forEach(({pane}) => pane.open());
      if (has("consoleFind")) {
        for (const {pane} of this.panes) {
          pane.found.at = -1;
          pane.search(tb.view.get().consoleFind).then(() => tb.view.get().consoleFind && pane.found.at < 0 && pane === this.panes[this.active]?.pane && pane.next(1));
        }
      }
      if (has("consoleLine")) {
        const [at, line] = tb.view.get().consoleLine;
        this.panes.forEach(({pane}, i) => {
          pane.target = at === i ? line - 1 : null;
          pane.draw();
        });
      }
      if (has("consoleWrap", "consoleTimes")) this.panes.forEach(({pane}) => pane.reshaped());
      if ([...changed].some((key) => key.startsWith("console"))) this.show();
    }

    explain(n) {
      this.controls.hidden = this.body.hidden = n === 0;
      this.empty.hidden = n > 0;
      if (n) return;
      if (!tb.runs.loaded) return this.empty.replaceChildren(el("p", {class: "quiet"}, "Reading the listing…"));
      const any = tb.runs.series("console").size > 0;
      const lines = `summaries.init(${JSON.stringify(tb.config.logdir || "logs")}, capture_console=True)`;
      this.empty.replaceChildren(
        any
          ? el("p", {class: "quiet"}, "No shown run kept its output.")
          : el("div", {class: "notice"}, el("h2", {}, "No run kept its output"), el("p", {}, "What a script and its children print is kept if it says so:"), el("pre", {tabindex: "0"}, lines),
              el("button", {type: "button", class: "button", onclick: () => tb.kit.copy(lines)}, "Copy"))
      );
    }

    destroy() {
      clearTimeout(this.typing);
      this.off.forEach((off) => off());
      this.panes.forEach(({pane}) => pane.destroy());
      this.root.replaceChildren();
    }
  }

  tb.Console = function ({id}) {
    const root = React.useRef(null);
    React.useEffect(() => {
      const view = new View(root.current);
      return () => view.destroy();
    }, []);
    return React.createElement("div", {id, className: "console", ref: root});
  };
})();
