/* The list of runs beside every page: filter, groups, tree, selection, colour, status, one metric's last value. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {createElement: h, useEffect, useRef, useState} = React;
  const ROW = 30; // pixels; the style sheet has the same
  const SPARE = 8; // rows drawn beyond the visible ones

  tb.view.declare("runTree", false, {param: "tree", remember: true});

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

  function filterHelp(anchor) {
    const {el} = tb;
    const line = (code, text) => [el("dt", {}, el("code", {}, code)), el("dd", {}, text)];
    tb.kit.popover(anchor, el(
      "div", {class: "filter-help"},
      el("p", {}, "A word is a regular expression of the name. Besides, or together with it:"),
      el("dl", {}, ...line("lr<0.01", "a setting, a result or a metric's last value: < <= > >="), ...line("optimizer:adam", "has this value; adam,sgd one of these; adam* begins so"),
        ...line("status:running", "running, finished, failed, crashed"), ...line("tag:best", "has this tag; !tag:best has it not"), ...line('notes:"warm up"', "the notes say this"))
    ), {align: "end"});
  }

  function Filter({value, error}) {
    const help = useRef(null);
    return h(
      "div", {className: "run-filter"},
      h("input", {
        type: "search", className: "field" + (error ? " bad" : ""), placeholder: "Filter: regex, lr<0.01, tag:best",
        "aria-label": "Filter runs by a regular expression or by terms such as lr<0.01", "aria-invalid": Boolean(error), spellCheck: false,
        value, onChange: (event) => tb.view.set({runFilter: event.target.value}),
      }),
      h("button", {type: "button", className: "button icon-button filter-hint", ref: help, "aria-label": "What can be filtered by", title: "What can be filtered by",
        onClick: () => filterHelp(help.current)}, "?")
    );
  }

  function Tools({names}) {
    const group = useRef(null);
    const more = useRef(null);
    const {runTree, groupBy} = tb.view.get();
    const by = tb.groupControl.described(groupBy);
    const open = () => tb.runActions.menu(more.current, names, {header: `The ${tb.editing.counted(names.length, "shown run")}`});
    return h(
      "div", {className: "run-tools"},
      h("button", {type: "button", className: "button group-button", ref: group, "aria-pressed": groupBy.length > 0, "aria-haspopup": "dialog", title: by || "Group the runs",
        onClick: () => tb.groupControl.open(group.current)}, by ? "Group: " + by : "Group", " ▾"),
      h("button", {type: "button", className: "button tree-button", "aria-pressed": runTree, disabled: groupBy.length > 0,
        title: "Show names with slashes as a tree", onClick: () => tb.view.set({runTree: !runTree})}, "Tree"),
      h("button", {type: "button", className: "button icon-button", ref: more, disabled: names.length === 0, "aria-haspopup": "menu",
        "aria-label": "Actions on the shown runs", title: "Actions on the shown runs", onClick: open}, "⋯")
    );
  }

  function Foot() {
    const archived = tb.runs.archivedCount();
    const showing = tb.view.get().archived;
    const all = tb.runs.all();
    return h(
      "div", {className: "run-foot"},
      h("p", {className: "run-count"}, tb.runs.loaded ? `${tb.runs.shown().length} of ${all.length} runs shown` : "Loading…"),
      archived > 0 && h("button", {type: "button", className: "link-button", "aria-pressed": showing, onClick: () => tb.view.set({archived: !showing})},
        showing ? "hide archived" : `${archived} archived`)
    );
  }

  /** Where the list stands: {top, height} of what is in sight. */
  function useScroll(viewport) {
    const [scroll, setScroll] = useState({top: 0, height: 800});
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
    return scroll;
  }

  const namesOf = (row) => (row.type === "run" ? [row.run.name] : row.runs.map((run) => run.name));

  /** What rows do; `last` remembers which was switched last, for a Shift-click on another. */
  function actions(rows, last, closed, setClosed) {
    return {
      select(row, on, event) {
        const [a, b] = [rows.findIndex(({key}) => key === last.current), rows.indexOf(row)];
        last.current = row.key;
        const range = event.shiftKey && a >= 0 ? rows.slice(Math.min(a, b), Math.max(a, b) + 1).filter(({type}) => type === "run") : [row];
        tb.runs.select(range.flatMap(namesOf), on);
      },
      toggle(row) {
        const next = new Set(closed);
        if (!next.delete(row.key)) next.add(row.key);
        setClosed(next);
      },
      only: (row) => tb.runs.selectOnly(namesOf(row)),
      menu: (anchor, row) => tb.runActions.menu(anchor, namesOf(row), row.type === "run" ? {} : {header: `${row.label}: ${tb.editing.counted(row.runs.length)}`}),
    };
  }

  /** The keys of a tree: arrows move and fold, Space selects, Enter opens, the menu key shows the menu. */
  function pressed(event, {rows, at, setAt, act, viewport}) {
    const row = rows[at];
    const page = Math.max(1, Math.floor(viewport.clientHeight / ROW) - 1);
    const steps = {ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length};
    const heading = row && row.type !== "run";
    if (event.key in steps) {
      const next = Math.max(0, Math.min(rows.length - 1, (at < 0 ? -1 : at) + steps[event.key]));
      setAt(next);
      const top = next * ROW;
      if (top < viewport.scrollTop) viewport.scrollTop = top;
      else if (top + ROW > viewport.scrollTop + viewport.clientHeight) viewport.scrollTop = top + ROW - viewport.clientHeight;
    } else if (!row) return;
    else if (event.key === " ") act.select(row, !namesOf(row).every((name) => tb.runs.isSelected(name)), event);
    else if (event.key === "Enter") heading ? act.toggle(row) : tb.go("/run", {detail: row.run.name});
    else if (event.key === "ArrowRight" && heading && !row.open) act.toggle(row);
    else if (event.key === "ArrowLeft" && heading && row.open) act.toggle(row);
    else if (event.key === "ArrowLeft") {
      const above = rows.slice(0, at).findLastIndex((one) => one.depth < row.depth);
      if (above >= 0) setAt(above);
    } else if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) {
      act.menu(viewport.querySelector(".run-row.active .more"), row);
    } else return;
    event.preventDefault();
  }

  function Rows({rows, values, empty}) {
    const viewport = useRef(null);
    const last = useRef(null);
    const scroll = useScroll(viewport);
    const [at, setAt] = useState(-1);
    const {closed, setClosed} = rows;
    const act = actions(rows.list, last, closed, setClosed);
    const {list} = rows;
    const first = Math.max(0, Math.floor(scroll.top / ROW) - SPARE);
    const end = Math.min(list.length, Math.ceil((scroll.top + scroll.height) / ROW) + SPARE);
    return h(
      "div",
      {
        className: "run-rows", ref: viewport, role: list.length ? "tree" : undefined, tabIndex: 0, "aria-label": "Runs", "aria-multiselectable": list.length ? true : undefined,
        "aria-activedescendant": at >= first && at < end ? `run-row-${at}` : undefined,
        onKeyDown: (event) => event.target === event.currentTarget && pressed(event, {rows: list, at, setAt, act, viewport: viewport.current}),
        onBlur: (event) => event.currentTarget === event.target && setAt(-1),
      },
      h(
        "div",
        {style: {height: list.length * ROW, position: "relative"}, role: "presentation"},
        list.slice(first, end).map((row, i) =>
          h(tb.RunRow, {
            key: row.key, row, top: (first + i) * ROW, info: row.run && values.get(row.run.name), active: first + i === at, act,
            place: {id: `run-row-${first + i}`, "aria-level": row.depth + 1, "aria-setsize": list.length, "aria-posinset": first + i + 1},
          })
        )
      ),
      empty && h("p", {className: "quiet"}, "No run matches the filter.")
    );
  }

  tb.RunFilter = Filter;
  tb.RunTools = Tools;
  tb.RunFoot = Foot;

  tb.RunList = function () {
    const [sort, setSort] = useState({by: "order", down: false});
    const [closed, setClosed] = useState(new Set());
    tb.useUpdates(
      (news, changed) =>
        news.runs || news.shown || news.theme || news.status || (news.series && news.series.size > 0) ||
        ["runFilter", "selection", "column", "runTree", "groupBy", "baseline", "archived"].some((key) => changed.has(key))
    );
    const {runFilter, runTree} = tb.view.get();
    const query = tb.runQuery(runFilter);
    const tag = columnTag();
    const values = tb.runs.series("scalar").get(tag) || new Map();
    const all = tb.runs.all();
    const listed = sortRuns(all.filter(query.matches), sort, values);
    const groupOf = tb.groups.active() ? tb.groups.of : null;
    const list = tb.runRows(listed, {asTree: runTree, groupOf, closed});
    const order = (by, downFirst) => () =>
      setSort(sort.by !== by ? {by, down: downFirst} : sort.down === downFirst ? {by, down: !downFirst} : {by: "order"});
    const arrow = (by) => (sort.by === by ? (sort.down ? " ↓" : " ↑") : "");
    const tags = [...tb.runs.series("scalar").keys()].sort(tb.naturally);

    return h(
      "div",
      {className: "run-list"},
      h(Filter, {value: runFilter, error: query.error}),
      query.error && h("p", {className: "field-error", role: "alert"}, "Not a regular expression: " + query.error),
      h(Tools, {names: tb.runs.shown().map((run) => run.name)}),
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
      h(Rows, {rows: {list, closed, setClosed}, values, empty: tb.runs.loaded && all.length > 0 && listed.length === 0}),
      h(Foot)
    );
  };
})();
