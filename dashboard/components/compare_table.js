/* Tables with a column a run: what is the same folds away, numbers tell how far they are from the baseline's. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;

  const text = (value) => JSON.stringify(value ?? null);

  /** Whether a row's values are all the same; a missing one is a value too. */
  const isSame = (values) => values.every((value) => text(value) === text(values[0]));

  /** (value - base) / |base| for finite numbers and a base that is not 0; else null. */
  function relative(value, base) {
    if (typeof value !== "number" || typeof base !== "number" || !Number.isFinite(value - base) || base === 0) return null;
    return (value - base) / Math.abs(base);
  }

  /** A relative change as people say it: "+25 %", "×120", "−0.3 %". */
  function change(part) {
    if (part === null || part === 0) return "";
    if (part >= 9) return `×${Number((part + 1).toPrecision(3))}`;
    const percent = part * 100;
    const shown = Math.abs(percent) >= 100 ? percent.toFixed(0) : Number(percent.toPrecision(2)).toString();
    return (percent > 0 ? "+" : "") + shown.replace("-", "−") + " %";
  }

  /** The head of every table here: a run a column, the baseline marked. */
  function head(names, baseline, first) {
    return el("thead", {}, el("tr", {}, el("th", {class: "compare-key"}, first), ...names.map((name, i) => {
      const run = tb.runs.get(name);
      return el(
        "th", {class: "compare-run" + (i === baseline ? " is-base" : ""), title: name},
        el("span", {class: "swatch", style: `background:${tb.runs.color(name)}`}), el("span", {}, run ? run.title : name),
        i === baseline ? el("small", {}, "baseline") : null
      );
    })));
  }

  /** A dotted key: its directories pale, so that nested settings read as such. */
  function key(name, hint = name) {
    const cut = name.lastIndexOf(".", name.length - 2) + 1;
    return el("th", {class: "compare-key", scope: "row", title: hint}, el("span", {class: "key-path"}, name.slice(0, cut)), name.slice(cut));
  }

  function cell(value, base, isBase) {
    const differs = !isBase && text(value) !== text(base);
    const missing = value === undefined || value === null;
    return el(
      "td", {class: (typeof value === "number" ? "number" : "") + (differs ? " differs" : "") + (missing ? " faint" : "")},
      el("span", {class: "compare-value"}, tb.hparams.asText(value)),
      differs && relative(value, base) !== null ? el("small", {class: "delta"}, change(relative(value, base))) : null
    );
  }

  /** A body a group of rows {name, values}, those that are the same left out unless `all`. */
  function section(title, rows, baseline, all) {
    const shown = all ? rows : rows.filter(({values}) => !isSame(values));
    if (!rows.length) return null;
    const left = rows.length - shown.length;
    return el(
      "tbody", {},
      el("tr", {class: "compare-group"}, el("th", {class: "compare-key", scope: "rowgroup"}, title), el("td", {colspan: rows[0].values.length, class: "faint"},
        left ? `${left} the same${shown.length ? "" : " in all runs"}` : "")),
      ...shown.map(({name, values}) => el("tr", {}, key(name), ...values.map((value, i) => cell(value, values[baseline], i === baseline))))
    );
  }

  /** Settings of the runs as rows: config, hparams and results that no curve has. */
  function settingRows(names) {
    const scalars = tb.runs.series("scalar");
    const keys = tb.records.keys().map((one) => one.key).filter((one) => names.some((name) => tb.records.value(name, one) !== undefined));
    const rows = (prefix, skip = () => false) =>
      keys.filter((one) => one.startsWith(prefix) && !skip(one.slice(prefix.length)))
        .map((one) => ({name: one.slice(prefix.length), values: names.map((name) => tb.records.value(name, one))}));
    return {Config: rows("config."), Hparams: rows("hparam."), Results: rows("summary.", (tag) => scalars.has(tag))};
  }

  /** The runs themselves as rows: status, times, machine. */
  function runRows(names) {
    const runs = names.map((name) => tb.runs.get(name));
    const records = names.map((name) => tb.records.get(name) || {});
    const row = (name, values) => ({name, values});
    const list = [
      row("status", runs.map((run) => run?.status)), row("started", runs.map((run) => (run ? tb.format.time(run.created) : undefined))),
      row("duration", records.map((record, i) => (record.ended && runs[i] ? tb.format.duration(record.ended - runs[i].created) : undefined))),
      row("host", records.map((record) => record.host || undefined)), row("group", records.map((record) => record.group || undefined)),
      row("labels", runs.map((run) => run?.labels.join(", ") || undefined)), row("notes", records.map((record) => record.notes || undefined)),
    ];
    return list.filter(({values}) => values.some((value) => value !== undefined));
  }

  class SettingsTable {
    constructor() {
      this.table = el("table", {class: "data-table compare-table"});
      this.node = el("section", {class: "panel", "aria-label": "Settings"}, el("header", {class: "panel-head"}, el("h2", {}, "Settings"), (this.copy = this.copyButton())),
        el("div", {class: "panel-scroll", tabindex: "0", "aria-label": "Settings"}, this.table));
    }

    copyButton() {
      const button = el("button", {type: "button", class: "button", "aria-haspopup": "menu", onclick: () => tb.tableText.offer(button, () => this.text())}, "Copy ▾");
      return button;
    }

    update({names, baseline, all}) {
      const groups = {Run: runRows(names), ...settingRows(names)};
      this.rows = Object.values(groups).flat().filter(({values}) => all || !isSame(values));
      this.names = names;
      this.table.replaceChildren(head(names, baseline, "Setting"), ...Object.entries(groups).map(([title, rows]) => section(title, rows, baseline, all)).filter(Boolean));
    }

    text() {
      const plain = (value) => (value !== null && typeof value === "object" ? JSON.stringify(value) : value ?? null);
      return {name: "settings", columns: ["setting", ...this.names], rows: this.rows.map(({name, values}) => [name, ...values.map(plain)])};
    }
  }

  tb.compareTables = {head, key, section, isSame, relative, change};
  tb.SettingsTable = SettingsTable;
})();
