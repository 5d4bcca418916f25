/* What the HParams and Compare pages hold against each other: settings and metrics of the runs as columns. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const STATS = ["last", "min", "max"];
  const SHOWN_SETTINGS = 7; // axes that a page opens with, besides the objective
  let cache = null; // {names, columns: Map key -> column}

  tb.view.declare("hpAxes", [], {param: "axes", pages: ["/hparams"]});
  tb.view.declare("hpMetric", "", {param: "objective", pages: ["/hparams"]});
  tb.view.declare("hpGoal", "", {param: "goal", pages: ["/hparams"], valid: (v) => ["", "min", "max"].includes(v)});

  const DOWN = /loss|err|mse|mae|rmse|perplexity|ppl|nll|regret|cost|wer|cer|fid|latency|seconds|_time|time_/i;
  const UP = /acc|auc|f1|bleu|rouge|reward|return|score|precision|recall|\bmap\b|iou|dice|r2|psnr|ssim|throughput|per_sec/i;

  /** What a metric's name says of its direction: "min", "max", or "" if nothing. */
  tb.goalOf = (tag) => (DOWN.test(tag) ? "min" : UP.test(tag) ? "max" : "");

  const words = {NaN: NaN, Infinity: Infinity, "-Infinity": -Infinity};
  /** A setting's value as a number; undefined where it is none. */
  function asNumber(value) {
    if (typeof value === "number") return value;
    return typeof value === "string" && value in words ? words[value] : undefined;
  }

  /** How a setting reads in a table or as a category. */
  function asText(value) {
    if (value === undefined || value === null) return "–";
    if (typeof value === "number") return Number.isInteger(value) && Math.abs(value) < 1e15 ? String(value) : tb.format.value(value);
    return typeof value === "string" ? value : JSON.stringify(value);
  }

  function setting(key, runs) {
    const value = (name) => tb.records.value(name, key);
    let numbers = 0;
    let others = 0;
    for (const run of runs) {
      const found = value(run.name);
      if (found === undefined || found === null) continue;
      if (asNumber(found) === undefined) others++;
      else numbers++;
    }
    const numeric = numbers > 0 && others === 0;
    return {
      key, title: key.replace(/^(config|hparam|summary)\./, ""), kind: key.startsWith("summary.") ? "metric" : "setting", numeric,
      value: numeric ? (name) => asNumber(value(name)) : (name) => value(name) ?? undefined,
    };
  }

  function metric(tag, stat) {
    const infos = tb.runs.series("scalar").get(tag);
    const field = {last: "lastValue", min: "min", max: "max"}[stat];
    return {
      key: `${stat}:${tag}`, tag, stat, title: stat === "last" ? tag : `${stat} ${tag}`, kind: "metric", numeric: true,
      value: (name) => infos.get(name)?.[field] ?? undefined,
    };
  }

  function build() {
    const runs = tb.runs.all();
    const columns = new Map();
    const scalars = tb.runs.series("scalar");
    const seen = new Map(); // a setting's title and values -> its key: `config` and `hparams` may say the same
    for (const {key, n, values} of tb.records.keys()) {
      if (key.startsWith("summary.") && scalars.has(key.slice(8))) continue;
      if (key === "group" || key === "job_type" || key === "host") continue;
      const column = setting(key, runs);
      const twin = column.title + "\n" + n + [...values].slice(0, 50).sort().join();
      if (column.kind === "setting" && seen.has(twin)) continue;
      seen.set(twin, key);
      column.differs = values.size > 1 || n < runs.length;
      column.rare = n < runs.length / 2;
      columns.set(key, column);
    }
    for (const tag of [...scalars.keys()].sort(tb.naturally)) {
      for (const stat of STATS) columns.set(`${stat}:${tag}`, metric(tag, stat));
    }
    return {columns};
  }

  function built() {
    cache = cache || build();
    return cache.columns;
  }

  /** The metric that most runs have, validation before training. */
  function likelyObjective() {
    const scalars = tb.runs.series("scalar");
    const tags = [...scalars.keys()].filter((tag) => !tag.startsWith("system/"));
    const most = Math.max(0, ...tags.map((tag) => scalars.get(tag).size));
    const weight = (tag) =>
      (scalars.get(tag).size >= most * 0.5 ? 4 : 0) + (/val|eval|test|valid/i.test(tag) ? 2 : 0) + (tb.goalOf(tag) ? 1 : 0);
    tags.sort((a, b) => weight(b) - weight(a) || tb.naturally(a, b));
    if (tags.length) return "last:" + tags[0];
    const result = [...built().values()].find((column) => column.kind === "metric" && column.numeric);
    return result ? result.key : "";
  }

  tb.hparams = {
    asText,
    /** All columns: Map key -> {key, title, kind: "setting" | "metric", numeric, value(run name)}. */
    columns: built,
    get: (key) => built().get(key),
    forget: () => (cache = null),
    /** What the runs are judged by: {column, goal: "min" | "max", guessed}; column null without metrics. */
    objective() {
      const {hpMetric, hpGoal} = tb.view.get();
      const column = built().get(hpMetric) || built().get(likelyObjective()) || null;
      const guess = column ? tb.goalOf(column.tag || column.title) : "";
      return {column, goal: hpGoal || guess || "min", guessed: hpGoal === "" && guess === ""};
    },
    /** The settings that differ between the runs; those that few runs have come last. */
    differing: () =>
      [...built().values()].filter((column) => column.kind === "setting" && column.differs).sort((a, b) => a.rare - b.rare),
    /** The columns of the plot: chosen ones, else settings that differ and the objective. */
    axes() {
      const chosen = tb.view.get().hpAxes.filter((key) => built().has(key));
      if (chosen.length) return chosen.map((key) => built().get(key));
      const {column} = tb.hparams.objective();
      const settings = tb.hparams.differing().filter((one) => one.title !== "seed").slice(0, SHOWN_SETTINGS);
      return column ? [...settings, column] : settings;
    },
    /** The runs that pass the run filter, selected or not. */
    candidates() {
      const {matches} = tb.runQuery(tb.view.get().runFilter);
      return tb.runs.all().filter(matches).map((run) => run.name);
    },
  };

  tb.runs.subscribe((news) => (news.runs || news.series.size) && tb.hparams.forget());
  tb.records.subscribe(() => tb.hparams.forget());
})();
