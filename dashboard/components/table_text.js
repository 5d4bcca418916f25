/* A table as text to paste: CSV, Markdown, LaTeX, JSON. Cells: text, number, null, or {mean, std, n}. */
(function () {
  "use strict";
  const tb = window.trainboard;

  const isSpread = (cell) => cell !== null && typeof cell === "object";

  /** Four digits, as people print results; whole numbers whole. */
  function shortly(v) {
    if (!Number.isFinite(v)) return String(v);
    return Number.isInteger(v) && Math.abs(v) < 1e15 ? String(v) : String(Number(v.toPrecision(4)));
  }

  function shown(cell, plusMinus = " ± ") {
    if (cell === null || cell === undefined) return "";
    if (isSpread(cell)) return shortly(cell.mean) + (cell.n > 1 ? plusMinus + shortly(cell.std) : "");
    return typeof cell === "number" ? shortly(cell) : String(cell);
  }

  /** Rows with a column each for mean, std and n of what has them. */
  function spreadOut(columns, rows) {
    const spread = columns.map((_, c) => rows.some((row) => isSpread(row[c])));
    const names = columns.flatMap((name, c) => (spread[c] ? [name, `${name} (std)`, `${name} (n)`] : [name]));
    const cells = (cell, c) => {
      if (!spread[c]) return [cell ?? null];
      return isSpread(cell) ? [cell.mean, cell.std, cell.n] : [cell ?? null, null, null];
    };
    return [names, rows.map((row) => row.flatMap(cells))];
  }

  function csv(columns, rows) {
    const quoted = (cell) => {
      if (cell === null) return "";
      const text = String(cell);
      // A spreadsheet takes what starts so as a formula.
      const safe = typeof cell === "string" && /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
      return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
    };
    const [names, wide] = spreadOut(columns, rows);
    return [names, ...wide].map((row) => row.map(quoted).join(",") + "\n").join("");
  }

  function json(columns, rows) {
    const plain = (cell) => (typeof cell === "number" && !Number.isFinite(cell) ? String(cell) : cell);
    const object = (row) => Object.fromEntries(columns.map((name, c) => [name, plain(row[c] ?? null)]));
    return JSON.stringify(rows.map(object), null, 2) + "\n";
  }

  function markdown(columns, rows) {
    const escaped = (text) => text.replace(/[\\|`*_<>[\]]/g, "\\$&").replace(/\s+/g, " ");
    const line = (cells) => `| ${cells.join(" | ")} |\n`;
    const right = columns.map((_, c) => rows.some((row) => typeof row[c] === "number" || isSpread(row[c] ?? null)));
    return (
      line(columns.map(escaped)) + line(right.map((is) => (is ? "---:" : "---"))) +
      rows.map((row) => line(columns.map((_, c) => escaped(shown(row[c]))))).join("")
    );
  }

  const LATEX = {"\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}"};

  function latex(columns, rows) {
    const escaped = (text) => text.replace(/[\\~^]/g, (c) => LATEX[c] + "\0").replace(/(\\text\w+)\{\}\0|[&%$#_{}]/g, (c, name) => (name ? name + "{}" : "\\" + c));
    const cell = (value) => (isSpread(value ?? null) ? `$${shown(value, " \\pm ")}$` : escaped(shown(value)));
    const right = columns.map((_, c) => rows.some((row) => typeof row[c] === "number" || isSpread(row[c] ?? null)));
    const line = (cells) => `  ${cells.join(" & ")} \\\\\n`;
    return (
      `\\begin{tabular}{${right.map((is) => (is ? "r" : "l")).join("")}}\n  \\toprule\n` +
      line(columns.map(escaped)) + "  \\midrule\n" + rows.map((row) => line(columns.map((_, c) => cell(row[c])))).join("") +
      "  \\bottomrule\n\\end{tabular}\n"
    );
  }

  const FORMATS = [["CSV", csv, "csv", "text/csv"], ["Markdown", markdown, "md", "text/markdown"], ["LaTeX", latex, "tex", "text/x-tex"], ["JSON", json, "json", "application/json"]];

  /** A menu under `anchor` that copies or saves the table; `make()` gives {name, columns, rows}. */
  function offer(anchor, make) {
    const each = (label, act) => FORMATS.map(([name, write, suffix, type]) => ({
      label: `${label} ${name}`, run: () => {
        const {name: file, columns, rows} = make();
        act(write(columns, rows), `${file}.${suffix}`, type, name);
      },
    }));
    tb.kit.menu(anchor, [
      ...each("Copy as", (text, file, type, name) => tb.kit.copy(text, `Copied as ${name}`)), {separator: true},
      ...each("Download", (text, file, type) => tb.kit.download(file, text, type)),
    ]);
  }

  tb.tableText = {csv, json, markdown, latex, shown, offer};
})();
