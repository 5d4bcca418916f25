/* The kinds of smoothing, as `summaries/smoothing.py` has them, and which of them the view asks for. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const MOST_POINTS = 10000;

  /** `amount`: what its number is called; "none" has no number. */
  const KINDS = {
    ema: {title: "Moving average", hint: "TensorBoard's debiased exponential moving average", amount: "weight"},
    gaussian: {title: "Gaussian", hint: "Points around weighted by a Gaussian", amount: "sigma in points"},
    mean: {title: "Running mean", hint: "Mean of a window centred on the point", amount: "window in points"},
    none: {title: "None", hint: "The points as they were logged", amount: ""},
  };

  tb.view.declare("smoothKind", "ema", {param: "smoothkind", remember: true, valid: (kind) => kind in KINDS});
  tb.view.declare("smoothPoints", 10, {param: "smoothpoints", remember: true, valid: (n) => n > 0 && n <= MOST_POINTS});

  const kind = () => tb.view.get().smoothKind;

  /** How much the view asks to smooth, in the unit of its kind; 0 is not at all. */
  function amount() {
    const {smoothKind, smoothing, smoothPoints} = tb.view.get();
    return smoothKind === "none" ? 0 : smoothKind === "ema" ? smoothing : smoothPoints;
  }

  /** Weights of the points 0, 1, ... to either side. */
  function kernel(kind, amount, n) {
    const radius = Math.min(kind === "mean" ? Math.floor(amount / 2) : Math.ceil(4 * amount), Math.max(n - 1, 0));
    const weights = new Float64Array(radius + 1).fill(1);
    if (kind === "gaussian") for (let i = 0; i <= radius; i++) weights[i] = Math.exp(-0.5 * (i / amount) ** 2);
    let total = weights[0];
    for (let i = 1; i <= radius; i++) total += 2 * weights[i];
    // Products no larger than the values themselves: the largest numbers have a mean too.
    return weights.map((weight) => weight / total);
  }

  /** values[0..n) smoothed: each point from all that its kind takes in. */
  function smooth(values, n, kind, amount) {
    if (kind === "none" || !(amount > 0)) return Float64Array.from(values);
    if (kind === "ema") return tb.math.ema(values, n, amount);
    const out = Float64Array.from(values);
    const points = new Float64Array(n);
    const places = new Int32Array(n);
    let finite = 0;
    let constant = true;
    for (let i = 0; i < n; i++) {
      if (!Number.isFinite(values[i])) continue;
      constant = constant && (finite === 0 || values[i] === points[0]);
      places[finite] = i;
      points[finite++] = values[i];
    }
    if (constant) return out;
    const weights = kernel(kind, amount, n);
    const radius = weights.length - 1;
    for (let i = 0; i < finite; i++) {
      let sum = 0;
      let total = 0;
      const end = Math.min(finite - 1, i + radius);
      for (let j = Math.max(0, i - radius); j <= end; j++) {
        const weight = weights[j < i ? i - j : j - i];
        sum += weight * points[j];
        total += weight;
      }
      out[places[i]] = sum / total;
    }
    return out;
  }

  /**
   * The same over bins of `count` points with mean `mean`: each point of a bin is taken to be its mean. A
   * preview until the store has smoothed every point, and what the newest points of a live series show.
   */
  function smoothBins(mean, count, n, kind, amount) {
    if (kind === "ema") return tb.math.emaOfBins(mean, count, n, amount);
    const out = new Float64Array(mean.length);
    const ends = new Float64Array(n); // points up to the end of each bin
    for (let i = 0, seen = 0; i < n; i++) ends[i] = seen += count[i];
    const reach = kind === "mean" ? Math.floor(amount / 2) : Math.ceil(4 * amount);
    let first = 0;
    for (let i = 0; i < n; i++) {
      out[i] = mean[i];
      if (!Number.isFinite(mean[i])) continue;
      const at = ends[i] - 1; // a bin stands at its last point
      while (first < i && ends[first] - 1 < at - reach) first++;
      let sum = 0;
      let total = 0;
      for (let j = first; j < n && ends[j] - count[j] <= at + reach; j++) {
        if (!Number.isFinite(mean[j])) continue;
        // The part of the bin that the window holds, and where its middle is.
        const low = Math.max(ends[j] - count[j], at - reach);
        const high = Math.min(ends[j] - 1, at + reach);
        const away = ((low + high) / 2 - at) / amount;
        const weight = (high - low + 1) * (kind === "gaussian" ? Math.exp(-0.5 * away * away) : 1);
        sum += weight * mean[j];
        total += weight;
      }
      if (total > 0) out[i] = sum / total;
    }
    return out;
  }

  /** What the store is asked for. */
  function wanted() {
    const smoothing = amount();
    return {smoothing, smoothing_kind: smoothing > 0 ? kind() : "ema"};
  }

  tb.smoothing = {KINDS, MOST_POINTS, kind, amount, wanted, smooth, smoothBins};
})();
