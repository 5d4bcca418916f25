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

  window.trainboard.math = {ema, emaOfBins, nearest, ascends, widen, paddedRange, durationTicks};
})();
