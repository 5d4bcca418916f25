/**
 * Charts as data, and what each draws: `trainboard.charts`.
 *
 * A chart is {id, title, lines}: `id` names it in the view (zoom, pins, width), `lines` says what is
 * drawn for each shown run, each of them one of
 *   "`train/loss` - `val/loss`"     an expression as text (see expressions.js), names in backticks
 *   {tag: "train/loss"}             one metric
 *   {y: "log(`loss`)", title, low: "`loss/low`", high: "`loss/high`"}   an expression, its name, its band
 * To show some: `React.createElement(trainboard.ChartGrid, {charts, sections})`, or
 * `const grid = trainboard.charts.mount(node, {charts})`, later `grid.update(charts)`, `grid.destroy()`.
 * Charts with a `section` stand under it; one with an `axis` (relative, wall, ...) keeps to that. Smoothing,
 * axis, zoom, selection are the view's, as everywhere.
 */
(function () {
  "use strict";
  const tb = window.trainboard;
  // [name, in menus, on the button, what it is]
  const BANDS = [
    ["off", "Each run", "Each run", "One line a run"],
    ["none", "Mean", "Mean", "The mean over the runs of a group"],
    ["std", "Mean ± std", "± std", "Standard deviation over the runs (n − 1)"],
    ["sem", "Mean ± sem", "± sem", "Standard error of the mean: std / √n"],
    ["ci95", "Mean, 95 % CI", "95 % CI", "95 % confidence interval of the mean, by Student's t"],
    ["minmax", "Mean, min–max", "min–max", "From the lowest to the highest run"],
  ];
  const METRIC = "metric:";

  tb.view.declare("charts", [], {valid: (list) => list.every(isChart)});
  tb.view.declare("band", "std", {valid: (v) => BANDS.some(([name]) => name === v)});
  tb.view.declare("members", false);
  tb.view.declare("ownAxes", true, {param: "ownx"});

  const made = new Map(); // a line as JSON -> how it was compiled

  function isChart(chart) {
    const isLine = (line) => typeof line === "string" || (Boolean(line) && typeof line === "object");
    return Boolean(chart) && typeof chart.id === "string" && typeof chart.title === "string" && Array.isArray(chart.lines) && chart.lines.every(isLine);
  }

  /** A line of a chart as {y, low, high, label}, expressions as data; throws what is wrong with it. */
  function compile(line) {
    const name = JSON.stringify(line);
    if (made.has(name)) return made.get(name);
    const known = new Set(tb.runs.series("scalar").keys());
    const read = (text) => tb.expressions.parse(text, known, {anyQuoted: true}).ast;
    const given = typeof line === "string" ? {y: line} : line;
    const y = given.tag !== undefined ? ["tag", String(given.tag)] : read(String(given.y));
    const rim = (text) => (text ? read(String(text)) : null);
    const found = {y, low: rim(given.low), high: rim(given.high), label: given.title || tb.expressions.print(y, {plain: true})};
    if (made.size > 5000) made.clear();
    made.set(name, found);
    return found;
  }

  /** The chart's lines compiled: {lines, error}, the error being the first line's that is none. */
  function compiled(chart) {
    const lines = [];
    let error = null;
    for (const line of chart.lines) {
      try {
        lines.push(compile(line));
      } catch (problem) {
        error = error || `${typeof line === "string" ? line : line.y}: ${problem.message}`;
      }
    }
    return {lines, error};
  }

  /** Every metric that a chart reads, without that of the x axis. */
  function tagsOf(chart) {
    const {lines} = compiled(chart);
    return [...new Set(lines.flatMap(({y, low, high}) => [y, low, high].flatMap(tb.expressions.tagsOf)))];
  }

  let rules = null; // what scripts declared of x axes: [{name, metric, fits}], and tag -> metric found
  const glob = (text) => new RegExp("^" + text.replace(/[.+^${}()|\\]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".") + "$");

  /** The x metric that `define_metric` gave a tag in some run, "" if in none. */
  function declaredAxis(tag) {
    if (!rules) {
      const different = new Map(tb.runs.all().filter((run) => run.axes).map((run) => [JSON.stringify(run.axes), run.axes]));
      const list = [...different.values()].flatMap((axes) => Object.entries(axes));
      rules = {found: new Map(), list: list.map(([name, metric]) => ({name, metric, fits: glob(name)}))};
    }
    if (rules.list.length === 0) return "";
    if (!rules.found.has(tag)) {
      const own = rules.list.filter(({name}) => name === tag);
      const rule = (own.length ? own : rules.list.filter(({fits}) => fits.test(tag))).at(-1);
      rules.found.set(tag, rule && rule.metric !== tag ? rule.metric : "");
    }
    return rules.found.get(tag);
  }
  tb.runs.subscribe((news) => {
    if (news.runs) rules = null;
  });

  /**
   * What lies on a chart's x axis: step, relative, wall, or "metric:NAME". Where the view says step, a
   * metric that the script declared for all lines takes its place.
   */
  function axisOf(chart) {
    const {axis, ownAxes} = tb.view.get();
    if (chart.axis) return chart.axis;
    const tags = tagsOf(chart);
    if (axis.startsWith(METRIC)) return tags.length === 1 && METRIC + tags[0] === axis ? "step" : axis;
    if (axis !== "step" || !ownAxes) return axis;
    const declared = new Set(tags.map(declaredAxis));
    const [metric] = declared;
    return declared.size === 1 && metric && tb.runs.series("scalar").has(metric) ? METRIC + metric : "step";
  }

  /** Whether runs are drawn as groups: they are grouped, a band is chosen, and the axis is common to them. */
  const grouped = (axis) => tb.groups.active() && tb.view.get().band !== "off" && axis !== "wall";

  /**
   * What a chart draws of these runs: [{key, units, label, index, grouped, member}], `key` and `units`
   * as the store holds them: runs, or groups of runs.
   */
  function sourcesOf(chart, names) {
    const axis = axisOf(chart);
    const {band, members} = tb.view.get();
    const x = axis.startsWith(METRIC) ? ["tag", axis.slice(METRIC.length)] : null;
    const {lines} = compiled(chart);
    return lines.flatMap(({y, low, high, label}, index) => {
      const own = tb.computed.keyOf({y, x, low, high});
      const runs = tb.computed.having(own, names);
      const each = {key: own, units: runs, label, index, grouped: false, member: false};
      if (!grouped(axis)) return [each];
      const key = tb.computed.keyOf({y, x: axis === "relative" ? "relative" : x, band});
      const together = {key, units: tb.computed.unitsOf(runs), label, index, grouped: true, member: false};
      return members ? [{...each, member: true}, together] : [together];
    });
  }

  /** The runs that a chart could draw: those of `names` that have all of one of its lines. */
  function runsOf(chart, names) {
    const having = new Set();
    for (const {y, low, high} of compiled(chart).lines) {
      tb.computed.having(tb.computed.keyOf({y, low, high}), names).forEach((name) => having.add(name));
    }
    return names.filter((name) => having.has(name));
  }

  /** Why a chart has nothing to draw. */
  function whyEmpty(chart, axis) {
    const {error, lines} = compiled(chart);
    if (error) return error;
    const what = lines.length === 1 && lines[0].y[0] === "tag" ? "this metric" : "these metrics";
    return axis.startsWith(METRIC) ? `No shown run has ${what} and '${axis.slice(METRIC.length)}'` : `No shown run has ${what}`;
  }

  tb.charts = {
    whyEmpty, BANDS, METRIC, compile, compiled, tagsOf, axisOf, sourcesOf, runsOf, grouped, declaredAxis,
    /** The chart of one metric, as the scalars page has it. */
    ofTag: (tag, title = tag) => ({id: tag, title, lines: [{tag}]}),
    /** Those made on the page and kept in the view; `save` adds one or puts it in place of that with its id. */
    all: () => tb.view.get().charts,
    get: (id) => tb.charts.all().find((chart) => chart.id === id),
    save(chart) {
      const list = tb.charts.all();
      const at = list.findIndex(({id}) => id === chart.id);
      tb.view.set({charts: at < 0 ? [...list, chart] : list.map((other, i) => (i === at ? chart : other))});
    },
    remove(id) {
      const {charts, pins} = tb.view.get();
      tb.view.set({charts: charts.filter((chart) => chart.id !== id), pins: pins.filter((pin) => pin !== id)});
    },
    /** An id that no chart has. */
    fresh() {
      const used = new Set(tb.charts.all().map(({id}) => id));
      let number = 1;
      while (used.has(`:chart${number}`)) number++;
      return `:chart${number}`;
    },
  };
})();
