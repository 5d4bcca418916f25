/* Beside the graph: the card of the selected vertex, and the search. */
(function () {
  "use strict";

  const graphs = window.trainboard.scopeGraph;
  const {shapeText, opsBelow, family, timeText, bytesText} = graphs;
  const h = (...args) => window.React.createElement(...args);
  const MAX_ROWS = 24;
  const MAX_HITS = 40;

  /* A row that jumps to the op; names are long, so they may break after each slash. */
  function opLink(model, op, detail, jump, key) {
    const name = model.graph.names[op];
    const parts = name.split("/").flatMap((part, i) => (i ? ["/", h("wbr", {key: i}), part] : [part]));
    return h(
      "li",
      {key},
      h("button", {type: "button", className: "sg-jump", onClick: () => jump(op)}, ...parts),
      detail ? h("span", {className: "sg-detail"}, detail) : null,
    );
  }

  function section(title, rows, total) {
    if (!rows.length) return null;
    const more =
      total > rows.length
        ? h("li", {key: "more", className: "sg-muted"}, `and ${total - rows.length} more`)
        : null;
    return h("section", {key: title}, h("h4", null, `${title} (${total})`), h("ul", null, rows, more));
  }

  /* One row for each op at the other end, however many tensors go there. */
  function edgeBlock(model, title, edges, end, jump) {
    const byOp = new Map();
    for (const edge of edges) {
      if (!byOp.has(edge[end])) byOp.set(edge[end], new Set());
      const shape = edge.control ? "" : shapeText(model.graph, edge.from, edge.port);
      byOp.get(edge[end]).add(`${edge.port ? `:${edge.port} ` : ""}${shape}`);
    }
    const rows = [...byOp].slice(0, MAX_ROWS).map(([op, texts]) => {
      const detail = texts.size > 2 ? `${texts.size} tensors` : [...texts].join(", ");
      return opLink(model, op, detail, jump, op);
    });
    return section(title, rows, byOp.size);
  }

  function outside(model, v, side, end) {
    const below = new Set(opsBelow(v));
    return [...below].flatMap((op) => model[side][op]).filter((edge) => !below.has(edge[end]));
  }

  function attributes(graph, op) {
    const entries = Object.entries(graph.attrs[op] || {});
    if (!entries.length) return null;
    const text = (value) => (typeof value === "string" ? value : JSON.stringify(value));
    return h(
      "section",
      {key: "attributes"},
      h("h4", null, "Attributes"),
      h(
        "table",
        null,
        h(
          "tbody",
          null,
          entries.map(([name, value]) => h("tr", {key: name}, h("th", null, name), h("td", null, text(value)))),
        ),
      ),
    );
  }

  /* Rows of what it took in the traced run; none where nothing was traced. */
  function tookRows(model, v) {
    const {traced, stats} = model.graph;
    if (!traced) return [];
    if (!v.traced) return [["traced run", "not part of it"]];
    const part = (value, whole) => (whole ? ` (${Number(((100 * value) / whole).toPrecision(2))} %)` : "");
    const [, , device, note] = (v.kind === "op" && stats[v.op]) || [];
    return [
      ["compute time", note ? `none: ${note}` : timeText(v.time) + part(v.time, model.root.time)],
      ["memory", bytesText(v.bytes) + part(v.bytes, model.root.bytes)],
      ...(device ? [["ran on", device]] : []),
    ];
  }

  function opFacts(model, op) {
    const {graph} = model;
    const rows = [
      ["op", graph.ops[op]],
      ["device", graph.devices[op] || "not set"],
    ];
    graph.outputs[op].forEach((output, port) => {
      rows.push([`output ${port}`, `${output[0]}  ${shapeText(graph, op, port) || "unknown shape"}`]);
    });
    return facts([...rows, ...tookRows(model, model.leaves[op])]);
  }

  function facts(rows) {
    if (!rows.length) return null;
    return h(
      "table",
      {key: "facts"},
      h(
        "tbody",
        null,
        rows.map(([name, value]) => h("tr", {key: name}, h("th", null, name), h("td", null, value))),
      ),
    );
  }

  function histogram(counts) {
    const rows = [...counts].sort((p, q) => q[1] - p[1] || (p[0] < q[0] ? -1 : 1));
    const most = rows.length ? rows[0][1] : 1;
    return h(
      "section",
      {key: "ops"},
      h("h4", null, `Operations (${rows.length} kinds)`),
      h(
        "table",
        {className: "sg-bars"},
        h(
          "tbody",
          null,
          rows.slice(0, MAX_ROWS).map(([type, n]) => {
            const hue = family(type)[1];
            const style = hue === null ? {} : {"--hue": hue};
            return h(
              "tr",
              {key: type},
              h("th", null, type),
              h("td", null, n),
              h(
                "td",
                {className: "sg-bar"},
                h("i", {
                  className: hue === null ? "sg-grey" : "",
                  style: {...style, width: `${(100 * n) / most}%`},
                }),
              ),
            );
          }),
        ),
      ),
    );
  }

  function Panel({model, v, cone, actions}) {
    if (!v) return h(Overview, {model});
    const isOp = v.kind === "op";
    const split = (edges) => [edges.filter((e) => !e.control), edges.filter((e) => e.control)];
    const [ins, controlIns] = split(isOp ? model.ins[v.op] : outside(model, v, "ins", "from"));
    const [outs, controlOuts] = split(isOp ? model.outs[v.op] : outside(model, v, "outs", "to"));
    const jump = (op) => actions.jump(model.leaves[op]);
    const block = (title, edges, end) => edgeBlock(model, title, edges, end, jump);
    const missing = isOp ? model.missing.filter((entry) => entry.to === v.op) : [];
    const button = (label, act, pressed) =>
      h(
        "button",
        {type: "button", key: label, onClick: act, "aria-pressed": pressed, className: "button"},
        label,
      );
    return h(
      "div",
      {className: "sg-card"},
      h(
        "div",
        {className: "sg-card-head"},
        h("h3", null, isOp ? model.graph.names[v.op] : v.id),
        h(
          "button",
          {type: "button", className: "sg-close", onClick: actions.deselect, "aria-label": "Close"},
          "×",
        ),
      ),
      isOp ? opFacts(model, v.op) : h("p", {className: "sg-muted"}, summaryOf(v)),
      isOp ? null : facts(tookRows(model, v)),
      h(
        "div",
        {className: "sg-buttons"},
        v.kind === "op"
          ? null
          : button(actions.isOpen(v) ? "Close scope" : "Open scope", () => actions.toggle(v)),
        button("Trace inputs", actions.trace, Boolean(cone)),
        v.embedded ? null : button(v.side ? "Put back" : "Set aside", () => actions.place(v)),
        v.kind === "series" ? button("Unstack", () => actions.ungroup(v)) : null,
      ),
      cone
        ? h("p", {className: "sg-muted"}, `operations outside it that it depends on: ${cone.size - opsBelow(v).length}`)
        : null,
      block("Inputs", ins, "from"),
      block("Outputs", outs, "to"),
      block("Control inputs", controlIns, "from"),
      block("Control outputs", controlOuts, "to"),
      section(
        "Inputs not in this graph",
        missing.map((entry, i) => h("li", {key: i}, entry.name)),
        missing.length,
      ),
      isOp ? attributes(model.graph, v.op) : histogram(v.types),
    );
  }

  function summaryOf(v) {
    const ops = `${v.count} operation${v.count === 1 ? "" : "s"}`;
    if (v.kind === "series") return `${v.children.length} siblings of one structure, ${ops}`;
    if (v.kind === "fold")
      return `${ops}, in the order they were made; this scope has too many to show at once`;
    const devices = [...v.devices.keys()].filter(Boolean);
    return devices.length ? `${ops} on ${devices.join(", ")}` : ops;
  }

  function Overview({model}) {
    const data = model.base.filter((edge) => !edge.control).length;
    return h(
      "div",
      {className: "sg-card"},
      h("h3", null, "Graph"),
      h(
        "p",
        {className: "sg-muted"},
        `${model.leaves.length} operations, ${data} tensors, ${model.base.length - data} control dependencies`,
      ),
      model.graph.traced
        ? h(
            "p",
            {className: "sg-muted"},
            `traced run ${model.graph.traced}: ${timeText(model.root.time)}, ${bytesText(model.root.bytes)} written`,
          )
        : null,
      model.missing.length
        ? h("p", {className: "sg-muted"}, `${model.missing.length} inputs name operations that were not logged`)
        : null,
      h(
        "p",
        {className: "sg-hint"},
        "Select a node for its facts. Double click or Enter opens a scope; ",
        "arrow keys follow the lines; / searches; F fits.",
      ),
      histogram(model.root.types),
    );
  }

  /* Names that match as a regex, or as plain text if it is not one; whole tails first. */
  function findNames(model, text) {
    if (!text) return {hits: [], total: 0};
    let test;
    try {
      const regex = new RegExp(text, "i");
      test = (name) => regex.test(name);
    } catch (error) {
      const plain = text.toLowerCase();
      test = (name) => name.toLowerCase().includes(plain);
    }
    const found = [];
    for (const v of model.byId.values()) {
      if (v === model.root || v.kind === "fold") continue;
      const name = v.kind === "op" ? model.graph.names[v.op] : v.id;
      if (test(name))
        found.push({v, name, rank: (v.label.toLowerCase() === text.toLowerCase() ? 0 : 1000) + v.depth * 10});
    }
    found.sort((p, q) => p.rank - q.rank || p.v.first - q.v.first || p.name.length - q.name.length);
    return {hits: found.slice(0, MAX_HITS), total: found.length};
  }

  function Search({model, jump, inputRef}) {
    const [text, setText] = window.React.useState("");
    const [at, setAt] = window.React.useState(0);
    const [open, setOpen] = window.React.useState(false);
    const {hits, total} = window.React.useMemo(() => findNames(model, text), [model, text]);
    const choose = (hit) => {
      setOpen(false);
      jump(hit.v);
    };
    const keys = (event) => {
      if (event.key === "ArrowDown") setAt(Math.min(at + 1, hits.length - 1));
      else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
      else if (event.key === "Enter" && hits[at]) choose(hits[at]);
      else if (event.key === "Escape") setOpen(false);
      else return;
      event.preventDefault();
    };
    const list =
      open && text
        ? h(
            "ul",
            {className: "sg-hits", role: "listbox", id: "sg-hits"},
            hits.map((hit, i) =>
              h(
                "li",
                {
                  key: hit.v.id,
                  role: "option",
                  "aria-selected": i === at,
                  onMouseDown: (event) => event.preventDefault(),
                  onClick: () => choose(hit),
                },
                h("span", null, hit.name),
                h("small", null, hit.v.kind === "op" ? model.graph.ops[hit.v.op] : `${hit.v.count} ops`),
              ),
            ),
            h(
              "li",
              {key: "total", className: "sg-muted"},
              total ? (total > hits.length ? `${hits.length} of ${total}` : "") : "No name matches",
            ),
          )
        : null;
    return h(
      "div",
      {className: "sg-search"},
      h("input", {
        ref: inputRef,
        className: "field",
        type: "search",
        placeholder: "Find an op or scope (regex)",
        value: text,
        role: "combobox",
        "aria-expanded": Boolean(list),
        "aria-controls": "sg-hits",
        "aria-label": "Find an op or scope",
        onChange: (event) => {
          setText(event.target.value);
          setAt(0);
          setOpen(true);
        },
        onFocus: () => setOpen(true),
        onBlur: () => setOpen(false),
        onKeyDown: keys,
      }),
      list,
    );
  }

  Object.assign(graphs, {Panel, Search, findNames});
})();
