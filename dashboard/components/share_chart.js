/* A chart of a shared file: the curves as the page drew them, with zoom, a cross-hair and a table. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const ROWS = 16;
  const PAD = {right: 12, top: 8, bottom: 24};
  const xs = tb.data.xs.map((values) => Float64Array.from(values, Number));
  const numbers = (values) => (values ? Float64Array.from(values, Number) : null);

  /** A line of the file as `tb.lines.draw` takes it. */
  function lineOf(data) {
    const value = numbers(data.y);
    const binned = Boolean(data.low);
    const nonfinite = numbers(data.nonfinite);
    const series = {
      value, min: numbers(data.low) || value, max: numbers(data.high) || value, count: numbers(data.count), step: xs[data.step], length: value.length,
      binned, exact: !binned, nonfinite, ascending: tb.math.ascends(xs[data.x], value.length),
    };
    return {
      ...data, series, xs: xs[data.x], stored: numbers(data.smooth), marks: Boolean(nonfinite) || value.some((v) => !Number.isFinite(v)),
      band: data.band ? {low: numbers(data.band[0]), high: numbers(data.band[1])} : null,
    };
  }

  class SharedChart {
    /** `page`: {state: {smoothing, logY}, isShown(line), emphasised, hoverAll(chart, x), unhoverAll()}. */
    constructor(data, page) {
      this.data = data;
      this.page = page;
      this.lines = data.lines.map(lineOf);
      this.zoom = data.zoom;
      this.flipped = data.log !== tb.data.logY; // this card's own choice, against the page's
      this.canvas = el("canvas", {"aria-hidden": "true"});
      this.under = el("canvas", {"aria-hidden": "true"}); // axes and cross-hair, behind the curves
      this.reset = el("button", {type: "button", class: "card-button", hidden: true, onclick: () => this.zoomTo(null)}, "reset zoom");
      this.plot = el("div", {class: "shared-plot", role: "img", tabindex: "0"}, this.under, this.canvas);
      const points = data.lines.reduce((sum, line) => sum + line.points, 0);
      this.node = el(
        "article", {class: "shared-card" + (data.wide ? " wide" : "")},
        el("header", {}, el("h3", {title: data.title}, data.title), this.reset, el("small", {}, `${tb.format.step(points)} points`)), this.plot,
        ...(data.axis.startsWith("metric:") ? [el("p", {class: "shared-axis"}, "x: " + data.axis.slice(7))] : [])
      );
      this.plot.addEventListener("pointermove", (event) => !event.buttons && this.pointed(event));
      this.plot.addEventListener("pointerleave", () => page.unhoverAll());
      this.plot.addEventListener("pointerdown", (event) => this.drag(event));
      this.plot.addEventListener("dblclick", () => this.zoomTo(null));
      this.plot.addEventListener("keydown", (event) => this.key(event));
    }

    get logY() {
      return this.page.state.logY !== this.flipped;
    }

    shown() {
      return this.lines.filter((line) => this.page.isShown(line));
    }

    smoothed(line) {
      const {smoothing} = this.page.state;
      if (!(smoothing > 0)) return line.series.value;
      // As the store smoothed it, over every point; any other smoothing goes by the stretches' means.
      if (line.stored && smoothing === tb.data.smoothing) return line.stored;
      if (line.at !== smoothing) {
        const {value, count, length} = line.series;
        line.at = smoothing;
        line.kept = tb.lineParts.byPart(value, count, length, line.breaks, (values, counts, n) =>
          counts ? tb.math.emaOfBins(values, counts, n, smoothing) : tb.math.ema(values, n, smoothing));
      }
      return line.kept;
    }

    draw() {
      const [width, height] = [this.plot.clientWidth, this.plot.clientHeight];
      if (width < 40) return;
      const dark = tb.theme.current() === "dark" ? 1 : 0;
      const {smoothing} = this.page.state;
      const drawn = this.shown().map((line) => ({
        ...line, source: line, ys: this.smoothed(line), color: line.colors[dark], raw: smoothing > 0 && !line.faint && !line.band,
        faint: line.faint || (this.page.emphasised !== null && !line.runs.includes(this.page.emphasised)),
      }));
      drawn.sort((a, b) => b.faint - a.faint);
      this.drawn = drawn;
      const ranges = this.ranges(drawn);
      const rows = this.logY ? logTicks(ranges.yRange) : tb.math.valueTicks(ranges.yRange, Math.max(3, height / 36));
      const pen = sized(this.under, width, height);
      pen.font = `11px ${tb.theme.css("--font")}`;
      const left = Math.min(width / 3, 12 + Math.max(20, ...rows.ticktext.map((text) => pen.measureText(text).width)));
      this.box = {left, top: PAD.top, width: width - left - PAD.right, height: height - PAD.top - PAD.bottom, full: [width, height], ...ranges, logY: this.logY};
      this.canvas.style.left = left + "px";
      this.canvas.style.top = PAD.top + "px";
      tb.lines.draw(this.canvas, drawn, {...this.box, quick: false});
      this.axes(rows);
      this.reset.hidden = !this.zoom;
      const span = (range) => range.map(tb.format.value).join(" to ");
      this.plot.setAttribute("aria-label", `${this.data.title}: ${drawn.length} curves, values ${span(ranges.yRange)}${this.zoom ? ", zoomed" : ""}`);
    }

    ranges(drawn) {
      const {widen, paddedRange} = tb.math;
      let xRange = this.zoom ? this.zoom.x : null;
      if (!xRange) {
        xRange = [Infinity, -Infinity];
        for (const line of drawn) widen(xRange, line.xs, line.xs, line.series.length, null, false);
        if (!(xRange[0] <= xRange[1])) xRange = [0, 1];
        if (xRange[0] === xRange[1]) xRange = [xRange[0] - 1, xRange[1] + 1];
      }
      if (this.zoom && this.zoom.y) return {xRange, yRange: this.zoom.y};
      const extent = [Infinity, -Infinity];
      for (const {series, xs: at, ys, band} of drawn) {
        for (const column of [series.min, series.max, ys, ...(band ? [band.low, band.high] : [])]) {
          widen(extent, column, at, series.length, this.zoom ? xRange : null, this.logY);
        }
      }
      return {xRange, yRange: paddedRange(extent, this.logY)};
    }

    /** Axes, on the canvas behind the curves: they are drawn again with every cross-hair. */
    axes(rows) {
      const {left, top, width, height, full, xRange, yRange, logY} = this.box;
      const pen = this.under.getContext("2d");
      pen.clearRect(0, 0, ...full);
      const toY = tb.lines.scale(yRange, height, {log: logY, flip: true});
      const toX = tb.lines.scale(xRange, width);
      pen.lineWidth = 1;
      pen.textBaseline = "middle";
      pen.textAlign = "right";
      pen.strokeStyle = tb.theme.css("--grid");
      pen.fillStyle = tb.theme.css("--muted");
      rows.tickvals.forEach((v, i) => {
        const y = Math.round(top + toY(v)) + 0.5;
        if (y < top - 1 || y > top + height + 1) return;
        pen.globalAlpha = 0.7;
        pen.strokeRect(left, y, width, 0);
        pen.globalAlpha = 1;
        pen.fillText(rows.ticktext[i], left - 6, y);
      });
      const columns = xTicks(this.data.axis, xRange, Math.max(2, width / 85));
      columns.tickvals.forEach((v, i) => {
        const half = pen.measureText(columns.ticktext[i]).width / 2;
        pen.textAlign = "center";
        pen.fillText(columns.ticktext[i], Math.min(full[0] - half - 2, Math.max(half, left + toX(v))), top + height + 14);
      });
      this.rows = rows;
    }

    zoomTo(zoom) {
      this.zoom = zoom;
      this.page.unhoverAll();
      this.draw();
    }

    at(event) {
      const {left, top, width, height} = this.box;
      const box = this.plot.getBoundingClientRect();
      return [Math.min(width, Math.max(0, event.clientX - box.left - left)), Math.min(height, Math.max(0, event.clientY - box.top - top))];
    }

    xAt(px) {
      const [low, high] = this.box.xRange;
      return low + (px / this.box.width) * (high - low);
    }

    yAt(py) {
      const {yRange, height, logY} = this.box;
      const [low, high] = logY ? yRange.map(Math.log10) : yRange;
      const v = high - (py / height) * (high - low);
      return logY ? Math.pow(10, v) : v;
    }

    drag(down) {
      if (!this.box || down.button !== 0) return;
      const [x0, y0] = this.at(down);
      const box = (event) => {
        const [x1, y1] = this.at(event);
        const tall = Math.abs(y1 - y0) > 24;
        return {x: [Math.min(x0, x1), Math.max(x0, x1)], y: tall ? [Math.min(y0, y1), Math.max(y0, y1)] : null};
      };
      const move = (event) => {
        const {x, y} = box(event);
        this.page.unhoverAll();
        this.axes(this.rows);
        const pen = this.under.getContext("2d");
        const [top, bottom] = y || [0, this.box.height];
        pen.fillStyle = tb.theme.css("--accent");
        pen.globalAlpha = 0.15;
        pen.fillRect(this.box.left + x[0], this.box.top + top, x[1] - x[0], bottom - top);
        pen.globalAlpha = 1;
      };
      const up = (event) => {
        window.removeEventListener("pointermove", move);
        window.removeEventListener("pointerup", up);
        const {x, y} = box(event);
        if (x[1] - x[0] > 6) this.zoomTo({x: x.map((px) => this.xAt(px)), y: y ? [this.yAt(y[1]), this.yAt(y[0])] : null});
        else this.axes(this.rows);
      };
      window.addEventListener("pointermove", move);
      window.addEventListener("pointerup", up);
    }

    pointed(event) {
      if (!this.box) return;
      const [px, py] = this.at(event);
      this.page.hoverAll(this, this.xAt(px), py, event);
    }

    /** Arrow keys walk along the curves; Escape leaves the zoom. */
    key(event) {
      if (event.key === "Escape") return this.zoomTo(null);
      const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
      if (!step || !this.box) return undefined;
      event.preventDefault();
      const [low, high] = this.box.xRange;
      this.keyX = Math.min(high, Math.max(low, (this.keyX ?? (low + high) / 2) + (step * (high - low)) / (event.shiftKey ? 10 : 100)));
      const box = this.plot.getBoundingClientRect();
      const px = ((this.keyX - low) / (high - low)) * this.box.width;
      return this.page.hoverAll(this, this.keyX, this.box.height / 2, {clientX: box.left + this.box.left + px, clientY: box.top + this.box.height / 2});
    }

    /** The curves' values at x, nearest to the pixel y first: [{line, at, y, far}]. */
    rowsAt(x, py) {
      const toY = tb.lines.scale(this.box.yRange, this.box.height, {log: this.logY, flip: true});
      const reach = (this.box.xRange[1] - this.box.xRange[0]) * 0.03;
      const rows = [];
      for (const line of this.drawn) {
        const at = tb.math.nearest(line.xs, line.series.length, x, line.series.ascending);
        if (at < 0) continue;
        const gap = Math.abs(line.xs[Math.min(at + 1, line.series.length - 1)] - line.xs[Math.max(0, at - 1)]);
        if (Math.abs(line.xs[at] - x) > Math.max(reach, gap)) continue;
        const far = Math.abs(toY(line.ys[at]) - py);
        rows.push({line, at, y: line.ys[at], far: Number.isFinite(far) ? far : 1e9});
      }
      return rows.sort((a, b) => a.far - b.far);
    }

    crosshair(x) {
      if (!this.box) return;
      this.axes(this.rows);
      const [low, high] = this.box.xRange;
      if (x === null || x < low || x > high) return;
      const pen = this.under.getContext("2d");
      pen.strokeStyle = tb.theme.css("--muted");
      pen.lineWidth = 1;
      const px = Math.round(this.box.left + tb.lines.scale([low, high], this.box.width)(x)) + 0.5;
      pen.beginPath();
      pen.moveTo(px, this.box.top);
      pen.lineTo(px, this.box.top + this.box.height);
      pen.stroke();
    }

    /** The table under the pointer. */
    table(rows) {
      const [{line, at}] = rows;
      const smoothed = this.page.state.smoothing > 0;
      const kept = rows.slice(0, ROWS).sort((a, b) => b.y - a.y);
      const dark = tb.theme.current() === "dark" ? 1 : 0;
      const cells = ({line: one, at: i, y}) => {
        const {series} = one;
        const between = one.band ? [one.band.low[i], one.band.high[i]] : series.count && series.count[i] > 1 ? [series.min[i], series.max[i]] : null;
        return el("tr", one === line ? {class: "nearest"} : {},
          el("td", {}, el("span", {class: "swatch", style: `background:${one.colors[dark]}`})), el("td", {class: "hover-run"}, one.title),
          smoothed ? el("td", {}, tb.format.value(y)) : null, el("td", {class: smoothed ? "hover-raw" : ""}, tb.format.value(series.value[i])),
          el("td", {class: "hover-raw"}, between ? between.map(tb.format.value).join(" … ") : ""));
      };
      return [
        el("div", {class: "hover-head"}, el("b", {}, "step " + tb.format.step(line.series.step[at]))),
        el("table", {}, el("tbody", {}, ...kept.map(cells))),
        ...(rows.length > ROWS ? [el("p", {}, `and ${rows.length - ROWS} more further away`)] : []),
      ];
    }
  }

  function sized(canvas, width, height) {
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = width + "px";
    canvas.style.height = height + "px";
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    return pen;
  }

  function logTicks([low, high]) {
    const tickvals = [];
    const stride = Math.max(1, Math.ceil(Math.log10(high / low) / 6));
    for (let p = Math.ceil(Math.log10(low)); p <= Math.log10(high); p += stride) tickvals.push(Math.pow(10, p));
    if (tickvals.length < 2) return tb.math.valueTicks([low, high], 5);
    return {tickvals, ticktext: tickvals.map((v) => (v >= 1e-3 && v < 1e5 ? String(Number(v.toPrecision(3))) : v.toExponential(0).replace("e+", "e").replace("-", "−")))};
  }

  function xTicks(axis, range, wanted) {
    if (axis === "relative") return tb.math.durationTicks(range, wanted, tb.format.duration);
    if (axis !== "wall") return tb.math.valueTicks(range, wanted);
    const {tickvals} = tb.math.durationTicks(range.map((v) => v / 1000), wanted, String);
    const days = range[1] - range[0] > 36 * 3600e3;
    // Local time when the file was made, kept as if it were UTC.
    const told = (v) => new Date(v * 1000).toLocaleString("en", {timeZone: "UTC", hour12: false, ...(days ? {month: "short", day: "numeric"} : {hour: "2-digit", minute: "2-digit", second: "2-digit"})});
    return {tickvals: tickvals.map((v) => v * 1000), ticktext: tickvals.map(told)};
  }

  tb.SharedChart = SharedChart;
})();
