/* A table of any number of rows, of which only those in sight are drawn. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const h = (...args) => React.createElement(...args);
  const {shown, valueOf} = tb.tableRows;
  const ROW = 26; // pixels; the style sheet has the same
  const SPARE = 12; // rows drawn beyond those in sight
  const SAMPLE = 200; // rows that the widths are taken from
  const LONG = 34; // characters from which a cell opens

  function widths(columns, rows) {
    return columns.map((name, k) => {
      let most = name.length + 2;
      for (let i = 0; i < rows.length && i < SAMPLE; i++) {
        const {cells, old, kind} = rows[i];
        const both = kind === "changed" && shown(old[k]) !== shown(cells[k]) ? shown(old[k]).length + shown(cells[k]).length * 0.15 + 2 : 0;
        most = Math.max(most, shown(cells[k]).length + both);
      }
      return Math.max(56, Math.min(300, Math.round(most * 7.3 + 22)));
    });
  }

  function open(event, text, title) {
    tb.kit.popover(event.currentTarget, tb.el("div", {class: "table-cell-whole"}, tb.el("b", {}, title), tb.el("pre", {tabindex: "0"}, text)));
  }

  function Cell({cell, before, changed, title, index}) {
    const value = valueOf(cell);
    const number = typeof value === "number";
    const text = shown(cell);
    let css = number ? "table-cell number" : "table-cell";
    let hint = text.length > 12 ? text.slice(0, 800) : undefined;
    if (changed) {
      css += " changed";
      const was = valueOf(before);
      if (number && typeof was === "number") hint = `${shown(before)} → ${text}, ${value - was >= 0 ? "+" : "−"}${tb.format.value(Math.abs(value - was)).replace("−", "-")}`;
    }
    const long = text.length > LONG;
    return h("div", {
      role: "cell", className: long ? css + " long" : css, title: hint, "aria-colindex": index,
      onClick: long ? (event) => open(event, text, title) : undefined,
    }, changed ? h(React.Fragment, null, h("del", null, shown(before)), h("ins", null, text)) : text);
  }

  /** `rows` as of `tb.tableRows`; `sort` {column, down} and `onSort(column)`. */
  tb.TableGrid = function ({columns, rows, sort, onSort, label, height}) {
    const {useEffect, useMemo, useRef, useState} = React;
    const ref = useRef(null);
    const [top, setTop] = useState(0);
    const [tall, setTall] = useState(400);
    useEffect(() => {
      const sizes = new ResizeObserver(() => setTall(ref.current ? ref.current.clientHeight : 400));
      sizes.observe(ref.current);
      return () => sizes.disconnect();
    }, []);
    useEffect(() => {
      // Another order or filter: what was in the middle of the old one is nowhere in the new.
      if (ref.current.scrollTop > rows.length * ROW) ref.current.scrollTop = 0;
    }, [rows]);
    const wide = useMemo(() => widths(columns, rows), [columns, rows]);
    const numeric = useMemo(() => columns.map((_, k) => rows.slice(0, SAMPLE).some(({cells}) => typeof valueOf(cells[k]) === "number")), [columns, rows]);
    const numbered = Math.max(40, String(rows.length).length * 8 + 18);
    const template = {gridTemplateColumns: `${numbered}px ${wide.map((w) => w + "px").join(" ")} minmax(0, 1fr)`};
    const first = Math.max(0, Math.floor(top / ROW) - SPARE);
    const last = Math.min(rows.length, Math.ceil((top + tall) / ROW) + SPARE);
    const full = numbered + wide.reduce((a, b) => a + b, 0);
    return h("div", {
        ref, className: "table-scroll", role: "table", tabIndex: 0, "aria-label": label, "aria-rowcount": rows.length + 1, "aria-colcount": columns.length,
        style: {height: Math.min(height, (rows.length + 1) * ROW + 20)}, onScroll: (event) => setTop(event.currentTarget.scrollTop),
      },
      h("div", {className: "table-head table-row", role: "row", "aria-rowindex": 1, style: {...template, minWidth: full}},
        h("div", {role: "columnheader", className: "table-cell table-number"}, "#"),
        columns.map((name, k) => {
          const on = sort && sort.column === k;
          return h("div", {key: k, role: "columnheader", className: numeric[k] ? "table-cell number" : "table-cell", "aria-sort": on ? (sort.down ? "descending" : "ascending") : "none"},
            h("button", {type: "button", title: `Sort by ${name}`, onClick: () => onSort(k)}, h("span", null, name), h("i", {"aria-hidden": true}, on ? (sort.down ? "▾" : "▴") : "")));
        }), h("div", {role: "presentation"})),
      h("div", {className: "table-rows", role: "rowgroup", style: {height: rows.length * ROW, minWidth: full}},
        rows.slice(first, last).map((row, i) => {
          const {cells, old, kind, number} = row;
          return h("div", {key: first + i, role: "row", "aria-rowindex": first + i + 2, className: `table-row ${kind}`, style: {...template, top: (first + i) * ROW}},
            h("div", {role: "cell", className: "table-cell table-number"}, kind === "removed" ? "−" : kind === "added" ? `+ ${number}` : number),
            columns.map((name, k) =>
              h(Cell, {
                key: k, cell: cells[k], title: name, index: k + 1, before: old ? old[k] : undefined,
                changed: kind === "changed" && shown(old[k]) !== shown(cells[k]),
              })));
        })));
  };
})();
