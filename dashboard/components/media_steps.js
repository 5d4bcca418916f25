/* Values that are looked at one step at a time: which steps each series has, and which one is shown.
 *
 * A series here is one tag of one run: {kind, run, tag, steps, walls, ranks, facts, error}, the arrays
 * in logging order. Fetched when a card asks, all cards of a frame in one request, and extended by
 * what was logged since. `view.step` is the linked step, "" for the newest; `view.ownSteps` has those
 * of the cards that were unlinked.
 */
(function () {
  "use strict";
  const tb = window.trainboard;
  const AT_ONCE = 200; // series in one request; the server takes 400
  const FACTS_WINDOW = 64;
  const held = new Map(); // key -> series
  const present = new Map(); // key -> how many cards show it
  const listeners = new Set();
  const offered = new Map(); // key -> steps of cards that fetch by themselves, as histograms do
  const queue = new Set();
  let sending = false;
  let stops = null;

  tb.view.declare("ownSteps", {}, {
    param: "steps",
    valid: (v) => !Array.isArray(v) && Object.values(v).every((step) => typeof step === "string"),
  });

  const keyOf = (kind, run, tag) => `${kind}\n${run}\n${tag}`;

  function notify(changed) {
    stops = null;
    for (const listener of [...listeners]) listener(changed);
  }

  function listed({kind, run, tag}) {
    const runs = tb.runs.series(kind).get(tag);
    return runs && runs.get(run);
  }

  /* What must stay the same for the steps that are held to be the beginning of those there are. */
  function identity(series, info) {
    const run = tb.runs.get(series.run);
    return `${tb.runs.epoch} ${run ? run.id : ""} ${run ? run.created : ""} ${info.rewinds}`;
  }

  function forget(series) {
    Object.assign(series, {steps: [], walls: [], ranks: null, facts: [], order: null, loaded: false, asked: new Set()});
  }

  function made(kind, run, tag) {
    const key = keyOf(kind, run, tag);
    if (!held.has(key)) {
      const series = {key, kind, run, tag, error: "", identity: "", version: 0};
      forget(series);
      held.set(key, series);
    }
    return held.get(key);
  }

  /** The series, asked for or extended if the listing says that there is more of it. */
  function want(kind, run, tag) {
    const series = made(kind, run, tag);
    const info = listed(series);
    if (!info) return series;
    const now = identity(series, info);
    const behind = series.steps.length < info.n;
    if ((behind || series.identity !== now) && !queue.has(series)) {
      queue.add(series);
      setTimeout(send, 0);
    }
    return series;
  }

  function take(series, answer, now) {
    if (answer.error !== undefined) {
      series.error = answer.error;
      return;
    }
    if (answer.start === 0) forget(series);
    series.error = "";
    series.identity = now;
    series.loaded = true;
    series.order = null;
    series.version++;
    const n = answer.steps.length;
    if (answer.ranks || series.ranks) {
      series.ranks = (series.ranks || series.steps.map(() => 0)).concat(answer.ranks || answer.steps.map(() => 0));
    }
    series.steps = series.steps.concat(answer.steps);
    series.walls = series.walls.concat(answer.wall_times);
    series.facts.length = answer.start + n;
    if (answer.facts) answer.facts.forEach((facts, i) => (series.facts[answer.facts_start + i] = facts));
  }

  async function send() {
    if (sending || !queue.size) return;
    sending = true;
    const kind = queue.values().next().value.kind;
    const wanted = [...queue].filter((series) => series.kind === kind && listed(series)).slice(0, AT_ONCE);
    const now = wanted.map((series) => identity(series, listed(series)));
    const items = wanted.map((series, i) => [series.run, series.tag, now[i] === series.identity ? series.steps.length : 0]);
    try {
      if (items.length) {
        const {series: answers} = await tb.http.json("/api/steps", {kind, items}, {quiet: wanted.every((s) => s.loaded)});
        answers.forEach((answer, i) => take(wanted[i], answer, now[i]));
      }
    } catch (error) {
      // What is held stays; the next news of the logdir asks again.
      for (const series of wanted) series.error = error.message;
    }
    for (const series of [...queue]) if (wanted.includes(series) || !listed(series)) queue.delete(series);
    sending = false;
    notify(new Set(wanted.map((series) => series.key)));
    if (queue.size) setTimeout(send, 0);
  }

  /* Indices in the order of steps, the later logged of one step behind: made once a change. */
  function orderOf(series) {
    if (!series.order) {
      const {steps} = series;
      series.order = Array.from(steps, (_, i) => i);
      if (steps.some((step, i) => i && step < steps[i - 1])) series.order.sort((a, b) => steps[a] - steps[b] || a - b);
    }
    return series.order;
  }

  /** The index of the value shown at a step: of the last step at or before it, -1 if none; "" is the newest. */
  function at(series, step) {
    const {steps} = series;
    if (step === "") return steps.length - 1;
    const order = orderOf(series);
    let [low, high] = [0, order.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (steps[order[middle]] <= Number(step)) low = middle + 1;
      else high = middle;
    }
    return low ? order[low - 1] : -1;
  }

  /** The indices of all values of one step, as several ranks log them, in logging order. */
  function beside(series, index) {
    if (index < 0) return [];
    const order = orderOf(series);
    const step = series.steps[index];
    let k = order.indexOf(index);
    while (k > 0 && series.steps[order[k - 1]] === step) k--;
    const found = [];
    for (; k < order.length && series.steps[order[k]] === step; k++) found.push(order[k]);
    return found;
  }

  /** What is known of the value's content (size, type, sha256), null until it came. */
  function factsAt(series, index) {
    const facts = series.facts[index];
    if (facts !== undefined || index < 0 || index >= series.steps.length) return facts || null;
    const start = index - (index % FACTS_WINDOW);
    if (!series.asked.has(start)) {
      const {asked} = series;
      asked.add(start);
      const query = new URLSearchParams({kind: series.kind, run: series.run, tag: series.tag, start, stop: start + FACTS_WINDOW});
      tb.http.json("/api/facts?" + query).then(
        (answer) => {
          if (series.asked !== asked) return; // replaced meanwhile
          answer.facts.forEach((one, i) => (series.facts[answer.start + i] = one));
          series.version++;
          notify(new Set([series.key]));
        },
        (error) => {
          asked.delete(start);
          series.error = error.message;
          notify(new Set([series.key]));
        }
      );
    }
    return null;
  }

  /** The steps that some card in sight has, ascending: where the slider can stand. */
  function allStops() {
    if (!stops) {
      const found = new Set();
      for (const key of present.keys()) for (const step of held.get(key).steps) found.add(step);
      for (const steps of offered.values()) for (const step of steps) found.add(step);
      stops = Float64Array.from(found).sort();
    }
    return stops;
  }

  /** Draws the component again when the series changes; null while the card is out of sight. */
  function useSeries(kind, run, tag, visible = true) {
    const {useEffect, useReducer} = React;
    const [, redraw] = useReducer((n) => n + 1, 0);
    const key = keyOf(kind, run, tag);
    useEffect(() => {
      if (!visible) return undefined;
      const ask = () => want(kind, run, tag);
      ask();
      present.set(key, (present.get(key) || 0) + 1);
      notify(new Set());
      const changed = (keys) => keys.has(key) && redraw();
      listeners.add(changed);
      const off = tb.runs.subscribe((news) => (news.series.has(`${kind}\n${tag}`) || news.runs) && ask());
      return () => {
        off();
        listeners.delete(changed);
        if (present.get(key) === 1) present.delete(key);
        else present.set(key, present.get(key) - 1);
        notify(new Set());
      };
    }, [key, visible]);
    return visible ? made(kind, run, tag) : null;
  }

  /** Which value of a series its card shows: {index, step, wanted, exact, linked, ranks, unlink, link, set}. */
  function useCardStep(series) {
    const {useState} = React;
    tb.useUpdates((news, changed) => changed.has("step") || changed.has("ownSteps"));
    const [rank, setRank] = useState(0);
    const {step, ownSteps} = tb.view.get();
    const key = series ? series.key : "";
    const own = ownSteps[key];
    const wanted = own === undefined ? step : own;
    const set = (value) => tb.view.set({ownSteps: {...tb.view.get().ownSteps, [key]: String(value)}});
    const newest = series ? at(series, wanted) : -1;
    const ranks = series ? beside(series, newest) : [];
    const index = ranks.length > 1 ? ranks[Math.max(0, ranks.length - 1 - rank)] : newest;
    return {
      index,
      step: index < 0 ? null : series.steps[index],
      wanted,
      exact: wanted === "" || (index >= 0 && series.steps[index] === Number(wanted)),
      linked: own === undefined,
      ranks,
      turn: () => setRank((rank + 1) % ranks.length),
      set,
      unlink: () => set(index < 0 ? wanted : series.steps[index]),
      link() {
        const rest = {...tb.view.get().ownSteps};
        delete rest[key];
        tb.view.set({ownSteps: rest});
      },
    };
  }

  /**
   * What the shown value is held against, {series, index, title}: `against` "step" is the value before
   * it, "run" that of the run `reference` at the same step; null while unknown.
   */
  function useOther(series, shown, kind, tag, against, reference) {
    const fromRun = against === "run" ? reference : null;
    const theirs = useSeries(kind, fromRun || "", tag, Boolean(fromRun));
    if (!series || !series.loaded || !against) return null;
    if (against === "step") {
      const before = shown.index < 0 ? -1 : at(series, String(series.steps[shown.index] - 1));
      return {series, index: before, title: before < 0 ? "the step before" : `step ${tb.format.step(series.steps[before])}`};
    }
    if (!theirs || !theirs.loaded) return null;
    const index = at(theirs, shown.wanted);
    const title = tb.runs.get(fromRun)?.title || fromRun;
    return {series: theirs, index, title: index < 0 ? title : `${title}, step ${tb.format.step(theirs.steps[index])}`};
  }

  tb.steps = {
    /** A card that fetches by itself says which steps it shows; null once it is gone. */
    offer(key, steps) {
      if (steps) offered.set(key, steps);
      else offered.delete(key);
      notify(new Set());
    },
    useOther, want, at, beside, factsAt, stops: allStops, useSeries, useCardStep, keyOf,
    /** `listener(keys)` after the steps of series came; returns its remover. */
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
})();
