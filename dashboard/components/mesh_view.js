/* The meshes page: cards of the shown runs by tag, with one camera, scale and look for all. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const own = tb.meshes;
  const {concerns, groupsOf, whyEmpty, Check, Example, Group, Segments, TagFilter} = tb.cardGroups;
  const h = (...args) => React.createElement(...args);
  const RUNS_AT_FIRST = 12;
  const pages = ["/meshes"];
  const LOOKS = [["smooth", "Smooth"], ["flat", "Flat"], ["wire", "Wires"], ["points", "Points"]];
  const PAINTS = [["logged", "As logged"], ["run", "Run"], ["height", "Height"]];
  const has = (choices) => (value) => choices.some(([name]) => name === value);

  tb.view.declare("meshLook", "smooth", {param: "surface", pages, valid: has(LOOKS)});
  tb.view.declare("meshPaint", "logged", {param: "meshcolour", pages, valid: has(PAINTS)});
  tb.view.declare("meshUp", "y", {param: "up", remember: true, valid: (v) => v === "y" || v === "z"});
  tb.view.declare("meshSize", 4, {param: "pointsize", pages, valid: (v) => v > 0 && v <= 40});
  tb.view.declare("meshBox", false, {param: "meshbox", pages});
  tb.view.declare("meshCamera", true, {param: "onecamera", pages});
  tb.view.declare("meshScale", true, {param: "onescale", pages});
  tb.view.declare("meshClosed", [], {param: "meshclosed", pages});

  /** A camera that several canvases share. */
  own.makeRig = function () {
    const rig = {
      camera: own.start(), listeners: new Set(), moved: () => rig.listeners.forEach((listener) => listener()),
      reset() {
        Object.assign(rig.camera, own.start());
        rig.moved();
      },
    };
    return rig;
  };

  /** Box and sphere around the meshes of a tag that are shown: [onMesh, sphereOf]. */
  function useSpheres(isCommon) {
    const {useReducer, useRef} = React;
    const [, redraw] = useReducer((n) => n + 1, 0);
    const shown = useRef(new Map()).current; // tag -> Map run -> mesh
    const spheres = useRef(new Map()).current; // tag -> sphere, of one object while it is the same
    const onMesh = (tag, run, mesh) => {
      if (!shown.has(tag)) shown.set(tag, new Map());
      const runs = shown.get(tag);
      if (mesh) runs.set(run, mesh);
      else runs.delete(run);
      const next = runs.size ? own.sphereOf([...runs.values()]) : null;
      if (JSON.stringify(next) === JSON.stringify(spheres.get(tag) || null)) return;
      spheres.set(tag, next);
      redraw();
    };
    const each = useRef(new WeakMap()).current;
    const sphereOf = (tag, mesh) => {
      if (isCommon && spheres.get(tag)) return spheres.get(tag);
      if (!mesh) return null;
      if (!each.has(mesh)) each.set(mesh, own.sphereOf([mesh]));
      return each.get(mesh);
    };
    return [onMesh, sphereOf];
  }

  function Bar({view, rig}) {
    const set = (key) => (value) => tb.view.set({[key]: value});
    return h(
      "div",
      {className: "page-bar"},
      h(TagFilter),
      h(Segments, {name: "mesh-look", label: "Surface", choices: LOOKS, value: view.meshLook, onChoose: set("meshLook")}),
      h(Segments, {name: "mesh-paint", label: "Colour", choices: PAINTS, value: view.meshPaint, onChoose: set("meshPaint")}),
      h(Segments, {name: "mesh-up", label: "Which axis points up", choices: [["y", "Y up"], ["z", "Z up"]], value: view.meshUp, onChoose: set("meshUp")}),
      h("label", {className: "group-check", title: "Of the points of clouds, in pixels"}, "points",
        h("input", {type: "range", min: 1, max: 16, step: 0.5, value: view.meshSize, className: "mesh-size", onChange: (event) => set("meshSize")(Number(event.target.value))})),
      h(Check, {label: "box", hint: "The box around each mesh", checked: view.meshBox, onChange: set("meshBox")}),
      h(Check, {label: "one camera", hint: "All cards turn together", checked: view.meshCamera, onChange: set("meshCamera")}),
      h(Check, {label: "one scale", hint: "The meshes of a tag are shown in one scale, to compare their sizes", checked: view.meshScale, onChange: set("meshScale")}),
      h("button", {type: "button", className: "button", onClick: rig.reset}, "Reset view"),
      h(tb.steps.StepBar)
    );
  }

  function TagCards({entry, rest}) {
    const [all, setAll] = React.useState(false);
    const runs = all ? entry.runs : entry.runs.slice(0, RUNS_AT_FIRST);
    const more = entry.runs.length - runs.length;
    return h(
      React.Fragment,
      null,
      runs.map((run) => h(own.MeshCard, {key: run.name, run, tag: entry.tag, name: entry.name, ...rest})),
      more > 0 ? h("button", {type: "button", className: "button mesh-more", onClick: () => setAll(true)}, `Show ${entry.tag} of ${more} more runs`) : null
    );
  }

  function MeshView() {
    tb.useUpdates(concerns("mesh"));
    const {useEffect, useRef} = React;
    const rig = useRef(null);
    if (!rig.current) rig.current = own.makeRig();
    const view = tb.view.get();
    const [onMesh, sphereOf] = useSpheres(view.meshScale);
    useEffect(() => void (own.painter().onRestored = () => rig.current.moved()), []);
    if (!tb.runs.loaded) return h("p", {className: "quiet", role: "status"}, tb.runs.error || "Reading the logdir …");
    if (!tb.runs.series("mesh").size) {
      return h(Example, {
        title: "No meshes were logged yet",
        intro: "Log points [n, 3], with colours and triangles if there are any, as often as you like:",
        lines: ["writer.add_mesh(\"scan\", vertices, colors=colors, faces=faces, global_step=step)"],
      });
    }
    const groups = groupsOf("mesh");
    const look = {look: view.meshLook, paint: view.meshPaint, up: view.meshUp, pointSize: view.meshSize, box: view.meshBox};
    const rest = {rig: rig.current, sameCamera: view.meshCamera, sphereOf, onMesh, look, theme: tb.theme.current()};
    return h(
      React.Fragment,
      null,
      h(Bar, {view, rig: rig.current}),
      whyEmpty(groups, "meshes") ||
        [...groups].map(([prefix, entries]) =>
          h(
            Group,
            {key: prefix, prefix, count: entries.reduce((sum, {runs}) => sum + runs.length, 0), closed: "meshClosed"},
            h("div", {className: "cards mesh-cards"}, entries.map((entry) => h(TagCards, {key: entry.tag, entry, rest})))
          )
        )
    );
  }

  tb.MeshView = MeshView;
})();
