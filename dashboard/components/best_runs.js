/* The best runs by the objective, or the best groups of runs with mean and spread over what they differ in. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const TOPS = [10, 25, 50, 100, 1000];
  const pages = ["/hparams"];
  tb.view.declare("hpTop", 10, {param: "hp-top", pages, valid: (v) => TOPS.includes(v)});
  tb.view.declare("hpSort", {}, {param: "hp-sort", pages});

  /** Mean, sample standard deviation and number of the finite values; null without any. */
  function spreadOf(values) {
    const finite = values.filter(Number.isFinite);
    const n = finite.length;
    if (n === 0) return null;
    const mean = finite.reduce((sum, v) => sum + v, 0) / n;
    const square = finite.reduce((sum, v) => sum + (v - mean) ** 2, 0);
    return {mean, std: n > 1 ? Math.sqrt(square / (n - 1)) : 0, n};
  }

  /** A row a group: metrics as {mean, std, n}, settings as the value all have, else how many there are. */
  function groupRows(groups, columns) {
    return groups.map(({key, title, color, runs}) => ({
      key, title, color, runs,
      cells: columns.map((column) => {
        const values = runs.map(column.value);
        if (column.kind === "metric" && column.numeric) return spreadOf(values);
        const different = new Set(values.map((v) => JSON.stringify(v ?? null)));
        return different.size === 1 ? values[0] ?? null : `${different.size} values`;
      }),
    }));
  }

  const runRows = (names, columns) =>
    names.map((name) => ({key: name, title: tb.runs.get(name)?.title ?? name, color: tb.runs.color(name), runs: [name], cells: columns.map((c) => c.value(name) ?? null)}));

  /** What a cell is sorted by: numbers before words, what is missing (null) or NaN last whichever way. */
  function sortRows(rows, c, down) {
    const value = (row) => {
      const cell = c < 0 ? row.title : row.cells[c];
      const plain = cell !== null && typeof cell === "object" && "mean" in cell ? cell.mean : cell;
      return plain === null || Number.isNaN(plain) ? null : plain;
    };
    const compare = (a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === null || y === null) return (x === null) - (y === null);
      const way = typeof x === "number" && typeof y === "number" ? x - y : tb.naturally(tb.hparams.asText(x), tb.hparams.asText(y));
      return down ? -way : way;
    };
    return [...rows].sort(compare);
  }

  class BestRuns {
    /** `on`: {hover(name | null), menu(name, event)}. */
    constructor(on) {
      this.on = on;
      this.title = el("h2", {});
      this.top = el("select", {class: "field", "aria-label": "How many", onchange: () => tb.view.set({hpTop: Number(this.top.value)})},
        ...TOPS.map((n) => el("option", {value: n}, `top ${n}`)));
      const copy = el("button", {type: "button", class: "button", "aria-haspopup": "menu", onclick: () => tb.tableText.offer(copy, () => this.text())}, "Copy ▾");
      this.table = el("table", {class: "data-table"});
      this.note = el("p", {class: "quiet"});
      this.node = el(
        "section", {class: "panel best-runs", "aria-label": "Best runs"},
        el("header", {class: "panel-head"}, this.title, this.top, copy), el("div", {class: "panel-scroll", tabindex: "0", "aria-label": "Best runs"}, this.table), this.note
      );
      this.table.addEventListener("pointerleave", () => on.hover(null));
    }

    update(model) {
      const {names, on, objective, goal, axes} = model;
      const {hpTop, hpSort} = tb.view.get();
      const shown = names.filter((_, i) => on[i]);
      const metric = objective ? objective.column : null;
      this.columns = [...(metric ? [metric] : []), ...axes.map((one) => one.column).filter((one) => one !== metric)];
      this.grouped = tb.groups.active();
      const groups = tb.groups.all().map((group) => ({...group, runs: group.runs.filter((name) => shown.includes(name))}));
      const rows = this.grouped ? groupRows(groups.filter(({runs}) => runs.length), this.columns) : runRows(shown, this.columns);
      const at = hpSort.key === "run" ? -1 : this.columns.findIndex((one) => one.key === hpSort.key);
      const chosen = hpSort.key === "run" || at >= 0;
      this.sorted = chosen ? {at, down: Boolean(hpSort.down)} : {at: metric ? 0 : -1, down: Boolean(metric) && goal === "max"};
      const sorted = sortRows(rows, this.sorted.at, this.sorted.down);
      this.rows = sorted.slice(0, hpTop);
      this.title.textContent = this.grouped ? "Best groups" : "Best runs";
      this.top.value = hpTop;
      this.note.textContent = this.sayHow(rows.length, metric);
      this.fill(metric);
    }

    sayHow(n, metric) {
      if (!n) return "No run is shown.";
      const left = n > this.rows.length ? `${this.rows.length} of ${n} ${this.grouped ? "groups" : "runs"}. ` : "";
      return left + (this.grouped && metric ? "Metrics are mean ± standard deviation over the runs of a group." : "");
    }

    fill(metric) {
      const head = [["run", this.grouped ? "Group" : "Run"], ...(this.grouped ? [[null, "N"]] : []), ...this.columns.map((c) => [c.key, c.title])];
      const at = this.sorted.at < 0 ? "run" : this.columns[this.sorted.at].key;
      const cellsBefore = this.grouped ? 2 : 1;
      const best = this.bestOf(metric);
      this.table.replaceChildren(
        el("thead", {}, el("tr", {}, el("th", {class: "rank"}, "#"), ...head.map(([key, text]) => {
          const is = key === at;
          if (key === null) return el("th", {class: "number"}, text);
          const isNumber = Boolean(this.columns.find((one) => one.key === key)?.numeric);
          return el("th", {class: isNumber ? "number" : null, "aria-sort": is ? (this.sorted.down ? "descending" : "ascending") : "none", title: text},
            el("button", {type: "button", class: "sort", onclick: () => tb.view.set({hpSort: {key, down: is ? !this.sorted.down : false}})},
              text + (is ? (this.sorted.down ? " ↓" : " ↑") : "")));
        }))),
        el("tbody", {}, ...this.rows.map((row, i) =>
          el(
            "tr", {"data-name": row.key, onpointerenter: () => this.on.hover(row.runs[0]), class: tb.view.get().baseline === row.key ? "is-baseline" : null},
            el("td", {class: "rank"}, String(i + 1)),
            el("td", {class: "run-cell", title: row.title}, el("span", {class: "swatch", style: `background:${row.color}`}), this.name(row)),
            ...(cellsBefore === 2 ? [el("td", {class: "number"}, String(row.runs.length))] : []),
            ...row.cells.map((cell, c) => this.cell(cell, this.columns[c], row === best && c === 0))
          )))
      );
    }

    bestOf(metric) {
      return metric && !tb.view.get().hpSort.key ? this.rows[0] : null;
    }

    name(row) {
      if (this.grouped) return el("span", {}, row.title);
      return el("button", {type: "button", class: "name-button", onclick: (event) => {
        const box = event.currentTarget.getBoundingClientRect();
        this.on.menu(row.key, {clientX: box.left, clientY: box.bottom});
      }}, row.title);
    }

    cell(value, column, isBest) {
      if (value !== null && typeof value === "object" && "mean" in value) {
        const text = tb.format.value(value.mean) + (value.n > 1 ? ` ± ${tb.format.value(value.std)}` : "");
        return el("td", {class: "number" + (isBest ? " best" : ""), title: `n = ${value.n}`}, text);
      }
      return el("td", {class: (column.numeric ? "number" : "") + (isBest ? " best" : "")}, tb.hparams.asText(value));
    }

    /** Marks the row of a run that another panel points at. */
    mark(name) {
      const group = name !== null && this.grouped ? tb.groups.of(name)?.key : name;
      for (const row of this.table.querySelectorAll("tbody tr")) row.classList.toggle("marked", name !== null && row.dataset.name === group);
    }

    text() {
      const names = [this.grouped ? "group" : "run", ...(this.grouped ? ["runs"] : []), ...this.columns.map((c) => c.title)];
      const plain = (cell) => (cell !== null && typeof cell === "object" && !("mean" in cell) ? JSON.stringify(cell) : cell);
      return {
        name: "best-runs", columns: names,
        rows: this.rows.map((row) => [row.title, ...(this.grouped ? [row.runs.length] : []), ...row.cells.map(plain)]),
      };
    }
  }

  tb.BestRuns = BestRuns;
  tb.runTables = {spreadOf, groupRows, sortRows};
})();
