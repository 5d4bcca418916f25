/* The list of runs beside every page: filter, selection, colour, status, one metric's last value. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {createElement: h, useEffect, useRef, useState} = React;
  const ROW = 30; // pixels; the style sheet has the same
  const SPARE = 8; // rows drawn beyond the visible ones

  const statusMarks = {
    running: ["●", "running"],
    finished: ["", "finished"],
    failed: ["✕", "failed: the script ended with an error"],
    crashed: ["!", "crashed: the script stopped without a word"],
  };

  /** The tag whose last value stands beside each run: the chosen one, else the one most runs have. */
  function columnTag() {
    const tags = tb.runs.series("scalar");
    const chosen = tb.view.get().column;
    if (tags.has(chosen)) return chosen;
    const logged = [...tags.keys()].filter((tag) => !tag.startsWith("system/"));
    const most = Math.max(0, ...logged.map((tag) => tags.get(tag).size));
    return logged.sort(tb.naturally).find((tag) => tags.get(tag).size === most) || "";
  }

  function sortRuns(list, {by, down}, values) {
    if (by === "order") return list;
    const sign = down ? -1 : 1;
    const value = (run) => {
      const info = values.get(run.name);
      return info && Number.isFinite(info.lastValue) ? info.lastValue : null;
    };
    const compare = by === "name"
      ? (a, b) => sign * tb.naturally(a.title, b.title)
      : (a, b) => {
          const [x, y] = [value(a), value(b)];
          if (x === null || y === null) return (x === null) - (y === null); // those without come last
          return sign * (x - y);
        };
    return [...list].sort(compare);
  }

  /** A long name gives way in its directories: what tells the runs of a sweep apart is at the end. */
  function Name({title}) {
    const cut = title.lastIndexOf("/", title.length - 2) + 1;
    return h(
      "span",
      {className: "run-name"},
      cut > 0 && h("span", {className: "run-directory"}, title.slice(0, cut)),
      h("span", {className: "run-base"}, title.slice(cut))
    );
  }

  function Row({run, top, info}) {
    const selected = tb.runs.isSelected(run.name);
    const [mark, status] = statusMarks[run.status] || ["?", run.status];
    const only = () => tb.runs.selectOnly([run.name]);
    return h(
      "div",
      {className: "run-row" + (selected ? "" : " off"), style: {top}, role: "listitem", onDoubleClick: only},
      h(
        "label",
        {className: "run-label", title: `${run.title}\n${status}`},
        h("input", {
          type: "checkbox",
          checked: selected,
          style: {accentColor: tb.runs.color(run.name)},
          onChange: (event) => tb.runs.select([run.name], event.target.checked),
        }),
        h("span", {className: "swatch", style: {background: tb.runs.color(run.name)}}),
        h(Name, {title: run.title})
      ),
      h("button", {type: "button", className: "only", title: "Show only this run", onClick: only}, "only"),
      h("span", {className: "run-status " + run.status, title: status, "aria-label": status}, mark),
      h("span", {className: "run-value"}, info ? tb.format.value(info.lastValue) : "")
    );
  }

  function SelectAll({names}) {
    const box = useRef(null);
    const on = names.filter((name) => tb.runs.isSelected(name)).length;
    useEffect(() => {
      box.current.indeterminate = on > 0 && on < names.length;
    });
    const toggle = () => {
      const filtered = names.length < tb.runs.all().length;
      if (filtered) tb.runs.select(names, on === 0);
      else if (on === 0) tb.runs.selectAll();
      else tb.runs.selectOnly([]);
    };
    return h("input", {
      ref: box, type: "checkbox", checked: on > 0, disabled: names.length === 0, onChange: toggle,
      title: on ? "Select none" : "Select all", "aria-label": on ? "Select none" : "Select all",
    });
  }

  function Problems() {
    const {problems, error} = tb.runs;
    const lines = problems.map((p) => h("li", {key: p.path}, h("b", null, p.path), " ", p.message));
    return h(
      React.Fragment,
      null,
      error && h("p", {className: "warning", role: "alert"}, error),
      lines.length > 0 &&
        h(
          "details",
          {className: "warning", role: "status"},
          h("summary", null, lines.length === 1 ? "1 file could not be read" : `${lines.length} files could not be read`),
          h("ul", null, lines)
        )
    );
  }

  tb.RunList = function () {
    const [sort, setSort] = useState({by: "order", down: false});
    const [scroll, setScroll] = useState({top: 0, height: 800});
    const viewport = useRef(null);
    tb.useUpdates(
      (news, changed) =>
        news.runs || news.shown || news.theme || news.status || (news.series && news.series.size > 0) ||
        changed.has("runFilter") || changed.has("selection") || changed.has("column")
    );
    useEffect(() => {
      const node = viewport.current;
      const measure = () => setScroll({top: node.scrollTop, height: node.clientHeight});
      const observer = new ResizeObserver(measure);
      observer.observe(node);
      node.addEventListener("scroll", measure, {passive: true});
      return () => {
        observer.disconnect();
        node.removeEventListener("scroll", measure);
      };
    }, []);

    const {runFilter} = tb.view.get();
    const {regex, error} = tb.pattern(runFilter);
    const tag = columnTag();
    const values = tb.runs.series("scalar").get(tag) || new Map();
    const all = tb.runs.all();
    const listed = sortRuns(all.filter((run) => tb.runs.matches(run, regex)), sort, values);
    const first = Math.max(0, Math.floor(scroll.top / ROW) - SPARE);
    const last = Math.min(listed.length, Math.ceil((scroll.top + scroll.height) / ROW) + SPARE);
    const order = (by, downFirst) => () =>
      setSort(sort.by !== by ? {by, down: downFirst} : sort.down === downFirst ? {by, down: !downFirst} : {by: "order"});
    const arrow = (by) => (sort.by === by ? (sort.down ? " ↓" : " ↑") : "");
    const tags = [...tb.runs.series("scalar").keys()].sort(tb.naturally);

    return h(
      "div",
      {className: "run-list"},
      h("input", {
        type: "search", className: "field" + (error ? " bad" : ""), placeholder: "Filter runs (regex)",
        "aria-label": "Filter runs by a regular expression", "aria-invalid": Boolean(error), spellCheck: false,
        value: runFilter, onChange: (event) => tb.view.set({runFilter: event.target.value}),
      }),
      error && h("p", {className: "field-error", role: "alert"}, "Not a regular expression: " + error),
      h(Problems),
      h(
        "div",
        {className: "run-head"},
        h(SelectAll, {names: listed.map((run) => run.name)}),
        h("button", {type: "button", className: "sort", onClick: order("name", false)}, "Run" + arrow("name")),
        tags.length > 0 && h(
          "select",
          {className: "column-choice", value: tag, title: "Metric shown: " + tag, "aria-label": "Metric shown beside each run",
            onChange: (event) => tb.view.set({column: event.target.value})},
          tags.map((name) => h("option", {key: name, value: name}, name))
        ),
        tags.length > 0 && h(
          "button",
          {type: "button", className: "sort value-sort", onClick: order("value", true), title: "Sort by the last value"},
          arrow("value") || "↕"
        )
      ),
      h(
        "div",
        {className: "run-rows", ref: viewport, role: "list", tabIndex: 0, "aria-label": "Runs"},
        h(
          "div",
          {style: {height: listed.length * ROW, position: "relative"}},
          listed.slice(first, last).map((run, i) =>
            h(Row, {key: run.id, run, top: (first + i) * ROW, info: values.get(run.name)})
          )
        ),
        tb.runs.loaded && all.length > 0 && listed.length === 0 &&
          h("p", {className: "quiet"}, "No run matches the filter.")
      ),
      h("p", {className: "run-count"}, tb.runs.loaded ? `${tb.runs.shown().length} of ${all.length} runs shown` : "Loading…")
    );
  };
})();
