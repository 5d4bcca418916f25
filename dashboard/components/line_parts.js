/* Parts of a line on the canvas: its stretches between restarts, its band, its dashes. */
(function () {
  "use strict";
  const tb = window.trainboard;
  // One after the other for several metrics of a run: all of it has the run's colour.
  const DASHES = [[], [7, 3], [2, 3], [9, 3, 2, 3], [14, 4], [5, 2, 1, 2, 1, 2]];

  tb.view.declare("partition", true);

  /** Where the step falls back: the indices at which a part begins anew, found once as a series grows. */
  function restarts(series) {
    if (series.members) return []; // the mean of a group goes along x, whatever the steps are
    const known = series.restarts || (series.restarts = {length: 1, at: []});
    if (known.length > series.length) Object.assign(known, {length: 1, at: []});
    for (; known.length < series.length; known.length++) {
      if (series.step[known.length] < series.step[known.length - 1]) known.at.push(known.length);
    }
    return known.at;
  }

  /** The index pairs [from, to) between `breaks` in [from, to). */
  function segments(breaks, from, to) {
    if (!breaks || breaks.length === 0) return [[from, to]];
    const inside = breaks.filter((at) => at > from && at < to);
    const ends = [from, ...inside, to];
    return ends.slice(1).map((end, i) => [ends[i], end]);
  }

  /**
   * `smooth(values, count, n)` of each part on its own, in one array as long as `values`; without
   * breaks of the whole.
   */
  function byPart(values, count, n, breaks, smooth) {
    if (breaks.length === 0) return smooth(values, count, n);
    const out = new Float64Array(values.length);
    for (const [from, to] of segments(breaks, 0, n)) {
      out.set(smooth(values.subarray(from, to), count && count.subarray(from, to), to - from).subarray(0, to - from), from);
    }
    return out;
  }

  /** How many points the last part of a series has, by its bins. */
  function lastPart(series) {
    const at = restarts(series).at(-1);
    if (at === undefined) return series.n;
    if (!series.count) return series.length - at;
    let n = 0;
    for (let i = at; i < series.length; i++) n += series.count[i];
    return n;
  }

  /** Fills the band of a line between its `low` and `high`, faint; `floor` is where a logarithm has no place. */
  function fillBand(context, line, from, to, toX, toY, {alpha, floor}) {
    const {xs, band: {low, high}} = line;
    context.globalAlpha = alpha;
    context.fillStyle = line.color;
    const under = (i) => (low[i] <= 0 && !Number.isFinite(toY(low[i])) ? floor : toY(low[i]));
    const inside = (i) => Number.isFinite(under(i) + toY(high[i]));
    let start = from;
    while (start < to) {
      while (start < to && !inside(start)) start++;
      let end = start;
      context.beginPath();
      for (; end < to && inside(end); end++) context.lineTo(toX(xs[end]), toY(high[end]));
      for (let i = end - 1; i >= start; i--) context.lineTo(toX(xs[i]), under(i));
      if (end > start) context.fill();
      start = end;
    }
    context.globalAlpha = 1;
  }

  tb.lineParts = {DASHES, restarts, segments, byPart, lastPart, fillBand};
})();
