/* The tables page: tables of the shown runs at one step, and what changed in them. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const h = (...args) => React.createElement(...args);
  const {Against, Group, TagFilter, grouped, nothing} = tb.tags;
  const {compared, csv, filterOf, plain, sorted} = tb.tableRows;
  const pages = ["/tables"];
  const KEPT = 24;
  const AT_FIRST = 12;
  const HEIGHT = 380;
  const TALL = 720;
  const cache = new Map(); // address -> Promise of the table

  tb.view.declare("tableAgainst", "", {param: "against-table", pages, valid: (v) => ["", "step", "run"].includes(v)});
  tb.view.declare("tableQuery", "", {param: "rows", pages});
  tb.view.declare("rowSort", "", {param: "row-sort", pages});
  tb.view.declare("tableClosed", [], {param: "folded-tables", pages});
  const KEYS = ["tableAgainst", "tableQuery", "tableClosed", "tagFilter", "baseline", "rowSort"];

  const example = () =>
    `from summaries import SummaryWriter\n\nwith SummaryWriter(${tb.exampleRun()}) as writer:\n` +
    '    writer.add_table("predictions", rows, step, columns=["file", "label", "guess"])  # or a pandas frame';

  const query = (series, index) => new URLSearchParams({run: series.run, tag: series.tag, at: index, of: series.identity});

  function fetched(series, index) {
    const path = `/api/table?${query(series, index)}`;
    if (!cache.has(path)) {
      const answer = tb.http.json(path);
      answer.catch(() => cache.delete(path));
      cache.set(path, answer);
      if (cache.size > KEPT) cache.delete(cache.keys().next().value);
    }
    return cache.get(path);
  }

  /** {table, error}: what stood there stands until the next one came. */
  function useTable(series, index) {
    const {useEffect, useState} = React;
    const [state, setState] = useState({table: null, error: ""});
    const there = Boolean(series && series.loaded && index >= 0);
    useEffect(() => {
      if (!there) return setState({table: null, error: ""});
      let current = true;
      fetched(series, index).then(
        (table) => current && setState({table, error: ""}),
        (error) => current && setState({table: null, error: error.message})
      );
      return () => void (current = false);
    }, [there && series.key, there && series.identity, index]);
    return state;
  }

  /* A sort is named by its column, so that it holds for tables of other columns: "-loss". */
  function sortOf(text, columns) {
    const column = columns.indexOf(text.replace(/^[-+]/, ""));
    return text && column >= 0 ? {column, down: text.startsWith("-")} : null;
  }

  function Counts({rows, all, table, compares, other}) {
    const parts = [rows.length === all.length ? `${tb.format.step(all.length)} rows` : `${tb.format.step(rows.length)} of ${tb.format.step(all.length)} rows`];
    if (table.n_rows > table.rows.length) parts.push(`the first ${tb.format.step(table.rows.length)} of ${tb.format.step(table.n_rows)}: the file has all`);
    if (compares) {
      const n = (kind) => all.reduce((sum, row) => sum + (row.kind === kind), 0);
      parts.push(`from ${other.title}: ${n("changed")} changed, ${n("added")} added, ${n("removed")} removed`);
      parts.push(compares.key === null ? "rows matched by their number" : `rows matched by "${compares.key}"`);
    }
    return h("span", {className: "table-counts", role: "status"}, parts.join(" · "));
  }

  function Content({series, at, other, table, before, tall, only, label, saved}) {
    const {useEffect, useMemo} = React;
    const {tableQuery, rowSort} = tb.view.get();
    const compares = useMemo(() => (before ? compared(before, table) : null), [before, table]);
    const columns = compares ? compares.columns : table.columns;
    const all = useMemo(() => (compares ? compares.rows : plain(table)), [compares, table]);
    const sort = sortOf(rowSort, columns);
    const rows = useMemo(() => {
      const passes = filterOf(tableQuery, columns);
      return sorted(all.filter((row) => (!only || row.kind !== "same") && passes(row.cells)), sort);
    }, [all, tableQuery, rowSort, only, columns]);
    useEffect(() => void (saved.current = () => csv(columns, rows)));
    const onSort = (k) => {
      const name = columns[k];
      // Up, down, as logged.
      tb.view.set({rowSort: !sort || sort.column !== k ? "+" + name : sort.down ? "" : "-" + name});
    };
    return h(React.Fragment, null,
      h(tb.TableGrid, {columns, rows, sort, onSort, label, height: tall ? TALL : HEIGHT}),
      rows.length ? null : h("p", {className: "media-message"}, all.length ? "no row passes" : "a table without rows"),
      h(Counts, {rows, all, table, compares, other}));
  }

  function TableCard({tag, name, run, titled, against, reference}) {
    const {useRef, useState} = React;
    const ref = useRef(null);
    const saved = useRef(() => "");
    const [, seen] = tb.useInSight(ref);
    const [tall, setTall] = useState(false);
    const [only, setOnly] = useState(false);
    const series = tb.steps.useSeries("table", run.name, tag, seen);
    const at = tb.steps.useCardStep(series);
    const compare = against === "run" && reference === run.name ? "" : against;
    const other = tb.steps.useOther(series, at, "table", tag, compare, reference);
    const {table, error} = useTable(series, at.index);
    const before = useTable(other && other.series, other ? other.index : -1);
    const save = (event) =>
      tb.kit.menu(event.currentTarget, [
        {label: "Save the table as CSV", run: () => tb.el("a", {href: tb.http.url(`/api/table.csv?${query(series, at.index)}`), download: ""}).click()},
        {label: "Save the rows shown as CSV", run: () => tb.kit.download(`${tag}-${at.step}.csv`.replace(/[^\w.=-]+/g, "_"), saved.current(), "text/csv")},
      ], {align: "end"});
    const message = error || (series && series.error) || before.error;
    const label = `Table ${tag}, run ${run.title}`;
    return h("article", {ref, className: "media-card table-card", "aria-label": `${tag}, run ${run.title}`},
      h("header", null,
        titled === "run" ? null : h("h3", {title: tag}, name),
        titled === "tag" ? null : h(tb.tags.RunName, {run}),
        compare && other && other.index >= 0
          ? h("label", {className: "table-only"}, h("input", {type: "checkbox", checked: only, onChange: (event) => setOnly(event.target.checked)}), "only changes")
          : null,
        h("button", {type: "button", className: "card-button", title: tall ? "Smaller" : "Larger", "aria-pressed": tall, onClick: () => setTall(!tall)}, tall ? "smaller" : "larger"),
        table ? h("button", {type: "button", className: "card-button table-save", "aria-haspopup": "menu", "aria-label": `Save ${tag}, run ${run.title}`, onClick: save}, "save") : null),
      message ? h("p", {className: "media-message", role: "alert"}, message) : null,
      table
        ? h(Content, {series, at, other, table, before: compare ? before.table : null, tall, only: only && Boolean(compare), label, saved})
        : message ? null : h("p", {className: "media-message"}, series && series.loaded && at.index < 0 ? "nothing here yet" : "reading …"),
      h(tb.steps.CardStep, {series, at}));
  }

  function Controls({reference}) {
    const state = tb.view.get();
    return h("div", {className: "media-bar"},
      h(TagFilter),
      h("input", {
        type: "search", className: "field table-query", placeholder: 'Filter rows: cat  loss>0.5  label!="a b"', "aria-label": "Filter rows: words, or column > value",
        title: 'Words that some cell has, and conditions on columns: loss>0.5 label=cat file:img "two words"', value: state.tableQuery,
        onChange: (event) => tb.view.set({tableQuery: event.target.value}),
      }),
      h(Against, {name: "table-against", plain: "Tables", value: state.tableAgainst, choose: (tableAgainst) => tb.view.set({tableAgainst}), reference}),
      h(tb.steps.StepBar));
  }

  function Cards({entries, several, reference}) {
    const {useState} = React;
    const [most, setMost] = useState(AT_FIRST);
    const cards = entries.flatMap((entry) => entry.runs.map((run) => ({...entry, run})));
    const {tableAgainst} = tb.view.get();
    return h("div", {className: "table-cards"},
      cards.slice(0, most).map((card) =>
        h(TableCard, {key: card.tag + "\n" + card.run.name, ...card, titled: several ? "both" : "tag", against: tableAgainst, reference})),
      cards.length > most
        ? h("button", {type: "button", className: "button media-more", onClick: () => setMost(most + AT_FIRST)}, `Show ${cards.length - most} more tables`)
        : null);
  }

  tb.TableView = function () {
    tb.useUpdates((news, changed) =>
      Boolean(news.runs || news.shown || news.theme || KEYS.some((key) => changed.has(key)) || (news.series && [...news.series].some((key) => key.startsWith("table\n")))));
    const state = tb.view.get();
    const shown = tb.runs.shown();
    const groups = grouped(["table"], shown, state.tagFilter);
    const empty = nothing({kinds: ["table"], what: "tables", shown, groups, code: example});
    if (empty && !state.tagFilter) return empty;
    const several = new Set([...groups.values()].flat().flatMap((entry) => entry.runs)).size > 1;
    const reference = shown.some((run) => run.name === state.baseline) ? state.baseline : shown.length ? shown[0].name : null;
    return h("div", null,
      h(Controls, {reference}),
      empty || [...groups].map(([prefix, entries]) =>
        h(Group, {key: prefix, prefix, count: entries.reduce((n, entry) => n + entry.runs.length, 0), closedKey: "tableClosed"}, () => h(Cards, {entries, several, reference}))));
  };
})();
