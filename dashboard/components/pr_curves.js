/* The curves of a card at the linked step: which of each run, fetched once and kept. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const KEPT = 3000; // curves; one of 127 thresholds is 6 kB
  const AT_ONCE = 200; // the server takes 400
  const kept = new Map(); // "kind, run, tag, identity, number" -> curve, oldest first
  const NAMES = ["tp", "fp", "tn", "fn", "precision", "recall"];

  const number = (value) => (typeof value === "string" ? Number(value) : value);

  function unpacked(entry, array) {
    const {k} = entry;
    const curve = {
      run: entry.run, step: entry.step, wall: entry.wall_time, k, area: {pr: number(entry.average_precision), roc: number(entry.roc_area)},
      f1: number(entry.best_f1), f1At: number(entry.best_threshold), positives: entry.positives, negatives: entry.negatives,
    };
    NAMES.forEach((name, i) => (curve[name] = array.subarray(i * k, (i + 1) * k)));
    return curve;
  }

  function keep(key, curve) {
    kept.set(key, curve);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  }

  async function fetchCurves(tag, wanted) {
    const items = wanted.map(({series, index}) => [series.run, index]);
    const {curves, arrays} = await tb.http.arrays("/api/pr", {tag, items});
    let at = 0;
    const problems = [];
    curves.forEach((entry, i) => {
      if (entry.error !== undefined) problems.push(`${entry.run}: ${entry.error}`);
      else keep(wanted[i].key, unpacked(entry, arrays[at++]));
    });
    return problems;
  }

  /** Keeps one series' steps coming; draws nothing. */
  function Follow({run, tag}) {
    tb.steps.useSeries("pr_curve", run, tag);
    return null;
  }

  /** Which curve of each run is at the step: [{key, series, index}], without those that have none yet. */
  function placesOf(tag, runs, step) {
    const places = [];
    for (const {name} of runs) {
      const series = tb.steps.want("pr_curve", name, tag);
      const index = series.loaded ? tb.steps.at(series, step) : -1;
      if (index >= 0) places.push({key: `${series.key}\n${series.identity}\n${index}`, series, index});
    }
    return places;
  }

  /**
   * The curves of a card: {curves: Map run -> curve, error, waiting}. While those of another step are
   * under way, the ones before stay.
   */
  function useCurves(tag, runs, step, visible) {
    const {useEffect, useReducer, useRef} = React;
    const [, redraw] = useReducer((n) => n + 1, 0);
    const state = useRef({curves: new Map(), error: "", asking: false, failed: new Set()}).current;
    useEffect(() => tb.steps.subscribe((keys) => runs.some(({name}) => keys.has(tb.steps.keyOf("pr_curve", name, tag))) && redraw()), [tag, runs]);
    const places = visible ? placesOf(tag, runs, step) : [];
    const missing = places.filter(({key}) => !kept.has(key) && !state.failed.has(key));
    useEffect(() => {
      if (!missing.length || state.asking) return;
      const asked = missing.slice(0, AT_ONCE);
      state.asking = true;
      fetchCurves(tag, asked).then(
        (problems) => (state.error = problems.join("\n")),
        (error) => (state.error = error.message)
      ).finally(() => {
        // What did not come is asked for again when there is news, not in a circle.
        for (const {key} of asked) if (!kept.has(key)) state.failed.add(key);
        state.asking = false;
        redraw();
      });
    });
    useEffect(() => tb.runs.subscribe((news) => (news.runs || news.series.size) && state.failed.clear()), []);
    if (visible) {
      const now = new Map();
      for (const {key, series} of places) {
        const curve = kept.get(key) || state.curves.get(series.run);
        if (curve) now.set(series.run, curve);
      }
      state.curves = now;
    }
    return {curves: state.curves, error: state.error, waiting: missing.length > 0 || runs.some(({name}) => !tb.steps.want("pr_curve", name, tag).loaded)};
  }

  tb.prCurves = {useCurves, Follow};
})();
