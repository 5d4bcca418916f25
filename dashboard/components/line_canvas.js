/* Draws curves on a canvas: one path a run, never more than four points a pixel column. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const MARK_GAP = 4; // pixels between marks of values that are not finite

  /**
   * A path through (xs, ys) in pixels. Many points in one column (`perPixel` to a pixel) become its
   * first, lowest and highest, which paints the same; a value that is not finite breaks the line.
   */
  function trace(context, xs, ys, from, n, toX, toY, perPixel) {
    let column = NaN;
    let open = false;
    let low = 0;
    let high = 0;
    let end = 0;
    const flush = () => {
      if (low === high) return;
      // The extreme nearer to where the line goes on comes last.
      const rising = high - end < end - low;
      context.lineTo(column, rising ? low : high);
      context.lineTo(column, rising ? high : low);
    };
    for (let i = from; i < n; i++) {
      const y = toY(ys[i]);
      if (!Number.isFinite(y)) {
        if (open) flush();
        open = false;
        column = NaN;
        continue;
      }
      const x = Math.round(toX(xs[i]) * perPixel) / perPixel;
      if (!open) {
        context.moveTo(x, y);
        open = true;
      } else if (x === column) {
        if (y < low) low = y;
        if (y > high) high = y;
        end = y;
        continue;
      } else {
        flush();
        context.lineTo(x, y);
      }
      column = x;
      low = high = end = y;
    }
    if (open) flush();
  }

  /** The raw line of binned points: from bin to bin through its lowest and highest value. */
  function traceBins(context, xs, lows, highs, from, n, toX, toY) {
    let open = false;
    let up = false;
    for (let i = from; i < n; i++) {
      const low = toY(lows[i]);
      const high = toY(highs[i]);
      if (!Number.isFinite(low + high)) {
        open = false;
        continue;
      }
      const x = toX(xs[i]);
      // Alternating the order keeps the zig-zag short, as the points themselves would.
      const [first, second] = up ? [high, low] : [low, high];
      if (open) context.lineTo(x, first);
      else context.moveTo(x, first);
      if (second !== first) context.lineTo(x, second);
      open = true;
      up = !up;
    }
  }

  function markNonFinite(context, line, view, toX, toY, color) {
    const {xs, series} = line;
    const {value, nonfinite, length} = series;
    let lastX = -Infinity;
    let lastY = view.height / 2;
    context.fillStyle = color;
    for (let i = 0; i < length; i++) {
      const y = value[i];
      if (Number.isFinite(y) && !(nonfinite && nonfinite[i] > 0)) {
        lastY = toY(y);
        continue;
      }
      const x = toX(xs[i]);
      if (x < -5 || x > view.width + 5 || Math.abs(x - lastX) < MARK_GAP) continue;
      lastX = x;
      context.beginPath();
      if (y === Infinity || y === -Infinity) {
        const [tip, base] = y > 0 ? [1, 8] : [view.height - 1, view.height - 8];
        context.moveTo(x, tip);
        context.lineTo(x - 4, base);
        context.lineTo(x + 4, base);
      } else {
        const at = Math.min(view.height - 5, Math.max(5, Number.isFinite(lastY) ? lastY : view.height / 2));
        context.moveTo(x, at - 5);
        context.lineTo(x + 5, at);
        context.lineTo(x, at + 5);
        context.lineTo(x - 5, at);
      }
      context.fill();
    }
  }

  /** From data to pixels for `range` (log ranges are of the data, not of its logarithm). */
  function scale(range, pixels, {log = false, flip = false} = {}) {
    const f = log ? Math.log10 : (v) => v;
    const [low, high] = [f(range[0]), f(range[1])];
    const factor = pixels / (high - low || 1);
    // log10 of zero or less is not finite: such points break the line, which is what is meant.
    if (flip) return log ? (v) => pixels - (f(v) - low) * factor : (v) => pixels - (v - low) * factor;
    return log ? (v) => (f(v) - low) * factor : (v) => (v - low) * factor;
  }

  /**
   * Draws `lines` ([{series, xs, ys, color, raw}]) into the canvas, sized to `view`
   * {width, height, xRange, yRange, logY, quick}. `ys` is the smoothed line; `raw` asks for the
   * unsmoothed one, faint, behind it. `quick` is for while something is being dragged.
   */
  function draw(canvas, lines, view) {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(view.width * ratio), Math.round(view.height * ratio)];
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      canvas.style.width = view.width + "px";
      canvas.style.height = view.height + "px";
    }
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    // Software rasterisers spend most of their time on joins: bevel is the cheap one.
    context.lineJoin = "bevel";
    const toX = scale(view.xRange, view.width);
    const toY = scale(view.yRange, view.height, {log: view.logY, flip: true});
    const many = lines.length > 40;
    for (const line of lines) {
      if (!line.band) continue;
      const [from, to] = windowOf(line.xs, line.series, view.xRange);
      tb.lineParts.fillBand(context, line, from, to, toX, toY, {alpha: 0.16, floor: view.height});
    }
    for (const layer of view.quick ? ["main"] : ["raw", "main"]) {
      for (const line of lines) {
        const {series, xs, ys} = line;
        const [from, to] = windowOf(xs, series, view.xRange);
        if (layer === "raw" && !line.raw) continue;
        const parts = tb.lineParts.segments(line.breaks, from, to);
        context.beginPath();
        context.strokeStyle = line.color;
        context.setLineDash(line.dash || []);
        if (layer === "raw" || (!line.raw && series.binned && !series.exact)) {
          context.globalAlpha = layer === "raw" ? (many ? 0.14 : 0.26) : 1;
          context.lineWidth = 1;
          for (const [start, end] of parts) {
            if (series.binned && !series.exact) traceBins(context, xs, series.min, series.max, start, end, toX, toY);
            else trace(context, xs, series.value, start, end, toX, toY, 1);
          }
        } else {
          context.globalAlpha = line.faint ? 0.3 : many ? 0.9 : 1;
          context.lineWidth = view.quick || many || line.faint ? 1 : 1.6;
          for (const [start, end] of parts) trace(context, xs, ys, start, end, toX, toY, many || view.quick ? 1 : 2);
        }
        context.stroke();
      }
    }
    context.globalAlpha = 1;
    context.setLineDash([]);
    for (const line of lines) {
      if (line.series.length === 1) {
        context.fillStyle = line.color;
        context.beginPath();
        context.arc(toX(line.xs[0]), toY(line.ys[0]), 3, 0, 7);
        context.fill();
      }
      if (line.marks) markNonFinite(context, line, view, toX, toY, line.color);
    }
  }

  /** The points that matter for a window: those in it and one on either side. */
  function windowOf(xs, series, [low, high]) {
    const n = series.length;
    if (!series.ascending || n < 64 || (xs[0] >= low && xs[n - 1] <= high)) return [0, n];
    const {nearest} = tb.math;
    return [Math.max(0, nearest(xs, n, low, true) - 1), Math.min(n, nearest(xs, n, high, true) + 2)];
  }

  tb.lines = {draw, scale, windowOf};
})();
