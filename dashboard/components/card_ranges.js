/* The ranges of a card's axes: what its curves need, what the user fixed, what it shares with others. */
(function () {
  "use strict";
  const tb = window.trainboard;

  tb.view.declare("yScale", "auto", {param: "yscale", valid: (v) => ["auto", "group", "all"].includes(v)});
  tb.view.declare("yRanges", {}, {param: "yranges"}); // tag -> [lowest, highest], null for automatic

  /**
   * TensorBoard's range without outliers: from the 5th to the 95th percentile of what is drawn.
   * Source: tensorboard/webapp/widgets/line_chart_v2/line_chart_internal_utils.ts: of n > 2 sorted
   * values y[ceil((n - 1) * 0.05)] to y[floor((n - 1) * 0.95)]. `pooled` is sorted in place.
   */
  function percentiles(pooled) {
    const n = pooled.length;
    if (n === 0) return [Infinity, -Infinity];
    pooled.sort();
    if (n <= 2) return [pooled[0], pooled[n - 1]];
    return [pooled[Math.ceil((n - 1) * 0.05)], pooled[Math.floor((n - 1) * 0.95)]];
  }

  /** All finite values drawn of the lines in the window, as one array. */
  function pool(lines, window, positive) {
    let size = 0;
    for (const {series} of lines) size += series.length;
    const pooled = new Float64Array(size);
    let n = 0;
    for (const {series, xs, ys} of lines) {
      const [from, to] = window ? tb.lines.windowOf(xs, series, window) : [0, series.length];
      for (let i = from; i < to; i++) {
        if (!Number.isFinite(ys[i]) || (positive && ys[i] <= 0)) continue;
        if (window && (xs[i] < window[0] || xs[i] > window[1])) continue;
        pooled[n++] = ys[i];
      }
    }
    return pooled.subarray(0, n);
  }

  /** Lowest and highest of the lines in the window: of the raw lines and bands too. */
  function extent(lines, window, positive) {
    const range = [Infinity, -Infinity];
    for (const {series, xs, ys, band} of lines) {
      // The raw line counts as well: a spike that smoothing hides must not fall off the chart.
      const [from, to] = window ? tb.lines.windowOf(xs, series, window) : [0, series.length];
      for (const column of new Set([series.min, series.max, ys, ...(band ? [band.low, band.high] : [])])) {
        tb.math.widen(range, column.subarray(from, to), xs.subarray(from, to), to - from, window, positive);
      }
    }
    return range;
  }

  function xExtent(lines, axis, logX) {
    const range = [Infinity, -Infinity];
    const listed = tb.runs.series("scalar");
    for (const {series, xs} of lines) {
      if (series.ascending && !logX) {
        const info = axis === "step" && listed.get(series.tag)?.get(series.run);
        range[0] = Math.min(range[0], xs[0], info ? info.firstStep : axis === "step" || series.x ? series.firstX : Infinity);
        range[1] = Math.max(range[1], xs[series.length - 1]);
      } else tb.math.widen(range, xs, xs, series.length, null, logX);
    }
    if (range[0] > range[1]) return logX ? [1, 10] : [0, 1];
    if (lines.some(({series}) => tb.runs.get(series.run)?.status === "running")) range[1] = ahead(range);
    if (range[0] < range[1]) return range;
    if (logX) return [range[0] / 2, range[0] * 2];
    const air = axis === "wall" ? 30000 : 1;
    return [range[0] - air, range[1] + air];
  }

  /** The end of an axis that grows, rounded up: its ticks are then drawn anew now and then only. */
  function ahead([low, high]) {
    if (!(high > low)) return high;
    // A twentieth at most of the axis stands empty; plotly needs 6 ms for a card's ticks.
    const power = Math.pow(10, Math.floor(Math.log10((high - low) / 20)));
    const step = [5, 2, 1].find((factor) => factor * power <= (high - low) / 20) * power;
    return low + Math.ceil((high - low) / step) * step;
  }

  /** A range with what was given of another put into it; a log axis takes nothing but what is above 0. */
  function fixed(range, given, log) {
    const usable = (v) => Number.isFinite(v) && v !== null && (!log || v > 0);
    const [low, high] = [0, 1].map((i) => (given && usable(given[i]) ? given[i] : range[i]));
    return low < high ? [low, high] : range;
  }

  /** The extents of the cards that share a scale with this one, taken together. */
  function shared(card, own) {
    const {yScale} = tb.view.get();
    if (yScale === "auto") return own;
    const range = [...own];
    for (const other of card.grid.cards.values()) {
      if (other === card || !other.extent || other.logY !== card.logY) continue;
      if (yScale === "group" && other.node.parentNode !== card.node.parentNode) continue;
      range[0] = Math.min(range[0], other.extent[0]);
      range[1] = Math.max(range[1], other.extent[1]);
    }
    return range;
  }

  /** {xRange, yRange} of a card whose lines are collected. */
  function of(card, axis) {
    const {lines, zoomed, logY} = card;
    const logX = tb.cardScale.logX(card);
    const xRange = zoomed?.x ? fixed(xExtent(lines, axis, logX), zoomed.x, logX) : xExtent(lines, axis, logX);
    const window = zoomed?.x ? xRange : null;
    const clips = tb.cardScale.clips(card);
    const before = JSON.stringify(card.extent);
    card.extent = clips ? percentiles(pool(lines, window, logY)) : extent(lines, window, logY);
    // Cards with the same scale follow; what is Infinity is null in JSON, and equal all the same.
    if (tb.view.get().yScale !== "auto" && before !== JSON.stringify(card.extent)) card.grid.redraw(card.grid.onScreen());
    let yRange = tb.math.paddedRange(shared(card, card.extent), logY);
    yRange = fixed(yRange, tb.view.get().yRanges[card.tag], logY);
    if (zoomed?.y) yRange = fixed(yRange, zoomed.y, logY);
    return {xRange, yRange, logX, logY};
  }

  /**
   * What a card does not show of its lines in its window: {above, below, exact, highest, lowest, notPositive,
   * beforeOne}. Of bins it is known that they have a point outside, not how many: `exact` is then false.
   */
  function outside(lines, {xRange, yRange, logX, logY}) {
    const found = {above: 0, below: 0, exact: true, highest: null, lowest: null, notPositive: 0, beforeOne: 0};
    for (const line of lines) {
      const {series, xs} = line;
      const binned = series.binned && !series.exact;
      for (let i = 0; i < series.length; i++) {
        const points = series.count ? series.count[i] : 1;
        if (logX && xs[i] <= 0) found.beforeOne += points;
        if (xs[i] < xRange[0] || xs[i] > xRange[1]) continue;
        const [low, high] = [series.min[i], series.max[i]];
        if (logY && low <= 0) {
          found.notPositive += high <= 0 ? points : 1;
          if (binned) found.exact = false;
        } else if (low < yRange[0]) {
          found.below += high < yRange[0] ? points : 1;
          if (binned && high >= yRange[0]) found.exact = false;
          if (!found.lowest || low < found.lowest.value) found.lowest = {value: low, line, at: i};
        }
        if (high > yRange[1] && high < Infinity) {
          found.above += low > yRange[1] ? points : 1;
          if (binned && low <= yRange[1]) found.exact = false;
          if (!found.highest || high > found.highest.value) found.highest = {value: high, line, at: i};
        }
      }
    }
    return found;
  }

  tb.cardRanges = {of, outside, percentiles, fixed};
})();
