/* The embeddings page: one or two clouds with a common camera, and what is known of their points. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const own = tb.projector;
  const {concerns, Example, Notice} = tb.cardGroups;
  const h = (...args) => React.createElement(...args);
  const pages = ["/embeddings"];
  const NONE = new Set();
  const isPane = (pane) => pane && typeof pane.run === "string" && typeof pane.tag === "string";

  tb.view.declare("projPanes", [], {param: "clouds", pages, valid: (list) => list.length <= 2 && list.every(isPane)});
  tb.view.declare("projSpec", own.DEFAULTS, {
    param: "projection", pages,
    valid: (v) => v.method in own.USED && Object.keys(own.DEFAULTS).every((name) => typeof v[name] === typeof own.DEFAULTS[name]),
  });
  tb.view.declare("projAxes", [0, 1, 2], {param: "components", pages, valid: (v) => v.length === 3 && v.every((n) => Number.isInteger(n) && n >= 0)});
  tb.view.declare("projColour", "", {param: "colourby", pages});
  tb.view.declare("projPoint", -1, {param: "point", pages, valid: Number.isInteger});
  tb.view.declare("projMetric", "cosine", {param: "distance", pages, valid: (v) => v === "cosine" || v === "euclidean"});
  tb.view.declare("projCount", 20, {param: "near", pages, valid: (v) => Number.isInteger(v) && v > 0 && v <= 500});
  tb.view.declare("projPictures", false, {param: "pictures", pages});
  tb.view.declare("projNames", true, {param: "pointnames", pages});

  /** A camera that several canvases share; `moved()` has them all drawn anew. */
  function makeRig() {
    const rig = {camera: own.start(), listeners: new Set(), moved: () => rig.listeners.forEach((listener) => listener())};
    return rig;
  }

  /** The panes shown: as the view has them where they still are, else the first there is. */
  function panesOf(series) {
    const having = (run, tag) => series.get(tag) && series.get(tag).has(run);
    const wanted = tb.view.get().projPanes.filter(({run, tag}) => having(run, tag));
    if (wanted.length) return wanted;
    const shown = tb.runs.shown();
    for (const tag of [...series.keys()].sort(tb.naturally)) {
      const run = shown.find(({name}) => having(name, tag)) || tb.runs.all().find(({name}) => having(name, tag));
      if (run) return [{run: run.name, tag}];
    }
    return [];
  }

  function PaneHead({pane, at, info, series, steps, cardStep, onChange, onClose}) {
    const tags = [...series.keys()].sort(tb.naturally);
    const runs = tb.runs.all().filter(({name}) => series.get(pane.tag)?.has(name));
    const choose = (patch) => {
      const next = {...pane, ...patch};
      if (!series.get(next.tag).has(next.run)) next.run = series.get(next.tag).keys().next().value;
      onChange(next);
    };
    return h(
      "header",
      {className: "pj-pane-head"},
      h("i", {className: "swatch", style: {background: tb.runs.color(pane.run)}}),
      h(
        "select",
        {className: "field", "aria-label": `Run ${at + 1}`, value: pane.run, onChange: (event) => choose({run: event.target.value})},
        runs.map(({name, title}) => h("option", {key: name, value: name}, title))
      ),
      tags.length > 1
        ? h(
            "select",
            {className: "field", "aria-label": `Tag ${at + 1}`, value: pane.tag, onChange: (event) => choose({tag: event.target.value})},
            tags.map((tag) => h("option", {key: tag, value: tag}, tag))
          )
        : h("span", {className: "pj-tag", title: pane.tag}, pane.tag),
      info ? h("span", {className: "pj-size"}, `${tb.format.step(info.rows)} × ${tb.format.step(info.dims)} ${info.dtype}`) : null,
      h(tb.steps.CardStep, {series: steps, at: cardStep}),
      onClose ? h("button", {type: "button", className: "button icon-button", "aria-label": "Close this side", onClick: onClose}, "✕") : null
    );
  }

  /** Everything that belongs to one pane; its facts are handed up, as the panel shows those of both. */
  function Pane(props) {
    const {pane, at, spec, onFacts, metric, count, selected} = props;
    const steps = tb.steps.useSeries("embedding", pane.run, pane.tag);
    const cardStep = tb.steps.useCardStep(steps);
    const number = steps && steps.loaded ? cardStep.index : -1;
    const place = number >= 0 ? {run: pane.run, tag: pane.tag, number} : null;
    const {info, error} = own.useInfo(place);
    const projection = own.useProjection(place, spec);
    const sprite = own.useSprite(info);
    const near = own.useNeighbours(place, info && selected < info.rows ? selected : -1, count, metric);
    const run = tb.runs.get(pane.run);
    const facts = {key: at, title: run ? run.title : pane.run, info, sprite, near, cloud: projection.cloud};
    React.useEffect(() => onFacts(at, facts), [info, sprite, near, projection.cloud, facts.title]);
    const problem = error || (steps && steps.error);
    const strong = props.strongOf(facts);
    const isolated = props.isolatedOf(facts);
    return h(
      "div",
      {className: "pj-pane"},
      h(PaneHead, {...props, info, steps, cardStep}),
      problem ? h("p", {className: "field-error", role: "alert"}, problem) : null,
      h(own.Stage, {...props, run: pane.run, tag: pane.tag, projection, sprite: props.pictures ? sprite : null, strong, isolated})
    );
  }

  /** What the user does on the page that no link needs to carry. */
  function useDoings() {
    const {useState} = React;
    const [tool, setTool] = useState("turn");
    const [search, setSearch] = useState({text: "", isRegex: false, column: ""});
    const [selection, setSelection] = useState([]);
    const [isolated, setIsolated] = useState(null);
    const [category, setCategory] = useState(null);
    const [hoverRow, setHoverRow] = useState(-1);
    return {tool, setTool, search, setSearch, selection, setSelection, isolated, setIsolated, category, setCategory, hoverRow, setHoverRow};
  }

  /** The rows that stand out in a cloud: found, lassoed, of a category, or the selected one and its neighbours. */
  function strongRows({cloud, near}, doing, hits, colour, selected) {
    if (hits.rows.length) return new Set(hits.rows);
    if (doing.selection.length) return new Set(doing.selection);
    if (doing.category !== null && cloud) {
      const values = cloud.labels[cloud.columns.indexOf(colour)] || [];
      const rows = new Set();
      values.forEach((value, i) => value === doing.category && rows.add(cloud.rows[i]));
      return rows;
    }
    if (selected >= 0 && near) return new Set([selected, ...near.rows]);
    return NONE;
  }

  function Projector({panes, series}) {
    const {useMemo, useRef, useState} = React;
    const view = {...tb.view.get()};
    const {projSpec: spec, projAxes: axes, projPoint: selected, projMetric: metric, projCount: count} = view;
    const rig = useRef(null);
    if (!rig.current) rig.current = makeRig();
    const doing = useDoings();
    const [facts, setFacts] = useState([]);
    const onFacts = (at, fact) => setFacts((before) => Object.assign([...before], {[at]: fact}));
    const known = panes.map((_, at) => facts[at] || {key: at, cloud: null, info: null, near: null, sprite: null, title: ""});
    const columns = known[0].info ? known[0].info.columns : [];
    const colour = columns.includes(view.projColour) || view.projColour === "" ? view.projColour : "";
    const clouds = known.map(({cloud}) => cloud);
    const scale = useMemo(
      () => (colour ? own.scaleOf(clouds.filter(Boolean).map((cloud) => cloud.labels[cloud.columns.indexOf(colour)] || [])) : null),
      [colour, ...clouds, clouds.length]
    );
    const hits = useMemo(() => own.found(clouds, doing.search.column, doing.search.text, doing.search.isRegex), [...clouds, clouds.length, doing.search]);
    const strongOf = (fact) => strongRows(fact, doing, hits, colour, selected);
    // One object while nothing of it changed, or every move of the pointer would put the whole scene together anew.
    const memory = useRef(new Map()).current;
    const stable = (name, made) => {
      const before = memory.get(name);
      const same = before && made && before.size === made.size && [...made].every((row) => before.has(row));
      if (!same) memory.set(name, made);
      return memory.get(name);
    };
    const set = (patch) => tb.view.set({projSpec: {...spec, ...patch}});
    const pick = (row) => {
      doing.setHoverRow(-1);
      tb.view.set({projPoint: row});
    };
    const second = () => {
      if (panes.length > 1) return tb.view.set({projPanes: panes.slice(0, 1)});
      const [{run, tag}] = panes;
      const others = tb.runs.shown().filter(({name}) => name !== run && series.get(tag).has(name));
      return tb.view.set({projPanes: [...panes, {run: others.length ? others[0].name : run, tag}]});
    };
    const change = (at) => (pane) => tb.view.set({projPanes: panes.map((other, i) => (i === at ? pane : other))});
    const reset = () => {
      Object.assign(rig.current.camera, own.start());
      rig.current.moved();
    };
    const lasso = (rows) => doing.setSelection(rows);
    return h(
      React.Fragment,
      null,
      h(own.Controls, {
        spec, set, axes, onAxes: (projAxes) => tb.view.set({projAxes}), tool: doing.tool, onTool: doing.setTool, info: known[0].info, cloud: known[0].cloud,
        sprite: known[0].sprite, view, onReset: reset, isolated: doing.isolated, onWhole: () => doing.setIsolated(null), several: panes.length > 1, onSecond: second,
      }),
      h("div", {className: "pj-steps"}, h(tb.steps.StepBar)),
      h(
        "div",
        {className: "pj-body"},
        h(
          "div",
          {className: "pj-panes"},
          panes.map((pane, at) =>
            h(Pane, {
              key: at, pane, at, series, spec, axes, scale, colour, rig: rig.current, tool: doing.tool, selected, metric, count, onFacts,
              hoverRow: doing.hoverRow, namesOf: view.projNames ? doing.search.column || colour || columns[0] || "row" : null, pictures: view.projPictures,
              strongOf: (fact) => stable("strong" + at, strongOf(fact)), isolatedOf: () => doing.isolated, onPick: pick,
              onHover: doing.setHoverRow, onLasso: lasso, onChange: change(at),
              onClose: panes.length > 1 ? () => tb.view.set({projPanes: panes.filter((_, i) => i !== at)}) : null,
            })
          )
        ),
        h(
          "aside",
          {className: "pj-panel", "aria-label": "Points"},
          selected >= 0
            ? h(own.Point, {
                row: selected, panes: known, metric, count, onMetric: (projMetric) => tb.view.set({projMetric}), onCount: (projCount) => tb.view.set({projCount}),
                onPick: pick, onHover: doing.setHoverRow, onIsolate: () => doing.setIsolated(strongRows(known[0], {...doing, selection: [], category: null}, {rows: []}, colour, selected)),
              })
            : null,
          doing.selection.length
            ? h(own.Selection, {
                rows: doing.selection, cloud: known[0].cloud, colour, onIsolate: () => doing.setIsolated(new Set(doing.selection)),
                onClear: () => doing.setSelection([]), onPick: pick, onHover: doing.setHoverRow,
              })
            : null,
          h(own.Colours, {columns, colour, scale, strong: doing.category, onColour: (projColour) => {
            doing.setCategory(null);
            tb.view.set({projColour});
          }, onCategory: doing.setCategory}),
          columns.length ? h(own.Search, {search: doing.search, onSearch: doing.setSearch, hits, cloud: known[0].cloud, columns, onPick: pick, onHover: doing.setHoverRow}) : null,
          columns.length || !known[0].info ? null : h("p", {className: "pj-note"}, "No labels were logged: add_embedding(…, metadata=labels) names the points.")
        )
      )
    );
  }

  function ProjectorView() {
    tb.useUpdates(concerns("embedding"));
    if (!tb.runs.loaded) return h("p", {className: "quiet", role: "status"}, tb.runs.error || "Reading the logdir …");
    const series = tb.runs.series("embedding");
    if (!series.size) {
      return h(Example, {
        title: "No embeddings were logged yet",
        intro: "Log a matrix with one vector a row, with labels if there are any, as often as you like:",
        lines: ["writer.add_embedding(vectors, metadata=labels, global_step=step)"],
      });
    }
    const panes = panesOf(series);
    if (!panes.length) return h(Notice, {title: "No run has an embedding now"}, h("p", null, "The runs that logged one are gone."));
    return h(Projector, {panes, series});
  }

  tb.ProjectorView = ProjectorView;
})();
