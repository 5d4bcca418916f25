/* Draws a scene as SVG: scopes, lines, boxes, in this order; keeps what stays, moves what moved. */
(function () {
  "use strict";

  const graphs = window.trainboard.scopeGraph;
  const {marksOf, markText, short, textWidth, opsBelow, childOf, drawn, shapeText} = graphs;
  const NAMESPACE = "http://www.w3.org/2000/svg";
  const MAX_MARKS = 3;
  const MAX_LINKS = 60;

  function el(parent, tag, attributes, text) {
    const node = document.createElementNS(NAMESPACE, tag);
    for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
    // Names come from users' scripts: they are only ever text, never markup.
    if (text !== undefined) node.textContent = text;
    parent.appendChild(node);
    return node;
  }

  function pathOf(points) {
    let d = `M${points[0][0].toFixed(1)},${points[0][1].toFixed(1)}`;
    for (let i = 1; i < points.length; i += 1) {
      const [x0, y0] = points[i - 1];
      const [x, y] = points[i];
      if (Math.abs(x - x0) < 0.5) d += `L${x.toFixed(1)},${y.toFixed(1)}`;
      else {
        const middle = ((y0 + y) / 2).toFixed(1);
        d += `C${x0.toFixed(1)},${middle} ${x.toFixed(1)},${middle} ${x.toFixed(1)},${y.toFixed(1)}`;
      }
    }
    return d;
  }

  function opsText(count) {
    return count === 1 ? "1 op" : `${count} ops`;
  }

  function lineWidth(count) {
    return Math.min(6, 1.2 + 0.75 * Math.log2(count));
  }

  function Painter(svg) {
    this.svg = svg;
    this.stage = el(svg, "g", {class: "sg-stage"});
    this.layers = {};
    for (const name of ["scopes", "lines", "boxes", "labels", "links"]) {
      this.layers[name] = el(this.stage, "g", {class: `sg-${name}`});
    }
    this.nodes = new Map();
    this.paths = new Map();
    this.scene = null;
  }

  Painter.prototype.clear = function () {
    for (const layer of Object.values(this.layers)) layer.replaceChildren();
    this.nodes.clear();
    this.paths.clear();
  };

  Painter.prototype.paint = function (model, scene, colours) {
    if (this.model !== model) this.clear();
    this.model = model;
    this.scene = scene;
    this.colours = colours;
    const alive = new Set();
    scene.boxes.forEach((box) => {
      // Open and closed forms differ in every part, so they are two elements.
      const key = `${box.open ? "o" : "c"}:${box.v.id}`;
      alive.add(key);
      let group = this.nodes.get(key);
      if (!group) {
        group = box.open ? this.openScope(box) : this.closedBox(box);
        group.dataset.id = box.v.id;
        this.nodes.set(key, group);
      }
      group.style.transform = `translate(${box.x}px, ${box.y}px)`;
      if (box.open) this.resizeScope(group, box);
    });
    for (const [key, group] of this.nodes) {
      if (alive.has(key)) continue;
      group.remove();
      this.nodes.delete(key);
    }
    // A parent scope must lie under its children, whichever was opened first.
    scene.boxes.forEach((box) => {
      if (box.open) this.layers.scopes.appendChild(this.nodes.get(`o:${box.v.id}`));
    });
    this.paintTitles();
    this.paintLines();
    this.recolour(colours);
  };

  Painter.prototype.paintTitles = function () {
    this.layers.labels.replaceChildren();
    for (const title of this.scene.titles) {
      el(this.layers.labels, "text", {class: "sg-side-title", x: title.x, y: title.y}, "set aside");
    }
    // Above the lines, which may have to pass below a scope's name.
    for (const box of this.scene.boxes) {
      if (!box.open) continue;
      const css = box.depth % 2 === 1 ? "sg-head sg-deep" : "sg-head";
      el(this.layers.labels, "text", {class: css, x: box.x + 14, y: box.y + 20}, short(box.v.label, 26));
    }
  };

  Painter.prototype.openScope = function (box) {
    const group = this.group(this.layers.scopes, box, "sg-scope sg-open");
    el(group, "rect", {class: "sg-frame", rx: 9});
    const close = el(group, "g", {class: "sg-toggle", "data-toggle": "1"});
    el(close, "circle", {r: 8});
    el(close, "path", {d: "M-4,0H4"});
    return group;
  };

  Painter.prototype.resizeScope = function (group, box) {
    const frame = group.querySelector(".sg-frame");
    frame.style.width = `${box.w}px`;
    frame.style.height = `${box.h}px`;
    group.classList.toggle("sg-deep", box.depth % 2 === 1);
    group.querySelector(".sg-toggle").setAttribute("transform", `translate(${box.w - 16},16)`);
  };

  Painter.prototype.group = function (layer, box, css) {
    const {v} = box;
    const what = v.kind === "op" ? this.model.graph.ops[v.op] : opsText(v.count);
    const group = el(layer, "g", {class: `sg-box ${css}`, tabindex: "-1", role: "treeitem"});
    group.setAttribute("aria-label", `${v.id}, ${what}`);
    if (v.kind !== "op") group.setAttribute("aria-expanded", String(box.open));
    el(group, "title", {}, `${v.id}\n${what}`);
    return group;
  };

  Painter.prototype.closedBox = function (box) {
    const {v, w, h} = box;
    if (v.kind === "op") return this.opBox(box);
    const group = this.group(this.layers.boxes, box, `sg-scope sg-${v.kind}`);
    if (v.kind === "series") {
      el(group, "rect", {class: "sg-frame", x: 6, y: -6, width: w, height: h, rx: 8});
      el(group, "rect", {class: "sg-frame", x: 3, y: -3, width: w, height: h, rx: 8});
    }
    el(group, "rect", {class: "sg-frame", width: w, height: h, rx: 8});
    el(group, "text", {class: "sg-name", x: 12, y: h / 2 - 3}, short(v.label, 26));
    const many =
      v.kind === "series" ? `${v.children.length} × ${opsText(v.children[0].count)}` : opsText(v.count);
    el(group, "text", {class: "sg-count", x: 12, y: h / 2 + 10}, many);
    const open = el(group, "g", {class: "sg-toggle", "data-toggle": "1", transform: `translate(${w - 14},14)`});
    el(open, "circle", {r: 8});
    el(open, "path", {d: "M-4,0H4M0,-4V4"});
    el(group, "g", {class: "sg-mix", transform: `translate(8,${h - 6})`});
    return group;
  };

  Painter.prototype.opBox = function (box) {
    const {v, w, h, body} = box;
    const group = this.group(this.layers.boxes, box, "sg-op");
    const left = (w - body) / 2;
    const tall = Math.min(h, 26);
    el(group, "rect", {class: "sg-frame", x: left, y: (h - tall) / 2, width: body, height: tall, rx: 13});
    el(group, "text", {class: "sg-name", x: left + body / 2, y: h / 2 + 4}, short(v.label, 26));
    const marks = marksOf(v);
    this.marks(group, marks.left, left, h, -1);
    this.marks(group, marks.right, left + body, h, 1);
    return group;
  };

  Painter.prototype.marks = function (group, marks, edge, h, direction) {
    const shown = marks.slice(0, MAX_MARKS);
    const rows = Math.min(marks.length, MAX_MARKS + 1);
    shown.forEach((mark, i) => {
      const y = h / 2 + (i - (rows - 1) / 2) * 11;
      const part = el(group, "g", {class: `sg-mark sg-${mark.role}`});
      part.dataset.mark = String(mark.vertex.op);
      el(part, "title", {}, this.model.graph.names[mark.vertex.op]);
      el(part, "circle", {cx: edge + direction * 5, cy: y, r: 2.8});
      const anchor = direction < 0 ? "end" : "start";
      el(part, "text", {x: edge + direction * 10, y: y + 3, "text-anchor": anchor}, markText(this.model, mark));
    });
    if (marks.length > MAX_MARKS) {
      const y = h / 2 + (MAX_MARKS - (rows - 1) / 2) * 11;
      const anchor = direction < 0 ? "end" : "start";
      const at = {class: "sg-more", x: edge + direction * 10, y: y + 3, "text-anchor": anchor};
      el(group, "text", at, `+${marks.length - MAX_MARKS}`);
    }
  };

  Painter.prototype.paintLines = function () {
    const alive = new Set();
    const labels = [];
    this.lineOf = new Map();
    this.textOf = new Map();
    for (const line of this.scene.lines) {
      const d = pathOf(line.points);
      alive.add(line.key);
      let group = this.paths.get(line.key);
      if (!group || group.dataset.d !== d) {
        if (group) group.remove();
        group = this.line(line, d);
        this.paths.set(line.key, group);
      }
      this.lineOf.set(group, line);
      if (line.label) this.label(group, line, labels);
    }
    for (const [key, group] of this.paths) {
      if (alive.has(key)) continue;
      group.remove();
      this.paths.delete(key);
    }
  };

  Painter.prototype.line = function (line, d) {
    const css = `sg-line${line.control ? " sg-control" : ""}${line.loop ? " sg-loop" : ""}`;
    const group = el(this.layers.lines, "g", {class: css});
    group.dataset.d = d;
    const width = lineWidth(line.count);
    el(group, "path", {class: "sg-path", d, "stroke-width": width.toFixed(1)});
    el(group, "path", {class: "sg-hit", d});
    const target = line.target && this.scene.byVertex.get(line.target);
    // Into an open scope the line goes on inside, so its arrow stands at the inner end.
    if (target && !target.open) {
      const [x, y] = line.points[line.points.length - 1];
      const [, before] = line.points[line.points.length - 2];
      const size = (before < y ? 1 : -1) * (4.5 + width * 0.9);
      const half = 3 + width * 0.55;
      el(group, "path", {class: "sg-arrow", d: `M${x},${y}L${x - half},${y - size}L${x + half},${y - size}Z`});
    }
    el(group, "title", {}, this.lineTitle(line));
    const hover = (on) => {
      const text = this.textOf.get(group);
      if (text) text.classList.toggle("sg-hover", on);
    };
    group.addEventListener("pointerenter", () => hover(true));
    group.addEventListener("pointerleave", () => hover(false));
    return group;
  };

  Painter.prototype.lineTitle = function (line) {
    const {graph, base} = this.model;
    const end = (v) => (v ? v.id : line.port.name);
    const rows = line.bases.slice(0, 8).map((b) => {
      const edge = base[b];
      const port = edge.port ? `:${edge.port}` : "";
      const shape = edge.control ? "control" : shapeText(graph, edge.from, edge.port);
      return `${graph.names[edge.from]}${port} → ${graph.names[edge.to]}${shape ? `  ${shape}` : ""}`;
    });
    if (line.bases.length > 8) rows.push(`… ${line.bases.length - 8} more`);
    return `${end(line.source)} → ${end(line.target)}\n${rows.join("\n")}`;
  };

  /* Beside the line where there is room; a label that would cover another waits for the hover. */
  Painter.prototype.label = function (group, line, taken) {
    const width = textWidth(line.label, 9.5);
    const [a, b] = line.spot;
    const spots = [0.5, 0.66, 0.34].map((t) => [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t]);
    // In a mirrored scope the room for labels is on the other side of the lines.
    const start = (x) =>
      line.flip ? x - 5 - lineWidth(line.count) / 2 - width : x + 5 + lineWidth(line.count) / 2;
    const free = spots.find(
      ([x, y]) =>
        !taken.some(
          (r) => start(x) < r.right && start(x) + width > r.left && y - 6 < r.bottom && y + 6 > r.top,
        ),
    );
    const [x, y] = free || spots[0];
    if (free) taken.push({left: start(x), right: start(x) + width, top: y - 6, bottom: y + 6});
    const at = {class: free ? "sg-shape" : "sg-shape sg-crowded", x: start(x), y: y + 3};
    this.textOf.set(group, el(this.layers.labels, "text", at, line.label));
  };

  Painter.prototype.recolour = function (colours) {
    this.colours = colours;
    for (const box of this.scene.boxes) {
      const group = this.nodes.get(`${box.open ? "o" : "c"}:${box.v.id}`);
      const parts = colours.parts(box.v);
      const hue = colours.hue(box.v);
      group.classList.toggle("sg-grey", hue === null);
      if (hue !== null) group.style.setProperty("--hue", hue);
      group.classList.toggle("sg-heat", Boolean(colours.heat) && hue !== null);
      if (colours.heat) group.style.setProperty("--heat", colours.heat(box.v).toFixed(3));
      const mix = group.querySelector(".sg-mix");
      if (!mix) continue;
      mix.replaceChildren();
      let x = 0;
      for (const [, share, partHue] of parts) {
        const wide = share * (box.w - 16);
        const bar = el(mix, "rect", {x: x.toFixed(1), width: Math.max(0.5, wide).toFixed(1), height: 3});
        bar.classList.toggle("sg-grey", partHue === null);
        if (partHue !== null) bar.style.setProperty("--hue", partHue);
        x += wide;
      }
    }
  };

  /* Marks the selection, its lines, and (with `cone`, a Set of ops) everything it depends on. */
  Painter.prototype.highlight = function (picked, cone) {
    const {model, scene} = this;
    // Inside a closed scope the selection shows as that scope's.
    let selected = picked && picked.embedded ? picked.hosts[0] : picked;
    while (selected && selected.parent && !scene.byVertex.has(selected)) selected = selected.parent;
    const within = new Set();
    for (const op of cone || []) {
      for (let at = drawn(model, op); at && !within.has(at); at = at.parent) within.add(at);
    }
    const below = selected ? new Set(opsBelow(selected)) : new Set();
    for (const box of scene.boxes) {
      const group = this.nodes.get(`${box.open ? "o" : "c"}:${box.v.id}`);
      group.classList.toggle("sg-selected", box.v === selected);
      group.classList.toggle("sg-dim", Boolean(cone) && !within.has(box.v));
      group.setAttribute("aria-selected", String(box.v === selected));
    }
    for (const [group, line] of this.lineOf) {
      const hit = (end) => below.size > 0 && line.bases.some((b) => below.has(model.base[b][end]));
      const out = hit("from");
      const into = hit("to");
      group.classList.toggle("sg-out", out && !into);
      group.classList.toggle("sg-in", into && !out);
      const text = this.textOf.get(group);
      if (text) text.classList.toggle("sg-shown", out !== into);
      const carries = !cone || line.bases.some((b) => cone.has(model.base[b].to));
      group.classList.toggle("sg-dim", !carries);
      if ((out || into) && !(out && into)) this.layers.lines.appendChild(group);
    }
    this.links(selected, below);
  };

  /* Lines to helpers at the side are drawn only for the selection: all of them would hide the graph. */
  Painter.prototype.links = function (selected, below) {
    this.layers.links.replaceChildren();
    if (!selected || !this.scene.byVertex.has(selected)) return;
    const {model, scene} = this;
    // Drawn as a line already, unless one of the two branches where the ends part stands aside.
    const partsAside = (one, other) => {
      let [a, b] = [one, other];
      while (a.depth > b.depth) a = a.parent;
      while (b.depth > a.depth) b = b.parent;
      while (a.parent !== b.parent) [a, b] = [a.parent, b.parent];
      return a.side || b.side;
    };
    const visible = (op) => {
      let at = drawn(model, op);
      while (at && !scene.byVertex.has(at)) at = at.parent;
      return at;
    };
    const wanted = new Map();
    for (const op of below) {
      for (const edge of [...model.ins[op], ...model.outs[op]]) {
        const into = edge.to === op;
        const other = visible(into ? edge.from : edge.to);
        if (!other || other === selected || below.has(into ? edge.from : edge.to)) continue;
        if (childOf(selected, other) || !partsAside(drawn(model, edge.from), drawn(model, edge.to))) continue;
        wanted.set(`${into}${other.id}`, {other, into});
      }
    }
    for (const {other, into} of [...wanted.values()].slice(0, MAX_LINKS)) {
      const [a, b] = [scene.byVertex.get(into ? other : selected), scene.byVertex.get(into ? selected : other)];
      const right = a.x < b.x;
      const x0 = right ? a.x + a.w : a.x;
      const x1 = right ? b.x : b.x + b.w;
      const [y0, y1] = [a.y + Math.min(a.h / 2, 24), b.y + Math.min(b.h / 2, 24)];
      const bow = (right ? 1 : -1) * Math.max(30, Math.abs(x1 - x0) / 2);
      const d = `M${x0},${y0}C${x0 + bow},${y0} ${x1 - bow},${y1} ${x1},${y1}`;
      el(this.layers.links, "path", {class: into ? "sg-link sg-in" : "sg-link sg-out", d});
    }
  };

  Painter.prototype.element = function (v) {
    return this.nodes.get(`c:${v.id}`) || this.nodes.get(`o:${v.id}`);
  };

  graphs.Painter = Painter;
})();
