/* What the pointer is at: one cross-hair on every card, one table with all runs at that step. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const ROWS = 18; // more would cover the charts; the rest is told as a number

  /** The point of a line nearest to x, or null where the run has none near. */
  function pointAt(line, x, xRange) {
    const {series, xs} = line;
    const at = tb.math.nearest(xs, series.length, x, series.ascending);
    if (at < 0) return null;
    const reach = Math.max((xRange[1] - xRange[0]) * 0.02, series.length > 1 ? gap(xs, at, series.length) : 0);
    return Math.abs(xs[at] - x) > reach ? null : at;
  }

  const gap = (xs, at, n) => Math.abs(at > 0 ? xs[at] - xs[at - 1] : xs[Math.min(1, n - 1)] - xs[0]);

  /** All runs of a card at x, the one nearest to the pixel y marked: `{rows, nearest}`. */
  function rowsAt(lines, x, xRange, toY, y) {
    const rows = [];
    for (const line of lines) {
      if (line.faint) continue;
      const at = pointAt(line, x, xRange);
      if (at === null) continue;
      const smoothed = line.ys[at];
      const distance = Math.abs(toY(smoothed) - y);
      rows.push({line, at, smoothed, raw: line.series.value[at], distance: Number.isFinite(distance) ? distance : 1e9});
    }
    rows.sort((a, b) => a.distance - b.distance);
    return {rows, nearest: rows[0] || null};
  }

  class HoverTable {
    constructor() {
      this.node = el("div", {class: "hover-table", role: "tooltip", hidden: true});
      document.body.append(this.node);
    }

    show({rows, nearest}, {axis, smoothing}, pointer) {
      if (!nearest) return this.hide();
      const {series, xs} = nearest.line;
      const wall = series.wall[nearest.at];
      const kept = rows.slice(0, ROWS).sort((a, b) => order(b.smoothed) - order(a.smoothed));
      const relative = axis === "relative" ? xs[nearest.at] : wall - nearest.line.firstWall;
      const head = el(
        "div", {class: "hover-head"},
        el("b", {}, "step " + tb.format.step(series.step[nearest.at])),
        ...(nearest.line.group ? [] : [el("span", {}, tb.format.time(wall)), el("span", {}, tb.format.duration(relative))])
      );
      const both = smoothing > 0;
      const table = el(
        "table", {},
        el("thead", {}, el("tr", {}, el("th", {colspan: 2}, "Run"), both ? el("th", {}, "Smoothed") : null, el("th", {}, "Value"))),
        el("tbody", {}, ...kept.map((row) => this.row(row, row === nearest, both)))
      );
      const notes = [];
      if (rows.length > kept.length) notes.push(`and ${rows.length - kept.length} more runs further away`);
      const count = series.count ? series.count[nearest.at] : 1;
      if (count > 1) {
        const [low, high] = [series.min[nearest.at], series.max[nearest.at]].map(tb.format.value);
        notes.push(`a value is the mean of ${tb.format.step(count)} points: here ${low} to ${high}`);
      }
      notes.push(...tb.chartLines.remarks(rows.map(({line}) => line)));
      this.node.replaceChildren(head, table, ...notes.map((note) => el("p", {}, note)));
      this.node.hidden = false;
      this.place(pointer);
    }

    row({line, at, smoothed, raw}, bold, both) {
      const run = tb.runs.get(line.series.run);
      return el(
        "tr", bold ? {class: "nearest"} : {},
        el("td", {}, el("span", {class: "swatch", style: `background:${line.color}`})),
        el("td", {class: "hover-run"}, line.title || (run ? run.title : line.series.run)),
        both ? el("td", {}, tb.format.value(smoothed)) : null,
        el("td", {class: both ? "hover-raw" : ""}, tb.format.value(raw)),
        line.band || line.n ? el("td", {class: "hover-raw"}, tb.chartLines.note(line, at)) : null
      );
    }

    place({x, y}) {
      const {offsetWidth: width, offsetHeight: height} = this.node;
      const left = x + 18 + width < window.innerWidth ? x + 18 : Math.max(4, x - 18 - width);
      const top = Math.max(4, Math.min(y + 14, window.innerHeight - height - 6));
      this.node.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
    }

    hide() {
      this.node.hidden = true;
    }

    destroy() {
      this.node.remove();
    }
  }

  const order = (value) => (Number.isNaN(value) ? -Infinity : value);

  tb.HoverTable = HoverTable;
  tb.hover = {rowsAt, pointAt};
})();
