/* From a chart's sources to lines that can be drawn: {series, xs, ys, color, title, dash, band, ...}. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const LISTED = 8; // entries of a legend; a card has little room
  const lastUnits = new Map(); // key and group -> the composition drawn last, until the new one is here

  /** The group's curve, or, while a new composition of it is under way, the one before. */
  function groupSeries(store, key, unit) {
    const group = tb.computed.group(unit);
    const name = key + "\n" + (group && group.key);
    const series = store.get(key, unit);
    if (series) {
      const before = lastUnits.get(name);
      if (before && before !== unit) store.tags.get(key).delete(before);
      lastUnits.set(name, unit);
      return series;
    }
    return store.get(key, lastUnits.get(name));
  }

  function colorOf(unit, source, alone) {
    if (alone) return tb.palette[tb.theme.current()][source.index % 20];
    if (!source.grouped) return tb.runs.color(unit);
    const group = tb.computed.group(unit);
    return tb.runs.color(group.runs[0]);
  }

  const named = (name) => tb.runs.get(name)?.title || name;

  function checked(series) {
    if (series.hasGaps === undefined || series.checked !== series.length) {
      series.hasGaps = series.nonfinite !== null || series.value.subarray(0, series.length).some((y) => !Number.isFinite(y));
      series.checked = series.length;
    }
    return series.hasGaps;
  }

  /**
   * The lines of `sources` as the store has them now. `detail`: key -> unit -> finer series of a zoomed
   * window. Several metrics of several runs: the run's colour, a dash for each; of one run: a colour each.
   */
  function collect(store, sources, {axis, smoothing, detail}) {
    const {partition} = tb.view.get();
    const several = new Set(sources.map(({index}) => index)).size > 1;
    const alone = several && new Set(sources.flatMap(({units}) => units)).size === 1;
    const lines = [];
    for (const source of sources) {
      for (const unit of source.units) {
        const overview = source.grouped ? groupSeries(store, source.key, unit) : store.get(source.key, unit);
        if (!overview) continue;
        const series = (detail && detail.get(source.key)?.get(unit)) || overview;
        if (series.length === 0) continue;
        const title = source.grouped ? tb.computed.group(unit).title : named(unit);
        lines.push({
          series,
          xs: series.xs(axis, overview.firstWall),
          ys: series.smoothed(smoothing),
          firstWall: overview.firstWall,
          color: colorOf(unit, source, alone),
          // Behind a band the line before smoothing would only blur it.
          raw: smoothing > 0 && !source.member && !(source.grouped && tb.view.get().band !== "none"),
          marks: checked(series) && !source.member,
          title: several ? `${title} · ${source.label}` : title,
          label: source.label,
          dash: several && !alone ? tb.lineParts.DASHES[source.index % tb.lineParts.DASHES.length] : [],
          band: series.band(smoothing),
          breaks: partition ? tb.lineParts.restarts(series) : [],
          faint: source.member,
          group: source.grouped ? unit : null,
          n: series.members,
        });
      }
    }
    return lines;
  }

  /** How many lines there are, in words. */
  function counted(lines) {
    const groups = new Set(lines.filter(({group}) => group).map(({group}) => group)).size;
    if (groups) return `${groups} groups`;
    const runs = new Set(lines.map(({series}) => series.run)).size;
    return runs === lines.length ? `${runs} runs` : `${lines.length} lines of ${runs} runs`;
  }

  /** What the hover table says of a line at a point beside its value: the band, and of how many runs. */
  function note(line, at) {
    const {series, n} = line;
    const parts = [];
    if (line.band && series.low[at] !== series.high[at]) {
      parts.push(`${tb.format.value(series.low[at])} to ${tb.format.value(series.high[at])}`);
    }
    if (n) parts.push(`n=${n[at]}`);
    return parts.join(", ");
  }

  /** Sentences on how what is drawn came to be, for the legend's tooltip and the hover table. */
  function remarks(lines) {
    const found = [];
    if (lines.some(({series}) => series.interpolated)) {
      found.push("Runs have different x: values between a run's points are interpolated linearly.");
    } else if (lines.some(({group}) => group)) found.push("Each mean is over the runs that have a value at exactly that x.");
    if (lines.some(({series}) => series.carried)) {
      found.push("Metrics were logged at different steps: between its points a metric's last value is carried forward.");
    }
    return found;
  }

  const swatch = (color, dash) => {
    const line = el("span", {class: "legend-line"});
    line.style.background = dash.length
      ? `repeating-linear-gradient(90deg, ${color} 0 ${dash[0]}px, transparent ${dash[0]}px ${dash[0] + dash[1]}px)`
      : color;
    return line;
  };

  /** Fills the legend of a card: its metrics if there are several, what its lines are of groups; else it is hidden. */
  function legend(node, lines, axis) {
    const entries = [];
    const byLabel = new Map(lines.filter((line) => !line.faint).map((line) => [line.label, line]));
    const units = new Set(lines.map(({series}) => series.run));
    if (byLabel.size > 1) {
      const neutral = tb.theme.css("--muted");
      for (const [label, {color, dash}] of byLabel) entries.push([swatch(units.size > 1 ? neutral : color, dash), label]);
    }
    if (lines.some(({series}) => series.interpolated)) entries.push([null, "means of interpolated runs"]);
    if (lines.some(({series}) => series.carried)) entries.push([null, "last values carried forward"]);
    if (axis.startsWith(tb.charts.METRIC)) entries.push([null, "x: " + axis.slice(tb.charts.METRIC.length)]);
    const shown = entries.slice(0, LISTED).map(([mark, text]) => el("span", {class: "legend-entry", title: text}, mark, el("span", {}, text)));
    if (entries.length > LISTED) shown.push(el("span", {class: "legend-entry"}, `and ${entries.length - LISTED} more`));
    node.hidden = entries.length === 0;
    node.title = remarks(lines).join("\n");
    node.replaceChildren(...shown);
  }

  /** The groups that are shown, for the bar: colour, name, how many runs. */
  function groupEntries() {
    const shown = tb.groups.active() ? tb.runs.shown().map(({name}) => name) : [];
    return tb.computed.unitsOf(shown).map((unit) => {
      const {title, runs} = tb.computed.group(unit);
      return el("span", {class: "legend-entry", title}, swatch(tb.runs.color(runs[0]), []), el("span", {}, `${title} (${runs.length})`));
    });
  }

  tb.chartLines = {groupEntries, collect, counted, note, remarks, legend};
})();
