/* What a box is coloured by: the family of its op, its device, or its structure. No DOM. */
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

  /* A colouring: parts(v) gives [[key, share, hue]], biggest first; legend() what the hues mean. */
  function colouring(model, by) {
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

  Object.assign(window.trainboard.scopeGraph, {colouring, family});
})();
