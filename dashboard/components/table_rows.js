/* Rows of logged tables: which pass a filter, in which order, and what differs between two. No DOM. */
(function () {
  "use strict";
  const tb = window.trainboard;
  // column op value, each perhaps in quotes; or a word, perhaps in quotes.
  const TERM = /(?:("[^"]*"|[^\s"<>=!:]+)(!=|>=|<=|=|>|<|:)("[^"]*"|[^\s"]+))|("[^"]*"|\S+)/g;
  const bare = (text) => (text.startsWith('"') && text.endsWith('"') && text.length > 1 ? text.slice(1, -1) : text);
  const words = {NaN: NaN, Infinity: Infinity, "-Infinity": -Infinity};

  /** A cell as the server sent it, as the value it was: NaN and infinities come as their names. */
  const valueOf = (cell) => (typeof cell === "string" && cell in words ? words[cell] : cell);

  const shown = (cell) => {
    const value = valueOf(cell);
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return Number.isInteger(value) || !Number.isFinite(value) ? String(value) : String(Number(value.toPrecision(7)));
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  };

  const tests = {
    ":": (cell, text) => shown(cell).toLowerCase().includes(text.toLowerCase()),
    "=": (cell, text) => shown(cell).toLowerCase() === text.toLowerCase() || (text !== "" && valueOf(cell) === Number(text)),
    "!=": (cell, text) => !tests["="](cell, text),
    ">": (cell, text) => valueOf(cell) > Number(text),
    ">=": (cell, text) => valueOf(cell) >= Number(text),
    "<": (cell, text) => valueOf(cell) < Number(text),
    "<=": (cell, text) => valueOf(cell) <= Number(text),
  };

  /** A function of a row's cells: every word must be in some cell, every `column>0.5` must hold. */
  function filterOf(text, columns) {
    const names = columns.map((name) => name.toLowerCase());
    const terms = [...text.matchAll(TERM)].map(([whole, column, op, value, word]) => {
      const at = column === undefined ? -1 : names.indexOf(bare(column).toLowerCase());
      if (at >= 0) return (cells) => cells[at] !== null && cells[at] !== undefined && tests[op](cells[at], bare(value));
      const wanted = bare(word ?? whole).toLowerCase();
      return (cells) => cells.some((cell) => shown(cell).toLowerCase().includes(wanted));
    });
    return (cells) => terms.every((term) => term(cells));
  }

  /** Compares two cells: numbers by size before texts in natural order; empty ones and NaN come last. */
  function order(a, b, sign) {
    const [x, y] = [valueOf(a), valueOf(b)];
    const none = (v) => v === null || v === undefined || v === "" || Number.isNaN(v);
    if (none(x) || none(y)) return none(x) - none(y);
    const numbers = (typeof x !== "string") + (typeof y !== "string");
    if (numbers === 2) return sign * (x - y);
    if (numbers === 1) return typeof x === "string" ? 1 : -1;
    return sign * tb.naturally(x, y);
  }

  /** The rows in the order of a column, `{column, down}`; rows that are equal stay as they were. */
  function sorted(rows, sort) {
    if (!sort || sort.column < 0) return rows;
    return [...rows].sort((a, b) => order(a.cells[sort.column], b.cells[sort.column], sort.down ? -1 : 1));
  }

  const plain = (table) => table.rows.map((cells, i) => ({cells, old: null, kind: "same", number: i + 1}));

  /* A column that names the rows of both tables: the first whose values are all there and differ. */
  function keyOf(a, b) {
    const unique = (table, at) => {
      const seen = new Set(table.rows.map((row) => shown(row[at])));
      return seen.size === table.rows.length && !seen.has("");
    };
    return b.columns.find((name, at) => a.columns.includes(name) && unique(b, at) && unique(a, a.columns.indexOf(name))) ?? null;
  }

  /**
   * What differs from table a to b: {columns, rows, key}, each row {cells, old, kind, number} with `old`
   * the cells of a. Rows belong together that have the same value in the column `key`, or without one
   * the same number.
   */
  function compared(a, b) {
    const columns = [...b.columns, ...a.columns.filter((name) => !b.columns.includes(name))];
    const key = keyOf(a, b);
    const place = (table) => columns.map((name) => table.columns.indexOf(name));
    const [inA, inB] = [place(a), place(b)];
    const cells = (row, places) => places.map((at) => (at < 0 ? null : row[at]));
    const nameOf = (table) => {
      const at = key === null ? -1 : table.columns.indexOf(key);
      return (row, i) => (at < 0 ? i : shown(row[at]));
    };
    const [nameA, nameB] = [nameOf(a), nameOf(b)];
    const old = new Map(a.rows.map((row, i) => [nameA(row, i), cells(row, inA)]));
    const rows = b.rows.map((row, i) => {
      const before = old.get(nameB(row, i));
      old.delete(nameB(row, i));
      const now = cells(row, inB);
      const kind = !before ? "added" : now.every((cell, k) => shown(cell) === shown(before[k])) ? "same" : "changed";
      return {cells: now, old: before || null, kind, number: i + 1};
    });
    const gone = [...old.values()].map((row) => ({cells: row, old: null, kind: "removed", number: 0}));
    return {columns, rows: [...rows, ...gone], key};
  }

  const field = (text) => (/[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);
  const exact = (cell) => (typeof cell === "object" && cell !== null ? JSON.stringify(cell) : String(cell ?? ""));
  /** Comma-separated values, every number in full. */
  const csv = (columns, rows) => [columns, ...rows.map((row) => row.cells)].map((cells) => cells.map((cell) => field(exact(cell))).join(",")).join("\r\n") + "\r\n";

  tb.tableRows = {compared, csv, filterOf, plain, shown, sorted, valueOf};
})();
