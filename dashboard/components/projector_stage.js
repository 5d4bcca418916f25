/* One cloud of points on its canvas: turned, moved, zoomed, picked from, lassoed; by pointer, touch and keys. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const own = tb.projector;
  const {useSize} = tb.cardGroups;
  const h = (...args) => React.createElement(...args);
  const REACH = 12; // pixels
  const CLICK = 4; // pixels moved that still are a click
  const TURN = 0.008; // radians a pixel
  const REST_MS = 160; // without movement after which it is drawn in full again

  function themeOf() {
    const {css} = tb.theme;
    return {
      card: css("--card"), text: css("--text"), muted: css("--muted"), line: css("--line-strong"), accent: css("--accent"),
      font: css("--font") || "sans-serif",
    };
  }

  const shareOf = (v) => (v >= 0.0995 ? Math.round(v * 100) : (v * 100).toPrecision(2)) + " %";

  function axisName(method, cloud, axis) {
    if (method === "pca") return `PC${axis + 1}` + (cloud.explained ? ` ${shareOf(cloud.explained[axis])}` : "");
    if (method === "raw") return `dim ${axis}`;
    return `${method === "tsne" ? "t-SNE" : "UMAP"} ${axis + 1}`;
  }

  /** The components that are drawn: those chosen, as far as the projection has them. */
  function axesOf(cloud, spec, chosen) {
    const wanted = (cloud.method === "pca" || cloud.method === "raw" ? chosen : [0, 1, 2]).slice(0, spec.dims);
    const had = wanted.filter((axis) => axis < cloud.k);
    return had.length ? had : [0];
  }

  /** What the caption under the points says: sample, rows left out, variance. */
  function caption(cloud, axes) {
    const parts = [];
    const shown = tb.format.step(cloud.n);
    parts.push(cloud.n + cloud.leftOut < cloud.total ? `${shown} of ${tb.format.step(cloud.total)} rows, a random sample` : `${shown} rows`);
    if (cloud.leftOut) parts.push(`${tb.format.step(cloud.leftOut)} with NaN or infinities left out`);
    if (cloud.explained) {
      parts.push(`${shareOf(axes.reduce((sum, axis) => sum + cloud.explained[axis], 0))} of the variance shown`);
    }
    return [...parts, ...cloud.notes].join(" · ");
  }

  const textOf = (cloud, column, i) => {
    const at = column ? cloud.columns.indexOf(column) : 0;
    const values = cloud.labels[at < 0 ? 0 : at];
    return values ? values[i] : `row ${cloud.rows[i]}`;
  };

  /** Which points carry their names: the selected one, its neighbours, what was found; else none. */
  function namedPoints(cloud, {selected, strong, column, hover}) {
    const named = [];
    if (hover >= 0) named.push({i: hover, text: textOf(cloud, column, hover), strong: true});
    if (selected >= 0 && selected !== hover) named.push({i: selected, text: textOf(cloud, column, selected), strong: true});
    for (const i of strong) {
      if (named.length > 90) break;
      if (i !== selected && i !== hover) named.push({i, text: textOf(cloud, column, i), strong: false});
    }
    return named;
  }

  /** What the canvas shows, put together whenever something of it changes. */
  function useScene(props, cloud) {
    const {spec, axes: chosen, scale, colour, selected, strong, isolated, hoverRow, namesOf, sprite, run} = props;
    const {useMemo} = React;
    const theme = tb.theme.current();
    const axes = cloud ? axesOf(cloud, spec, chosen) : [0];
    const points = useMemo(() => cloud && own.normalised(cloud.values, cloud.n, cloud.k, axes), [cloud, axes.join()]);
    const colours = useMemo(() => {
      if (!cloud) return null;
      const at = cloud.columns.indexOf(colour);
      return own.coloured(at < 0 ? null : scale, cloud.labels[at], cloud.n, tb.runs.color(run));
    }, [cloud, scale, colour, theme, run]);
    return useMemo(() => {
      if (!cloud || !points) return null;
      const indices = (rows) => new Set([...rows].map((row) => cloud.indexOf.get(row)).filter((i) => i !== undefined));
      const at = (row) => (row >= 0 ? cloud.indexOf.get(row) ?? -1 : -1);
      const [strongOnes, hover, one] = [indices(strong), at(hoverRow), at(selected)];
      const kept = isolated && indices(isolated);
      return {
        cloud, points, n: cloud.n, rows: cloud.rows, ...colours, strong: strongOnes, selected: one >= 0 ? [one] : [], hover,
        hidden: kept ? (i) => !kept.has(i) : null, axes: axes.map((axis) => axisName(cloud.method, cloud, axis)), flat: axes.length < 3, sprite,
        names: namesOf ? namedPoints(cloud, {selected: one, strong: strongOnes, column: namesOf, hover}) : [],
      };
    }, [cloud, points, colours, strong, isolated, selected, hoverRow, namesOf, sprite]);
  }

  /** Draws the scene, at most once a frame, whenever it, the camera or the size changes. */
  function useDrawing({canvas, scene, rig, size}) {
    const {useEffect, useRef} = React;
    const at = useRef(null);
    const view = useRef(null);
    const asked = useRef(0);
    const moved = useRef(0);
    const polygon = useRef(null);
    const latest = useRef(scene);
    latest.current = scene;
    const draw = () => {
      asked.current = 0;
      const [node, now] = [canvas.current, latest.current];
      if (!node || !node.clientWidth || !now) return;
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      const [width, height] = [node.clientWidth, node.clientHeight];
      if (node.width !== Math.round(width * ratio) || node.height !== Math.round(height * ratio)) {
        node.width = Math.round(width * ratio);
        node.height = Math.round(height * ratio);
      }
      const moving = performance.now() - moved.current < REST_MS;
      view.current = {width, height, ratio, flat: now.flat, moving, theme: themeOf()};
      if (!at.current || at.current.x.length !== now.n) at.current = own.buffers(now.n);
      own.paint(node.getContext("2d"), view.current, rig.camera, {...now, polygon: polygon.current}, at.current);
      node.dataset.drawn = String(now.n);
    };
    const redraw = () => {
      if (!asked.current) asked.current = requestAnimationFrame(draw);
    };
    useEffect(() => {
      let rest = 0;
      const follow = () => {
        moved.current = performance.now();
        clearTimeout(rest);
        rest = setTimeout(redraw, REST_MS + 20);
        redraw();
      };
      rig.listeners.add(follow);
      return () => {
        clearTimeout(rest);
        cancelAnimationFrame(asked.current);
        asked.current = 0;
        rig.listeners.delete(follow);
      };
    }, [rig]);
    useEffect(redraw, [scene, size]);
    return {at, view, polygon, redraw};
  }

  /** Pointer and wheel on the canvas. */
  function usePointer({canvas, scene, rig, drawing, tool, onPick, onHover, onLasso}) {
    const {useEffect, useRef} = React;
    const held = useRef(new Map()); // pointer -> {x, y}
    const drag = useRef(null); // {x, y, moved, path}
    const local = (event) => {
      const rect = canvas.current.getBoundingClientRect();
      return [event.clientX - rect.left, event.clientY - rect.top];
    };
    const under = (px, py) =>
      drawing.view.current && drawing.at.current ? own.pick(drawing.at.current, scene.n, px, py, REACH, scene.hidden && ((i) => !scene.hidden(i))) : -1;
    const rowOf = (i) => (i >= 0 ? scene.rows[i] : -1);
    const down = (event) => {
      if (!scene) return;
      canvas.current.setPointerCapture(event.pointerId);
      const [x, y] = local(event);
      held.current.set(event.pointerId, {x, y});
      drag.current = {x, y, moved: 0, path: [[x, y]], isPan: event.button === 2 || event.shiftKey || scene.flat};
    };
    const pinch = (event, x, y) => {
      const other = [...held.current].find(([id]) => id !== event.pointerId)[1];
      const before = held.current.get(event.pointerId);
      const ratio = Math.hypot(x - other.x, y - other.y) / (Math.hypot(before.x - other.x, before.y - other.y) || 1);
      own.zoomAt(rig.camera, ratio, (x + other.x) / 2, (y + other.y) / 2, drawing.view.current);
      drag.current.moved += CLICK + 1;
      rig.moved();
    };
    const move = (event) => {
      if (!scene) return;
      const [x, y] = local(event);
      const now = drag.current;
      if (!now) {
        onHover(rowOf(under(x, y)));
        return;
      }
      if (held.current.size > 1) pinch(event, x, y);
      else {
        const [dx, dy] = [x - now.x, y - now.y];
        now.moved += Math.abs(dx) + Math.abs(dy);
        if (tool !== "turn") {
          now.path.push([x, y]);
          drawing.polygon.current = tool === "box" ? own.boxOf(now.path[0], [x, y]) : now.path;
          drawing.redraw();
        } else if (now.isPan) {
          own.panBy(rig.camera, dx, dy, drawing.view.current);
          rig.moved();
        } else {
          rig.camera.yaw += dx * TURN;
          rig.camera.pitch = Math.max(-1.57, Math.min(1.57, rig.camera.pitch + dy * TURN));
          rig.moved();
        }
        Object.assign(now, {x, y});
      }
      held.current.set(event.pointerId, {x, y});
    };
    const up = (event) => {
      held.current.delete(event.pointerId);
      const now = drag.current;
      if (!now || held.current.size) return;
      drag.current = null;
      const polygon = drawing.polygon.current;
      drawing.polygon.current = null;
      if (!scene) return;
      if (now.moved <= CLICK) onPick(rowOf(under(...local(event))));
      else if (tool !== "turn" && polygon && polygon.length > 2) {
        const found = own.within(drawing.at.current, scene.n, polygon).filter((i) => !(scene.hidden && scene.hidden(i)));
        onLasso(found.map((i) => scene.rows[i]));
      }
      drawing.redraw();
    };
    useEffect(() => {
      // React's own wheel listeners are passive: they cannot keep the page from scrolling.
      const wheel = (event) => {
        if (!drawing.view.current) return;
        event.preventDefault();
        own.zoomAt(rig.camera, Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), ...local(event), drawing.view.current);
        rig.moved();
      };
      const node = canvas.current;
      node.addEventListener("wheel", wheel, {passive: false});
      return () => node.removeEventListener("wheel", wheel);
    }, [rig]);
    return {
      onPointerDown: down, onPointerMove: move, onPointerUp: up, onPointerCancel: up, onPointerLeave: () => drag.current || onHover(-1),
      onContextMenu: (event) => event.preventDefault(),
    };
  }

  /** Arrow keys turn (with Shift, or in two dimensions, move), + and − zoom, 0 goes back to the start, Escape lets go. */
  function keyHandler({scene, rig, drawing, onPick}) {
    return (event) => {
      if (!scene || !drawing.view.current || event.ctrlKey || event.metaKey || event.altKey) return;
      const {width, height} = drawing.view.current;
      const way = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
      if (way && (scene.flat || event.shiftKey)) own.panBy(rig.camera, way[0] * -30, way[1] * -30, drawing.view.current);
      else if (way) {
        rig.camera.yaw += way[0] * 0.15;
        rig.camera.pitch = Math.max(-1.57, Math.min(1.57, rig.camera.pitch + way[1] * 0.15));
      } else if (event.key === "+" || event.key === "=") own.zoomAt(rig.camera, 1.25, width / 2, height / 2, drawing.view.current);
      else if (event.key === "-") own.zoomAt(rig.camera, 0.8, width / 2, height / 2, drawing.view.current);
      else if (event.key === "0") Object.assign(rig.camera, own.start());
      else if (event.key === "Escape") return onPick(-1);
      else return;
      event.preventDefault();
      event.stopPropagation();
      rig.moved();
    };
  }

  function Overlay({projection}) {
    const {state, stage, progress, error, cancel, again} = projection;
    if (state === "running" || state === "waiting") {
      return h(
        "div",
        {className: "pj-overlay", role: "status"},
        h("p", null, stage || "computing …"),
        h("progress", {max: 1, value: progress > 0 ? progress : undefined, "aria-label": "Progress of the projection"}),
        h("p", null, progress > 0 ? `${Math.round(progress * 100)} %` : "", " "),
        h("button", {type: "button", className: "button", onClick: cancel}, "Cancel")
      );
    }
    if (state !== "failed" && state !== "cancelled") return null;
    const extra = error.includes("try: pip") ? error.slice(error.indexOf("pip ")) : "";
    return h(
      "div",
      {className: "pj-overlay", role: "alert"},
      h("p", {className: "pj-error"}, state === "cancelled" ? "Cancelled" : extra ? error.split("\n")[0] : error),
      extra ? h("pre", {tabIndex: 0}, h("code", null, extra)) : null,
      h(
        "p",
        null,
        extra ? h("button", {type: "button", className: "button", onClick: () => tb.kit.copy(extra)}, "Copy") : null,
        " ",
        h("button", {type: "button", className: "button", onClick: again}, "Try again")
      )
    );
  }

  function Stage(props) {
    const {run, tag, projection, spec, rig, tool, onPick, onHover, onLasso} = props;
    const canvas = React.useRef(null);
    const size = useSize(canvas);
    const {cloud} = projection;
    const scene = useScene(props, cloud);
    const drawing = useDrawing({canvas, scene, rig, size});
    const pointer = usePointer({canvas, scene, rig, drawing, tool, onPick, onHover, onLasso});
    const busy = projection.state !== "done";
    const label = cloud ? `${tag}, run ${run}: ${caption(cloud, axesOf(cloud, spec, props.axes))}. Arrow keys turn, plus and minus zoom, 0 resets.` : `${tag}, run ${run}`;
    return h(
      "div",
      {className: "pj-stage" + (busy ? " pj-busy" : "")},
      h("canvas", {
        ref: canvas, role: "img", tabIndex: 0, "aria-label": label, className: `pj-tool-${tool}`, ...pointer,
        onKeyDown: keyHandler({scene, rig, drawing, onPick}),
      }),
      h(Overlay, {projection}),
      cloud ? h("p", {className: "pj-caption"}, caption(cloud, axesOf(cloud, spec, props.axes))) : null
    );
  }

  Object.assign(own, {Stage, textOf, axisName, shareOf});
})();
