/* Arithmetic of the charts: smoothing, search, extents, ticks. No DOM, so that tests call it. */
(function () {
  "use strict";

  /**
   * TensorBoard's debiased moving average of values[0..n).
   * Source: tensorboard/webapp/widgets/line_chart_v2/data_transformer.ts: a constant series stays
   * as it is; a value that is not finite is passed through and leaves the average alone.
   */
  function ema(values, n, weight) {
    const out = new Float64Array(values.length);
    let constant = true;
    for (let i = 1; i < n && constant; i++) constant = values[i] === values[0];
    if (constant || !(weight > 0)) {
      for (let i = 0; i < n; i++) out[i] = values[i];
      return out;
    }
    let last = 0;
    let decay = 1; // weight ** (points seen)
    for (let i = 0; i < n; i++) {
      const value = values[i];
      if (!Number.isFinite(value)) {
        out[i] = value;
        continue;
      }
      last = last * weight + (1 - weight) * value;
      decay *= weight;
      out[i] = decay === 1 ? last : last / (1 - decay);
    }
    return out;
  }

  /**
   * The same over bins of `count` points with mean `mean`: each point of a bin is taken to be its
   * mean. Only a preview while the slider moves; the store then smooths every point.
   */
  function emaOfBins(mean, count, n, weight) {
    const out = new Float64Array(mean.length);
    let last = 0;
    let decay = 1;
    for (let i = 0; i < n; i++) {
      if (!Number.isFinite(mean[i])) {
        out[i] = mean[i];
        continue;
      }
      const kept = Math.pow(weight, count[i]);
      last = last * kept + (1 - kept) * mean[i];
      decay *= kept;
      out[i] = decay === 1 ? mean[i] : last / (1 - decay);
    }
    return out;
  }

  /** The index of the value nearest to x in xs[0..n); xs need not ascend (restarted runs). */
  function nearest(xs, n, x, ascending) {
    if (n === 0) return -1;
    if (!ascending) {
      let best = 0;
      for (let i = 1; i < n; i++) if (Math.abs(xs[i] - x) <= Math.abs(xs[best] - x)) best = i;
      return best;
    }
    let low = 0;
    let high = n - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (xs[middle] < x) low = middle + 1;
      else high = middle;
    }
    return low > 0 && x - xs[low - 1] < xs[low] - x ? low - 1 : low;
  }

  function ascends(xs, n) {
    for (let i = 1; i < n; i++) if (xs[i] < xs[i - 1]) return false;
    return true;
  }

  /** Widens [low, high] by the finite values of ys[0..n) whose x lies in the window. */
  function widen(range, ys, xs, n, window, positive) {
    for (let i = 0; i < n; i++) {
      const y = ys[i];
      if (!Number.isFinite(y) || (positive && y <= 0)) continue;
      if (window && (xs[i] < window[0] || xs[i] > window[1])) continue;
      if (y < range[0]) range[0] = y;
      if (y > range[1]) range[1] = y;
    }
  }

  /** The y axis for data in [low, high]: 5 % air; a constant c gives [0, 2c] as in TensorBoard. */
  function paddedRange([low, high], log) {
    if (low > high) return log ? [0.1, 10] : [-1, 1]; // nothing to show
    if (log) {
      const air = Math.max(0.05 * Math.log10(high / low), low === high ? 0.3 : 0);
      return [low / Math.pow(10, air), high * Math.pow(10, air)];
    }
    if (low === high) return low === 0 ? [-1, 1] : low > 0 ? [0, 2 * low] : [2 * low, 0];
    const air = (high - low) * 0.05;
    return [low - air, high + air];
  }

  const niceSeconds = [
    1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
    10800, 21600, 43200, 86400, 172800, 432000, 864000, 2592000,
  ];

  /** Ticks of an axis of durations: {tickvals, ticktext}, about `wanted` of them. */
  function durationTicks([low, high], wanted, format) {
    const step = niceSeconds.find((s) => (high - low) / s <= wanted) || (high - low) / wanted;
    const tickvals = [];
    for (let v = Math.ceil(low / step) * step; v <= high && tickvals.length < 50; v += step) tickvals.push(v);
    return {tickvals, ticktext: tickvals.map((v) => (v === 0 ? "0" : format(v)))};
  }

  /**
   * Ticks of a linear axis of values: {tickvals, ticktext}, at most about `wanted` round ones. A label
   * has the digits that tell it from the next; very large and very small ones share an exponent.
   */
  function valueTicks([low, high], wanted) {
    const rough = (high - low) / wanted;
    const ticks = {tickvals: [], ticktext: []};
    if (!(rough > 0 && rough < Infinity)) return ticks;
    let power = Math.floor(Math.log10(rough));
    const factor = [1, 2, 5, 10].find((f) => f * Math.pow(10, power) >= rough) || 10;
    const step = factor * Math.pow(10, power);
    if (factor === 10) power++;
    const end = Math.floor(high / step + 1e-9);
    for (let i = Math.ceil(low / step - 1e-9); i <= end && ticks.tickvals.length < 50; i++) {
      // The decimal that is meant: 3 * 0.1 is not 0.3.
      ticks.tickvals.push(i === 0 ? 0 : Number((i * step).toPrecision(15)));
    }
    const size = Math.max(...ticks.tickvals.map(Math.abs));
    const shared = size >= 1e6 || size < 1e-3 ? Math.floor(Math.log10(size)) : 0;
    const digits = Math.min(15, Math.max(0, shared - power));
    ticks.ticktext = ticks.tickvals.map((v) => {
      if (v === 0) return "0";
      const text = (v / Math.pow(10, shared)).toFixed(digits).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
      return (shared ? `${text}e${shared}` : text).replaceAll("-", "−");
    });
    return ticks;
  }

  window.trainboard.math = {ema, emaOfBins, nearest, ascends, widen, paddedRange, durationTicks, valueTicks};
})();
