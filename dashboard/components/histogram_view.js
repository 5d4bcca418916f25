/* The histograms page: cards of the shown runs by tag, and what all cards have in common. */
(function () {
  "use strict";

  const tb = window.trainboard;
  const {HistogramCard, splitTag} = tb.histograms;
  const h = (...args) => window.React.createElement(...args);
  const MODES = [
    ["heat", "Heat map"],
    ["ridge", "Ridge"],
    ["overlay", "Overlay"],
    ["bands", "Percentiles"],
  ];
  const AXES = [
    ["step", "Step"],
    ["relative", "Relative"],
    ["wall", "Wall time"],
  ];
  const RUNS_AT_FIRST = 12;

  tb.view.declare("histMode", "heat", {
    param: "view",
    remember: true,
    valid: (v) => MODES.some(([name]) => name === v),
  });
  tb.view.declare("histClip", true, {param: "clip", remember: true});
  tb.view.declare("histSame", false, {param: "same", remember: true});
  tb.view.declare("histClosed", [], {param: "closed"});

  function segments(name, title, choices, value, choose) {
    return h(
      "div",
      {className: "segments", role: "radiogroup", "aria-label": title},
      choices.map(([key, text]) =>
        h(
          "label",
          {key},
          h("input", {type: "radio", name, value: key, checked: key === value, onChange: () => choose(key)}),
          text,
        ),
      ),
    );
  }

  function Controls() {
    const state = tb.view.get();
    return h(
      "div",
      {className: "hist-bar"},
      h("input", {
        className: "field",
        type: "search",
        placeholder: "Filter tags (regex)",
        "aria-label": "Filter tags",
        value: state.tagFilter,
        onChange: (event) => tb.view.set({tagFilter: event.target.value}),
      }),
      segments("hist-mode", "View", MODES, state.histMode, (histMode) => tb.view.set({histMode})),
      segments("hist-axis", "Step axis", AXES, state.axis, (axis) => tb.view.set({axis})),
      h(
        "label",
        {className: "hist-check", title: "One step that blew up does not squeeze all others"},
        h("input", {
          type: "checkbox",
          checked: state.histClip,
          onChange: (event) => tb.view.set({histClip: event.target.checked}),
        }),
        "Ignore outlier steps",
      ),
      h(
        "label",
        {className: "hist-check", title: "The cards of a tag share one range of values, to compare runs"},
        h("input", {
          type: "checkbox",
          checked: state.histSame,
          onChange: (event) => tb.view.set({histSame: event.target.checked}),
        }),
        "Same range for all runs",
      ),
      h(tb.steps.StepBar),
    );
  }

  function Notice({title, children}) {
    return h("div", {className: "notice"}, h("h2", null, title), children);
  }

  function nothingLogged() {
    const code =
      `from summaries import SummaryWriter\n\nwith SummaryWriter(${tb.exampleRun()}) as writer:\n` +
      '    writer.add_histogram("weights", values, step)';
    return h(
      Notice,
      {title: "No histograms were logged yet"},
      h("p", null, "Log the values of any array, as often as you like:"),
      h("pre", {tabIndex: 0}, h("code", null, code)),
      h("p", null, "They show up here within two seconds."),
    );
  }

  /* Tags that pass the filter, by prefix, each with the shown runs that logged it. */
  function groupsOf(series, shown, filter) {
    let regex = null;
    try {
      regex = filter ? new RegExp(filter, "i") : null;
    } catch (error) {
      // Half-typed: as plain text it may still find something.
      regex = {test: (tag) => tag.toLowerCase().includes(filter.toLowerCase())};
    }
    const groups = new Map();
    for (const tag of [...series.keys()].sort(new Intl.Collator(undefined, {numeric: true}).compare)) {
      if (regex && !regex.test(tag)) continue;
      const byRun = series.get(tag);
      const runs = shown.filter((run) => byRun.has(run.name));
      if (!runs.length) continue;
      const [prefix] = splitTag(tag);
      if (!groups.has(prefix)) groups.set(prefix, []);
      groups.get(prefix).push({tag, runs, byRun});
    }
    return groups;
  }

  function TagRow({entry, state, theme}) {
    const [all, setAll] = window.React.useState(false);
    const runs = all ? entry.runs : entry.runs.slice(0, RUNS_AT_FIRST);
    const rest = entry.runs.length - runs.length;
    const names = state.histSame && runs.length > 1 ? runs.map((run) => run.name).join("\n") : "";
    return h(
      window.React.Fragment,
      null,
      runs.map((run) => {
        const info = entry.byRun.get(run.name);
        return h(HistogramCard, {
          key: run.name,
          run: run.name,
          title: run.title,
          tag: entry.tag,
          colour: tb.runs.color(run.name),
          mode: state.histMode,
          axis: state.axis,
          step: state.step,
          clip: state.histClip,
          beside: names,
          theme,
          version: `${info.n},${info.lastStep},${run.created}`,
        });
      }),
      rest > 0
        ? h(
            "button",
            {type: "button", className: "button hist-more", onClick: () => setAll(true)},
            `Show ${entry.tag} of ${rest} more runs`,
          )
        : null,
    );
  }

  function Group({prefix, entries, state, theme}) {
    const closed = state.histClosed.includes(prefix);
    const toggle = () =>
      tb.view.set({
        histClosed: closed ? state.histClosed.filter((name) => name !== prefix) : [...state.histClosed, prefix],
      });
    const cards = entries.reduce((sum, entry) => sum + entry.runs.length, 0);
    return h(
      "section",
      {className: "hist-group"},
      h(
        "h2",
        null,
        h(
          "button",
          {type: "button", "aria-expanded": !closed, onClick: toggle},
          h("span", {"aria-hidden": true}, closed ? "▸" : "▾"),
          prefix || "other tags",
          h("small", null, cards),
        ),
      ),
      closed
        ? null
        : h(
            "div",
            {className: "hist-grid"},
            entries.map((entry) => h(TagRow, {key: entry.tag, entry, state, theme})),
          ),
    );
  }

  function HistogramView() {
    const wanted = (news, changed) =>
      Boolean(
        news.runs ||
        news.shown ||
        news.theme ||
        changed.size ||
        (news.series && [...news.series].some((key) => key.startsWith("histogram\n"))),
      );
    tb.useUpdates(wanted);
    window.React.useEffect(() => void tb.runs.ready.then(() => tb.view.set({})), []);
    if (!tb.runs.loaded)
      return h("p", {className: "quiet", role: "status"}, tb.runs.error || "Reading the logdir …");
    const series = tb.runs.series("histogram");
    const shown = tb.runs.shown();
    if (!series.size) return nothingLogged();
    if (!shown.length)
      return h(
        Notice,
        {title: "No run is selected"},
        h("p", null, "Select a run in the list to see its histograms."),
      );
    const state = {...tb.view.get()};
    const groups = groupsOf(series, shown, state.tagFilter);
    const theme = tb.theme.current();
    return h(
      "div",
      {className: "hist-view"},
      h(Controls),
      groups.size
        ? [...groups].map(([prefix, entries]) => h(Group, {key: prefix, prefix, entries, state, theme}))
        : state.tagFilter
          ? h(
              Notice,
              {title: "No tag matches"},
              h("p", null, `No histogram of the selected runs has a tag like "${state.tagFilter}".`),
            )
          : h(
              Notice,
              {title: "The selected runs logged no histograms"},
              h("p", null, "Other runs did: select one of them in the list."),
            ),
    );
  }

  tb.HistogramView = HistogramView;
})();
