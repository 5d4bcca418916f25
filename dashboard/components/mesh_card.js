/* One card: a run's mesh at the linked step, turned by pointer, touch and keys. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const own = tb.meshes;
  const {useVisible, useSize, useRecovery} = tb.cardGroups;
  const h = (...args) => React.createElement(...args);
  const KEPT_BYTES = 256 << 20;
  const TURN = 0.008; // radians a pixel
  const kept = new Map(); // address -> mesh, oldest first
  let bytes = 0;

  const sizeOf = ({vertices, colours, faces}) => vertices.byteLength + colours.byteLength + faces.byteLength;

  async function meshAt(key, query) {
    if (kept.has(key)) return kept.get(key);
    const body = await tb.http.arrays("/api/mesh?" + new URLSearchParams(query));
    const [vertices, colours, faces] = body.arrays;
    const mesh = {...body, vertices, colours, faces};
    kept.set(key, mesh);
    bytes += sizeOf(mesh);
    for (const [old, one] of kept) {
      if (bytes <= KEPT_BYTES || kept.size < 2) break;
      bytes -= sizeOf(one);
      kept.delete(old);
    }
    return mesh;
  }

  /** The mesh of a series at an index: {mesh, error}; the one before stays while another is fetched. */
  function useMesh(series, index, batch) {
    const [state, setState] = React.useState({mesh: null, error: ""});
    const attempt = useRecovery(state.error !== "");
    const key = series && index >= 0 ? [series.key, series.identity, index, batch].join("\n") : "";
    React.useEffect(() => {
      if (!key) return undefined;
      let current = true;
      meshAt(key, {run: series.run, tag: series.tag, number: index, batch}).then(
        (mesh) => current && setState({mesh, error: ""}),
        (error) => current && setState((before) => ({...before, error: error.message}))
      );
      return () => void (current = false);
    }, [key, attempt]);
    return index >= 0 ? state : {mesh: null, error: state.error};
  }

  function rgb(colour) {
    const hex = /^#([0-9a-f]{6})$/i.exec(colour.trim());
    if (hex) return [0, 2, 4].map((at) => parseInt(hex[1].slice(at, at + 2), 16) / 255);
    const numbers = (colour.match(/[\d.]+/g) || []).map(Number);
    return numbers.length >= 3 ? numbers.slice(0, 3).map((v) => v / 255) : [0.4, 0.5, 0.9];
  }

  /** Turns, moves and zooms a rig's camera by pointer, wheel, pinch and keys. */
  function useCamera(canvas, rig) {
    const {useEffect, useRef} = React;
    const held = useRef(new Map());
    const place = (event) => {
      const rect = canvas.current.getBoundingClientRect();
      return {x: event.clientX - rect.left, y: event.clientY - rect.top, width: rect.width, height: rect.height};
    };
    const zoom = (factor) => {
      rig.camera.zoom = Math.min(60, Math.max(0.15, rig.camera.zoom * factor));
      rig.moved();
    };
    const pan = (dx, dy, {width, height}) => {
      rig.camera.panX += (dx / width) * 2;
      rig.camera.panY -= (dy / height) * 2;
      rig.moved();
    };
    const turn = (dx, dy) => {
      rig.camera.yaw += dx * TURN;
      rig.camera.pitch = Math.max(-1.57, Math.min(1.57, rig.camera.pitch + dy * TURN));
      rig.moved();
    };
    useEffect(() => {
      // React's own wheel listeners are passive; and the page scrolls on unless the card was chosen by a click or Ctrl.
      const wheel = (event) => {
        if (!event.ctrlKey && document.activeElement !== canvas.current) return;
        event.preventDefault();
        zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)));
      };
      const node = canvas.current;
      node.addEventListener("wheel", wheel, {passive: false});
      return () => node.removeEventListener("wheel", wheel);
    }, [rig]);
    const down = (event) => {
      canvas.current.setPointerCapture(event.pointerId);
      held.current.set(event.pointerId, place(event));
    };
    const move = (event) => {
      const before = held.current.get(event.pointerId);
      if (!before) return;
      const now = place(event);
      const other = [...held.current].find(([id]) => id !== event.pointerId);
      if (other) {
        const far = (a) => Math.hypot(a.x - other[1].x, a.y - other[1].y) || 1;
        zoom(far(now) / far(before));
      } else if (event.shiftKey || event.buttons === 2 || event.buttons === 4) pan(now.x - before.x, now.y - before.y, now);
      else turn(now.x - before.x, now.y - before.y);
      held.current.set(event.pointerId, now);
    };
    const up = (event) => held.current.delete(event.pointerId);
    const key = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const way = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
      if (way && event.shiftKey) pan(way[0] * 20, way[1] * 20, {width: 400, height: 400});
      else if (way) turn(way[0] * 18, way[1] * 18);
      else if (event.key === "+" || event.key === "=") zoom(1.2);
      else if (event.key === "-") zoom(1 / 1.2);
      else if (event.key === "0") rig.reset();
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    return {
      onPointerDown: down, onPointerMove: move, onPointerUp: up, onPointerCancel: up, onKeyDown: key, onDoubleClick: rig.reset,
      onContextMenu: (event) => event.preventDefault(),
    };
  }

  /** Draws the mesh whenever it, the camera, the settings or the size change, at most once a frame. */
  function useDrawing({canvas, mesh, rig, sphere, look, visible, size, colour, theme}) {
    const {useEffect, useRef, useState} = React;
    const [failure, setFailure] = useState("");
    const asked = useRef(0);
    const draw = () => {
      asked.current = 0;
      const node = canvas.current;
      if (!node || !node.clientWidth || !mesh || !visible) return;
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      const [width, height] = [Math.round(node.clientWidth * ratio), Math.round(node.clientHeight * ratio)];
      if (node.width !== width || node.height !== height) Object.assign(node, {width, height});
      const painter = own.painter();
      if (!painter.gl) return setFailure("This browser has no WebGL, which draws meshes: it may be switched off in its settings.");
      const drawn = painter.draw(node.getContext("2d"), mesh, rig.camera, sphere, {
        ...look, width, height, pointSize: look.pointSize * ratio, base: rgb(colour), line: rgb(tb.theme.css("--muted")),
      });
      if (drawn) node.dataset.drawn = String(mesh.vertices.length / 3);
      return undefined;
    };
    const latest = useRef(draw);
    latest.current = draw;
    const redraw = () => {
      if (!asked.current) asked.current = requestAnimationFrame(() => latest.current());
    };
    useEffect(() => {
      rig.listeners.add(redraw);
      return () => {
        rig.listeners.delete(redraw);
        cancelAnimationFrame(asked.current);
        asked.current = 0;
      };
    }, [rig]);
    useEffect(redraw, [mesh, sphere, JSON.stringify(look), visible, size, colour, theme]);
    return failure;
  }

  function facts(mesh) {
    const n = mesh.vertices.length / 3;
    const parts = [n < mesh.logged - mesh.nonfinite ? `${tb.format.step(n)} of ${tb.format.step(mesh.logged)} points, a random sample` : `${tb.format.step(mesh.logged)} points`];
    if (mesh.faces.length) parts.push(`${tb.format.step(mesh.faces.length / 3)} triangles`);
    if (mesh.nonfinite) parts.push(`${tb.format.step(mesh.nonfinite)} not finite`);
    return parts.join(", ");
  }

  function MeshCard({run, tag, name, rig: common, sameCamera, sphereOf, onMesh, look, theme}) {
    const {useEffect, useRef, useState} = React;
    const [cardRef, canvasRef] = [useRef(null), useRef(null)];
    const [wide, setWide] = useState(false);
    const [batch, setBatch] = useState(0);
    const visible = useVisible(cardRef);
    const size = useSize(canvasRef);
    const series = tb.steps.useSeries("mesh", run.name, tag, visible);
    const at = tb.steps.useCardStep(series);
    const {mesh, error} = useMesh(series && series.loaded ? series : null, at.index, batch);
    const ownRig = useRef(null);
    if (!ownRig.current) ownRig.current = own.makeRig();
    const rig = sameCamera ? common : ownRig.current;
    useEffect(() => onMesh(tag, run.name, mesh), [mesh]);
    useEffect(() => () => onMesh(tag, run.name, null), []);
    useEffect(() => {
      if (mesh && batch >= mesh.batch) setBatch(0);
    }, [mesh]);
    const colour = tb.runs.color(run.name);
    const failure = useDrawing({canvas: canvasRef, mesh, rig, sphere: sphereOf(tag, mesh), look, visible, size: `${size} ${wide}`, colour, theme});
    const handlers = useCamera(canvasRef, rig);
    const shot = () =>
      canvasRef.current.toBlob((blob) => tb.kit.download(`${tag}-${run.name}-${mesh.step}.png`.replace(/[^\w.-]+/g, "_"), blob, "image/png"));
    const problem = failure || error || (series && series.error);
    return h(
      "article",
      {ref: cardRef, className: wide ? "card mesh-card wide" : "card mesh-card"},
      h(
        "header",
        null,
        h("h3", {title: tag}, name),
        h(tb.tags.RunName, {run}),
        h("button", {type: "button", className: "card-button", title: "Back to the first view (0)", "aria-label": `Reset the view of ${tag}`, onClick: rig.reset}, "⟲"),
        h("button", {type: "button", className: "card-button", title: "Save as PNG", "aria-label": `Save a picture of ${tag}`, disabled: !mesh, onClick: shot}, "⤓"),
        h("button", {type: "button", className: "card-button", "aria-pressed": wide, title: wide ? "Smaller" : "Larger",
          "aria-label": `${wide ? "Smaller" : "Larger"}: ${tag}`, onClick: () => setWide(!wide)}, wide ? "⤡" : "⤢")
      ),
      h(
        "div",
        {className: "mesh-plot"},
        h("canvas", {
          ref: canvasRef, role: "img", tabIndex: 0, ...handlers,
          "aria-label": `${tag}, run ${run.title}${mesh ? `: ${facts(mesh)}, step ${mesh.step}` : ""}. Arrow keys turn, plus and minus zoom, 0 resets.`,
        }),
        problem ? h("p", {className: "mesh-message mesh-bad", role: "alert"}, problem) : null,
        !mesh && !problem ? h("p", {className: "mesh-message"}, series && series.loaded && at.index < 0 ? "nothing up to this step" : "reading …") : null
      ),
      h(tb.steps.CardStep, {series, at},
        mesh && mesh.batch > 1
          ? h(
              "label",
              {className: "mesh-batch"},
              "mesh",
              h("input", {type: "number", className: "field", min: 0, max: mesh.batch - 1, value: batch, "aria-label": `Number in the batch of ${mesh.batch}`,
                onChange: (event) => setBatch(Math.max(0, Math.min(mesh.batch - 1, Math.round(Number(event.target.value)) || 0)))}),
              `of ${mesh.batch}`
            )
          : null,
        mesh ? h("span", {className: "mesh-facts"}, facts(mesh)) : null)
    );
  }

  own.MeshCard = MeshCard;
})();
