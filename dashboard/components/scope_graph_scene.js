/* From a model and the set of open scopes to boxes and lines in one plane. No DOM.
 *
 * Only open scopes are laid out, inside out, and a scope is laid out again only when something open
 * below it changed. A line into an open scope goes on inside it from a port on the scope's border.
 */
(function () {
  "use strict";

  const {childOf, closedSize, layered, shapeText, short, textWidth} = window.trainboard.scopeGraph;
  const PADDING = 16;
  const HEADER = 30;
  const MAX_PORTS = 6;
  const SIDE_GAP = 48;
  const SIDE_TITLE = 22;
  const SIDE_HEIGHT = 420;

  /* Which children and lifted edges of a scope are in its main column, and which way edges turn. */
  function planOf(scope) {
    if (scope.plan) return scope.plan;
    const main = scope.shown.filter((child) => !child.side);
    const side = scope.shown.filter((child) => child.side);
    const edges = scope.edges.filter((edge) => !edge.from.side && !edge.to.side);
    scope.plan = {main, side, edges, turned: new Set(), ports: null};
    const at = new Map(main.map((child, i) => [child, i]));
    const flat = edges.map((edge) => ({from: at.get(edge.from), to: at.get(edge.to)}));
    const flags = window.trainboard.scopeGraph.reversedEdges(main.length, flat, []);
    edges.forEach((edge, i) => flags[i] && scope.plan.turned.add(edge));
    return scope.plan;
  }

  /* The lines that reach into `scope` from outside, each with the base edges it carries. */
  function portsOf(model, scope) {
    const plan = planOf(scope);
    if (plan.ports) return plan.ports;
    const parent = scope.parent;
    const outside = [];
    if (parent && !scope.side) {
      const above = planOf(parent);
      for (const edge of above.edges) {
        const enters = edge.to === scope;
        if (!enters && edge.from !== scope) continue;
        const top = enters !== above.turned.has(edge);
        outside.push({
          keys: [edge],
          enters,
          top,
          bases: edge.bases,
          name: (enters ? edge.from : edge.to).label,
        });
      }
      for (const port of parent.parent ? portsOf(model, parent) : []) {
        const bases = port.bases.filter((base) => childOf(parent, endInside(model, port, base)) === scope);
        if (bases.length) outside.push({...port, keys: [port], bases});
      }
    }
    plan.ports = [true, false].flatMap((top) => {
      const list = outside.filter((port) => port.top === top);
      list.sort((p, q) => q.bases.length - p.bases.length);
      if (list.length <= MAX_PORTS) return list;
      const merged = [true, false].flatMap((enters) => {
        const rest = list.slice(MAX_PORTS - 1).filter((port) => port.enters === enters);
        if (!rest.length) return [];
        const bases = rest.flatMap((port) => port.bases);
        return [{keys: rest.flatMap((p) => p.keys), enters, top, bases, name: `${rest.length} more`}];
      });
      return [...list.slice(0, MAX_PORTS - 1), ...merged];
    });
    return plan.ports;
  }

  function endInside(model, port, base) {
    const edge = model.base[base];
    return model.leaves[port.enters ? edge.to : edge.from];
  }

  function edgeLabel(model, bases) {
    const shapes = new Set();
    let tensors = 0;
    for (const base of bases) {
      const edge = model.base[base];
      if (edge.control) continue;
      tensors += 1;
      shapes.add(shapeText(model.graph, edge.from, edge.port));
      if (shapes.size > 1 && tensors > 8) break;
    }
    if (shapes.size === 1) return [...shapes][0];
    const total = bases.filter((base) => !model.base[base].control).length;
    return total ? `${total} tensors` : "";
  }

  /* Layout of one open scope in its own coordinates, memoised by what is open below it. */
  function layoutScope(model, scope, open) {
    const plan = planOf(scope);
    const inner = new Map();
    const openKids = scope.shown.filter((child) => open.has(child.id) && child.kind !== "op");
    openKids.forEach((child) => inner.set(child, layoutScope(model, child, open)));
    const key = openKids.map((child) => `${child.serial}:${inner.get(child).key}`).join("|");
    if (scope.laid && scope.laid.key === key) return scope.laid;

    const ports = scope.parent ? portsOf(model, scope) : [];
    const sizes = plan.main.map((child) => sizeOf(model, child, inner));
    const nodes = sizes.map((size) => ({w: size.w, h: size.h}));
    ports.forEach((port) => nodes.push({w: 8, h: 0, pin: port.top ? "first" : "last"}));
    const at = new Map(plan.main.map((child, i) => [child, i]));
    const lines = [];
    for (const edge of plan.edges) {
      const label = edge.control ? "" : edgeLabel(model, edge.bases);
      lines.push({
        from: at.get(edge.from),
        to: at.get(edge.to),
        label,
        bases: edge.bases,
        control: edge.control,
        edge,
        turned: plan.turned.has(edge),
      });
    }
    ports.forEach((port, p) => pushPortLines(model, scope, port, plan.main.length + p, at, lines));
    const flatten = () =>
      lines.map((line) => {
        fixEnds(line, plan.main, inner);
        const labelW = line.label ? textWidth(line.label, 9.5) + 8 : 0;
        const ends = {from: line.from, to: line.to, dxFrom: line.dxFrom, dxTo: line.dxTo};
        // Turned here, not in the layout: both must agree on which border a port lies.
        if (!line.turned) return {...ends, labelW};
        return {from: line.to, to: line.from, dxFrom: line.dxTo, dxTo: line.dxFrom, labelW};
      });
    let laid = packParts(nodes, flatten(), ports.length > 0);
    const flips = openKids.filter((child) => crossed(plan.main.indexOf(child), inner.get(child), lines, laid));
    if (flips.length) {
      flips.forEach((child) => inner.set(child, mirrored(inner.get(child))));
      laid = packParts(nodes, flatten(), ports.length > 0);
    }
    scope.laid = finish(model, scope, {plan, inner, ports, sizes, lines, laid, key});
    return scope.laid;
  }

  function sizeOf(model, child, inner) {
    const laid = inner.get(child);
    if (!laid) return closedSize(model, child);
    return {w: laid.w, h: laid.h, body: laid.w};
  }

  function pushPortLines(model, scope, port, node, at, lines) {
    const byChild = new Map();
    for (const base of port.bases) {
      const child = childOf(scope, endInside(model, port, base));
      if (!at.has(child)) continue;
      if (!byChild.has(child)) byChild.set(child, []);
      byChild.get(child).push(base);
    }
    byChild.forEach((bases, child) => {
      const inward = port.enters;
      lines.push({
        from: inward ? node : at.get(child),
        to: inward ? at.get(child) : node,
        label: "",
        bases,
        control: bases.every((base) => model.base[base].control),
        port,
        turned: port.top !== inward,
      });
    });
  }

  /* At an open child the line ends exactly where the child's own port stands. */
  function fixEnds(line, main, inner) {
    for (const end of ["from", "to"]) {
      const laid = inner.get(main[line[end]]);
      if (!laid) continue;
      const key = line.edge || line.port;
      const port = laid.ports.find((p) => p.keys.includes(key) && p.enters === (end === "to"));
      if (port) line[end === "from" ? "dxFrom" : "dxTo"] = port.x - laid.w / 2;
    }
  }

  /* Whether more of an open child's lines cross than not, on the way from its ports to where they go. */
  function crossed(index, inner, lines, laid) {
    if (index < 0 || inner.side.width) return false;
    const ends = [];
    lines.forEach((line, i) => {
      const entering = line.to === index;
      if (!entering && line.from !== index) return;
      const port = inner.ports.find((p) => p.keys.includes(line.edge || line.port) && p.enters === entering);
      if (!port) return;
      // Routes run downwards: at a top port one ends. Where it comes from is where it last turned.
      const route = port.top ? laid.routes[i].slice().reverse() : laid.routes[i];
      const turn = route.find(([x]) => Math.abs(x - route[0][0]) > 1) || route[0];
      ends.push({top: port.top, x: port.x, far: turn[0]});
    });
    let balance = 0;
    ends.forEach((p, i) =>
      ends.slice(i + 1).forEach((q) => {
        if (p.top === q.top) balance += Math.sign(p.x - q.x) * Math.sign(p.far - q.far);
      }),
    );
    return balance < 0;
  }

  const flipped = (points, width) => points.map(([x, y]) => [width - x, y]);

  function mirrored(laid) {
    return {
      ...laid,
      boxes: laid.boxes.map((box) => ({...box, x: laid.w - box.x, laid: box.laid && mirrored(box.laid)})),
      lines: laid.lines.map((line) => ({
        ...line,
        flip: !line.flip,
        points: flipped(line.points, laid.w),
        spot: flipped(line.spot, laid.w),
      })),
      ports: laid.ports.map((port) => ({...port, x: laid.w - port.x})),
    };
  }

  const moved = (points, dx, dy) => points.map(([x, y]) => [x + dx, y + dy]);

  /* Parts with no line between them are laid out one by one and packed on shelves. */
  function packParts(nodes, edges, joined) {
    if (joined || nodes.length < 2) return layered(nodes, edges);
    const part = nodes.map((node, v) => v);
    const find = (v) => {
      while (part[v] !== v) v = part[v] = part[part[v]];
      return v;
    };
    edges.forEach((edge) => (part[find(edge.from)] = find(edge.to)));
    const groups = new Map();
    nodes.forEach((node, v) => {
      const key = find(v);
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(v);
    });
    if (groups.size === 1) return layered(nodes, edges);
    const parts = [...groups.values()].map((members) => {
      const local = new Map(members.map((v, i) => [v, i]));
      const mine = edges.map((edge, e) => e).filter((e) => local.has(edges[e].from));
      const flat = mine.map((e) => ({...edges[e], from: local.get(edges[e].from), to: local.get(edges[e].to)}));
      return {
        members,
        mine,
        laid: layered(
          members.map((v) => nodes[v]),
          flat,
        ),
      };
    });
    parts.sort((p, q) => q.laid.height - p.laid.height || q.members.length - p.members.length);
    const area = parts.reduce((sum, p) => sum + (p.laid.width + 30) * (p.laid.height + 26), 0);
    const most = Math.max(parts[0].laid.width, Math.sqrt(area) * 1.5);
    const out = {width: 0, height: 0, x: [], y: [], routes: [], spots: []};
    let left = 0;
    let top = 0;
    let shelf = 0;
    for (const {members, mine, laid} of parts) {
      if (left > 0 && left + laid.width > most) {
        top += shelf + 26;
        left = shelf = 0;
      }
      members.forEach((v, i) => {
        out.x[v] = left + laid.x[i];
        out.y[v] = top + laid.y[i];
      });
      const [dx, dy] = [left, top];
      mine.forEach((e, i) => {
        out.routes[e] = moved(laid.routes[i], dx, dy);
        out.spots[e] = moved(laid.spots[i], dx, dy);
      });
      left += laid.width + 30;
      shelf = Math.max(shelf, laid.height);
      out.width = Math.max(out.width, left - 30);
      out.height = Math.max(out.height, top + shelf);
    }
    return out;
  }

  function finish(model, scope, {plan, inner, ports, sizes, lines, laid, key}) {
    const padding = scope.parent ? PADDING : 0;
    const head = scope.parent ? HEADER : 0;
    // Ports lie on the border itself, so a scope with ports needs no padding above or below.
    const topPorts = ports.some((port) => port.top);
    const lowPorts = ports.some((port) => !port.top);
    const dx = padding;
    const dy = head + (topPorts ? 0 : padding / 2);
    const side = sideColumn(
      model,
      plan.side,
      inner,
      laid.width ? laid.width + dx + SIDE_GAP : dx,
      head + padding / 2,
    );
    const title = scope.parent ? textWidth(short(scope.label, 26), 13, 700) + 60 : 0;
    const w = Math.max(title, (side.width ? side.right : laid.width + dx) + padding);
    const h = Math.max(dy + laid.height + (lowPorts ? 4 : padding), side.bottom + padding);
    const spare = side.width ? 0 : Math.max(0, (w - 2 * padding - laid.width) / 2);
    const boxes = plan.main.map((child, i) => ({
      v: child,
      x: dx + spare + laid.x[i],
      y: dy + laid.y[i],
      size: sizes[i],
      laid: inner.get(child),
    }));
    const many = plan.main.length;
    const placedPorts = ports.map((port, p) => ({...port, x: dx + spare + laid.x[many + p]}));
    const drawnLines = lines.map((line, i) => {
      const points = moved(laid.routes[i], dx + spare, dy);
      if (line.turned) points.reverse();
      // A port line reaches through header or padding to the border.
      if (line.port) {
        const at = line.port.enters ? 0 : points.length - 1;
        const [x] = points[at];
        const border = line.port.top ? 0 : h;
        if (line.port.enters) points.unshift([x, border]);
        else points.push([x, border]);
      }
      return {
        ...line,
        points,
        spot: moved(laid.spots[i], dx + spare, dy),
        source: many > line.from ? plan.main[line.from] : null,
        target: many > line.to ? plan.main[line.to] : null,
      };
    });
    return {key, w, h, boxes: [...boxes, ...side.boxes], lines: drawnLines, ports: placedPorts, side};
  }

  function sideColumn(model, members, inner, left, top) {
    if (!members.length) return {width: 0, bottom: 0, right: 0, boxes: []};
    let y = top + SIDE_TITLE;
    let x = left;
    let width = 0;
    let bottom = 0;
    const boxes = members.map((child) => {
      const size = sizeOf(model, child, inner);
      if (y > top + SIDE_TITLE && y + size.h > top + SIDE_HEIGHT) {
        x += width + 20;
        y = top + SIDE_TITLE;
        width = 0;
      }
      const box = {v: child, x: x + size.w / 2, y: y + size.h / 2, size, laid: inner.get(child), side: true};
      y += size.h + 14;
      width = Math.max(width, size.w);
      bottom = Math.max(bottom, y - 14);
      return box;
    });
    return {width, left, top, right: x + width, bottom, boxes};
  }

  /* Everything visible with absolute coordinates, outer boxes first: {width, height, boxes, lines}. */
  function buildScene(model, open) {
    const laid = layoutScope(model, model.root, open);
    const scene = {width: laid.w, height: laid.h, boxes: [], lines: [], titles: [], byVertex: new Map()};
    const walk = (scope, part, x0, y0, depth) => {
      if (part.side.width)
        scene.titles.push({id: scope.id, x: x0 + part.side.left, y: y0 + part.side.top + 10});
      for (const box of part.boxes) {
        const {v, size} = box;
        const x = x0 + box.x - size.w / 2;
        const y = y0 + box.y - size.h / 2;
        const item = {
          v,
          x,
          y,
          w: size.w,
          h: size.h,
          body: size.body,
          open: Boolean(box.laid),
          side: Boolean(box.side),
          depth,
        };
        scene.boxes.push(item);
        scene.byVertex.set(v, item);
        if (box.laid) walk(v, box.laid, x, y, depth + 1);
      }
      for (const line of part.lines) {
        scene.lines.push({
          key: lineKey(scope, line),
          scope,
          points: moved(line.points, x0, y0),
          spot: moved(line.spot, x0, y0),
          bases: line.bases,
          count: line.bases.length,
          label: line.label,
          control: line.control,
          flip: Boolean(line.flip),
          loop: line.turned && !line.port,
          port: line.port || null,
          source: line.source,
          target: line.target,
        });
      }
    };
    walk(model.root, laid, 0, 0, 0);
    return scene;
  }

  function lineKey(scope, line) {
    const end = (v) => (v ? v.serial : "p");
    const tail = line.port ? `:${line.port.enters ? "i" : "o"}${line.port.name}` : "";
    return `${scope.serial}:${end(line.source)}>${end(line.target)}${tail}`;
  }

  Object.assign(window.trainboard.scopeGraph, {buildScene, planOf});
})();
