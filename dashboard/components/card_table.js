/* The table under a card: each run over the selected range of steps, or at the selected step. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const ROWS = 30; // made at first; more when they are scrolled to
  const REST = 120; // ms after the last change before the server is asked for the exact numbers

  tb.view.declare("rangeSort", {}, {param: "rangesort"}); // {column, down}

  /** The points of a line within [first, last] summed up, as `dashboard.step_range.range_row` does it. */
  function rangeRow({series, ys}, first, last) {
    const row = {n: 0, nonfinite: 0, start_step: null, start: null, end_step: null, end: null, smoothed: null, min: null, min_step: null, max: null, max_step: null, mean: null, change: null, change_part: null};
    let sum = 0;
    for (let i = 0; i < series.length; i++) {
      const step = series.step[i];
      if (step < first || step > last) continue;
      const points = series.count ? series.count[i] : 1;
      const value = series.value[i];
      row.n += points;
      const lost = series.nonfinite ? series.nonfinite[i] : Number.isFinite(value) ? 0 : points;
      row.nonfinite += lost;
      if (!Number.isFinite(value)) continue;
      sum += value * (points - lost);
      if (row.start_step === null || step <= row.start_step) [row.start_step, row.start] = [step, value];
      if (row.end_step === null || step >= row.end_step) [row.end_step, row.end, row.smoothed] = [step, value, ys[i]];
      if (row.min === null || series.min[i] < row.min) [row.min, row.min_step] = [series.min[i], step];
      if (row.max === null || series.max[i] > row.max) [row.max, row.max_step] = [series.max[i], step];
    }
    if (row.start_step === null) return row;
    row.mean = sum / (row.n - row.nonfinite);
    row.change = row.end - row.start;
    row.change_part = row.start === 0 ? null : row.change / Math.abs(row.start);
    return row;
  }

  /** A line at the step nearest to `step`, the smaller of two as near. */
  function stepRow({series, ys, firstWall}, step) {
    let at = -1;
    for (let i = 0; i < series.length; i++) {
      const [here, best] = [Math.abs(series.step[i] - step), at < 0 ? Infinity : Math.abs(series.step[at] - step)];
      if (here < best || (here === best && series.step[i] <= series.step[at])) at = i;
    }
    if (at < 0) return null;
    return {step: series.step[at], value: series.value[at], smoothed: ys[at], relative: series.wall[at] - firstWall};
  }

  /** Whether the browser has every point of a line, so that its row is exact. */
  function isWhole({series}, range) {
    const info = tb.runs.series("scalar").get(series.tag)?.get(series.run);
    if (!info) return true; // computed in the browser: there is nothing else to ask
    const whole = !series.binned || series.exact;
    return whole && !(info.ranks > 1) && (!range || !series.binned);
  }

  const {value, step: whole, duration} = tb.format;
  const signed = (v) => (v > 0 ? "+" : "") + value(v);
  const part = (v) => (v > 0 ? "+" : "") + (100 * v).toFixed(Math.abs(v) < 0.1 ? 2 : 1).replace("-", "−") + " %";
  const COLUMNS = {
    range: [
      ["start", "Start", value], ["end", "End", value], ["smoothed", "Smoothed", value], ["change", "Change", signed],
      ["change_part", "Change %", part], ["mean", "Mean", value], ["min", "Min", value], ["min_step", "at step", whole],
      ["max", "Max", value], ["max_step", "at step", whole], ["n", "Points", whole],
    ],
    step: [["value", "Value", value], ["smoothed", "Smoothed", value], ["delta", "Δ baseline", signed], ["step", "Step", whole], ["relative", "Relative", duration]],
  };

  /** [{key, line, title, row, exact}] of a card for the selection: previews until the server has answered. */
  function rowsOf(card, {first, last}) {
    const answers = card.answers && card.answers.key === keyOf(card, {first, last}) ? card.answers.rows : new Map();
    const rows = [];
    for (const line of card.lines) {
      if (line.faint) continue;
      const key = `${line.series.run}\n${line.series.tag}`;
      const answer = answers.get(key);
      const preview = last === null ? stepRow(line, first) : rangeRow(line, first, last);
      const row = answer || preview;
      if (!row || row.n === 0) continue;
      rows.push({line, title: line.title ?? tb.runs.get(line.series.run)?.title ?? line.series.run, row: {...row}, exact: Boolean(answer) || isWhole(line)});
    }
    const {baseline} = tb.view.get();
    for (const one of rows) {
      const base = rows.find(({line}) => line.series.run === baseline && line.series.tag === one.line.series.tag);
      one.row.delta = base && base !== one && last === null ? one.row.value - base.row.value : null;
    }
    return rows;
  }

  function keyOf(card, {first, last}) {
    const sizes = card.lines.map(({series}) => `${series.run}:${series.tag}:${series.n}`);
    return JSON.stringify([first, last, tb.smoothing.kind(), tb.smoothing.amount(), sizes]);
  }

  /** Draws the card's table anew, or takes it away. */
  function show(card) {
    const chosen = tb.stepRange.selected(card);
    const node = card.tableNode;
    node.hidden = !chosen || card.lines.length === 0;
    if (node.hidden) return node.replaceChildren();
    const rows = rowsOf(card, chosen);
    fill(card, rows, chosen);
    if (rows.some(({exact}) => !exact)) ask(card, chosen);
    return undefined;
  }

  function fill(card, rows, {last}) {
    const columns = COLUMNS[last === null ? "step" : "range"].filter(([key]) => {
      if (key === "smoothed") return tb.smoothing.amount() > 0;
      return key !== "delta" || rows.some(({row}) => row.delta !== null);
    });
    const {column, down} = tb.view.get().rangeSort;
    const sorted = columns.some(([key]) => key === column) || column === "run" ? [...rows].sort((a, b) => compare(a, b, column) * (down ? -1 : 1)) : rows;
    const heading = (key, text) => {
      const active = column === key;
      return el(
        "th", {scope: "col", "aria-sort": active ? (down ? "descending" : "ascending") : "none"},
        el("button", {type: "button", onclick: () => tb.view.set({rangeSort: {column: key, down: active ? !down : key !== "run"}})}, text + (active ? (down ? " ↓" : " ↑") : ""))
      );
    };
    const most = card.tableRows || ROWS;
    const body = sorted.slice(0, most).map(({line, title, row, exact}) =>
      el(
        "tr", exact ? {} : {class: "preview"},
        el("th", {scope: "row", title}, el("span", {class: "swatch", style: `background:${line.color}`}), title),
        ...columns.map(([key, , text]) => el("td", {}, row[key] === null || row[key] === undefined ? "–" : text(row[key])))
      )
    );
    const table = el("table", {}, el("thead", {}, el("tr", {}, heading("run", "Run"), ...columns.map(([key, text]) => heading(key, text)))), el("tbody", {}, ...body));
    const node = card.tableNode;
    const {scrollTop, scrollLeft} = node;
    node.replaceChildren(table, ...(sorted.length > most ? [el("p", {class: "quiet"}, `${tb.format.step(sorted.length - most)} more below`)] : []));
    if (scrollTop || scrollLeft) Object.assign(node, {scrollTop, scrollLeft});
    node.onscroll = sorted.length <= most ? null : () => {
      if (node.scrollTop + 2 * node.clientHeight < node.scrollHeight) return;
      card.tableRows = most + 3 * ROWS;
      show(card);
    };
  }

  function compare(a, b, column) {
    if (column === "run") return tb.naturally(a.title, b.title);
    const [x, y] = [a.row[column], b.row[column]].map((v) => (v === null || v === undefined || Number.isNaN(v) ? -Infinity : v));
    return x < y ? -1 : x > y ? 1 : 0;
  }

  /** Asks the server for the rows that the browser has only bins of, once the selection rests. */
  function ask(card, chosen) {
    clearTimeout(card.askTimer);
    if (tb.stepRange.dragging) return;
    card.askTimer = setTimeout(async () => {
      const key = keyOf(card, chosen);
      const wanted = new Map();
      for (const line of card.lines) {
        if (isWhole(line)) continue;
        const {run, tag} = line.series;
        wanted.set(tag, [...(wanted.get(tag) || []), run]);
      }
      const items = [...wanted].map(([tag, runs]) => ({tag, runs}));
      const amount = tb.smoothing.amount();
      try {
        const {rows} = await tb.http.json("/api/range", {...chosen, items, smoothing: amount, smoothing_kind: amount > 0 ? tb.smoothing.kind() : "ema"}, {quiet: true});
        const found = new Map(rows.filter(({error}) => !error).map((row) => [`${row.run}\n${row.tag}`, numbers(row)]));
        card.answers = {key, rows: found};
        const now = tb.stepRange.selected(card);
        if (now && keyOf(card, now) === key) fill(card, rowsOf(card, now), now);
      } catch (error) {
        card.tableNode.append(el("p", {class: "quiet"}, `Approximate: the exact numbers could not be read. ${error.message}`));
      }
    }, REST);
  }

  /** JSON has NaN and infinities as strings. */
  const numbers = (row) => Object.fromEntries(
    Object.entries(row).map(([key, v]) => [key, typeof v === "string" && key !== "run" && key !== "tag" ? Number(v) : v])
  );

  /** The selection rests: the cards on screen ask for what is exact. */
  const rest = (grid) => grid.onScreen().forEach(show);

  tb.cardTable = {show, rest, rangeRow, stepRow, rowsOf};
})();
