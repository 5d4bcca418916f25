/* Scales, ticks and colours of the histogram cards; and a fetched body as named arrays. No DOM. */
(function () {
  "use strict";

  /* Round numbers inside lo..hi, about `wanted` of them. */
  function ticks(lo, hi, wanted) {
    const span = hi - lo;
    if (!(span > 0) || !Number.isFinite(span)) return [lo];
    const rough = span / Math.max(1, wanted);
    const unit = 10 ** Math.floor(Math.log10(rough));
    const size = [1, 2, 2.5, 5, 10].map((m) => m * unit).find((s) => s >= rough * 0.999) || unit * 10;
    const out = [];
    for (let k = Math.ceil(lo / size - 1e-9); k * size <= hi + size * 1e-9 && out.length < 50; k += 1)
      out.push(k * size);
    return out;
  }

  /* Short text of a tick: 1.5k, 20M, 0.25, 1e-5. */
  function short(value) {
    const size = Math.abs(value);
    if (size === 0) return "0";
    const minus = value < 0 ? "−" : "";
    const trim = (n) => String(Number(n.toPrecision(4)));
    if (size >= 1e15 || size < 1e-4)
      return minus + size.toExponential(1).replace("e+", "e").replace(".0e", "e").replace("e-", "e−");
    for (const [unit, name] of [
      [1e12, "T"],
      [1e9, "G"],
      [1e6, "M"],
      [1e3, "k"],
    ]) {
      if (size >= unit) return minus + trim(size / unit) + name;
    }
    return minus + trim(size);
  }

  /* Clock time; with the date where the axis spans more than a day. */
  function clock(seconds, span) {
    const date = new Date(seconds * 1000);
    if (span > 86400) return date.toLocaleDateString(undefined, {month: "short", day: "numeric"});
    const parts = {hour: "2-digit", minute: "2-digit"};
    return date.toLocaleTimeString(undefined, span < 300 ? {...parts, second: "2-digit"} : parts);
  }

  const AXES = {
    step: {x: (data, i) => data.step[i], tick: (v) => short(v), title: "step"},
    relative: {
      x: (data, i) => data.wall[i] - data.wall[0],
      tick: (v) => window.trainboard.format.duration(v),
      title: "time since start",
    },
    wall: {x: (data, i) => data.wall[i], tick: (v, span) => clock(v, span), title: "time"},
  };

  /* Names for the arrays of /api/histograms. */
  function unpack(body) {
    const [step, wall, edges, counts, percentiles, outside, nonfinite] = body.arrays;
    let most = 0;
    for (let i = 0; i < counts.length; i += 1) if (counts[i] > most) most = counts[i];
    return {
      n: body.n,
      bins: body.bins,
      logged: body.logged,
      step,
      wall,
      edges,
      counts,
      percentiles,
      outside,
      nonfinite,
      most,
    };
  }

  /* Indexes in the order of x, and where each one's column begins: columns[k]..columns[k + 1]. */
  function columnsOf(data, axis) {
    const {x} = AXES[axis];
    const order = Array.from({length: data.n}, (_, i) => i);
    order.sort((p, q) => x(data, p) - x(data, q) || p - q);
    const at = order.map((i) => x(data, i));
    const edges = at.map((value, k) => (k ? (at[k - 1] + value) / 2 : value));
    const last = at.length - 1;
    const half = (a, b) => (last > 0 ? (b - a) / 2 : 0.5) || 0.5;
    if (last >= 0) {
      edges[0] = at[0] - half(at[0], at[Math.min(1, last)]);
      edges.push(at[last] + half(at[Math.max(0, last - 1)], at[last]));
    }
    return {order, at, edges};
  }

  /* The column that contains x. */
  function columnAt(edges, x) {
    let lo = 0;
    let hi = edges.length - 2;
    while (lo < hi) {
      const middle = (lo + hi + 1) >> 1;
      if (edges[middle] <= x) lo = middle;
      else hi = middle - 1;
    }
    return lo;
  }

  function rgb(colour) {
    const hex = /^#([0-9a-f]{6})$/i.exec(colour.trim());
    if (hex) return [0, 2, 4].map((at) => parseInt(hex[1].slice(at, at + 2), 16));
    const numbers = colour.match(/[\d.]+/g);
    return numbers && numbers.length >= 3 ? numbers.slice(0, 3).map(Number) : [59, 91, 219];
  }

  const blend = (a, b, t) => a.map((value, i) => value + (b[i] - value) * t);
  const text = (colour) => `rgb(${colour.map(Math.round).join(" ")})`;

  /* 256 colours from the card through the run's colour to its dark (or, on dark cards, light) end. */
  function ramp(run, card, dark) {
    const far = blend(run, dark ? [255, 255, 255] : [8, 12, 48], dark ? 0.72 : 0.72);
    const table = new Uint8Array(256 * 3);
    for (let i = 0; i < 256; i += 1) {
      const t = i / 255;
      const colour = t < 0.55 ? blend(card, run, 0.06 + (t / 0.55) * 0.94) : blend(run, far, (t - 0.55) / 0.45);
      table.set(i === 0 ? card : colour, i * 3);
    }
    return table;
  }

  /* Three decades below the fullest bin are told apart; an empty bin is exactly 0. */
  function logShare(count, most) {
    return count > 0 && most > 0 ? Math.log1p((count / most) * 1000) / Math.log1p(1000) : 0;
  }

  Object.assign((window.trainboard.histograms = window.trainboard.histograms || {}), {
    AXES,
    blend,
    clock,
    columnAt,
    columnsOf,
    logShare,
    ramp,
    rgb,
    short,
    text,
    ticks,
    unpack,
  });
})();
