/* Over the points: the method and its settings, the components shown, tools, what is drawn. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const own = tb.projector;
  const {Segments, Check} = tb.cardGroups;
  const h = (...args) => React.createElement(...args);
  const METHODS = [
    ["pca", "PCA", "Directions of most variance"],
    ["tsne", "t-SNE", "Neighbours stay neighbours; distances between groups mean little"],
    ["umap", "UMAP", "As t-SNE, faster, with more of the whole shape"],
    ["raw", "As logged", "The dimensions themselves"],
  ];
  const TOOLS = [
    ["turn", "Turn", "Drag turns (in two dimensions moves), with Shift moves, the wheel zooms"],
    ["lasso", "Lasso", "Draw around points to select them"],
    ["box", "Box", "Draw a box around points to select them"],
  ];
  const POINTS = [1000, 2000, 5000, 10000, 20000, 50000];

  /** A number that is taken when typing ends, not at every key: each is minutes of work. */
  function Number_({label, hint, value, min, max, step, onChange}) {
    const [typed, setTyped] = React.useState(null);
    const take = () => {
      const number = Number(typed);
      if (typed !== null && typed.trim() !== "" && Number.isFinite(number)) onChange(Math.min(max, Math.max(min, number)));
      setTyped(null);
    };
    return h(
      "label",
      {className: "pj-number", title: hint},
      label,
      h("input", {
        className: "field", type: "number", min, max, step, value: typed ?? value, onChange: (event) => setTyped(event.target.value), onBlur: take,
        onKeyDown: (event) => event.key === "Enter" && take(),
      })
    );
  }

  function Choice({label, hint, value, options, onChange}) {
    return h(
      "label",
      {className: "pj-number", title: hint},
      label,
      h(
        "select",
        {className: "field", value, onChange: (event) => onChange(event.target.value)},
        options.map(([key, text]) => h("option", {key, value: key}, text))
      )
    );
  }

  function Settings({spec, set, info}) {
    const used = own.USED[spec.method];
    const has = (name) => used.includes(name);
    const most = info ? info.most_points[spec.method] : 10000;
    const number = (name) => (value) => set({[name]: value});
    return h(
      React.Fragment,
      null,
      has("perplexity")
        ? h(Number_, {label: "perplexity", hint: "About how many neighbours a point has; 5 to 50 mostly", value: spec.perplexity, min: 2, max: 500, step: 1, onChange: number("perplexity")})
        : null,
      has("iterations")
        ? h(Number_, {label: "iterations", hint: "More settle further; 250 is the least", value: spec.iterations, min: 250, max: 10000, step: 250, onChange: number("iterations")})
        : null,
      has("neighbours")
        ? h(Number_, {label: "neighbours", hint: "Few show the fine structure, many the whole", value: spec.neighbours, min: 2, max: 200, step: 1, onChange: number("neighbours")})
        : null,
      has("min_dist")
        ? h(Number_, {label: "min dist", hint: "How closely points may lie", value: spec.min_dist, min: 0, max: 0.99, step: 0.05, onChange: number("min_dist")})
        : null,
      has("metric")
        ? h(Choice, {label: "distance", value: spec.metric, options: [["euclidean", "euclidean"], ["cosine", "cosine"]], onChange: number("metric")})
        : null,
      h(Choice, {
        label: "at most", hint: "Of more rows a random sample is shown; of all PCA is computed", value: Math.min(spec.points, most),
        options: POINTS.filter((n) => n <= most).map((n) => [n, `${tb.format.step(n)} points`]), onChange: (value) => set({points: Number(value)}),
      }),
      has("unit")
        ? h(Check, {label: "unit length", hint: "Rows about their mean are made length 1 first (TensorBoard: sphereize data)", checked: spec.unit, onChange: (unit) => set({unit})})
        : null
    );
  }

  function Components({axes, spec, cloud, onAxes}) {
    if ((spec.method !== "pca" && spec.method !== "raw") || !cloud || cloud.method !== spec.method) return null;
    const options = Array.from({length: cloud.k}, (_, axis) => [axis, own.axisName(spec.method, cloud, axis)]);
    return ["x", "y", "z"].slice(0, spec.dims).map((name, at) =>
      h(Choice, {
        key: name, label: name, value: Math.min(axes[at], cloud.k - 1), options,
        onChange: (value) => onAxes(axes.map((axis, other) => (other === at ? Number(value) : axis))),
      })
    );
  }

  function Controls({spec, set, axes, onAxes, tool, onTool, info, cloud, sprite, view, onReset, isolated, onWhole, several, onSecond}) {
    return h(
      "div",
      {className: "pj-bar"},
      h(Segments, {name: "pj-method", label: "Method", choices: METHODS, value: spec.method, onChoose: (method) => set({method})}),
      h(Segments, {name: "pj-dims", label: "Dimensions", choices: [[2, "2D"], [3, "3D"]], value: spec.dims, onChoose: (dims) => set({dims})}),
      h(Settings, {spec, set, info}),
      h(Components, {axes, spec, cloud, onAxes}),
      h(Segments, {name: "pj-tool", label: "What dragging does", choices: TOOLS, value: tool, onChoose: onTool}),
      sprite ? h(Check, {label: "pictures", checked: view.projPictures, onChange: (projPictures) => tb.view.set({projPictures})}) : null,
      h(Check, {label: "names", hint: "Write the labels of what is selected or found", checked: view.projNames, onChange: (projNames) => tb.view.set({projNames})}),
      h("button", {type: "button", className: "button", onClick: onReset, title: "Back to the first view (0)"}, "Reset view"),
      isolated ? h("button", {type: "button", className: "button primary", onClick: onWhole}, "Show all points") : null,
      h("button", {type: "button", className: "button", "aria-pressed": several, onClick: onSecond}, "Side by side")
    );
  }

  Object.assign(own, {Controls, METHODS});
})();
