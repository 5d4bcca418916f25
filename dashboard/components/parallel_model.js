/* The arithmetic of parallel coordinates: scales, ticks, brushes, the nearest line. No DOM. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const FEW = 8; // an axis with no more values than this marks each of them

  const usable = (value) => typeof value === "number" && Number.isFinite(value);

  /** Logarithmic where values span two decades and most of them crowd at the low end, as learning rates do. */
  function likelyScale(sorted) {
    const n = sorted.length;
    const [low, middle, high] = [sorted[0], sorted[n >> 1], sorted[n - 1]];
    return n > 2 && low > 0 && high / low >= 100 && middle < low + 0.25 * (high - low) ? "log" : "linear";
  }

  /** Where v would stand among `sorted`, 0 to 1; ties share their middle. */
  function rankOf(sorted, v) {
    const bound = (strict) => {
      let [low, high] = [0, sorted.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (strict ? sorted[middle] < v : sorted[middle] <= v) low = middle + 1;
        else high = middle;
      }
      return low;
    };
    if (sorted.length < 2) return 0.5;
    return Math.min(1, Math.max(0, (bound(true) + bound(false) - 1) / 2 / (sorted.length - 1)));
  }

  function quantile(sorted, q) {
    const at = q * (sorted.length - 1);
    const low = Math.floor(at);
    return sorted[low] + (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]) * (at - low);
  }

  function logTicks(low, high) {
    const decades = Math.log10(high / low);
    const factors = decades <= 1.5 ? [1, 2, 3, 5, 7] : decades <= 3 ? [1, 3] : [1];
    const ticks = [];
    for (let p = Math.floor(Math.log10(low)); p <= Math.ceil(Math.log10(high)); p++) {
      for (const f of factors) {
        const v = Number((f * Math.pow(10, p)).toPrecision(12));
        if (v >= low * 0.999 && v <= high * 1.001) ticks.push(v);
      }
    }
    return ticks;
  }

  const short = (v) => {
    if (v !== 0 && (Math.abs(v) >= 1e5 || Math.abs(v) < 1e-3)) return v.toExponential(1).replace(/\.0e/, "e").replace("e+", "e").replace("-", "−");
    return String(Number(v.toPrecision(3))).replace("-", "−");
  };

  function numericAxis(column, values, choice) {
    const sorted = Float64Array.from(values.filter(usable)).sort();
    const distinct = sorted.filter((v, i) => i === 0 || v !== sorted[i - 1]);
    const scale = choice || likelyScale(sorted);
    const positive = scale === "log" ? sorted.filter((v) => v > 0) : sorted;
    let [low, high] = positive.length ? [positive[0], positive[positive.length - 1]] : [0, 1];
    const flat = low === high;
    if (flat) [low, high] = scale === "log" ? [low / 2, low * 2] : [low - (Math.abs(low) || 1) * 0.5, low + (Math.abs(low) || 1) * 0.5];
    const [a, b] = scale === "log" ? [Math.log(low), Math.log(high)] : [low, high];
    const toUnit = {
      linear: (v) => (v - a) / (b - a),
      log: (v) => (v > 0 ? (Math.log(v) - a) / (b - a) : NaN),
      quantile: (v) => rankOf(sorted, v),
    }[scale];
    const fromUnit = {
      linear: (u) => a + u * (b - a),
      log: (u) => Math.exp(a + u * (b - a)),
      quantile: (u) => (sorted.length ? quantile(sorted, Math.min(1, Math.max(0, u))) : 0),
    }[scale];
    let marks;
    if (distinct.length <= FEW) marks = [...distinct].filter((v) => scale !== "log" || v > 0).map((v) => [v, short(v)]);
    else if (scale === "quantile") marks = [0, 0.25, 0.5, 0.75, 1].map((q) => [quantile(sorted, q), short(quantile(sorted, q))]);
    else if (scale === "log") marks = logTicks(low, high).map((v) => [v, short(v)]);
    else {
      const {tickvals, ticktext} = tb.math.valueTicks([low, high], 6);
      marks = tickvals.map((v, i) => [v, ticktext[i]]);
    }
    return {
      type: "numeric", scale, low, high, unit: (v) => (usable(v) ? toUnit(v) : NaN), fromUnit,
      ticks: marks.map(([v, text]) => ({at: toUnit(v), text})),
    };
  }

  function categoricalAxis(column, values) {
    const labels = [...new Set(values.filter((v) => v !== undefined).map(tb.hparams.asText))].sort(tb.naturally);
    const place = new Map(labels.map((label, i) => [label, labels.length > 1 ? i / (labels.length - 1) : 0.5]));
    return {
      type: "categorical", scale: "category", labels, unit: (v) => (v === undefined ? NaN : place.get(tb.hparams.asText(v))),
      ticks: labels.map((text) => ({at: place.get(text), text})),
    };
  }

  /**
   * An axis over the column's values: {key, title, type, scale, unit(value), fromUnit(u), ticks}. `unit`
   * is 0 at the bottom, 1 at the top, NaN for what has no place: missing, NaN, infinite, at most zero on
   * a logarithmic axis. `scale` "" leaves the choice to the values.
   */
  function axis(column, values, {scale = "", flipped = false} = {}) {
    const made = column.numeric ? numericAxis(column, values, scale) : categoricalAxis(column, values);
    const {unit, fromUnit} = made;
    if (flipped) {
      made.unit = (v) => 1 - unit(v);
      if (fromUnit) made.fromUnit = (u) => fromUnit(1 - u);
      for (const tick of made.ticks) tick.at = 1 - tick.at;
    }
    const units = Float64Array.from(values, made.unit);
    return {...made, key: column.key, title: column.title, column, flipped, values, units, hasMissing: units.some(Number.isNaN)};
  }

  /** The brush that covers [from, to] of an axis in its units; `missing` adds what has no place. */
  function brushOf(one, from, to, missing) {
    const [low, high] = [Math.min(from, to), Math.max(from, to)];
    const brush = missing ? {missing: true} : {};
    if (one.type === "categorical") {
      brush.values = one.ticks.filter(({at}) => at >= low && at <= high).map(({text}) => text);
      return brush.values.length || missing ? brush : null;
    }
    if (high < 0 || low > 1) return missing ? brush : null;
    const ends = [one.fromUnit(Math.max(0, low)), one.fromUnit(Math.min(1, high))].sort((a, b) => a - b);
    // Short in the address, and rounded outwards: the run at the very end of the brush is in it.
    return {...brush, range: ends.map((v, i) => Number((v + (i ? 1 : -1) * Math.abs(v) * 2e-6).toPrecision(7)))};
  }

  /** The units that a brush covers, as [[from, to], ...]. */
  function spansOf(one, brush) {
    if (brush.range) return [brush.range.map((v) => Math.min(1, Math.max(0, one.unit(v)))).map((u) => (Number.isNaN(u) ? 0 : u)).sort((a, b) => a - b)];
    const half = one.labels && one.labels.length > 1 ? 0.4 / (one.labels.length - 1) : 0.2;
    return (brush.values || []).flatMap((label) => {
      const tick = one.ticks.find(({text}) => text === label);
      return tick ? [[tick.at - half, tick.at + half]] : [];
    });
  }

  /** Whether a value is in a brush. */
  function inBrush(one, brush, value) {
    if (Number.isNaN(one.unit(value))) return Boolean(brush.missing);
    if (brush.range) return value >= brush.range[0] && value <= brush.range[1];
    return Boolean(brush.values && brush.values.includes(tb.hparams.asText(value)));
  }

  /** Which rows pass every brush: an array of booleans. */
  function passing(axes, brushes, n) {
    const active = axes.filter((one) => brushes[one.key]);
    return Array.from({length: n}, (_, i) => active.every((one) => inBrush(one, brushes[one.key], one.values[i])));
  }

  /** The y of a curve between two axes at the part `u` of the way; drawn as a Bezier with level ends. */
  function weightAt(u) {
    let [low, high] = [0, 1];
    for (let i = 0; i < 24; i++) {
      const t = (low + high) / 2;
      if (1.5 * t * (1 - t) + t * t * t < u) low = t;
      else high = t;
    }
    const t = (low + high) / 2;
    return 3 * (1 - t) * t * t + t * t * t;
  }

  tb.parallel = {axis, brushOf, spansOf, inBrush, passing, weightAt, rankOf, short};
})();
