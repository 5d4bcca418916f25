/* The HParams page: parallel coordinates, what matters, the best runs, a scatter matrix; one selection. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const LIVE_MS = 1000; // between two drawings for points that merely came
  const pages = ["/hparams"];
  tb.view.declare("hpScales", {}, {param: "hp-scales", pages});
  tb.view.declare("hpFlip", [], {param: "hp-flip", pages});
  tb.view.declare("hpBrush", {}, {param: "hp-brush", pages});
  tb.view.declare("hpColor", "", {param: "hp-color", pages});

  const KEYS = ["hpAxes", "hpMetric", "hpGoal", "hpScales", "hpFlip", "hpBrush", "hpColor", "hpScatter", "hpTop", "hpSort", "baseline"];

  class HparamView {
    constructor(root) {
      this.root = root;
      this.before = null; // the selection that the first brush found
      this.controls = new tb.HparamControls(this);
      this.plot = new tb.ParallelPlot({
        brush: (key, brush, done) => this.brush(key, brush, done),
        hover: (row, event) => this.hover(row, event),
        click: (row, event) => this.menu(this.model.names[row], event),
      });
      this.heads = new tb.ParallelHeads(this.plot, {
        move: (from, to) => this.setAxes((keys) => keys.splice(to, 0, ...keys.splice(from, 1))),
        remove: (key) => this.setAxes((keys) => keys.splice(keys.indexOf(key), 1)),
        scale: (key, scale) => tb.view.set({hpScales: {...tb.view.get().hpScales, [key]: scale}}),
        flip: (key) => tb.view.set({hpFlip: toggled(tb.view.get().hpFlip, key)}),
        brush: (key, brush) => this.brush(key, brush, true),
      });
      this.bar = el("div", {class: "parallel-bar"});
      this.importance = new tb.ImportancePanel();
      this.best = new tb.BestRuns({hover: (name) => this.point(name), menu: (name, event) => this.menu(name, event)});
      this.scatter = new tb.ScatterMatrix({hover: (name, event) => this.pointFrom(name, event), menu: (name, event) => this.menu(name, event)});
      this.tip = el("div", {class: "hover-table parallel-tip", role: "tooltip", hidden: true});
      this.empty = el("div", {hidden: true});
      this.body = el(
        "div", {class: "hparams-body"},
        el("section", {class: "panel", "aria-label": "Parallel coordinates"}, el("div", {class: "parallel"}, this.plot.node, this.bar)),
        el("div", {class: "hparams-two"}, this.best.node, this.importance.node),
        this.scatter.node
      );
      root.append(this.controls.node, this.empty, this.body);
      document.body.append(this.tip);
      this.off = [
        tb.runs.subscribe((news) => this.news(news)),
        tb.view.subscribe((state, changed) => this.viewed(changed)),
        tb.records.subscribe(() => this.soon()),
        tb.commands.add({id: "clear-brush", title: "Clear the filters of the axes", section: "HParams", run: () => this.clear()}),
      ];
      tb.records.load().catch((error) => this.explain([el("p", {class: "warning", role: "alert"}, error.message)]));
      this.soon();
    }

    news(news) {
      if (news.runs && Object.keys(tb.view.get().hpBrush).length) this.joined();
      if (news.runs || news.shown || news.theme) this.soon();
      else if (news.series.size) this.later = this.later || setTimeout(() => this.soon(), LIVE_MS);
    }

    /** Runs that appear while axes are filtered are shown if they pass. */
    joined() {
      // The first listing is no news: a link brings its selection along.
      if (!this.model || !this.model.all.length || !tb.records.loaded()) return;
      const known = new Set(this.model.all);
      const fresh = tb.runs.all().map((run) => run.name).filter((name) => !known.has(name));
      if (!fresh.length) return;
      this.compute();
      const passes = new Map(this.model.names.map((name, i) => [name, this.model.passes[i]]));
      tb.runs.select(fresh.filter((name) => !passes.get(name)), false);
      tb.runs.select(fresh.filter((name) => passes.get(name)), true);
    }

    viewed(changed) {
      if (KEYS.some((key) => changed.has(key))) this.soon();
    }

    soon() {
      clearTimeout(this.later);
      this.later = null;
      this.asked = this.asked || requestAnimationFrame(() => {
        this.asked = null;
        this.draw();
      });
    }

    /** The page as data: runs, axes with their places, which runs are on, colours. */
    compute() {
      const state = tb.view.get();
      const names = tb.hparams.candidates();
      const {column, goal, guessed} = tb.hparams.objective();
      const axisOf = (one) =>
        tb.parallel.axis(one, names.map(one.value), {scale: state.hpScales[one.key] || "", flipped: state.hpFlip.includes(one.key)});
      const axes = tb.hparams.axes().map(axisOf);
      // A brush on an axis that is not shown filters all the same, or the link would show other runs.
      const hidden = Object.keys(state.hpBrush).filter((key) => tb.hparams.get(key) && !axes.some((one) => one.key === key));
      const passes = tb.parallel.passing([...axes, ...hidden.map((key) => axisOf(tb.hparams.get(key)))], state.hpBrush, names.length);
      const objective = column ? axes.find((one) => one.key === column.key) || axisOf(column) : null;
      const selected = names.map((name) => tb.runs.isSelected(name));
      this.model = {
        names, all: tb.runs.all().map((run) => run.name), axes, passes, objective, goal, guessed, selected,
        on: selected.map((is, i) => is && passes[i]), ...this.colours(names, objective, axisOf),
      };
      return this.model;
    }

    colours(names, objective, axisOf) {
      const {hpColor} = tb.view.get();
      const chosen = tb.hparams.get(hpColor);
      const axis = hpColor === "run" ? null : chosen && chosen.numeric ? axisOf(chosen) : objective;
      if (!axis) return {colourAxis: null, color: (i) => tb.runs.color(names[i])};
      const none = tb.theme.css("--muted");
      const shades = Array.from({length: 65}, (_, i) => tb.colourScale.at(i / 64));
      const color = (i) => (Number.isNaN(axis.units[i]) ? none : shades[Math.round((axis.flipped ? 1 - axis.units[i] : axis.units[i]) * 64)]);
      return {colourAxis: axis, color};
    }

    draw() {
      if (!this.root.isConnected) return;
      const {names, axes, on, color, objective, goal, colourAxis} = this.compute();
      this.controls.show(this.model);
      const settings = tb.hparams.differing().length;
      if (!tb.runs.loaded || !tb.records.loaded()) return this.explain([el("p", {class: "quiet"}, tb.runs.error || "Reading the runs…")]);
      if (tb.runs.all().length === 0 || (settings === 0 && !axes.length)) return this.explain([howToLog()]);
      if (names.length === 0) return this.explain([el("p", {class: "quiet"}, "No run matches the filter.")]);
      this.explain(null);
      // The best are drawn last, over the others.
      const value = (i) => (objective && !Number.isNaN(objective.units[i]) ? objective.values[i] * (goal === "min" ? -1 : 1) : -Infinity);
      const order = names.map((_, i) => i).sort((a, b) => value(a) - value(b) || a - b);
      this.plot.take({names, axes, brushes: tb.view.get().hpBrush, on, color, order});
      this.heads.update();
      this.plot.draw();
      this.bar.replaceChildren(...(colourAxis ? [tb.colourScale.bar(colourAxis)] : []));
      this.best.update(this.model);
      this.importance.update(this.model);
      this.scatter.update(this.model);
    }

    explain(parts) {
      this.empty.hidden = parts === null;
      this.body.hidden = parts !== null;
      this.controls.node.hidden = parts !== null;
      if (parts) this.empty.replaceChildren(...parts);
    }

    setAxes(change) {
      const keys = tb.hparams.axes().map((one) => one.key);
      change(keys);
      tb.view.set({hpAxes: keys});
    }

    /** A brush was drawn, moved or cleared; when it rests the shared selection follows. */
    brush(key, brush, done) {
      const hpBrush = {...tb.view.get().hpBrush};
      if (Object.keys(hpBrush).length === 0) this.before = tb.view.get().selection;
      if (brush) hpBrush[key] = brush;
      else delete hpBrush[key];
      const any = Object.keys(hpBrush).length > 0;
      if (!any) return this.clear();
      tb.view.set({hpBrush});
      if (done) this.select();
      else this.selectLater = this.selectLater || setTimeout(() => this.select(), 150);
      return undefined;
    }

    select() {
      clearTimeout(this.selectLater);
      this.selectLater = null;
      // Before the first brush some runs may have been switched off: they stay so.
      const base = this.before || {except: []};
      const listed = new Set(base.only || base.except);
      const {names, passes} = this.compute();
      const passing = new Set(names.filter((name, i) => passes[i] && listed.has(name) === Boolean(base.only)));
      const out = tb.runs.all().map((run) => run.name).filter((name) => !passing.has(name));
      // The shorter list: the selection is in the address.
      tb.view.set({selection: passing.size <= out.length ? {only: [...passing]} : {except: out}});
    }

    clear() {
      clearTimeout(this.selectLater);
      this.selectLater = null;
      tb.view.set({hpBrush: {}, selection: this.before || {except: []}});
      this.before = null;
    }

    /** Another panel points at a run: its line shows. */
    point(name) {
      if (!this.model) return;
      this.plot.mark(name === null ? -1 : this.model.names.indexOf(name));
    }

    pointFrom(name, event) {
      this.point(name);
      this.hover(name === null ? -1 : this.model.names.indexOf(name), event);
    }

    hover(row, event) {
      const name = row < 0 ? null : this.model.names[row];
      this.best.mark(name);
      this.scatter.mark(name);
      this.tip.hidden = row < 0;
      if (row < 0 || !event) return;
      const run = tb.runs.get(name);
      const {axes, objective} = this.model;
      const shown = objective && !axes.includes(objective) ? [...axes, objective] : axes;
      this.tip.replaceChildren(
        el("div", {class: "hover-head"}, el("span", {class: "swatch", style: `background:${this.model.color(row)}`}), el("b", {}, run ? run.title : name)),
        el("table", {}, el("tbody", {}, ...shown.map((one) =>
          el("tr", {}, el("td", {class: "hover-run"}, one.title), el("td", {}, tb.hparams.asText(one.values[row])))
        )))
      );
      const {offsetWidth: width, offsetHeight: height} = this.tip;
      const left = event.clientX + 18 + width < window.innerWidth ? event.clientX + 18 : Math.max(4, event.clientX - 18 - width);
      const top = Math.max(4, Math.min(event.clientY + 14, window.innerHeight - height - 6));
      this.tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
    }

    /** What can be done with a run that was clicked. */
    menu(name, event) {
      this.tip.hidden = true;
      const anchor = el("span", {class: "point-anchor", tabindex: "-1", style: `left:${event.clientX}px;top:${event.clientY}px`});
      document.body.append(anchor);
      const run = tb.runs.get(name);
      const on = tb.runs.isSelected(name);
      tb.kit.menu(anchor, [
        {header: run ? run.title : name},
        {label: "Show only this run", run: () => tb.runs.selectOnly([name])},
        {label: on ? "Hide this run" : "Show this run", run: () => tb.runs.select([name], !on)},
        {label: "Use as baseline", checked: tb.view.get().baseline === name, run: () => tb.view.set({baseline: tb.view.get().baseline === name ? "" : name})},
        {label: "Open the run", run: () => tb.go("/run", {detail: name})},
      ], {onClose: () => anchor.remove()});
    }

    destroy() {
      this.off.forEach((off) => off());
      cancelAnimationFrame(this.asked);
      clearTimeout(this.later);
      clearTimeout(this.selectLater);
      for (const part of [this.plot, this.importance, this.scatter]) part.destroy();
      this.tip.remove();
      this.root.replaceChildren();
    }
  }

  const toggled = (list, key) => (list.includes(key) ? list.filter((one) => one !== key) : [...list, key]);

  function howToLog() {
    const lines = [
      "import summaries",
      "",
      `with summaries.init(${JSON.stringify(tb.config.logdir || "logs")}, config={"lr": 0.1, "optimizer": "adam"}) as run:`,
      "    for step in range(1000):",
      '        run.log({"val/loss": 1 / (step + 1)}, step=step)',
    ];
    return el(
      "div", {class: "notice"},
      el("h2", {}, "No settings to compare yet"),
      el("p", {}, "Runs that say what they were made with are held against each other here: which settings differ, and which of them matter. Give each run a config:"),
      el("pre", {tabindex: "0"}, lines.join("\n")),
      el("button", {type: "button", class: "button", onclick: () => tb.kit.copy(lines.join("\n"))}, "Copy")
    );
  }

  tb.HparamView = function ({id}) {
    const root = React.useRef(null);
    React.useEffect(() => {
      const view = new HparamView(root.current);
      return () => view.destroy();
    }, []);
    return React.createElement("div", {id, className: "hparam-view", ref: root});
  };
})();
