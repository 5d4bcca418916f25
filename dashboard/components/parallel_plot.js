/* Parallel coordinates on canvases: lines, axes over them, and the line under the pointer over both. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const PAD = {left: 64, right: 46, top: 12, bottom: 14};
  const MISSING_ROOM = 34; // pixels below the axes for what has no place on them
  const AXIS_ROOM = 118; // pixels between two axes, at least; more axes scroll
  const FRAME_MS = 10; // of drawing in one animation frame
  const CURVES = 1500; // more lines than this are straight: a curve costs three times as much
  const REACH = 14; // pixels from the pointer to the line it means

  function canvas(name) {
    return el("canvas", {class: "parallel-" + name, "aria-hidden": "true"});
  }

  class ParallelPlot {
    /** `on`: {brush(key, brush | null, done), hover(index | -1), click(index, event)}. */
    constructor(on) {
      this.on = on;
      this.data = null;
      this.hovered = -1;
      this.frame = null;
      [this.back, this.front, this.top] = ["lines", "axes", "hover"].map(canvas);
      this.plot = el("div", {class: "parallel-plot", role: "img"}, this.back, this.front, this.top);
      this.heads = el("div", {class: "parallel-heads", role: "list", "aria-label": "Axes"});
      this.inner = el("div", {class: "parallel-inner"}, this.heads, this.plot);
      this.node = el("div", {class: "parallel-scroll", tabindex: "0", "aria-label": "Parallel coordinates"}, this.inner);
      this.plot.addEventListener("pointermove", (event) => this.pointed(event));
      this.plot.addEventListener("pointerleave", () => this.hover(-1));
      this.plot.addEventListener("pointerdown", (event) => this.pressed(event));
      this.resizer = new ResizeObserver(() => this.data && this.draw());
      this.resizer.observe(this.node);
    }

    /** `data`: {names, axes, brushes, on: [bool], color(i), order: [i]}: drawn in that order, off ones first. */
    take(data) {
      this.data = data;
      this.hovered = -1;
    }

    size() {
      const k = this.data.axes.length;
      const width = Math.max(this.node.clientWidth, PAD.left + PAD.right + (k - 1) * AXIS_ROOM);
      const height = this.plot.clientHeight;
      this.inner.style.width = width + "px";
      const below = this.data.axes.some((one) => one.hasMissing) ? MISSING_ROOM : 0;
      const [top, bottom] = [PAD.top, height - PAD.bottom - below];
      const step = k > 1 ? (width - PAD.left - PAD.right) / (k - 1) : 0;
      const xs = this.data.axes.map((_, i) => (k > 1 ? PAD.left + i * step : width / 2));
      this.box = {width, height, top, bottom, missing: below ? bottom + 26 : null, xs, step: step || width};
      return this.box;
    }

    toY(unit) {
      const {top, bottom, missing} = this.box;
      return Number.isNaN(unit) ? missing : bottom - unit * (bottom - top);
    }

    draw() {
      const {width, height} = this.size();
      if (width < 50 || height < 50) return;
      this.ys = this.data.axes.map((one) => Float32Array.from(one.units, (u) => this.toY(u)));
      this.pens = [this.back, this.front, this.top].map((node) => fitted(node, width, height));
      this.drawAxes();
      this.drawLines();
      this.mark(this.hovered);
      for (const [i, head] of [...this.heads.children].entries()) {
        head.style.left = (this.box.xs[i] ?? 0) + "px";
        head.style.maxWidth = Math.max(70, this.box.step - 10) + "px";
      }
      const shown = this.data.on.filter(Boolean).length;
      const titles = this.data.axes.map((one) => one.title).join(", ");
      this.plot.setAttribute("aria-label", `${shown} of ${this.data.names.length} runs over ${titles}`);
    }

    /** All lines, some in each frame: ten thousand of them must not hold the page. */
    drawLines() {
      cancelAnimationFrame(this.frame);
      const [pen] = this.pens;
      const {on, order} = this.data;
      const rows = [...order.filter((i) => !on[i]), ...order.filter((i) => on[i])];
      const n = on.filter(Boolean).length;
      const alpha = n > 3000 ? 0.22 : n > 600 ? 0.4 : n > 150 ? 0.6 : 0.85;
      const off = tb.theme.css("--muted");
      let at = 0;
      const work = () => {
        const end = performance.now() + FRAME_MS;
        while (at < rows.length) {
          const row = rows[at++];
          pen.globalAlpha = on[row] ? alpha : rows.length > 1000 ? 0.06 : 0.13;
          pen.strokeStyle = on[row] ? this.data.color(row) : off;
          pen.lineWidth = on[row] && n < 150 ? 1.5 : 1;
          this.stroke(pen, row);
          if (at % 16 === 0 && performance.now() > end) break;
        }
        this.done = at >= rows.length;
        this.plot.dataset.drawn = String(this.done);
        if (!this.done) this.frame = requestAnimationFrame(work);
      };
      this.plot.dataset.drawn = "false";
      work();
    }

    stroke(pen, row) {
      const {xs} = this.box;
      const curved = this.data.names.length <= CURVES;
      pen.beginPath();
      pen.moveTo(xs[0], this.ys[0][row]);
      if (xs.length === 1) pen.lineTo(xs[0] + 6, this.ys[0][row]);
      for (let i = 1; i < xs.length; i++) {
        const [y0, y1] = [this.ys[i - 1][row], this.ys[i][row]];
        const middle = (xs[i - 1] + xs[i]) / 2;
        if (curved) pen.bezierCurveTo(middle, y0, middle, y1, xs[i], y1);
        else pen.lineTo(xs[i], y1);
      }
      pen.stroke();
    }

    drawAxes() {
      const [, pen] = this.pens;
      const {top, bottom, missing, xs} = this.box;
      pen.font = `11px ${tb.theme.css("--font")}`;
      pen.textBaseline = "middle";
      pen.textAlign = "right";
      pen.lineJoin = "round";
      this.data.axes.forEach((one, i) => {
        const x = Math.round(xs[i]) + 0.5;
        pen.strokeStyle = tb.theme.css("--line-strong");
        pen.lineWidth = 1.5;
        pen.beginPath();
        pen.moveTo(x, top);
        pen.lineTo(x, bottom);
        pen.stroke();
        let last = Infinity;
        for (const {at, text} of [...one.ticks].sort((a, b) => a.at - b.at)) {
          const y = this.toY(at);
          if (!(y >= top - 1 && y <= bottom + 1) || last - y < 13) continue;
          last = y;
          label(pen, clipped(pen, text, this.box.step - 26), x - 6, y, "--text");
          pen.fillRect(x - 3, Math.round(y), 6, 1);
        }
        if (one.hasMissing) {
          pen.fillStyle = tb.theme.css("--muted");
          pen.fillRect(x - 4, missing, 8, 1.5);
          label(pen, "missing", x - 7, missing, "--muted");
        }
        const brush = this.data.brushes[one.key];
        if (brush) this.drawBrush(pen, one, brush, x);
      });
    }

    drawBrush(pen, one, brush, x) {
      const {missing} = this.box;
      const spans = tb.parallel.spansOf(one, brush).map((span) => span.map((u) => this.toY(u)));
      if (brush.missing && missing !== null) spans.push([missing + 7, missing - 7]);
      for (const [from, to] of spans) {
        const height = Math.max(4, from - to);
        pen.fillStyle = tb.theme.css("--accent");
        pen.globalAlpha = 0.24;
        pen.fillRect(x - 9, from - height, 18, height);
        pen.globalAlpha = 1;
        pen.strokeStyle = tb.theme.css("--accent");
        pen.lineWidth = 1;
        pen.strokeRect(x - 9, from - height, 18, height);
      }
    }

    /** Draws the row's line over the others, with a dot on each axis. */
    mark(row) {
      if (!this.pens) return;
      const [, , pen] = this.pens;
      pen.clearRect(0, 0, this.box.width, this.box.height);
      if (row < 0 || row >= this.data.names.length) return;
      pen.lineWidth = 5;
      pen.strokeStyle = tb.theme.css("--card");
      this.stroke(pen, row);
      pen.lineWidth = 2.5;
      pen.strokeStyle = this.data.on[row] ? this.data.color(row) : tb.theme.css("--muted");
      this.stroke(pen, row);
      pen.fillStyle = tb.theme.css("--text");
      this.box.xs.forEach((x, i) => {
        pen.beginPath();
        pen.arc(x, this.ys[i][row], 3.2, 0, 7);
        pen.fill();
      });
    }

    /** The row whose line is nearest to the pixel, or -1; the runs that are on come first. */
    rowAt(x, y) {
      const {xs} = this.box;
      let left = xs.findLastIndex((at) => at <= x);
      if (left === xs.length - 1) left--;
      if (left < 0) left = 0;
      const right = Math.min(left + 1, xs.length - 1);
      const u = right > left ? Math.min(1, Math.max(0, (x - xs[left]) / (xs[right] - xs[left]))) : 0;
      const weight = this.data.names.length <= CURVES ? tb.parallel.weightAt(u) : u;
      let best = -1;
      let least = REACH;
      for (let row = 0; row < this.data.names.length; row++) {
        const [y0, y1] = [this.ys[left][row], this.ys[right][row]];
        const far = Math.abs(y0 + (y1 - y0) * weight - y) + (this.data.on[row] ? 0 : 7);
        if (far < least) [best, least] = [row, far];
      }
      return best;
    }

    axisAt(x) {
      return this.box.xs.findIndex((at) => Math.abs(at - x) <= 14);
    }

    place(event) {
      const box = this.plot.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    }

    pointed(event) {
      if (!this.data || this.dragging) return;
      const [x, y] = this.place(event);
      const axis = this.axisAt(x);
      this.plot.style.cursor = axis >= 0 ? "ns-resize" : "default";
      this.hover(this.rowAt(x, y), event);
    }

    hover(row, event) {
      if (row === this.hovered && row < 0) return;
      this.hovered = row;
      if (this.data) this.mark(row);
      this.plot.style.cursor = row >= 0 && this.plot.style.cursor === "default" ? "pointer" : this.plot.style.cursor;
      this.on.hover(row, event);
    }

    pressed(event) {
      if (event.button !== 0 || !this.data) return;
      const [x, y] = this.place(event);
      const axis = this.axisAt(x);
      if (axis < 0) {
        const row = this.rowAt(x, y);
        if (row >= 0) this.on.click(row, event);
        return;
      }
      event.preventDefault();
      this.hover(-1, event);
      this.brushing(this.data.axes[axis], y);
    }

    /** Follows the pointer until it is let go: a new brush, an old one moved or taken at an edge. */
    brushing(one, start) {
      this.dragging = true;
      const {top, bottom, missing} = this.box;
      const unitAt = (y) => (bottom - y) / (bottom - top);
      const old = this.data.brushes[one.key];
      const span = old && old.range ? tb.parallel.spansOf(one, old)[0] : null;
      const reach = 6 / (bottom - top);
      const at = unitAt(start);
      const edge = span ? span.findIndex((u) => Math.abs(u - at) <= reach) : -1;
      const inside = span && edge < 0 && at > span[0] && at < span[1];
      let moved = false;
      const brushAt = (y) => {
        const to = unitAt(y);
        if (edge >= 0) return tb.parallel.brushOf(one, span[1 - edge], to, old.missing);
        if (inside) return tb.parallel.brushOf(one, span[0] + to - at, span[1] + to - at, old.missing);
        const low = missing !== null && Math.max(start, y) > missing - 9;
        return tb.parallel.brushOf(one, at, to, low);
      };
      const move = (event) => {
        const [, y] = this.place(event);
        moved = moved || Math.abs(y - start) > 3;
        if (moved) this.on.brush(one.key, brushAt(y), false);
      };
      const up = (event) => {
        this.dragging = false;
        for (const [name, listener] of [["pointermove", move], ["pointerup", up], ["pointercancel", up]]) {
          window.removeEventListener(name, listener);
        }
        const [, y] = this.place(event);
        const tapped = one.type === "categorical" ? near(one, at, 12 / (bottom - top)) : null;
        const lowest = missing !== null && start > missing - 9;
        if (moved) this.on.brush(one.key, brushAt(y), true);
        else if (!old && tapped !== null) this.on.brush(one.key, {values: [tapped]}, true);
        else if (!old && lowest) this.on.brush(one.key, {missing: true}, true);
        else this.on.brush(one.key, null, true);
      };
      window.addEventListener("pointermove", move);
      window.addEventListener("pointerup", up);
      window.addEventListener("pointercancel", up);
    }

    destroy() {
      cancelAnimationFrame(this.frame);
      this.resizer.disconnect();
    }
  }

  /** The category whose tick is at the unit, or null. */
  function near(one, unit, reach) {
    const tick = one.ticks.find(({at}) => Math.abs(at - unit) <= reach);
    return tick ? tick.text : null;
  }

  function fitted(node, width, height) {
    const ratio = window.devicePixelRatio || 1;
    node.width = Math.round(width * ratio);
    node.height = Math.round(height * ratio);
    node.style.width = width + "px";
    node.style.height = height + "px";
    const pen = node.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.lineJoin = "bevel";
    return pen;
  }

  /** Text with a rim of the card's colour, so that it reads over any lines. */
  function label(pen, text, x, y, color) {
    pen.strokeStyle = tb.theme.css("--card");
    pen.lineWidth = 3.5;
    pen.strokeText(text, x, y);
    pen.fillStyle = tb.theme.css(color);
    pen.fillText(text, x, y);
  }

  function clipped(pen, text, room) {
    if (pen.measureText(text).width <= room) return text;
    let kept = text.slice(0, 60);
    while (kept.length > 3 && pen.measureText(kept + "…").width > room) kept = kept.slice(0, -1);
    return kept + "…";
  }

  tb.ParallelPlot = ParallelPlot;
  tb.canvasText = {label, clipped, fitted};
})();
