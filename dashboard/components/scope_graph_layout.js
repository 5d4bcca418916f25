/* Layered layout of one flat graph: ranks, order by barycentre, coordinates. Pure numbers, no DOM.
 *
 * layered(nodes, edges) with nodes [{w, h, pin}] and edges [{from, to, dxFrom, dxTo, labelW}] gives
 * {width, height, x[], y[], routes[], spots[], reversed[]}: box centres and, for each edge, the points
 * it passes and the stretch of it where a label has room. pin "first"/"last" puts a node on the top or
 * bottom border (ports of an open scope); dxFrom and dxTo fix where on a box's side an edge ends.
 */
(function () {
  "use strict";

  const NODE_GAP = 26;
  const LANE_GAP = 14;
  const RANK_GAP = 34;
  const LABEL_GAP = 46;
  const PORT_GAP = 20;
  const MAX_PER_RANK = 9;
  // Beyond this many bends the long edges are drawn straight: a page must never freeze on them.
  const BEND_BUDGET = 4000;
  const SWEEPS = 10;

  /* Which edges to turn round so that no cycle is left; depth first, so loops turn at their end. */
  function reversedEdges(count, edges, first) {
    const out = Array.from({length: count}, () => []);
    const indegree = new Int32Array(count);
    edges.forEach((edge, e) => {
      out[edge.from].push(e);
      indegree[edge.to] += 1;
    });
    const state = new Uint8Array(count);
    const reversed = new Uint8Array(edges.length);
    const visit = (root) => {
      const stack = [[root, 0]];
      state[root] = 1;
      while (stack.length) {
        const top = stack[stack.length - 1];
        if (top[1] === out[top[0]].length) {
          state[top[0]] = 2;
          stack.pop();
          continue;
        }
        const e = out[top[0]][top[1]++];
        const target = edges[e].to;
        if (state[target] === 1) reversed[e] = 1;
        else if (state[target] === 0) {
          state[target] = 1;
          stack.push([target, 0]);
        }
      }
    };
    first.forEach((node) => state[node] || visit(node));
    for (let v = 0; v < count; v += 1) if (!state[v] && !indegree[v]) visit(v);
    for (let v = 0; v < count; v += 1) if (!state[v]) visit(v);
    return reversed;
  }

  function topological(count, links) {
    const indegree = new Int32Array(count);
    const out = Array.from({length: count}, () => []);
    links.forEach((link) => {
      indegree[link.b] += 1;
      out[link.a].push(link.b);
    });
    const order = [];
    for (let v = 0; v < count; v += 1) if (!indegree[v]) order.push(v);
    for (let i = 0; i < order.length; i += 1) {
      for (const next of out[order[i]]) if (--indegree[next] === 0) order.push(next);
    }
    return order;
  }

  /* Longest path, then each node slides towards the side where most of its edges are. */
  function assignRanks(nodes, links) {
    const count = nodes.length;
    const rank = new Float64Array(count);
    const into = Array.from({length: count}, () => []);
    const out = Array.from({length: count}, () => []);
    links.forEach(({a, b}) => {
      out[a].push(b);
      into[b].push(a);
    });
    const order = topological(count, links);
    const hasFirst = nodes.some((node) => node.pin === "first");
    for (const v of order) {
      if (nodes[v].pin === "first") continue;
      rank[v] = hasFirst ? 1 : 0;
      for (const u of into[v]) rank[v] = Math.max(rank[v], rank[u] + 1);
    }
    const free = (v) => !nodes[v].pin;
    for (let pass = 0; pass < 3; pass += 1) {
      for (let i = order.length - 1; i >= 0; i -= 1) {
        const v = order[i];
        const below = out[v].filter(free);
        if (!free(v) || !below.length) continue;
        const above = into[v].filter(free);
        if (below.length <= above.length) continue;
        rank[v] = Math.max(rank[v], Math.min(...below.map((w) => rank[w])) - 1);
      }
    }
    spreadCrowds(nodes, rank, into, out);
    return compactRanks(nodes, rank);
  }

  /* A rank of forty sources is unreadable: pure sources and sinks are put in rows of nine. */
  function spreadCrowds(nodes, rank, into, out) {
    const crowd = new Map();
    nodes.forEach((node, v) => {
      if (node.pin) return;
      const source = !into[v].some((u) => !nodes[u].pin);
      const sink = !out[v].some((u) => !nodes[u].pin);
      if (source === sink) return;
      const key = `${rank[v]}${source ? "s" : "t"}`;
      if (!crowd.has(key)) crowd.set(key, {source, members: []});
      crowd.get(key).members.push(v);
    });
    crowd.forEach(({source, members}) => {
      const rows = Math.ceil(members.length / MAX_PER_RANK);
      members.forEach((v, i) => {
        const row = Math.floor((i * rows) / members.length);
        rank[v] += ((source ? -1 : 1) * row) / (rows + 1);
      });
    });
  }

  function compactRanks(nodes, rank) {
    let low = Infinity;
    let high = -Infinity;
    nodes.forEach((node, v) => {
      if (node.pin) return;
      low = Math.min(low, rank[v]);
      high = Math.max(high, rank[v]);
    });
    if (low > high) low = high = 0;
    nodes.forEach((node, v) => {
      if (node.pin === "first") rank[v] = low - 1;
      if (node.pin === "last") rank[v] = high + 1;
    });
    const levels = [...new Set(rank)].sort((p, q) => p - q);
    const index = new Map(levels.map((level, i) => [level, i]));
    return {rank: Array.from(rank, (r) => index.get(r)), depth: levels.length};
  }

  /* Long edges become chains of bends ("dummy nodes"), one a rank, so that they keep clear of boxes. */
  function buildLanes(nodes, links, rank, depth) {
    const items = nodes.map((node, v) => ({w: node.w, h: node.h, rank: rank[v], bend: false}));
    const spans = links
      .map((link, i) => ({i, span: rank[link.b] - rank[link.a]}))
      .sort((p, q) => p.span - q.span);
    let budget = BEND_BUDGET;
    const segments = [];
    const chains = links.map(() => null);
    for (const {i, span} of spans) {
      const {a, b, dxA, dxB, labelW} = links[i];
      if (span > 1 && span - 1 > budget) continue;
      budget -= span - 1;
      const chain = [];
      let previous = a;
      let dxPrevious = dxA;
      for (let r = rank[a] + 1; r < rank[b]; r += 1) {
        const wide = r === rank[a] + 1 && labelW ? labelW : 4;
        items.push({w: wide, h: 0, rank: r, bend: true});
        const bend = items.length - 1;
        // A bend that reserves room for a label carries the line at its left edge.
        const dxBend = 2 - wide / 2;
        const weight = chain.length ? 8 : 2;
        segments.push({a: previous, b: bend, dx: dxPrevious - dxBend, weight});
        chain.push(bend);
        previous = bend;
        dxPrevious = dxBend;
      }
      segments.push({a: previous, b, dx: dxPrevious - dxB, weight: chain.length ? 2 : 1});
      chains[i] = chain;
    }
    const layers = Array.from({length: depth}, () => []);
    items.forEach((item, v) => layers[item.rank].push(v));
    const up = items.map(() => []);
    const down = items.map(() => []);
    segments.forEach((s) => {
      down[s.a].push({to: s.b, dx: s.dx, weight: s.weight});
      up[s.b].push({to: s.a, dx: -s.dx, weight: s.weight});
    });
    return {items, layers, up, down, chains};
  }

  function crossingsBetween(upper, lower, down, position) {
    const ends = [];
    upper.forEach((v) => {
      const to = down[v].map((link) => position[link.to]).sort((p, q) => p - q);
      for (const end of to) ends.push(end);
    });
    const size = lower.length + 1;
    const tree = new Int32Array(size + 1);
    let crossings = 0;
    for (let i = ends.length - 1; i >= 0; i -= 1) {
      for (let k = ends[i]; k > 0; k -= k & -k) crossings += tree[k];
      for (let k = ends[i] + 1; k <= size; k += k & -k) tree[k] += 1;
    }
    return crossings;
  }

  function orderLayers(lanes) {
    const {items, layers, up, down} = lanes;
    const position = new Float64Array(items.length);
    const number = (layer) => layer.forEach((v, i) => (position[v] = i));
    seedOrder(lanes, position);
    layers.forEach((layer) => {
      layer.sort((p, q) => position[p] - position[q]);
      number(layer);
    });
    const count = () => {
      let sum = 0;
      for (let r = 0; r + 1 < layers.length; r += 1) {
        sum += crossingsBetween(layers[r], layers[r + 1], down, position);
      }
      return sum;
    };
    const sortBy = (layer, links) => {
      const key = new Map();
      layer.forEach((v) => {
        const near = links[v];
        let sum = 0;
        for (const link of near) sum += position[link.to];
        key.set(v, near.length ? sum / near.length : position[v]);
      });
      layer.sort((p, q) => key.get(p) - key.get(q) || position[p] - position[q]);
      number(layer);
    };
    let best = count();
    let kept = layers.map((layer) => layer.slice());
    const sweeps = items.length > 1500 ? 4 : SWEEPS;
    for (let sweep = 0; sweep < sweeps && best > 0; sweep += 1) {
      if (sweep % 2 === 0) for (let r = 1; r < layers.length; r += 1) sortBy(layers[r], up);
      else for (let r = layers.length - 2; r >= 0; r -= 1) sortBy(layers[r], down);
      const now = count();
      if (now < best) {
        best = now;
        kept = layers.map((layer) => layer.slice());
      }
    }
    kept.forEach((layer, r) => {
      layers[r] = layer;
      number(layer);
    });
  }

  /* Start from a depth-first walk: what belongs together then starts side by side. */
  function seedOrder(lanes, position) {
    const {items, layers, down, up} = lanes;
    const seen = new Uint8Array(items.length);
    let next = 0;
    layers.forEach((layer) => {
      layer.forEach((root) => {
        if (seen[root]) return;
        const stack = [root];
        while (stack.length) {
          const v = stack.pop();
          if (seen[v]) continue;
          seen[v] = 1;
          position[v] = next++;
          for (let i = up[v].length - 1; i >= 0; i -= 1) stack.push(up[v][i].to);
          for (let i = down[v].length - 1; i >= 0; i -= 1) stack.push(down[v][i].to);
        }
      });
    });
  }

  /* Nearest x to the wishes that keeps the order and the gaps: pool adjacent violators. */
  function settle(layer, wish, weight, offset, x) {
    const blocks = [];
    layer.forEach((v, i) => {
      let block = {sum: (wish[i] - offset[i]) * weight[i], weight: weight[i], size: 1};
      while (blocks.length) {
        const last = blocks[blocks.length - 1];
        if (last.sum / last.weight <= block.sum / block.weight) break;
        blocks.pop();
        block = {
          sum: last.sum + block.sum,
          weight: last.weight + block.weight,
          size: last.size + block.size,
        };
      }
      blocks.push(block);
    });
    let i = 0;
    for (const block of blocks) {
      for (let k = 0; k < block.size; k += 1, i += 1) {
        x[layer[i]] = block.sum / block.weight + offset[i];
      }
    }
  }

  function placeX(lanes) {
    const {items, layers, up, down} = lanes;
    const x = new Float64Array(items.length);
    const offsets = layers.map((layer) => {
      const offset = [];
      layer.forEach((v, i) => {
        if (!i) return offset.push(0);
        const u = layer[i - 1];
        const gap = items[u].bend || items[v].bend ? LANE_GAP : NODE_GAP;
        return offset.push(offset[i - 1] + (items[u].w + items[v].w) / 2 + gap);
      });
      const middle = (offset[0] + offset[offset.length - 1]) / 2;
      layer.forEach((v, i) => (x[v] = offset[i] - middle));
      return offset;
    });
    const pull = (r, sides) => {
      const layer = layers[r];
      const wish = [];
      const weight = [];
      layer.forEach((v) => {
        let sum = 0;
        let total = 0;
        for (const side of sides) {
          for (const link of side[v]) {
            sum += (x[link.to] - link.dx) * link.weight;
            total += link.weight;
          }
        }
        wish.push(total ? sum / total : x[v]);
        weight.push(total || 0.05);
      });
      settle(layer, wish, weight, offsets[r], x);
    };
    const rounds = items.length > 1500 ? 3 : 8;
    for (let round = 0; round < rounds; round += 1) {
      for (let r = 1; r < layers.length; r += 1) pull(r, [up]);
      for (let r = layers.length - 2; r >= 0; r -= 1) pull(r, [down]);
    }
    for (let round = 0; round < 3; round += 1) {
      for (let r = 0; r < layers.length; r += 1) pull(r, [up, down]);
    }
    return x;
  }

  /* Ends of edges spread over a box's side in the order of where they go, so none overlap. */
  function spreadEnds(nodes, links, heading) {
    const touching = nodes.map(() => ({a: [], b: []}));
    links.forEach((link, i) => {
      if (!link.fixedA) touching[link.a].a.push(i);
      if (!link.fixedB) touching[link.b].b.push(i);
    });
    touching.forEach((ends, v) => {
      for (const end of ["a", "b"]) {
        const list = ends[end];
        if (list.length < 2) continue;
        list.sort((p, q) => heading(links[p], p, end) - heading(links[q], q, end));
        const width = Math.min(nodes[v].w * 0.66, (list.length - 1) * 16);
        list.forEach((i, k) => {
          links[i][end === "a" ? "dxA" : "dxB"] = (k / (list.length - 1) - 0.5) * width;
        });
      }
    });
  }

  function layered(nodes, edges) {
    if (!nodes.length) return {width: 0, height: 0, x: [], y: [], routes: [], spots: [], reversed: []};
    const first = nodes.map((node, v) => v).filter((v) => nodes[v].pin === "first");
    const reversed = reversedEdges(nodes.length, edges, first);
    const links = edges.map((edge, e) => {
      const turned = reversed[e];
      return {
        a: turned ? edge.to : edge.from,
        b: turned ? edge.from : edge.to,
        dxA: (turned ? edge.dxTo : edge.dxFrom) || 0,
        dxB: (turned ? edge.dxFrom : edge.dxTo) || 0,
        fixedA: (turned ? edge.dxTo : edge.dxFrom) !== undefined,
        fixedB: (turned ? edge.dxFrom : edge.dxTo) !== undefined,
        labelW: edge.labelW || 0,
      };
    });
    const {rank, depth} = assignRanks(nodes, links);
    const lanes = buildLanes(nodes, links, rank, depth);
    orderLayers(lanes);
    const x = placeX(lanes);
    const {y, tops, bottoms, height} = placeY(nodes, links, rank, depth);
    const shift = Math.min(...lanes.items.map((item, v) => x[v] - item.w / 2));
    const right = Math.max(...lanes.items.map((item, v) => x[v] + item.w / 2));
    for (let v = 0; v < x.length; v += 1) x[v] -= shift;

    const heading = (link, i, end) => {
      const chain = lanes.chains[i];
      if (chain && chain.length) return x[end === "a" ? chain[0] : chain[chain.length - 1]];
      return x[end === "a" ? link.b : link.a];
    };
    spreadEnds(nodes, links, heading);
    const spots = [];
    const routes = links.map((link, i) => {
      const [xa, xb] = [x[link.a] + link.dxA, x[link.b] + link.dxB];
      const [low, high] = [bottoms[rank[link.a]], tops[rank[link.b]]];
      const points = [[xa, y[link.a] + nodes[link.a].h / 2]];
      // Straight down to the end of its rank first: a neighbour in it may be taller.
      if (low - points[0][1] > 1) points.push([xa, low]);
      for (const bend of lanes.chains[i] || []) {
        const r = lanes.items[bend].rank;
        const at = x[bend] - lanes.items[bend].w / 2 + 2;
        points.push([at, tops[r]], [at, bottoms[r]]);
      }
      const bend = (lanes.chains[i] || [])[0];
      const r = bend === undefined ? -1 : lanes.items[bend].rank;
      const at = bend === undefined ? 0 : x[bend] - lanes.items[bend].w / 2 + 2;
      spots.push(
        bend === undefined
          ? [
              [xa, low],
              [xb, high],
            ]
          : [
              [at, tops[r]],
              [at, bottoms[r]],
            ],
      );
      const end = y[link.b] - nodes[link.b].h / 2;
      if (end - high > 1) points.push([xb, high]);
      points.push([xb, end]);
      return reversed[i] ? points.reverse() : points;
    });
    // A label stands right of its line's middle and must not leave the picture.
    const labelEnd = ([p, q], i) => (links[i].labelW ? (p[0] + q[0]) / 2 + links[i].labelW + 6 : 0);
    return {
      width: Math.max(right - shift, ...spots.map(labelEnd)),
      height,
      x: Array.from(x.subarray(0, nodes.length)),
      y,
      routes,
      spots,
      reversed: Array.from(reversed, Boolean),
    };
  }

  function placeY(nodes, links, rank, depth) {
    const tall = new Float64Array(depth);
    nodes.forEach((node, v) => (tall[rank[v]] = Math.max(tall[rank[v]], node.h)));
    const labelled = new Uint8Array(depth);
    links.forEach((link) => {
      if (link.labelW) labelled[rank[link.a]] = 1;
    });
    const tops = [];
    const bottoms = [];
    let top = 0;
    for (let r = 0; r < depth; r += 1) {
      tops.push(top);
      bottoms.push(top + tall[r]);
      const port = tall[r] === 0 || (r + 1 < depth && tall[r + 1] === 0);
      top += tall[r] + (port ? PORT_GAP : labelled[r] ? LABEL_GAP : RANK_GAP);
    }
    const y = nodes.map((node, v) => tops[rank[v]] + tall[rank[v]] / 2);
    return {y, tops, bottoms, height: bottoms[depth - 1]};
  }

  const trainboard = (window.trainboard = window.trainboard || {});
  const shared = (trainboard.scopeGraph = trainboard.scopeGraph || {});
  shared.layered = layered;
  shared.reversedEdges = reversedEdges;
})();
