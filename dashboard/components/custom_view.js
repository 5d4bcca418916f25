/* The custom charts page: the layouts of the shown runs as one grid of charts. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {Example, Notice, useRecovery} = tb.cardGroups;
  const h = (...args) => React.createElement(...args);

  /** The categories of the runs' layouts: {categories, error}; null categories until they came. */
  function useLayouts(names, version) {
    const [state, setState] = React.useState({categories: null, error: ""});
    const attempt = useRecovery(state.error !== "");
    React.useEffect(() => {
      if (!names.length) return undefined;
      const giveUp = new AbortController();
      tb.http.json("/api/layouts", {runs: names}, {signal: giveUp.signal}).then(
        ({categories}) => setState({categories, error: ""}),
        (error) => giveUp.signal.aborted || setState((before) => ({...before, error: error.message}))
      );
      return () => giveUp.abort();
    }, [names.join("\n"), version, attempt]);
    return state;
  }

  /** Copies the charts to the scalars page, where they can be changed. */
  function takeOver(charts) {
    for (const {title, lines} of charts) tb.charts.save({id: tb.charts.fresh(), title, lines});
    tb.go("/scalars");
  }

  function Custom({series}) {
    const having = series.get("layout") || new Map();
    const names = tb.runs.shown().map(({name}) => name).filter((name) => having.has(name));
    const version = names.map((name) => `${having.get(name).n} ${having.get(name).rewinds}`).join();
    const {categories, error} = useLayouts(names, version);
    if (!names.length) {
      return h(Notice, {title: "The selected runs logged no layout"}, h("p", null, "Other runs did: select one of them in the list."));
    }
    if (!categories) return h("p", {className: error ? "field-error" : "quiet", role: "status"}, error || "Reading the layouts …");
    const {tagFilter} = tb.view.get();
    const {regex} = tb.pattern(tagFilter);
    const known = [...tb.runs.series("scalar").keys()];
    const {charts, errors, without} = tb.customCharts.chartsOf(categories, known, (text) => !regex || regex.test(text));
    const notes = [...errors, ...(without.length ? [`Nothing was logged yet for ${without.map((title) => `“${title}”`).join(", ")}`] : [])];
    return h(
      React.Fragment,
      null,
      h(tb.ChartGrid, {id: "custom-grid", charts}),
      notes.length || error
        ? h("ul", {className: "custom-notes"}, [...(error ? [error] : []), ...notes].map((note) => h("li", {key: note}, note)))
        : null,
      charts.length
        ? h("button", {type: "button", className: "button custom-take", title: "There they can be changed, pinned and saved", onClick: () => takeOver(charts)},
            "Copy these charts to the scalars page")
        : h("p", {className: "quiet"}, tagFilter ? "No chart matches the filter." : "These charts have nothing to draw yet.")
    );
  }

  function CustomView() {
    tb.useUpdates((news, changed) =>
      Boolean(news.runs || news.shown || changed.has("tagFilter") || (news.series && [...news.series].some((key) => isNews(key))))
    );
    if (!tb.runs.loaded) return h("p", {className: "quiet", role: "status"}, tb.runs.error || "Reading the logdir …");
    const series = tb.runs.series("layout");
    if (!series.size) {
      return h(Example, {
        title: "No layout of charts was logged yet",
        intro: "Say which scalars share a chart, once a run, in categories; a text matches tags from their start:",
        lines: [
          "writer.add_custom_scalars({", '    "losses": {', '        "both": ["Multiline", ["loss/(train|val)"]],',
          '        "with its band": ["Margin", ["loss/val", "loss/val_low", "loss/val_high"]],', "    }", "})",
        ],
      });
    }
    return h(Custom, {series});
  }

  let known = 0;
  /* Layouts, and tags that are new: their points the grid sees to. */
  function isNews(key) {
    if (key.startsWith("layout\n")) return true;
    const now = tb.runs.series("scalar").size;
    const grown = now !== known;
    known = now;
    return grown;
  }

  tb.CustomView = CustomView;
})();
