/* The runs page: the table of runs, live, with the columns, order and filters that the address carries. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {createElement: h, useEffect, useRef, useState} = React;
  const REFRESH_MS = 400; // between two looks at what changed
  const TICK_MS = 5000; // durations and signs of life of what runs
  const WIDTHS = "trainboard.tableWidths";

  const NOTHING = () => {};
  const columns = tb.runColumns;

  function rememberedWidths() {
    try {
      return JSON.parse(localStorage.getItem(WIDTHS)) || {};
    } catch (error) {
      return {}; // switched off, or not ours
    }
  }

  function rememberWidths(patch) {
    try {
      localStorage.setItem(WIDTHS, JSON.stringify({...rememberedWidths(), ...patch}));
    } catch (error) {
      // The choice lasts as long as the page.
    }
  }

  function definition(id, widths) {
    const own = columns.OWN[id];
    const metric = columns.metricOf(id);
    const {title, part} = columns.titleOf(id);
    const {width, pinned} = widths[id] || {};
    const isNumber = Boolean(metric) || id === "duration";
    return {
      colId: id,
      headerName: part ? `${title} (${part})` : title,
      headerComponent: tb.runCells.Heading,
      valueGetter: ({data}) => data.v[id],
      cellRenderer: tb.runCells.renderer(id),
      comparator: (a, b, nodeA, nodeB, down) => columns.compare(a, b, down),
      sort: Object.fromEntries(tb.view.get().runsSort)[id] ?? null,
      sortIndex: tb.view.get().runsSort.findIndex(([one]) => one === id),
      width: width || (id === "name" && window.innerWidth <= 760 ? 200 : own?.width) || (metric ? 150 : Math.max(90, Math.min(200, 50 + 7.5 * title.length))),
      minWidth: 60,
      pinned: pinned === undefined ? (id === "name" && window.innerWidth > 760 ? "left" : null) : pinned,
      headerClass: isNumber ? "head-number" : undefined,
      filter: "agTextColumnFilter",
      floatingFilter: true,
      suppressFloatingFilterButton: true,
      suppressHeaderFilterButton: true,
      suppressHeaderMenuButton: true,
      filterValueGetter: id === "created" ? ({data}) => tb.format.time(data.v[id]) : undefined,
      filterParams: {
        filterPlaceholder: "filter", filterOptions: ["contains"], maxNumConditions: 1, debounceMs: 150, trimInput: true,
        textFormatter: (value) => value, textMatcher: ({value, filterText}) => tb.cellMatches(filterText ?? "", value),
      },
      resizable: true,
      suppressMovable: false,
    };
  }

  /** Keeps the grid to the runs, and the view to what was done in the grid. */
  function drive(api, onCount) {
    const known = new Map();
    let ids = [];
    let timer = null;
    let ended = false;
    let quiet = false; // while we change the grid ourselves

    // dash-ag-grid sets a filter model of its own, an empty one, some time after the grid is ready.
    const setFilterModel = api.setFilterModel.bind(api);
    api.setFilterModel = NOTHING;

    const ours = (act) => {
      quiet = true;
      act();
      quiet = false;
    };

    function filterModel() {
      const entries = Object.entries(tb.view.get().tableFilter).filter(([id]) => ids.includes(id));
      return Object.fromEntries(entries.map(([id, filter]) => [id, {filterType: "text", type: "contains", filter}]));
    }

    function setColumns() {
      const next = columns.shown();
      if (JSON.stringify(next) === JSON.stringify(ids)) return false;
      ids = next;
      ours(() => {
        const widths = rememberedWidths();
        known.clear();
        for (const row of tb.runTableRows.build(ids)) known.set(row.name, row);
        api.setGridOption("rowData", [...known.values()]);
        api.setGridOption("columnDefs", ids.map((id) => definition(id, widths)));
        setFilterModel(filterModel());
      });
      return true;
    }

    function refresh() {
      timer = null;
      if (ended) return;
      if (!setColumns()) {
        const news = tb.runTableRows.difference(known, tb.runTableRows.build(ids), ids);
        if (news.add.length + news.update.length + news.remove.length) api.applyTransaction(news);
      }
      onCount(api.getDisplayedRowCount());
    }

    const soon = () => (timer = timer ?? setTimeout(refresh, REFRESH_MS));
    const redraw = (names) => api.refreshCells({force: true, columns: names});
    const regroup = () => api.setGridOption("postSortRows", tb.groups.active() ? ({nodes}) => tb.runTableRows.clustered(nodes, tb.groups.of) : undefined);

    function runsChanged(news) {
      if (news.runs || news.shown || news.series.size) soon();
      if (news.shown || news.theme) {
        redraw(["name"]);
        if (ids.includes("group")) redraw(["group"]);
      }
    }

    function viewChanged(state, changed) {
      if (changed.has("tableColumns") || changed.has("groupBy") || changed.has("runFilter") || changed.has("archived")) {
        clearTimeout(timer);
        refresh();
      }
      if (changed.has("baseline") || changed.has("deltas")) api.refreshCells({force: true});
      if (changed.has("groupBy")) regroup();
      if (changed.has("tableFilter") && !quiet) ours(() => setFilterModel(filterModel()));
    }

    const listen = {
      sortChanged() {
        const sorted = api.getColumnState().filter(({sort}) => sort).sort((a, b) => a.sortIndex - b.sortIndex);
        if (!quiet) tb.view.set({runsSort: sorted.map(({colId, sort}) => [colId, sort])});
      },
      modelUpdated: () => onCount(api.getDisplayedRowCount()),
      filterChanged({source}) {
        if (quiet || source === "api") return;
        const typed = Object.entries(api.getFilterModel()).map(([id, {filter}]) => [id, filter]);
        ours(() => tb.view.set({tableFilter: Object.fromEntries(typed)}));
      },
      columnMoved({finished, source}) {
        if (!finished || !source.startsWith("ui")) return;
        ids = api.getAllDisplayedColumns().map((column) => column.getColId());
        tb.view.set({tableColumns: ids});
      },
      columnResized({finished, source, column}) {
        if (finished && source.startsWith("ui") && column) rememberWidths({[column.getColId()]: {...rememberedWidths()[column.getColId()], width: column.getActualWidth()}});
      },
      columnHeaderContextMenu: ({column}) => headingMenu(api, column.getColId()),
    };
    for (const [event, act] of Object.entries(listen)) api.addEventListener(event, act);
    const offs = [tb.runs.subscribe(runsChanged), tb.view.subscribe(viewChanged), tb.records.subscribe(soon)];
    const ticking = setInterval(() => {
      if (document.hidden || !tb.runs.all().some((run) => run.status === "running")) return;
      soon();
      tb.pulse.load().then(() => !ended && redraw(["status"]), () => {}); // the header says that the server is away
    }, TICK_MS);
    api.setGridOption("overlayNoRowsTemplate", "<span>No run fits the filters.</span>");
    regroup();
    refresh();
    return () => {
      ended = true;
      clearTimeout(timer);
      clearInterval(ticking);
      offs.forEach((off) => off());
    };
  }

  /** What a right click on a heading offers. */
  function headingMenu(api, id) {
    const anchor = document.querySelector(`[role="columnheader"][col-id="${CSS.escape(id)}"]`);
    if (!anchor) return;
    anchor.tabIndex = -1;
    const sort = (way) => () => api.applyColumnState({state: [{colId: id, sort: way}], defaultState: {sort: null}});
    const pinned = api.getColumn(id).getPinned();
    const pin = (side) => () => {
      rememberWidths({[id]: {...rememberedWidths()[id], pinned: side}});
      api.setColumnsPinned([id], side);
    };
    const shown = columns.shown();
    const metric = columns.metricOf(id);
    const as = (aggregate) => () => tb.view.set({tableColumns: shown.map((one) => (one === id ? `${aggregate}:${metric.tag}` : one))});
    tb.kit.menu(anchor, [
      {header: columns.titleOf(id).title},
      {label: "Sort up", run: sort("asc")}, {label: "Sort down", run: sort("desc")},
      {label: pinned ? "Unpin" : "Pin to the left", run: pin(pinned ? null : "left")},
      {label: "Fit the width", run: () => api.autoSizeColumns([id])},
      ...(id === "name" ? [] : [{label: "Hide", run: () => tb.view.set({tableColumns: shown.filter((one) => one !== id)})}]),
      ...(metric
        ? [{separator: true}, ...Object.entries(columns.AGGREGATES).map(([aggregate, [label, hint]]) => ({label, hint, checked: aggregate === metric.aggregate, run: as(aggregate)})),
            {separator: true}, {label: "Open the chart", run: () => tb.go("/scalars", {tagFilter: "^" + metric.tag.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") + "$"})}]
        : []),
    ]);
  }

  /** A text that a spreadsheet would take for a formula is told to be a text. */
  const asCell = ({value}) => (typeof value === "string" && /^[=+@\t-]/.test(value) ? "'" + value : value ?? "");

  function saveCsv(api) {
    const csv = api.getDataAsCsv({processCellCallback: asCell});
    tb.kit.download("runs.csv", csv, "text/csv");
  }

  function Toolbar({api, count}) {
    const pick = useRef(null);
    const {baseline, selection, archived, deltas} = tb.view.get();
    const base = tb.runs.get(baseline);
    const shown = tb.runs.shown();
    const names = shown.map((run) => run.name);
    const query = tb.runQuery(tb.view.get().runFilter);
    const all = tb.runs.all().length;
    const nArchived = tb.runs.archivedCount();
    return h(
      "div", {className: "table-bar"},
      h(tb.RunFilter, {value: tb.view.get().runFilter, error: query.error}),
      h(tb.RunTools, {names}),
      h("span", {className: "table-count", role: "status"}, count === null ? "" : count === all ? tb.editing.counted(all) : `${count.toLocaleString("en-US")} of ${tb.editing.counted(all)}`,
        shown.length < all && ` · ${shown.length.toLocaleString("en-US")} selected`),
      nArchived > 0 && h("button", {type: "button", className: "link-button", "aria-pressed": archived, onClick: () => tb.view.set({archived: !archived})}, archived ? "hide archived" : `${nArchived} archived`),
      base && h("span", {className: "baseline-chip"}, h("span", {className: "swatch", style: {background: tb.runs.color(baseline)}}), h("span", {className: "baseline-name", title: base.title}, "against ", h("b", null, base.title)),
        h("button", {type: "button", className: "more", title: "Tell the distances in the metric's unit or in percent", "aria-label": `Distances ${deltas === "percent" ? "in percent" : "in the metric's unit"}`,
          onClick: () => tb.view.set({deltas: deltas === "percent" ? "absolute" : "percent"})}, deltas === "percent" ? "%" : "Δ"),
        h("button", {type: "button", className: "more", "aria-label": "No baseline", title: "No baseline", onClick: () => tb.view.set({baseline: ""})}, "✕")),
      h("span", {className: "table-space"}),
      h("button", {type: "button", className: "button", onClick: () => (names.length === all && selection.except ? tb.runs.selectOnly([]) : tb.runs.selectAll())}, names.length === all ? "Select none" : "Select all"),
      h("button", {type: "button", className: "button", disabled: names.length < 2 || names.length > 50, title: "Compare the selected runs (2 to 50)", onClick: () => tb.go("/compare")}, "Compare"),
      h("button", {type: "button", className: "button column-button", ref: pick, disabled: !api, "aria-haspopup": "dialog", onClick: () => tb.columnPicker.open(pick.current)}, "Columns ▾"),
      h("button", {type: "button", className: "button csv-button", disabled: !api, title: "Save what the table shows as CSV", onClick: () => saveCsv(api)}, "CSV")
    );
  }

  const gridProperties = {
    id: "run-grid", className: "run-grid", columnDefs: [], rowData: [], getRowId: "params.data.name", setProps: NOTHING, style: {height: "100%", width: "100%"},
    dashGridOptions: {
      rowHeight: 34, headerHeight: 44, floatingFiltersHeight: 34, animateRows: false, enableCellTextSelection: true, suppressDragLeaveHidesColumns: true,
      suppressScrollOnNewData: true, maintainColumnOrder: false, alwaysMultiSort: false,
    },
  };

  function Empty() {
    return h(
      "div", {className: "notice"}, h("h2", null, "No runs yet"), h("p", null, "Log one, and it shows here at once:"),
      h("pre", null, `from summaries import SummaryWriter\n\nwith SummaryWriter(${tb.exampleRun()}) as writer:\n    for step in range(100):\n        writer.add_scalar("train/loss", 1 / (step + 1), step)`)
    );
  }

  tb.RunTable = function ({id}) {
    const [grid, setGrid] = useState(null); // window.dash_ag_grid
    const [api, setApi] = useState(null);
    const [error, setError] = useState(null);
    const [count, setCount] = useState(null);
    tb.useUpdates((news, changed) => news.runs || news.shown || news.theme || ["runFilter", "selection", "baseline", "groupBy", "archived", "deltas"].some((key) => changed.has(key)));
    useEffect(() => {
      let gone = false;
      Promise.all([tb.agGrid(), tb.records.load(), tb.runs.ready]).then(([kit]) => !gone && setGrid(kit), (problem) => !gone && setError(problem.message));
      return () => (gone = true);
    }, []);
    useEffect(() => {
      if (!grid) return undefined;
      let end = NOTHING;
      let gone = false;
      grid.getApiAsync(gridProperties.id).then((found) => {
        if (gone) return;
        setApi(found);
        end = drive(found, setCount);
      });
      return () => {
        gone = true;
        end();
      };
    }, [grid]);
    const none = tb.runs.loaded && tb.runs.all().length === 0 && tb.runs.archivedCount() === 0;
    return h(
      "div", {id, className: "run-table"},
      h(Toolbar, {api, count}),
      error && h("p", {className: "warning", role: "alert"}, error),
      none && h(Empty),
      h("div", {className: "run-grid-box", hidden: none}, grid ? h(grid.AgGrid, gridProperties) : !error && h("p", {className: "quiet"}, "Loading…"))
    );
  };
})();
