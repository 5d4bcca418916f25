/* The graph page's component: fetches a run's graph, holds what is open and selected, wires the rest.
 *
 * Open scopes, selection, run and colouring live in `trainboard.view`, so a link shows the same.
 */
(function () {
  "use strict";

  const tb = window.trainboard;
  const graphs = tb.scopeGraph;
  const h = (...args) => window.React.createElement(...args);
  const MAX_BOXES = 4000;
  const MOVE_MS = 180;
  const COLOURS = [
    ["type", "Op type"],
    ["device", "Device"],
    ["structure", "Structure"],
    ["time", "Compute time"],
    ["memory", "Memory"],
  ];
  /* Those that need a traced run. */
  const TRACED = ["time", "memory"];

  tb.view.declare("graphRun", "", {param: "graph"});
  tb.view.declare("graphOpen", [], {param: "open"});
  tb.view.declare("graphNode", "", {param: "node"});
  tb.view.declare("graphColour", "type", {
    param: "colour",
    remember: true,
    valid: (value) => COLOURS.some(([name]) => name === value),
  });

  /* Names of the shown runs that logged a graph, in the shell's order, and what they logged last. */
  function runsWithGraph() {
    const logged = new Map();
    for (const byRun of tb.runs.series("graph").values()) {
      byRun.forEach((info, name) => logged.set(name, `${logged.get(name) || ""}${info.n},${info.lastStep};`));
    }
    return {shown: tb.runs.shown().filter((run) => logged.has(run.name)), logged};
  }

  function parents(v) {
    const ids = [];
    for (let at = v.parent; at && at.parent; at = at.parent) ids.push(at.id);
    return ids;
  }

  /* A graph below one single scope opens with that scope open. */
  function firstOpen(model) {
    const ids = [];
    for (let at = model.root; at.shown.length === 1 && at.shown[0].kind !== "op"; ids.push(at.id))
      at = at.shown[0];
    return ids;
  }

  function ScopeGraph() {
    const {useEffect, useReducer} = window.React;
    const [, redraw] = useReducer((n) => n + 1, 0);
    useEffect(
      () =>
        tb.runs.subscribe((news) => {
          const graph = [...news.series].some((key) => key.startsWith("graph\n"));
          if (graph || news.runs || news.shown) redraw();
        }),
      [],
    );
    useEffect(() => tb.view.subscribe((state, changed) => changed.has("graphRun") && redraw()), []);
    useEffect(() => void tb.runs.ready.then(redraw), []);
    if (!tb.runs.loaded)
      return h("p", {className: "sg-notice", role: "status"}, tb.runs.error || "Reading the logdir …");
    const {shown, logged} = runsWithGraph();
    if (!shown.length) return h(Empty, {any: logged.size > 0, runs: tb.runs.shown().length});
    const wanted = tb.view.get().graphRun;
    const run = (shown.find((candidate) => candidate.name === wanted) || shown[shown.length - 1]).name;
    return h(GraphOfRun, {runs: shown, run, version: logged.get(run)});
  }

  function Empty({any, runs}) {
    const place = tb.exampleRun();
    const code = `import engine as tf\n\nwriter = tf.summary.FileWriter(${place}, tf.get_default_graph())`;
    const other =
      `writer = SummaryWriter(${place})\nwriter.add_graph(graph)   # anything with as_graph_def(), or that mapping`;
    if (any && !runs)
      return h(
        "div",
        {className: "sg-empty notice"},
        h("h2", null, "No run is selected"),
        h("p", null, "Select a run in the list to see its graph."),
      );
    if (any)
      return h(
        "div",
        {className: "sg-empty notice"},
        h("h2", null, "The selected runs logged no graph"),
        h("p", null, "Other runs did: select one of them in the list."),
      );
    return h(
      "div",
      {className: "sg-empty notice"},
      h("h2", null, "No graph was logged yet"),
      h("p", null, "Hand the graph to the writer:"),
      h("pre", {tabIndex: 0}, h("code", null, code)),
      h("p", null, "or, from any other script:"),
      h("pre", {tabIndex: 0}, h("code", null, other)),
      h("p", null, "It shows up here as soon as it is written."),
    );
  }

  /* The fetched columns of a run's graph, refetched when the run logged a newer one. */
  function useGraph(run, version) {
    const {useEffect, useState} = window.React;
    const [state, setState] = useState({run: "", graph: null, error: ""});
    useEffect(() => {
      let current = true;
      tb.http.json(`/api/graph?${new URLSearchParams({run})}`).then(
        (graph) => current && setState({run, graph, error: ""}),
        (error) =>
          current &&
          setState((old) => ({run, graph: old.run === run ? old.graph : null, error: error.message})),
      );
      return () => void (current = false);
    }, [run, version]);
    return state.run === run ? state : {graph: null, error: ""};
  }

  function GraphOfRun({runs, run, version}) {
    const {useMemo, useState} = window.React;
    const {graph, error} = useGraph(run, version);
    const [grouping, setGrouping] = useState({ungrouped: new Set(), placed: new Map()});
    const model = useMemo(
      () => graph && graph.names.length > 0 && graphs.buildModel(graph, grouping),
      [graph, grouping],
    );
    const choose =
      runs.length > 1
        ? h(
            "select",
            {
              className: "field sg-select",
              value: run,
              "aria-label": "Run",
              onChange: (event) => tb.view.set({graphRun: event.target.value, graphOpen: [], graphNode: ""}),
            },
            runs.map((entry) => h("option", {key: entry.name, value: entry.name}, entry.title)),
          )
        : h("strong", {className: "sg-run"}, runs[0].title);
    if (model) return h(Stage, {key: run, model, choose, grouping, setGrouping, error});
    const text = error || (graph ? "This run logged a graph without operations." : "Reading the graph …");
    return h(
      "div",
      {className: "sg-page"},
      h("div", {className: "sg-bar-top"}, choose),
      h("p", {className: "sg-notice", role: error ? "alert" : "status"}, text),
    );
  }

  function Stage({model, choose, grouping, setGrouping, error}) {
    const {useEffect, useMemo, useReducer, useRef, useState} = window.React;
    const [, redraw] = useReducer((n) => n + 1, 0);
    const svgRef = useRef(null);
    const mapRef = useRef(null);
    const searchRef = useRef(null);
    const parts = useRef({});
    const [tracing, setTracing] = useState(false);
    const [message, setMessage] = useState("");
    useEffect(
      () =>
        tb.view.subscribe((state, changed) => {
          if (["graphOpen", "graphNode", "graphColour"].some((key) => changed.has(key))) redraw();
        }),
      [],
    );
    const {graphOpen, graphNode, graphColour} = tb.view.get();
    const openKey = graphOpen.join("\n");
    const open = useMemo(() => new Set(graphOpen.length ? graphOpen.filter(Boolean) : firstOpen(model)), [openKey, model]);
    const selected = (graphNode && model.byId.get(graphNode)) || null;
    const cone = useMemo(
      () => (tracing && selected ? graphs.inputCone(model, selected) : null),
      [tracing, selected, model],
    );
    const colours = useMemo(() => graphs.colouring(model, graphColour), [model, graphColour]);

    useEffect(() => {
      const painter = new graphs.Painter(svgRef.current);
      const camera = new graphs.Camera(svgRef.current, painter.stage, mapRef.current);
      parts.current = {painter, camera, fresh: true};
      return () => {
        camera.destroy();
        painter.stage.remove();
      };
    }, []);

    const scene = useMemo(() => graphs.buildScene(model, open), [model, open]);
    useEffect(() => {
      const {painter, camera, fresh, anchor, wanted} = parts.current;
      const before = camera.scene && anchor ? camera.scene.byVertex.get(anchor) : null;
      camera.scene = scene;
      painter.paint(model, scene, colours);
      const after = anchor && scene.byVertex.get(anchor);
      if (fresh) {
        camera.fit(false, 0);
      } else if (before && after) {
        // What was clicked stays under the pointer.
        camera.move(
          camera.x + (before.x - after.x) * camera.zoom,
          camera.y + (before.y - after.y) * camera.zoom,
          camera.zoom,
        );
      } else camera.drawMap();
      const target = (wanted || (fresh && selected)) && scene.byVertex.get(wanted || selected);
      if (target && (wanted || !camera.sees(target))) camera.show(target, fresh ? 0 : MOVE_MS);
      Object.assign(parts.current, {fresh: false, anchor: null, wanted: null});
    }, [scene]);
    useEffect(() => parts.current.painter.recolour(colours), [colours]);
    useEffect(() => parts.current.painter.highlight(selected, cone), [scene, selected, cone]);

    const actions = {
      isOpen: (v) => open.has(v.id),
      deselect: () => tb.view.set({graphNode: ""}),
      trace: () => setTracing(!tracing),
      select: (v) => tb.view.set({graphNode: v ? v.id : ""}),
      toggle(v) {
        if (v.kind === "op") return;
        const next = new Set(open);
        if (next.has(v.id)) next.delete(v.id);
        else next.add(v.id);
        if (scene.boxes.length + v.shown.length > MAX_BOXES && next.has(v.id)) {
          setMessage(`${scene.boxes.length} boxes are open already: close some first`);
          return;
        }
        setMessage("");
        parts.current.anchor = v;
        // An address without "open" means the first view, so an all-closed graph is said as [""].
        tb.view.set({graphOpen: next.size ? [...next] : [""]});
      },
      jump(v) {
        const target = v.kind === "op" ? graphs.drawn(model, v.op) : v;
        const needed = parents(target).filter((id) => !open.has(id));
        parts.current.wanted = target;
        tb.view.set({graphOpen: [...open, ...needed], graphNode: v.id});
        if (!needed.length) {
          const box = scene.byVertex.get(target);
          parts.current.wanted = null;
          if (box) parts.current.camera.show(box, MOVE_MS);
        }
        svgRef.current.focus({preventScroll: true});
      },
      place(v) {
        const placed = new Map(grouping.placed).set(v.id, v.side ? "main" : "side");
        setGrouping({...grouping, placed});
      },
      ungroup(v) {
        setGrouping({...grouping, ungrouped: new Set(grouping.ungrouped).add(v.id)});
        tb.view.set({graphNode: ""});
      },
      find: () => searchRef.current.focus(),
      fit: (whole) => parts.current.camera.fit(whole, MOVE_MS),
      zoom: (factor) => parts.current.camera.zoomBy(factor),
      show: (v) => {
        const box = scene.byVertex.get(v);
        if (box && !parts.current.camera.sees(box)) parts.current.camera.show(box, MOVE_MS);
      },
    };
    const vertexAt = (event) => {
      const group = event.target.closest && event.target.closest(".sg-box");
      return group ? model.byId.get(group.dataset.id) : null;
    };
    const click = (event) => {
      if (parts.current.camera.dragged) return;
      const v = vertexAt(event);
      if (v && event.target.closest("[data-toggle]")) actions.toggle(v);
      else if (v && event.target.closest("[data-mark]")) {
        actions.select(model.leaves[Number(event.target.closest("[data-mark]").dataset.mark)]);
      } else actions.select(v);
    };
    const double = (event) => {
      const v = vertexAt(event);
      if (v && !event.target.closest("[data-toggle]")) actions.toggle(v);
    };
    const tool = (label, title, act) =>
      h(
        "button",
        {type: "button", className: "button", key: label, title, "aria-label": title, onClick: act},
        label,
      );
    const closeAll = () => tb.view.set({graphOpen: [""]});
    return h(
      "div",
      {className: "sg-page"},
      h(
        "div",
        {className: "sg-bar-top"},
        choose,
        h(graphs.Search, {model, jump: actions.jump, inputRef: searchRef}),
        h(
          "label",
          {className: "sg-colour"},
          "Colour ",
          h(
            "select",
            {
              className: "field sg-select",
              value: model.graph.traced || !TRACED.includes(graphColour) ? graphColour : "type",
              onChange: (event) => tb.view.set({graphColour: event.target.value}),
            },
            COLOURS.filter(([name]) => model.graph.traced || !TRACED.includes(name)).map(([name, title]) =>
              h("option", {key: name, value: name}, title),
            ),
          ),
        ),
        model.graph.traced
          ? h("span", {className: "sg-traced", title: "The traced run that times are from"}, model.graph.traced)
          : null,
        h(
          "span",
          {className: "sg-tools", role: "group", "aria-label": "View"},
          tool("−", "Zoom out", () => actions.zoom(1 / 1.3)),
          tool("+", "Zoom in", () => actions.zoom(1.3)),
          tool("Fit", "Fit the whole graph (F)", () => actions.fit(true)),
          tool("Close all", "Close all scopes", closeAll),
        ),
        error || message ? h("span", {className: "sg-message", role: "status"}, error || message) : null,
      ),
      h(
        "div",
        {className: "sg-body"},
        h(
          "div",
          {className: "sg-canvas"},
          h("svg", {
            ref: svgRef,
            className: "sg-svg",
            tabIndex: 0,
            role: "tree",
            "aria-label": "Graph",
            onClick: click,
            onDoubleClick: double,
            onKeyDown: (event) => graphs.onKey(event, {scene, selected, actions}),
          }),
          h("canvas", {ref: mapRef, className: "sg-map", hidden: true, "aria-hidden": true}),
          h(
            "ul",
            {className: "sg-legend", "aria-label": "Colours"},
            colours
              .legend()
              .map(({name, hue, heat}) =>
                h(
                  "li",
                  {key: name},
                  h("i", {
                    className: hue === null ? "sg-grey" : heat === undefined ? "" : "sg-heat",
                    style: hue === null ? {} : {"--hue": hue, "--heat": heat},
                  }),
                  name,
                ),
              ),
          ),
        ),
        h(
          "aside",
          {className: "sg-panel", "aria-label": "Selected node"},
          h(graphs.Panel, {model, v: selected, cone, actions}),
        ),
      ),
    );
  }

  tb.ScopeGraph = ScopeGraph;
})();
