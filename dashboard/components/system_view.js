/* The system page: what the machines of the running runs do now, and charts of what they did, by resource. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {createElement: h} = React;
  const PAGES = ["/system"];
  const MOST_TILES = 8; // running runs with a tile
  const AXES = [["relative", "Relative", "Time since the run's first sample"], ["wall", "Wall", "Date and time"]];
  // The number of a sample says nothing, so the axis is not the one that the other pages share.
  tb.view.declare("systemAxis", "relative", {param: "time", pages: PAGES, valid: (v) => AXES.some(([name]) => name === v)});
  tb.view.declare("systemFilter", "", {param: "machine", pages: PAGES});

  const isOurs = (name) => name.startsWith("scalar\n" + tb.machine.PREFIX);

  function Gauge({metric, value}) {
    const share = metric.isShare ? Math.max(0, Math.min(1, value / 100)) : null;
    // A busy processor is as it should be; memory that ends is not.
    const level = metric.resource !== "Memory" || share < 0.85 ? "" : share < 0.95 ? " high" : " full";
    return h(
      "div", {className: "gauge"}, h("dt", null, metric.name),
      h("dd", null, h("strong", null, tb.machine.value(value, metric.unit)),
        share !== null && h("div", {className: "gauge-bar" + level, "aria-hidden": true}, h("div", {style: {width: share * 100 + "%"}})))
    );
  }

  /** What the newest sample of a running run says. */
  function Tile({run, metrics}) {
    const scalars = tb.runs.series("scalar");
    const host = tb.records.get(run.name)?.host;
    const nRanks = tb.records.get(run.name)?.n_ranks || 1;
    const own = metrics.map((metric) => [metric, scalars.get(metric.tag)?.get(run.name)]).filter(([, info]) => info);
    return h(
      "article", {className: "system-tile", "aria-label": run.title},
      h("header", null, h(tb.home.RunLink, {name: run.name}), h("span", {className: "system-host"}, [host, nRanks > 1 && `${nRanks} ranks, of one of them`].filter(Boolean).join(" · "))),
      h("dl", null, own.map(([metric, info]) => h(Gauge, {key: metric.tag, metric, value: info.lastValue})))
    );
  }

  function Controls({axis, filter}) {
    const {smoothing} = tb.view.get();
    return h(
      "div", {className: "system-controls"},
      h("input", {type: "search", className: "field", placeholder: "Filter: gpu, memory, …", "aria-label": "Filter the machine's metrics", value: filter, onChange: (event) => tb.view.set({systemFilter: event.target.value})}),
      h("div", {className: "segments", role: "radiogroup", "aria-label": "Horizontal axis"}, AXES.map(([value, text, title]) =>
        h("label", {key: value, title}, h("input", {type: "radio", name: "system-axis", checked: axis === value, onChange: () => tb.view.set({systemAxis: value})}), text))),
      h("label", {className: "system-smoothing"}, "Smoothing", h("input", {type: "range", min: 0, max: 0.99, step: 0.01, value: smoothing, onChange: (event) => tb.view.set({smoothing: Number(event.target.value)})}))
    );
  }

  tb.System = function ({id}) {
    tb.useUpdates((news, changed) => news.runs || news.shown || news.theme || [...(news.series || [])].some(isOurs) || ["systemAxis", "systemFilter", "smoothing"].some((key) => changed.has(key)));
    const [, redraw] = React.useReducer((n) => n + 1, 0);
    React.useEffect(() => {
      const off = tb.records.subscribe(redraw);
      tb.records.load().catch(() => {}); // hosts are missing then; the shell says that the server is away
      return off;
    }, []);
    const {systemAxis: axis, systemFilter: filter} = tb.view.get();
    const scalars = tb.runs.series("scalar");
    const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
    const metrics = tb.machine.all(scalars.keys());
    const wanted = metrics.filter(({tag, section, name}) => words.every((word) => `${tag} ${section} ${name}`.toLowerCase().includes(word)));
    const running = tb.runs.shown().filter((run) => run.status === "running" && metrics.some(({tag}) => scalars.get(tag).has(run.name))).reverse();
    const charts = wanted.map(({tag, section, title}) => ({id: tag, title, section, lines: [{tag}], axis}));
    let body = null;
    if (!tb.runs.loaded) body = h("p", {className: "quiet"}, "Reading the listing…");
    else if (metrics.length === 0) {
      body = h("div", {className: "notice"}, h("h2", null, "No run logged what its machine does"), h("p", null, "Runs made by summaries.init do it by themselves, every ten seconds, unless they say system_metrics=False. A SummaryWriter does not."));
    } else if (wanted.length === 0) body = h("p", {className: "quiet"}, "No metric fits.");
    return h(
      "div", {id, className: "system"},
      h(Controls, {axis, filter}),
      running.length > 0 && h("section", {"aria-label": "Now"},
        h("h2", {className: "system-now"}, "Now", running.length > MOST_TILES && h("span", {className: "quiet"}, `the newest ${MOST_TILES} of ${running.length} running`)),
        h("div", {className: "system-tiles"}, running.slice(0, MOST_TILES).map((run) => h(Tile, {key: run.name, run, metrics: wanted})))),
      body,
      charts.length > 0 && h(tb.ChartGrid, {id: id + "-grid", charts, controls: false})
    );
  };
})();
