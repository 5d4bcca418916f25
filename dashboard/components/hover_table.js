/* What the pointer is at: one cross-hair on every card, one table with all runs at that step. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const ROWS = 18; // more would cover the charts; a click pins the table, which then has them all
  const SORTS = {nearest: "nearest first", descending: "highest first", ascending: "lowest first", name: "by name"};

  tb.view.declare("hoverSort", "descending", {param: "hoversort", remember: true, valid: (v) => v in SORTS});

  /** The point of a line nearest to x, or null where the run has none near. */
  function pointAt(line, x, {xRange, logX}) {
    const {series, xs} = line;
    const at = tb.math.nearest(xs, series.length, x, series.ascending);
    if (at < 0) return null;
    const near = logX ? x * (Math.pow(xRange[1] / xRange[0], 0.02) - 1) : (xRange[1] - xRange[0]) * 0.02;
    const reach = Math.max(near, series.length > 1 ? gap(xs, at, series.length) : 0);
    return Math.abs(xs[at] - x) > reach ? null : at;
  }

  const gap = (xs, at, n) => Math.abs(at > 0 ? xs[at] - xs[at - 1] : xs[Math.min(1, n - 1)] - xs[0]);

  /** All runs of a card at x, the one nearest to the pixel y marked: `{rows, nearest}`, nearest first. */
  function rowsAt(lines, x, view, y) {
    const toY = tb.cardScale.toY(view);
    const rows = [];
    for (const line of lines) {
      if (line.faint) continue;
      const at = pointAt(line, x, view);
      if (at === null) continue;
      const smoothed = line.ys[at];
      const distance = Math.abs(toY(smoothed) - y);
      rows.push({line, at, smoothed, raw: line.series.value[at], distance: Number.isFinite(distance) ? distance : 1e9});
    }
    rows.sort((a, b) => a.distance - b.distance);
    return {rows, nearest: rows[0] || null};
  }

  const titleOf = ({line}) => line.title ?? tb.runs.get(line.series.run)?.title ?? line.series.run;
  const relativeOf = ({line, at}) => line.series.wall[at] - line.firstWall;
  // NaN and what is not there come last, whichever way the rest goes.
  const number = (value, otherwise) => (Number.isNaN(value) ? otherwise : value);

  const orders = {
    nearest: (a, b) => a.distance - b.distance,
    descending: (a, b) => number(b.smoothed, -Infinity) - number(a.smoothed, -Infinity),
    ascending: (a, b) => number(a.smoothed, Infinity) - number(b.smoothed, Infinity),
    name: (a, b) => tb.naturally(titleOf(a), titleOf(b)),
  };

  /** The rows in the order the view asks for; with `most`, that many of the nearest. */
  function sorted(rows, sort, most = Infinity) {
    const order = orders[sort];
    return rows.slice(0, most).sort((a, b) => order(a, b) || 0);
  }

  /** What a row's value has more than the baseline's of the same metric; null where there is none. */
  function deltas(rows, baseline) {
    const base = new Map(rows.filter((row) => row.line.series.run === baseline).map((row) => [row.line.series.tag, row]));
    if (!base.size) return null;
    return (row) => {
      const other = base.get(row.line.series.tag);
      return other && other !== row ? row.smoothed - other.smoothed : NaN;
    };
  }

  const signed = (v) => (Number.isNaN(v) ? "" : (v > 0 ? "+" : "") + tb.format.value(v));

  /** The columns of the table: {key, title, text(row), sort, className}. */
  function columnsFor(rows, nearest, {baseline}, full) {
    const delta = deltas(rows, baseline);
    const steps = rows.some((row) => row.line.series.step[row.at] !== nearest.line.series.step[nearest.at]);
    const smooth = rows.some(({line}) => line.ys !== line.series.value);
    return [
      smooth && {title: "Smoothed", text: (row) => tb.format.value(row.smoothed), sort: ["descending", "ascending"]},
      {title: "Value", text: (row) => tb.format.value(row.raw), className: smooth ? "hover-raw" : "", sort: smooth ? null : ["descending", "ascending"]},
      delta && {title: "Δ baseline", text: (row) => signed(delta(row)), className: "hover-raw"},
      (steps || full) && {title: "Step", text: (row) => tb.format.step(row.line.series.step[row.at]), className: "hover-raw"},
      rows.some(({line}) => line.band || line.n) && {title: "", text: ({line, at}) => (line.band || line.n ? tb.chartLines.note(line, at) : ""), className: "hover-raw"},
      full && !nearest.line.group && {title: "Relative", text: (row) => tb.format.duration(relativeOf(row)), className: "hover-raw"},
    ].filter(Boolean);
  }

  /** The lines under the table: what its values are, and what is not a number in them. */
  function notesFor(rows, shown, nearest, pinned) {
    const {series} = nearest.line;
    const notes = [];
    if (rows.length > shown.length) notes.push(`and ${rows.length - shown.length} more runs further away: click to see all`);
    const count = series.count ? series.count[nearest.at] : 1;
    if (count > 1) {
      const [low, high] = [series.min[nearest.at], series.max[nearest.at]].map(tb.format.value);
      const lost = series.nonfinite ? series.nonfinite[nearest.at] : 0;
      notes.push(
        `a value is the mean of ${tb.format.step(count)} points: here ${low} to ${high}` +
          (lost ? `; ${tb.format.step(lost)} of them are NaN or infinite` : "")
      );
    }
    if (shown.some(({raw}) => !Number.isFinite(raw))) {
      notes.push("◆ NaN, ▲ +Inf, ▼ −Inf: logged like that; smoothing and the axis leave them out");
    }
    notes.push(...tb.chartLines.remarks(rows.map(({line}) => line)));
    if (pinned) notes.push("Click a heading to sort; Escape closes");
    return notes;
  }

  class HoverTable {
    constructor() {
      this.pinned = false;
      this.node = el("div", {class: "hover-table", role: "tooltip", hidden: true});
      document.body.append(this.node);
      this.outside = (event) => !this.node.contains(event.target) && !event.target.closest?.(".popover, .toasts") && this.unpin();
      this.escape = (event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        event.preventDefault(); // a dialog around it stays
        this.unpin();
        this.returnTo?.focus();
      };
      this.onUnpin = () => {};
    }

    show(found, view, pointer) {
      if (this.pinned) return;
      if (!found.nearest) return this.hide();
      this.found = found;
      this.pointer = pointer;
      // A dialog that stands as modal lies over everything outside of it.
      const host = pointer.host || document.body;
      if (this.node.parentNode !== host) host.append(this.node);
      this.fill(view);
      this.node.hidden = false;
      this.place(pointer);
    }

    fill(view) {
      const {rows, nearest} = this.found;
      const {series, xs} = nearest.line;
      const wall = series.wall[nearest.at];
      const shown = sorted(rows, view.hoverSort, this.pinned ? Infinity : ROWS);
      const columns = columnsFor(shown.length ? rows : [], nearest, view, this.pinned);
      const relative = view.axis === "relative" ? xs[nearest.at] : relativeOf(nearest);
      const head = el(
        "div", {class: "hover-head"},
        el("b", {}, "step " + tb.format.step(series.step[nearest.at])),
        ...(nearest.line.group ? [] : [el("span", {}, tb.format.time(wall)), el("span", {}, tb.format.duration(relative))]),
        this.pinned ? el("span", {class: "hover-tools"},
          el("button", {type: "button", class: "card-button", onclick: () => this.copy(shown, columns)}, "Copy"),
          el("button", {type: "button", class: "card-button", "aria-label": "Close", onclick: () => this.unpin()}, "✕")
        ) : null
      );
      const body = el("tbody", {}, ...shown.map((row) => this.row(row, row === nearest, columns)));
      const table = el("table", {}, el("thead", {}, el("tr", {}, this.heading("Run", ["name", "nearest"], view, 2), ...columns.map((column) => this.heading(column.title, column.sort, view)))), body);
      this.node.replaceChildren(
        head, this.pinned ? el("div", {class: "hover-scroll", tabindex: "0"}, table) : table,
        ...notesFor(rows, shown, nearest, this.pinned).map((note) => el("p", {}, note))
      );
    }

    heading(text, sorts, view, colspan = 1) {
      const at = sorts ? sorts.indexOf(view.hoverSort) : -1;
      const mark = {descending: " ↓", ascending: " ↑", name: " ↓", nearest: " ◎"}[at >= 0 ? view.hoverSort : ""] || "";
      if (!this.pinned || !sorts) return el("th", {colspan, scope: "col"}, text + (this.pinned ? mark : ""));
      const next = sorts[(at + 1) % sorts.length];
      return el(
        "th", {colspan, scope: "col", "aria-sort": at < 0 ? "none" : view.hoverSort === "descending" ? "descending" : "ascending"},
        el("button", {type: "button", title: `Sort: ${SORTS[next]}`, onclick: () => {
          tb.view.set({hoverSort: next});
          this.fill(tb.view.get());
          [...this.node.querySelectorAll("th button")].find((button) => button.textContent.startsWith(text))?.focus();
        }}, text + mark)
      );
    }

    row(row, bold, columns) {
      const title = titleOf(row);
      return el(
        "tr", bold ? {class: "nearest"} : {},
        el("td", {}, el("span", {class: "swatch", style: `background:${row.line.color}`})),
        el("td", {class: "hover-run", title}, title),
        ...columns.map((column) => el("td", {class: column.className || ""}, column.text(row)))
      );
    }

    copy(rows, columns) {
      const lines = [["run", ...columns.map(({title}) => title.toLowerCase())], ...rows.map((row) => [titleOf(row), ...columns.map(({text}) => text(row))])];
      tb.kit.copy(lines.map((cells) => cells.join("\t")).join("\n"), `${rows.length} rows copied`);
    }

    /** Keeps the table where it is, with all rows, until Escape or a click elsewhere. */
    pin(returnTo) {
      if (this.pinned || this.node.hidden) return;
      this.pinned = true;
      this.returnTo = returnTo;
      this.node.classList.add("pinned");
      this.node.setAttribute("role", "dialog");
      this.node.setAttribute("aria-label", "Values at this step");
      this.fill(tb.view.get());
      this.place(this.pointer);
      this.node.querySelector(".hover-scroll").focus({preventScroll: true});
      document.addEventListener("pointerdown", this.outside, true);
      document.addEventListener("keydown", this.escape, true);
    }

    unpin() {
      if (!this.pinned) return;
      this.pinned = false;
      this.node.classList.remove("pinned");
      this.node.setAttribute("role", "tooltip");
      this.node.removeAttribute("aria-label");
      document.removeEventListener("pointerdown", this.outside, true);
      document.removeEventListener("keydown", this.escape, true);
      this.hide();
      this.onUnpin();
    }

    place({x, y}) {
      const {offsetWidth: width, offsetHeight: height} = this.node;
      const left = x + 18 + width < window.innerWidth ? x + 18 : Math.max(4, x - 18 - width);
      const top = Math.max(4, Math.min(y + 14, window.innerHeight - height - 6));
      this.node.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
    }

    hide() {
      if (!this.pinned) this.node.hidden = true;
    }

    destroy() {
      this.unpin();
      this.node.remove();
    }
  }

  const TAP = {pixels: 4, ms: 600, again: 280};

  /** A click, a tap or Enter pins the table of what the card is pointed at; a finger moves along the curves. */
  function listen(card) {
    const {plot} = card;
    let timer = null;
    const pinSoon = (event) => {
      card.pointed(event); // while the button is down plotly covers the page, and the pointer was elsewhere
      // The second click of a double click resets the zoom.
      timer = setTimeout(() => card.grid.pin(card), event.pointerType === "touch" ? 0 : TAP.again);
    };
    plot.addEventListener("pointerdown", (event) => {
      clearTimeout(timer);
      if (event.button !== 0 || event.shiftKey || event.altKey || event.target.closest("button, .fob")) return;
      const start = performance.now();
      card.isPressed = true;
      document.addEventListener("pointerup", (up) => {
        card.isPressed = false;
        const moved = Math.hypot(up.clientX - event.clientX, up.clientY - event.clientY);
        if (moved <= TAP.pixels && performance.now() - start < TAP.ms) pinSoon(up);
        else card.grid.unhover();
      }, {once: true, capture: true});
    }, true);
    plot.addEventListener("dblclick", () => clearTimeout(timer));
    plot.addEventListener("pointermove", (event) => event.pointerType === "touch" && card.pointed(event));
  }

  tb.HoverTable = HoverTable;
  tb.hover = {rowsAt, pointAt, sorted, deltas, listen, SORTS};
})();
