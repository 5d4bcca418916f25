/* The columns of the run table: which there are, what each holds of a run, how they compare. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const AGGREGATES = {
    last: ["last", "the newest value"], best: ["best", "the lowest or highest value, whichever is good"], min: ["min", "the lowest value"],
    max: ["max", "the highest value"], argmin: ["step of min", "the step of the lowest value"], argmax: ["step of max", "the step of the highest value"],
    step: ["last step", "the step of the newest value"], n: ["points", "how many values were logged"],
  };
  const AUTOMATIC = {settings: 8, results: 4, metrics: 4};

  const now = () => Date.now() / 1000;
  const ended = (run) => tb.records.get(run.name)?.ended ?? (run.status === "running" ? now() : null);

  /** What every run has: {title, width, value(run)}. */
  const OWN = {
    name: {title: "Run", width: 280, value: (run) => run.title},
    status: {title: "Status", width: 120, value: (run) => run.status},
    tags: {title: "Tags", width: 140, value: (run) => run.labels.join(", ")},
    notes: {title: "Notes", width: 260, value: (run) => tb.records.get(run.name)?.notes || ""},
    group: {title: "Group", width: 150, value: (run) => tb.groups.of(run.name)?.title ?? tb.records.value(run.name, "group") ?? ""},
    job_type: {title: "Job type", width: 110, value: (run) => tb.records.value(run.name, "job_type") ?? ""},
    created: {title: "Created", width: 130, isTime: true, value: (run) => run.created},
    duration: {title: "Duration", width: 105, value: (run) => (ended(run) === null ? null : Math.max(0, ended(run) - run.created))},
    host: {title: "Host", width: 120, value: (run) => tb.records.value(run.name, "host") ?? ""},
    ranks: {title: "Ranks", width: 80, value: (run) => tb.records.get(run.name)?.n_ranks ?? 1},
    parent: {title: "Forked from", width: 140, value: (run) => tb.records.get(run.name)?.parent ?? ""},
    path: {title: "Name in the logdir", width: 220, value: (run) => run.name},
  };

  /** "min:val/loss" as {aggregate, tag}, null for a column of another kind. */
  function metricOf(id) {
    const cut = id.indexOf(":");
    const aggregate = id.slice(0, Math.max(0, cut));
    return aggregate in AGGREGATES ? {aggregate, tag: id.slice(cut + 1)} : null;
  }

  function aggregated(info, aggregate, tag) {
    if (!info) return null;
    const best = aggregate === "best" ? tb.goals.of(tag) || "min" : aggregate;
    const value = {last: info.lastValue, min: info.min, max: info.max, argmin: info.minStep, argmax: info.maxStep, step: info.lastStep, n: info.n}[best];
    return value === undefined ? null : value;
  }

  function settingOf(run, id) {
    const value = tb.records.value(run.name, id);
    if (value === undefined || value === null) return null;
    return typeof value === "number" || typeof value === "string" ? value : JSON.stringify(value);
  }

  /** What a column holds of a run: a number, a text, or null. */
  function valueOf(run, id) {
    if (id in OWN) return OWN[id].value(run);
    const metric = metricOf(id);
    return metric ? aggregated(tb.runs.series("scalar").get(metric.tag)?.get(run.name), metric.aggregate, metric.tag) : settingOf(run, id);
  }

  function titleOf(id) {
    if (id in OWN) return {title: OWN[id].title, part: ""};
    const metric = metricOf(id);
    if (metric) return {title: metric.tag, part: AGGREGATES[metric.aggregate][0]};
    const [, part, name] = /^(config|hparam|summary)\.(.*)$/s.exec(id) || [null, "", id];
    return {title: name, part};
  }

  const isEmpty = (value) => value === null || value === undefined || value === "" || Number.isNaN(value);

  /** Numbers before texts, and what is empty at the end, whichever way the column is sorted. */
  function compare(a, b, down) {
    if (isEmpty(a) || isEmpty(b)) {
      const order = isEmpty(a) - isEmpty(b);
      return down ? -order : order;
    }
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return tb.naturally(a, b);
  }

  /** The tags that most runs have, those of the machine left out; of a loss and its like first. */
  function commonTags() {
    const tags = [...tb.runs.series("scalar")].filter(([tag]) => !tag.startsWith("system/"));
    const weight = ([tag, runs]) => runs.size + (tb.goals.of(tag) ? runs.size / 2 : 0);
    return tags.sort((a, b) => weight(b) - weight(a) || tb.naturally(a[0], b[0])).slice(0, AUTOMATIC.metrics).map(([tag]) => tag).sort(tb.naturally);
  }

  /** What is shown until somebody chooses: what tells the runs apart, and their metrics. */
  function automatic() {
    const runs = tb.runs.all();
    const differing = tb.records.keys().filter(({n, values}) => values.size > 1 || n < runs.length);
    const settings = differing.filter(({key}) => /^(config|hparam)\./.test(key)).slice(0, AUTOMATIC.settings);
    const names = new Set(settings.map(({key}) => key.replace(/^config\./, "")));
    const tags = commonTags();
    const results = differing.filter(({key}) => key.startsWith("summary.") && !tb.runs.series("scalar").has(key.slice(8)) && !/\.(min|max|last|mean|best)$/.test(key));
    return [
      "name", ...(tb.groups.active() ? ["group"] : []), "status", "created", "duration",
      ...(runs.some((run) => run.labels.length) ? ["tags"] : []),
      ...tags.map((tag) => (tb.goals.of(tag) ? "best:" : "last:") + tag),
      ...settings.map(({key}) => key).filter((key) => !key.startsWith("hparam.") || !names.has(key.slice(7))),
      ...results.slice(0, AUTOMATIC.results).map(({key}) => key),
      ...(runs.some((run) => tb.records.get(run.name)?.notes) ? ["notes"] : []),
    ];
  }

  // The ids in their order; empty for the automatic ones.
  tb.view.declare("tableColumns", [], {param: "cols", pages: ["/runs"], valid: (v) => v.every((id) => typeof id === "string")});
  // [[id, "asc" or "desc"], ...] and {id: typed text}.
  tb.view.declare("runsSort", [], {param: "sort", pages: ["/runs"], valid: (v) => v.every((one) => Array.isArray(one))});
  tb.view.declare("tableFilter", {}, {param: "where", pages: ["/runs"], valid: (v) => Object.values(v).every((text) => typeof text === "string")});

  // How a metric's distance from the baseline is told: in its own unit, or in hundredths of the baseline's.
  tb.view.declare("deltas", "percent", {pages: ["/runs"], remember: true, valid: (v) => v === "percent" || v === "absolute"});

  tb.runColumns = {
    AGGREGATES, OWN, metricOf, valueOf, titleOf, compare, isEmpty, automatic,
    /** The ids shown, in order; the run's name always is one of them. */
    shown() {
      const chosen = tb.view.get().tableColumns;
      const ids = chosen.length ? chosen : automatic();
      return ids.includes("name") ? [...new Set(ids)] : ["name", ...new Set(ids)];
    },
  };
})();
