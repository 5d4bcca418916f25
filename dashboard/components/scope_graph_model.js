/* From a flat list of operations to a tree of scopes with edges lifted to every level. No DOM.
 *
 * buildModel(graph, options): graph is {names, ops, devices, inputs, outputs, attrs}, columns with one
 * entry an operation. A vertex is {id, label, kind: op|scope|series|fold, parent, children, ...};
 * `ungrouped` (set of ids) takes a stack apart, `placed` (id -> "main"|"side") overrides where a
 * vertex is drawn.
 */
(function () {
  "use strict";

  const SUMMARY = /Summary(V2)?$/;
  const CONSTANT = /^(Const|HostConst)$/;
  const HELPERS = [
    "init(_\\d+|_all_tables|_all_variables)?",
    "save(_\\d+)?",
    "gradients?(_\\d+)?",
    "summar(y|ies)(_\\d+)?",
    "report_uninitialized_variables",
    "[Tt]rain(_\\d+|_op)?",
    "optimi[sz]er.*",
    "(.*_)?(Adam|AdamW|RMSProp|Adagrad|Adadelta|Ftrl|Momentum|GradientDescent|ProximalAdagrad)(_\\d+)?",
  ];
  const HELPER_SCOPE = new RegExp(`^(${HELPERS.join("|")})$`);
  const SIDE_NEEDS = 15;
  const SERIES_OPS = 5;
  const SERIES_SCOPES = 4;
  const FOLD_ABOVE = 300;
  const MAX_HOSTS = 5;

  function vertex(id, label, kind, parent) {
    return {
      id,
      label,
      kind,
      parent,
      children: [],
      op: -1,
      count: 0,
      first: Infinity,
      types: new Map(),
      devices: new Map(),
      // Of a traced run: microseconds, bytes, how many of its operations were part of it.
      time: 0,
      bytes: 0,
      traced: 0,
      sign: "",
      side: false,
      embedded: false,
      marks: [],
      hosts: [],
      edges: [],
      depth: parent ? parent.depth + 1 : 0,
      plan: null,
    };
  }

  /* "a/b/c" makes scopes a and a/b; an op whose name is also a scope sits in it as "a/b/(b)". */
  function buildTree(graph) {
    const root = vertex("", "graph", "scope", null);
    const scopes = new Map([["", root]]);
    for (const name of graph.names) {
      for (let at = name.indexOf("/"); at > 0; at = name.indexOf("/", at + 1)) {
        scopes.set(name.slice(0, at), null);
      }
    }
    scopes.set("", root);
    const scopeAt = (path) => {
      const found = scopes.get(path);
      if (found) return found;
      const cut = path.lastIndexOf("/");
      const parent = scopeAt(cut > 0 ? path.slice(0, cut) : "");
      const made = vertex(path, path.slice(cut + 1) || path, "scope", parent);
      parent.children.push(made);
      scopes.set(path, made);
      return made;
    };
    const taken = new Set();
    const leaves = graph.names.map((name, op) => {
      const cut = name.lastIndexOf("/");
      const tail = name.slice(cut + 1);
      const own = scopes.has(name) && name !== "";
      const parent = own ? scopeAt(name) : scopeAt(cut > 0 ? name.slice(0, cut) : "");
      let id = own ? `${name}/(${tail})` : name;
      // A damaged graph may hold a name twice; both are shown.
      if (taken.has(id)) id = `${id}#${op}`;
      taken.add(id);
      const leaf = vertex(id, own ? `(${tail})` : tail || name || "(no name)", "op", parent);
      leaf.op = op;
      parent.children.push(leaf);
      return leaf;
    });
    return {root, leaves};
  }

  function readEdges(graph) {
    const index = new Map(graph.names.map((name, op) => [name, op]));
    const edges = [];
    const missing = [];
    graph.inputs.forEach((inputs, to) => {
      for (const text of inputs) {
        const control = text[0] === "^";
        const bare = control ? text.slice(1) : text;
        const colon = bare.lastIndexOf(":");
        let from = index.get(bare);
        let port = 0;
        if (from === undefined && colon > 0) {
          from = index.get(bare.slice(0, colon));
          port = Number(bare.slice(colon + 1)) || 0;
        }
        if (from === undefined) missing.push({to, name: text});
        else edges.push({from, to, port, control});
      }
    });
    return {edges, missing, index};
  }

  /* Constants and summaries are drawn as marks at the op they belong to, not as boxes. */
  function embed(graph, leaves, edges) {
    const outs = leaves.map(() => []);
    const ins = leaves.map(() => []);
    edges.forEach((edge) => {
      outs[edge.from].push(edge);
      ins[edge.to].push(edge);
    });
    const put = (leaf, host, role) => {
      leaf.embedded = true;
      leaf.hosts.push(host);
      host.marks.push({vertex: leaf, role});
    };
    leaves.forEach((leaf, op) => {
      if (SUMMARY.test(graph.ops[op])) {
        const source = ins[op].find((e) => !e.control && !CONSTANT.test(graph.ops[e.from]));
        if (source && !SUMMARY.test(graph.ops[source.from])) put(leaf, leaves[source.from], "summary");
      } else if (CONSTANT.test(graph.ops[op]) && ins[op].every((e) => e.control)) {
        const users = [...new Set(outs[op].map((e) => e.to))];
        const plain = outs[op].every((e) => !e.control);
        if (!users.length || users.length > MAX_HOSTS || !plain) return;
        users.forEach((user) => put(leaf, leaves[user], "constant"));
      }
    });
    // A mark on a mark (the tag of a summary) goes with it; nothing may be left without a box.
    leaves.forEach((leaf) => {
      if (leaf.embedded && leaf.hosts.every((host) => host.embedded)) {
        leaf.hosts = leaf.hosts.flatMap((host) => host.hosts).filter((host) => !host.embedded);
        if (!leaf.hosts.length) leaf.embedded = false;
      }
    });
    return {ins, outs};
  }

  function tally(graph, v) {
    if (v.kind === "op") {
      v.count = 1;
      v.first = v.op;
      v.types.set(graph.ops[v.op], 1);
      v.devices.set(graph.devices[v.op] || "", 1);
      const took = graph.stats && graph.stats[v.op];
      [v.time, v.bytes, v.traced] = took ? [took[0], took[1], 1] : [0, 0, 0];
      v.sign = graph.ops[v.op];
      return;
    }
    v.count = 0;
    v.types = new Map();
    v.devices = new Map();
    [v.time, v.bytes, v.traced] = [0, 0, 0];
    for (const child of v.children) {
      v.count += child.count;
      v.time += child.time;
      v.bytes += child.bytes;
      v.traced += child.traced;
      v.first = Math.min(v.first, child.first);
      child.types.forEach((n, type) => v.types.set(type, (v.types.get(type) || 0) + n));
      child.devices.forEach((n, device) => v.devices.set(device, (v.devices.get(device) || 0) + n));
    }
    v.sign = `{${hash(
      v.children
        .map((child) => child.sign)
        .sort()
        .join(","),
    )}/${v.count}}`;
  }

  function hash(text) {
    let h = 2166136261;
    for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
    return (h >>> 0).toString(36);
  }

  /* Depth first without recursion: a name with a thousand slashes must not overflow the stack. */
  function postorder(root) {
    const order = [];
    const stack = [root];
    while (stack.length) {
      const v = stack.pop();
      order.push(v);
      for (const child of v.children) stack.push(child);
    }
    return order.reverse();
  }

  /* `made` takes the members' places among the children of `parent`. */
  function adopt(parent, made, members) {
    const gone = new Set(members);
    const at = parent.children.findIndex((child) => gone.has(child));
    parent.children = parent.children.filter((child) => !gone.has(child));
    parent.children.splice(Math.min(at, parent.children.length), 0, made);
    fill(made, members);
  }

  function fill(made, members) {
    made.children = members;
    for (const member of members) {
      member.parent = made;
      for (const v of postorder(member)) v.depth += 1;
    }
  }

  /* conv, conv_1, ... conv_7 of one structure become one stack "conv[0-7]". */
  function stackSeries(graph, scope, ungrouped) {
    const groups = new Map();
    for (const child of scope.children) {
      if (child.embedded) continue;
      const match = /^(.*?)(\d+)$/.exec(child.label);
      const stem = match ? match[1].replace(/_$/, "") : child.label;
      const key = `${stem}\n${child.kind}\n${child.sign}`;
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push({stem, number: match ? Number(match[2]) : 0, child});
    }
    for (const group of groups.values()) {
      const least = group[0].child.kind === "op" ? SERIES_OPS : SERIES_SCOPES;
      if (group.length < least) continue;
      group.sort((p, q) => p.number - q.number);
      let run = [group[0]];
      const close = () => {
        if (run.length < least || run.length === scope.children.length) return;
        const label = `${run[0].stem}[${run[0].number}-${run[run.length - 1].number}]`;
        const id = scope.id ? `${scope.id}/${label}` : label;
        if (ungrouped.has(id)) return;
        const made = vertex(id, label, "series", scope);
        adopt(
          scope,
          made,
          run.map((entry) => entry.child),
        );
        tally(graph, made);
      };
      for (const entry of group.slice(1)) {
        if (entry.number !== run[run.length - 1].number + 1) {
          close();
          run = [];
        }
        run.push(entry);
      }
      close();
    }
  }

  /* A scope of thousands of direct children is folded, in the order the ops were made. */
  function foldCrowd(graph, scope) {
    const shown = scope.children.filter((child) => !child.embedded);
    if (shown.length <= FOLD_ABOVE) return;
    shown.sort((p, q) => p.first - q.first);
    const size = Math.max(60, Math.ceil(Math.sqrt(shown.length)));
    // Built at once: to adopt fold after fold would walk the thousands again for each.
    scope.children = scope.children.filter((child) => child.embedded);
    for (let at = 0; at < shown.length; at += size) {
      const members = shown.slice(at, at + size);
      const label = `nodes ${at + 1}–${at + members.length}`;
      const made = vertex(scope.id ? `${scope.id}/${label}` : label, label, "fold", scope);
      fill(made, members);
      tally(graph, made);
      scope.children.push(made);
    }
  }

  /* "Pow" with the constant "Pow/y" is no scope to a reader: the op takes the scope's place. */
  function dropShell(scope) {
    if (scope.kind === "op" || !scope.parent) return;
    const boxes = scope.children.filter((child) => child.kind !== "op" || !child.embedded);
    const [own] = boxes;
    if (boxes.length !== 1 || own.kind !== "op" || own.label !== `(${scope.label})`) return;
    const siblings = scope.parent.children;
    siblings[siblings.indexOf(scope)] = own;
    for (const child of scope.children) {
      if (child !== own) siblings.push(child);
      child.parent = scope.parent;
      child.depth = scope.depth;
    }
    Object.assign(own, {id: scope.id, label: scope.label});
  }

  function hideEmpty(root) {
    for (const v of postorder(root)) {
      v.shown = v.children.filter((child) => !child.embedded && !child.empty);
      v.empty = v.kind !== "op" && !v.shown.length && v !== root;
    }
  }

  /* Every edge is kept once, at the scope where its two ends part. */
  function liftEdges(model) {
    const byPair = new Map();
    model.base.forEach((edge, i) => {
      let from = model.leaves[edge.from];
      let to = model.leaves[edge.to];
      if (from.embedded || to.embedded || from === to) return;
      while (from.depth > to.depth + 0 && from.parent !== to.parent) from = from.parent;
      while (to.depth > from.depth && from.parent !== to.parent) to = to.parent;
      while (from.parent !== to.parent) {
        from = from.parent;
        to = to.parent;
      }
      if (from === to) return;
      const key = `${from.serial},${to.serial}`;
      let lifted = byPair.get(key);
      if (!lifted) {
        lifted = {from, to, bases: [], control: true};
        byPair.set(key, lifted);
        from.parent.edges.push(lifted);
      }
      lifted.bases.push(i);
      if (!edge.control) lifted.control = false;
    });
  }

  /* Helpers that everything touches would bend every line: they stand in a column at the side. */
  function setAside(scope, placed) {
    const degree = new Map(scope.shown.map((child) => [child, {in: 0, out: 0}]));
    scope.edges.forEach((edge) => {
      if (edge.control) return;
      degree.get(edge.from).out += 1;
      degree.get(edge.to).in += 1;
    });
    for (const child of scope.shown) {
      child.side = scope.depth === 0 && HELPER_SCOPE.test(child.label) && scope.shown.length > 2;
    }
    if (scope.shown.length >= SIDE_NEEDS) {
      const bound = (side, reach) => {
        const sorted = [...degree.values()].map((d) => d[side]).sort((p, q) => p - q);
        const at = (share) => sorted[Math.min(sorted.length - 1, Math.round(sorted.length * share))];
        return Math.max(4, at(0.75) + reach * (at(0.75) - at(0.25)));
      };
      const most = {in: bound("in", 1), out: bound("out", 4)};
      degree.forEach((d, child) => {
        if (d.in > most.in || d.out > most.out) child.side = true;
      });
    }
    if (scope.shown.every((child) => child.side)) scope.shown.forEach((child) => (child.side = false));
    for (const child of scope.shown) {
      if (placed.has(child.id)) child.side = placed.get(child.id) === "side";
    }
    // What then stands alone says nothing in the main column.
    const linked = new Set();
    scope.edges.forEach((edge) => {
      if (edge.from.side || edge.to.side) return;
      linked.add(edge.from).add(edge.to);
    });
    const touched = new Set(scope.edges.flatMap((edge) => [edge.from, edge.to]));
    if (!linked.size || scope.depth > 0) return;
    for (const child of scope.shown) {
      if (linked.has(child) || placed.has(child.id) || child.side) continue;
      // A helper's own variables (Adam's beta powers) belong beside it; a part on its own does not.
      child.side = child.kind === "op" || (touched.has(child) && child.count < 16);
    }
  }

  function buildModel(graph, options) {
    const {ungrouped = new Set(), placed = new Map()} = options || {};
    const {root, leaves} = buildTree(graph);
    const {edges, missing, index} = readEdges(graph);
    const {ins, outs} = embed(graph, leaves, edges);
    for (const v of postorder(root)) dropShell(v);
    for (const v of postorder(root)) tally(graph, v);
    for (const v of postorder(root)) {
      if (v.kind !== "scope") continue;
      stackSeries(graph, v, ungrouped);
      foldCrowd(graph, v);
    }
    hideEmpty(root);
    const model = {graph, root, leaves, base: edges, missing, index, ins, outs, byId: new Map()};
    postorder(root).forEach((v, serial) => {
      v.serial = serial;
      model.byId.set(v.id, v);
    });
    liftEdges(model);
    for (const v of model.byId.values()) if (v.kind !== "op") setAside(v, placed);
    return model;
  }

  /* The vertex drawn for an op: itself, or the op that carries it as a mark. */
  function drawn(model, op) {
    const leaf = model.leaves[op];
    return leaf.embedded ? leaf.hosts[0] : leaf;
  }

  function childOf(scope, v) {
    let at = v;
    while (at && at.parent !== scope) at = at.parent;
    return at;
  }

  function shapeText(graph, op, port) {
    const output = graph.outputs[op][port];
    if (!output || !output[1]) return "";
    return output[1].length ? output[1].map((d) => (d === null ? "?" : d)).join("×") : "scalar";
  }

  /* All ops that the vertex depends on, itself included: a Set of op numbers. */
  function inputCone(model, v) {
    const seen = new Set();
    const stack = opsBelow(v);
    while (stack.length) {
      const op = stack.pop();
      if (seen.has(op)) continue;
      seen.add(op);
      for (const edge of model.ins[op]) stack.push(edge.from);
    }
    return seen;
  }

  function opsBelow(v) {
    return postorder(v)
      .filter((below) => below.kind === "op")
      .map((below) => below.op);
  }

  Object.assign(window.trainboard.scopeGraph, {
    buildModel,
    childOf,
    drawn,
    inputCone,
    opsBelow,
    postorder,
    shapeText,
  });
})();
