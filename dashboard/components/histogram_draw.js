/* Paints one card: heat map, ridge or percentile bands, each with axes.
 *
 * draw(context, data, view) with view {width, height, ratio, mode, axis, colour, dark, theme} returns
 * a picture: what was put where, for histogram_hover.js to find and mark things in it.
 */
(function () {
  "use strict";

  const own = window.trainboard.histograms;
  const {AXES, blend, columnAt, columnsOf, logShare, ramp, rgb, short, text, ticks} = own;
  const RIDGE_PIXELS = 4.5;
  // A ridge may reach over this many others: enough to read its shape, not to hide them.
  const OVERLAP = 5;
  const BANDS = [
    [0, 8, 0.13],
    [1, 7, 0.2],
    [2, 6, 0.3],
    [3, 5, 0.42],
  ];
  const FONT = 10.5;
  const TOP = 8;
  const AXIS_HEIGHT = 30;

  function frameOf(context, view, data) {
    const left = view.mode === "ridge" ? 12 : 46;
    let right = 10;
    if (view.mode === "ridge") {
      context.font = `${FONT}px ${view.theme.font}`;
      const {x, tick} = AXES[view.axis];
      const span = Math.abs(x(data, data.n - 1) - x(data, 0)) || 1;
      const widths = [0, data.n >> 1, data.n - 1].map((i) => context.measureText(tick(x(data, i), span)).width);
      right = Math.max(...widths) + 12;
    }
    return {
      left,
      top: TOP,
      right: view.width - right,
      bottom: view.height - AXIS_HEIGHT + TOP,
      low: data.edges[0],
      high: data.edges[data.bins],
    };
  }

  function axes(context, view, frame, bottom, side) {
    context.font = `${FONT}px ${view.theme.font}`;
    context.fillStyle = view.theme.muted;
    context.strokeStyle = view.theme.grid;
    context.lineWidth = 1;
    context.textAlign = "center";
    context.textBaseline = "top";
    let free = -Infinity;
    for (const [x, label] of bottom) {
      const width = context.measureText(label).width;
      const at = Math.min(Math.max(x, frame.left + width / 2 - 6), view.width - width / 2 - 2);
      if (at - width / 2 < free) continue;
      free = at + width / 2 + 8;
      context.fillText(label, at, frame.bottom + 6);
    }
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const [y, label] of side) context.fillText(label, frame.left - 6, y);
  }

  function grid(context, view, frame, ys) {
    context.strokeStyle = view.theme.grid;
    context.lineWidth = 1;
    context.beginPath();
    for (const y of ys) {
      context.moveTo(frame.left, Math.round(y) + 0.5);
      context.lineTo(frame.right, Math.round(y) + 0.5);
    }
    context.stroke();
  }

  /* Heat map and bands share these: x over the steps' range, y over the values'. */
  function stepScales(data, view, frame) {
    const columns = columnsOf(data, view.axis);
    const lo = columns.edges[0];
    const span = columns.edges[data.n] - lo;
    const toX = (x) => frame.left + ((x - lo) / span) * (frame.right - frame.left);
    const fromX = (px) => lo + ((px - frame.left) / (frame.right - frame.left)) * span;
    const height = frame.bottom - frame.top;
    const toY = (v) => frame.bottom - ((v - frame.low) / (frame.high - frame.low)) * height;
    const axis = AXES[view.axis];
    const wanted = Math.max(2, Math.floor((frame.right - frame.left) / 80));
    const bottom = ticks(Math.max(lo, columns.at[0]), columns.at[data.n - 1], wanted).map((v) => [
      toX(v),
      axis.tick(v, span),
    ]);
    const side = ticks(frame.low, frame.high, Math.max(2, Math.floor(height / 38))).map((v) => [
      toY(v),
      short(v),
    ]);
    return {columns, toX, fromX, toY, bottom, side};
  }

  function heat(context, data, view) {
    const frame = frameOf(context, view, data);
    const scales = stepScales(data, view, frame);
    const ratio = view.ratio;
    const wide = Math.max(1, Math.round((frame.right - frame.left) * ratio));
    const tall = Math.max(1, Math.round((frame.bottom - frame.top) * ratio));
    const image = context.createImageData(wide, tall);
    const table = ramp(rgb(view.colour), rgb(view.theme.card), view.dark);
    const shade = new Uint8Array(data.counts.length);
    for (let i = 0; i < shade.length; i += 1) {
      const share = logShare(data.counts[i], data.most);
      shade[i] = share > 0 ? Math.max(1, Math.round(share * 255)) : 0;
    }
    const rows = Int32Array.from({length: tall}, (_, y) =>
      Math.min(data.bins - 1, Math.floor(((tall - 1 - y + 0.5) / tall) * data.bins)),
    );
    for (let x = 0; x < wide; x += 1) {
      const k = columnAt(scales.columns.edges, scales.fromX(frame.left + (x + 0.5) / ratio));
      const base = scales.columns.order[k] * data.bins;
      for (let y = 0; y < tall; y += 1) {
        const colour = shade[base + rows[y]] * 3;
        const at = (y * wide + x) * 4;
        image.data[at] = table[colour];
        image.data[at + 1] = table[colour + 1];
        image.data[at + 2] = table[colour + 2];
        image.data[at + 3] = 255;
      }
    }
    context.putImageData(image, Math.round(frame.left * ratio), Math.round(frame.top * ratio));
    axes(context, view, frame, scales.bottom, scales.side);
    marks(context, data, view, frame, scales);
    return {mode: "heat", frame, data, scales};
  }

  /* A red tick at the top of each step with a NaN or an infinity. */
  function marks(context, data, view, frame, scales) {
    context.fillStyle = view.theme.bad;
    scales.columns.order.forEach((i, k) => {
      if (data.nonfinite[3 * i] + data.nonfinite[3 * i + 1] + data.nonfinite[3 * i + 2] === 0) return;
      context.fillRect(scales.toX(scales.columns.at[k]) - 1, frame.top, 2.5, 6);
    });
  }

  function bands(context, data, view) {
    const frame = frameOf(context, view, data);
    const scales = stepScales(data, view, frame);
    grid(
      context,
      view,
      frame,
      scales.side.map(([y]) => y),
    );
    const {order, at} = scales.columns;
    const colour = rgb(view.colour);
    const card = rgb(view.theme.card);
    const value = (k, p) => data.percentiles[order[k] * 9 + p];
    const clampY = (v) => Math.min(frame.bottom + 1, Math.max(frame.top - 1, scales.toY(v)));
    // A step without finite values breaks the bands instead of drawing them through nothing.
    const runs = [];
    for (let k = 0; k < data.n; k += 1) {
      if (Number.isNaN(value(k, 4))) continue;
      const last = runs[runs.length - 1];
      if (last && last[last.length - 1] === k - 1) last.push(k);
      else runs.push([k]);
    }
    const xs = (k) => scales.toX(at[k]);
    for (const part of runs) {
      for (const [low, high, strength] of BANDS) {
        context.fillStyle = text(blend(card, colour, strength));
        context.beginPath();
        if (part.length === 1)
          context.rect(
            xs(part[0]) - 6,
            clampY(value(part[0], high)),
            12,
            clampY(value(part[0], low)) - clampY(value(part[0], high)),
          );
        part.forEach((k, i) =>
          i ? context.lineTo(xs(k), clampY(value(k, high))) : context.moveTo(xs(k), clampY(value(k, high))),
        );
        for (let i = part.length - 1; i >= 0; i -= 1) context.lineTo(xs(part[i]), clampY(value(part[i], low)));
        context.closePath();
        context.fill();
      }
      context.strokeStyle = text(blend(colour, view.dark ? [255, 255, 255] : [0, 0, 0], 0.25));
      context.lineWidth = 2;
      context.lineJoin = "bevel";
      context.beginPath();
      if (part.length === 1) context.moveTo(xs(part[0]) - 6, clampY(value(part[0], 4)));
      part.forEach((k, i) =>
        i || part.length === 1
          ? context.lineTo(xs(k) + (part.length === 1 ? 6 : 0), clampY(value(k, 4)))
          : context.moveTo(xs(k), clampY(value(k, 4))),
      );
      context.stroke();
    }
    axes(context, view, frame, scales.bottom, scales.side);
    marks(context, data, view, frame, scales);
    return {mode: "bands", frame, data, scales};
  }

  /* As many of n histograms as a picture of that height can hold, evenly spaced, the newest among them. */
  function ridgeOrder(n, height) {
    const count = Math.min(n, Math.min(60, Math.max(12, Math.floor(height / RIDGE_PIXELS))));
    if (count < 2) return Array.from({length: count}, (_, i) => i);
    return Array.from({length: count}, (_, i) => Math.round((i * (n - 1)) / (count - 1)));
  }

  /* The outline of the k-th ridge, where it has counts; the rest would be lines through the picture. */
  function ridgePath(context, {frame, data, order, baselines, scale, toX}, k) {
    const [i, y] = [order[k], baselines[k]];
    const counts = data.counts.subarray(i * data.bins, (i + 1) * data.bins);
    let first = 0;
    let last = data.bins - 1;
    while (first < last && counts[first] === 0) first += 1;
    while (last > first && counts[last] === 0) last -= 1;
    context.beginPath();
    context.moveTo(Math.max(frame.left, toX(first - 1)), y);
    for (let b = first; b <= last; b += 1) context.lineTo(toX(b), y - counts[b] * scale.get(i));
    context.lineTo(Math.min(frame.right, toX(last + 1)), y);
  }

  function ridge(context, data, view) {
    const frame = frameOf(context, view, data);
    const height = frame.bottom - frame.top;
    const order = ridgeOrder(data.n, height);
    const gap = Math.min(26, (height * 0.72) / Math.max(1, order.length - 1));
    const reach =
      order.length === 1
        ? height * 0.9
        : Math.min(height - gap * (order.length - 1) - 2, Math.max(gap * OVERLAP, height * 0.22));
    const peak = (i) =>
      data.counts.subarray(i * data.bins, (i + 1) * data.bins).reduce((a, b) => Math.max(a, b), 0);
    const most = order.reduce((a, i) => Math.max(a, peak(i)), 0) || 1;
    // Each ridge keeps its shape; only how high its peak is follows a root, or one narrow step would
    // press all wide ones flat.
    const scale = new Map(order.map((i) => [i, reach / Math.sqrt(most * (peak(i) || 1))]));
    const width = frame.right - frame.left;
    const toX = (b) => frame.left + ((b + 0.5) / data.bins) * width;
    const valueX = (v) => frame.left + ((v - frame.low) / (frame.high - frame.low)) * width;
    const across = ticks(frame.low, frame.high, Math.max(2, Math.floor(width / 62)));
    context.strokeStyle = view.theme.grid;
    context.lineWidth = 1;
    context.beginPath();
    for (const v of across) {
      context.moveTo(Math.round(valueX(v)) + 0.5, frame.top);
      context.lineTo(Math.round(valueX(v)) + 0.5, frame.bottom);
    }
    context.stroke();
    const colour = rgb(view.colour);
    const card = rgb(view.theme.card);
    const strong = blend(colour, view.dark ? [255, 255, 255] : [0, 0, 0], 0.3);
    const baselines = order.map((_, k) => frame.bottom - 1 - (order.length - 1 - k) * gap);
    const picture = {mode: "ridge", frame, data, order, baselines, scale, toX};
    order.forEach((i, k) => {
      const age = order.length === 1 ? 1 : k / (order.length - 1);
      ridgePath(context, picture, k);
      context.fillStyle = text(blend(card, colour, 0.16 + 0.62 * age * age));
      context.fill();
      context.strokeStyle = k === order.length - 1 ? text(strong) : text(blend(card, strong, 0.28 + 0.4 * age));
      context.lineWidth = k === order.length - 1 ? 1.8 : 0.8;
      context.lineJoin = "bevel";
      context.stroke();
    });
    axes(
      context,
      view,
      frame,
      across.map((v) => [valueX(v), short(v)]),
      [],
    );
    ridgeLabels(context, data, view, frame, order, baselines);
    return picture;
  }

  function ridgeLabels(context, data, view, frame, order, baselines) {
    const axis = AXES[view.axis];
    const span = Math.abs(axis.x(data, order[order.length - 1]) - axis.x(data, order[0])) || 1;
    context.textAlign = "left";
    context.textBaseline = "middle";
    let free = Infinity;
    for (let k = order.length - 1; k >= 0; k -= 1) {
      if (free - baselines[k] < 26 && k !== order.length - 1) continue;
      free = baselines[k];
      const newest = k === order.length - 1;
      context.fillStyle = newest ? view.theme.text : view.theme.muted;
      context.fillText(axis.tick(axis.x(data, order[k]), span), frame.right + 5, baselines[k] - 3);
      const bad =
        data.nonfinite[3 * order[k]] + data.nonfinite[3 * order[k] + 1] + data.nonfinite[3 * order[k] + 2];
      if (bad > 0) {
        context.fillStyle = view.theme.bad;
        context.fillRect(frame.right, baselines[k] - 5, 3, 5);
      }
    }
  }

  function draw(context, data, view) {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, view.width * view.ratio, view.height * view.ratio);
    context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    if (!data.n) return null;
    return {heat, ridge, bands, overlay: own.overlay}[view.mode](context, data, view);
  }

  Object.assign(own, {AXIS_HEIGHT, axes, draw, frameOf, grid, ridgeOrder, ridgePath});
})();
