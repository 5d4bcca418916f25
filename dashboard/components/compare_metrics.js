/* Metrics of the compared runs: last, min, max, or the value at a step; how far from the baseline, and whether better. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const pages = ["/compare"];
  const VALUES = [["last", "Last"], ["min", "Min"], ["max", "Max"], ["best", "Best"], ["at", "At step"]];
  tb.view.declare("cmpValue", "last", {param: "compare-value", pages, valid: (v) => VALUES.some(([name]) => name === v)});
  tb.view.declare("cmpSort", "difference", {param: "compare-sort", pages, valid: (v) => ["difference", "name"].includes(v)});
  tb.view.declare("cmpSystem", false, {param: "compare-system", pages});

  /** Better, worse or neither: the sign of a difference in the direction that the metric gets better. */
  function verdict(tag, less) {
    const goal = tb.goals.of(tag);
    if (!goal || !less) return "";
    return (less < 0) === (goal === "min") ? "better" : "worse";
  }

  /** A run's value of a tag as {value, step}, null if it has none. */
  function found(info, tag, what) {
    if (!info) return null;
    const kind = what === "best" ? {min: "min", max: "max"}[tb.goals.of(tag)] || "last" : what;
    if (kind === "min") return info.min === null ? null : {value: info.min, step: info.minStep};
    if (kind === "max") return info.max === null ? null : {value: info.max, step: info.maxStep};
    return {value: info.lastValue, step: info.lastStep};
  }

  /** Rows {tag, cells, spread}: `spread` is the greatest relative difference to the baseline. */
  function metricRows(tags, names, baseline, valueOf) {
    return tags.map((tag) => {
      const cells = names.map((name) => valueOf(tag, name));
      const base = cells[baseline]?.value;
      const parts = cells.map((one) => tb.compareTables.relative(one?.value, base)).filter((part) => part !== null).map(Math.abs);
      return {tag, cells, spread: parts.length ? Math.max(...parts) : -1};
    });
  }

  class MetricsTable {
    constructor() {
      this.values = el(
        "div", {class: "segments", role: "radiogroup", "aria-label": "Which value"},
        ...VALUES.map(([value, label]) => el("label", {title: value === "best" ? "Min or max: as the script declared, else as the metric's name tells" : null},
          el("input", {type: "radio", name: "cmp-value", value, onchange: () => tb.view.set({cmpValue: value})}), label))
      );
      this.step = el("input", {type: "number", class: "field compare-step", "aria-label": "Step", placeholder: "newest", onchange: () => tb.view.set({step: this.step.value})});
      this.order = el("select", {class: "field", "aria-label": "Order", onchange: () => tb.view.set({cmpSort: this.order.value})},
        el("option", {value: "difference"}, "most different first"), el("option", {value: "name"}, "by name"));
      this.system = el("input", {type: "checkbox", onchange: () => tb.view.set({cmpSystem: this.system.checked})});
      const copy = el("button", {type: "button", class: "button", "aria-haspopup": "menu", onclick: () => tb.tableText.offer(copy, () => this.text())}, "Copy ▾");
      this.table = el("table", {class: "data-table compare-table"});
      this.note = el("p", {class: "quiet", hidden: true});
      this.node = el(
        "section", {class: "panel", "aria-label": "Metrics"},
        el("header", {class: "panel-head"}, el("h2", {}, "Metrics"), this.values, this.step, this.order, el("label", {class: "control"}, this.system, "machine"), copy),
        el("div", {class: "panel-scroll", tabindex: "0", "aria-label": "Metrics"}, this.table), this.note
      );
    }

    update({names, baseline, tags}) {
      const {cmpValue, cmpSort, cmpSystem, step} = tb.view.get();
      for (const radio of this.values.querySelectorAll("input")) radio.checked = radio.value === cmpValue;
      this.step.hidden = cmpValue !== "at";
      if (document.activeElement !== this.step) this.step.value = step;
      this.order.value = cmpSort;
      this.system.checked = cmpSystem;
      const scalars = tb.runs.series("scalar");
      const wanted = tags.filter((tag) => cmpSystem || !tag.startsWith("system/"));
      if (cmpValue === "at") this.ask(names, wanted, step);
      const valueOf = (tag, name) => (cmpValue === "at" ? this.atStep(tag, name) : found(scalars.get(tag)?.get(name), tag, cmpValue));
      const rows = metricRows(wanted, names, baseline, valueOf);
      rows.sort((a, b) => (cmpSort === "difference" ? b.spread - a.spread : 0) || tb.naturally(a.tag, b.tag));
      this.shown = {names, rows};
      this.note.hidden = rows.length > 0;
      this.note.textContent = rows.length ? "" : "These runs have no metrics in common with the filter.";
      this.table.replaceChildren(tb.compareTables.head(names, baseline, "Metric"), el("tbody", {}, ...rows.map((row) => this.row(row, baseline, cmpValue))));
    }

    row({tag, cells}, baseline, what) {
      const base = cells[baseline]?.value;
      const goal = tb.goals.of(tag);
      const finite = cells.map((one) => one?.value).filter(Number.isFinite);
      const best = finite.length > 1 && goal ? (goal === "min" ? Math.min(...finite) : Math.max(...finite)) : undefined;
      return el("tr", {}, tb.compareTables.key(tag, goal ? `${tag} (${goal === "min" ? "lower" : "higher"} is better)` : tag), ...cells.map((one, i) => {
        if (!one) return el("td", {class: "number faint"}, "–");
        const less = one.value - base;
        const part = tb.compareTables.relative(one.value, base);
        const way = i === baseline ? "" : verdict(tag, less);
        return el(
          "td", {class: "number", title: `at step ${tb.format.step(one.step)}`},
          el("span", {class: "compare-value" + (one.value === best ? " best" : "")}, tb.format.value(one.value)),
          what === "last" ? null : el("small", {class: "at-step"}, `@ ${tb.format.step(one.step)}`),
          i !== baseline && Number.isFinite(less) && less !== 0
            ? el("small", {class: `delta ${way}`}, (way === "better" ? "▲ " : way === "worse" ? "▼ " : "") + (part === null ? signed(less) : tb.compareTables.change(part)))
            : null
        );
      }));
    }

    /** Values at a step come from the server, once for each question. */
    async ask(names, tags, step) {
      if (step === "") {
        this.held = null;
        return;
      }
      const question = {runs: names, tags, step: Number(step)};
      const signature = JSON.stringify(question);
      if (signature === this.signature) return;
      this.signature = signature;
      try {
        const {values} = await tb.http.json("/api/compare/at", question);
        if (signature !== this.signature) return;
        this.held = values;
        this.onNews?.();
      } catch (error) {
        this.signature = null;
        tb.kit.toast(error.message, {bad: true});
      }
    }

    atStep(tag, name) {
      if (tb.view.get().step === "") return found(tb.runs.series("scalar").get(tag)?.get(name), tag, "last");
      const pair = this.held?.[tag]?.[name];
      return pair ? {step: pair[0], value: typeof pair[1] === "string" ? Number(pair[1]) : pair[1]} : null;
    }

    text() {
      const {names, rows} = this.shown;
      return {name: "metrics", columns: ["metric", ...names], rows: rows.map(({tag, cells}) => [tag, ...cells.map((one) => one?.value ?? null)])};
    }
  }

  const signed = (v) => (v > 0 ? "+" : "") + tb.format.value(v);

  tb.MetricsTable = MetricsTable;
  tb.compareMetrics = {metricRows, found, verdict};
})();
