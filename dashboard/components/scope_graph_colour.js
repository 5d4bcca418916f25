/* What a box is coloured by: the family of its op, its device, its structure, or what a traced run
 * took of time or memory. No DOM. */
(function () {
  "use strict";

  // [family, hue or null for grey, pattern of the op's type]; the first that fits counts.
  const FAMILIES = [
    ["gradient", 0, /Grad(V\d)?$|Backprop|Gradient$/],
    ["optimizer", 18, /^(Resource)?(Sparse)?Apply|Optimizer/],
    ["input", 140, /^(Placeholder|.*Iterator|.*Dataset|.*Reader|DecodeJpeg|ParseExample|.*Dequeue.*)/],
    ["variable", 38, /^(Variable|VarHandle|ReadVariable|Assign|ScatterAdd|ScatterUpdate|IsVariableInit)/],
    ["random", 310, /Random|Normal|Uniform|Multinomial|Dropout|Shuffle/],
    ["matrix", 214, /MatMul|Conv\d?D?|Einsum|Cholesky|MatrixInv|Svd|LSTM|GRU|Attention/],
    [
      "activation",
      266,
      /^(Relu|Elu|Selu|Sigmoid|Tanh|Softmax|LogSoftmax|Softplus|Softsign|Gelu|LeakyRelu|Swish)/,
    ],
    ["normalise", 190, /BatchNorm|LayerNorm|LRN|MaxPool|AvgPool|L2Loss|Moments/],
    ["reduce", 335, /^(Sum|Mean|Prod|Max|Min|All|Any|ArgMax|ArgMin|.*CrossEntropy.*|InTopK|.*Loss)$/],
    [
      "shape",
      60,
      new RegExp(
        "^(Reshape|Shape|Rank|Size|Transpose|Concat|Split|Pack|Unpack|Slice|StridedSlice|Gather|Tile|Pad|" +
          "ExpandDims|Squeeze|Cast|Fill|ZerosLike|OnesLike|OneHot|Range|Stack|Unstack)",
      ),
    ],
    [
      "control",
      null,
      new RegExp(
        "^(NoOp|Identity|Switch|Merge|Enter|Exit|NextIteration|LoopCond|Const|Group|Print|Assert|.*Summary|" +
          "Save|Restore)",
      ),
    ],
    ["arithmetic", 170, /./],
  ];
  // Every layer is mostly made of these; they would give all layers one colour.
  const PLUMBING = ["variable", "random", "shape"];
  const HUES = [214, 38, 140, 310, 0, 266, 190, 60, 335, 100];

  function family(type) {
    return FAMILIES.find(([, , pattern]) => pattern.test(type)) || FAMILIES[FAMILIES.length - 1];
  }

  function top(counts) {
    return [...counts].sort((p, q) => q[1] - p[1]);
  }

  /* The hue of a box: its own op's where a scope is named after one, else that of most of its work. */
  function mainHue(model, v, parts) {
    const own = v.kind === "scope" && v.children.find((child) => child.id === `${v.id}/(${v.label})`);
    const hue = own ? family(model.graph.ops[own.op])[1] : null;
    if (hue !== null) return hue;
    const coloured = parts.filter(([, , partHue]) => partHue !== null);
    const work = coloured.find(([name]) => !PLUMBING.includes(name)) || coloured[0];
    return work ? work[2] : null;
  }

  const TIME_HUE = 14;
  const MEMORY_HUE = 262;

  /* Microseconds and bytes in words, as 3 digits. */
  function timeText(us) {
    if (us < 1000) return `${Number(us.toPrecision(3))} µs`;
    return us < 1e6 ? `${Number((us / 1e3).toPrecision(3))} ms` : `${Number((us / 1e6).toPrecision(3))} s`;
  }

  function bytesText(n) {
    const power = n < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(n) / 10));
    return `${Number((n / 1024 ** power).toPrecision(3))} ${["B", "KiB", "MiB", "GiB", "TiB"][power]}`;
  }

  /* A colouring: parts(v) gives [[key, share, hue]], biggest first; hue(v) the box's own; heat(v)
   * how strong it is from 0 to 1, if that says something; legend() what they mean. */
  function colouring(model, by) {
    if (model.graph.traced && by === "time") return byHeat(model, "time", TIME_HUE, timeText);
    if (model.graph.traced && by === "memory") return byHeat(model, "bytes", MEMORY_HUE, bytesText);
    if (by === "device") return byDevice(model);
    if (by === "structure") return byStructure(model);
    const parts = (v) => {
      const counts = new Map();
      v.types.forEach((n, type) => {
        const [name] = family(type);
        counts.set(name, (counts.get(name) || 0) + n);
      });
      return top(counts).map(([name, n]) => [name, n / v.count, FAMILIES.find((f) => f[0] === name)[1]]);
    };
    const hue = (v) => mainHue(model, v, parts(v));
    return {parts, hue, legend: () => parts(model.root).map(([name, , hue]) => ({name, hue}))};
  }

  /* By the share of the whole run; the root of it, so that a hundredth is still to be seen. */
  function byHeat(model, measure, hue, text) {
    const total = model.root[measure];
    const heat = (v) => (v.traced && total ? Math.sqrt(v[measure] / total) : 0);
    const legend = () => [
      ...[0.01, 0.1, 0.5, 1].map((share) => ({
        name: `${Math.round(share * 100)} % · ${text(share * total)}`,
        hue,
        heat: Math.sqrt(share),
      })),
      {name: "not in the traced run", hue: null},
    ];
    return {parts: () => [], hue: (v) => (v.traced ? hue : null), heat, legend};
  }

  function byDevice(model) {
    const names = [...model.root.devices.keys()].sort();
    const hues = new Map(names.map((name, i) => [name, name ? HUES[i % HUES.length] : null]));
    const parts = (v) => top(v.devices).map(([name, n]) => [name, n / v.count, hues.get(name)]);
    const hue = (v) => parts(v)[0][2];
    return {parts, hue, legend: () => names.map((name) => ({name: name || "no device", hue: hues.get(name)}))};
  }

  function byStructure(model) {
    const seen = new Map();
    for (const v of model.byId.values()) {
      if (v.kind === "op" || v === model.root || v.count < 2) continue;
      if (!seen.has(v.sign)) seen.set(v.sign, []);
      seen.get(v.sign).push(v);
    }
    const repeated = [...seen].filter(([, same]) => same.length > 1);
    repeated.sort((p, q) => q[1].length * q[1][0].count - p[1].length * p[1][0].count);
    const hues = new Map(repeated.map(([sign], i) => [sign, HUES[i % HUES.length]]));
    const parts = (v) => [["", 1, v.kind !== "op" && hues.has(v.sign) ? hues.get(v.sign) : null]];
    const legend = () =>
      repeated
        .slice(0, 7)
        .map(([sign, same]) => ({name: `${same.length} × like ${same[0].id}`, hue: hues.get(sign)}));
    return {parts, hue: (v) => parts(v)[0][2], legend};
  }

  Object.assign(window.trainboard.scopeGraph, {colouring, family, timeText, bytesText});
})();
