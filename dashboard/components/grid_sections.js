/* Which cards stand where in a grid: pinned ones first, then charts made here, then metrics by prefix. No DOM. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const MACHINE = "system"; // what the machine did is there to be looked up: it comes last
  const PINNED = ":pinned";
  const CHARTS = ":charts";

  tb.view.declare("pins", []);

  /** The pins with this chart put `by` places further, which stops at the ends. */
  function movedPins(pins, id, by) {
    const at = pins.indexOf(id);
    const to = Math.max(0, Math.min(pins.length - 1, at + by));
    if (at < 0 || at === to) return pins;
    const rest = pins.filter((pin) => pin !== id);
    return [...rest.slice(0, to), id, ...rest.slice(to)];
  }

  const prefixOf = (tag) => (tag.includes("/") ? tag.slice(0, tag.indexOf("/")) : "");

  /**
   * The sections of the scalars page: [{key, title, cards: [{chart, title}]}]. `tags` are the metrics there
   * are, `charts` those made here, `pins` the ids that stand on top, in their order; `fits(text)` is the
   * filter, which pins do not heed: they were chosen. A pin of nothing that is there stands for what
   * may come, and is left out.
   */
  function ofMetrics({tags, charts, pins, fits}) {
    const known = new Set(tags);
    const byId = new Map(charts.map((chart) => [chart.id, chart]));
    const pinned = new Set(pins);
    const sections = [];
    const top = pins.filter((id) => byId.has(id) || known.has(id)).map((id) => {
      const chart = byId.get(id) || tb.charts.ofTag(id);
      return {chart, title: chart.title};
    });
    if (top.length) sections.push({key: PINNED, title: "Pinned", cards: top});
    const own = charts.filter((chart) => !pinned.has(chart.id) && (fits(chart.title) || tb.charts.tagsOf(chart).some(fits)));
    if (own.length) sections.push({key: CHARTS, title: "Charts", cards: own.map((chart) => ({chart, title: chart.title}))});
    const byPrefix = new Map();
    for (const tag of [...tags].sort(tb.naturally)) {
      if (pinned.has(tag) || !fits(tag)) continue;
      const prefix = prefixOf(tag);
      if (!byPrefix.has(prefix)) byPrefix.set(prefix, []);
      byPrefix.get(prefix).push({chart: tb.charts.ofTag(tag), title: prefix ? tag.slice(prefix.length + 1) || tag : tag});
    }
    // Tags without a prefix come behind the others, as a group of their own; the machine's last.
    const behind = (prefix) => (prefix === MACHINE ? 2 : prefix === "" ? 1 : 0);
    const prefixes = [...byPrefix.keys()].sort((a, b) => behind(a) - behind(b) || tb.naturally(a, b));
    return [...sections, ...prefixes.map((prefix) => ({key: prefix, title: prefix || "general", cards: byPrefix.get(prefix)}))];
  }

  /** The sections of a grid that was given its charts: by their `section`, in the order of their first. */
  function ofCharts(charts) {
    const bySection = new Map();
    for (const chart of charts) {
      const name = chart.section || "";
      if (!bySection.has(name)) bySection.set(name, {key: "=" + name, title: name, cards: []});
      bySection.get(name).cards.push({chart, title: chart.title});
    }
    return [...bySection.values()];
  }

  tb.gridSections = {ofMetrics, ofCharts, movedPins, MACHINE, PINNED, CHARTS};
})();
