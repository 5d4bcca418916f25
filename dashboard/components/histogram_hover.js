/* What is under a point of a painted card, and the mark over it, on a canvas of its own. */
(function () {
  "use strict";

  const own = window.trainboard.histograms;
  const {blend, columnAt, rgb, ridgePath, text} = own;

  /* The {index, bin} under a point, or null; bands have no bins. */
  function locate(picture, x, y) {
    const {frame, data} = picture;
    if (!data.n || x < frame.left - 4 || x > frame.right + 4 || y < frame.top - 4 || y > frame.bottom + 4)
      return null;
    if (picture.order) {
      const share = (x - frame.left) / (frame.right - frame.left);
      const bin = Math.min(data.bins - 1, Math.max(0, Math.floor(share * data.bins)));
      if (picture.mode === "overlay") return {index: own.nearestCurve(picture, bin, y), bin};
      // The front ridge that covers the point; in the open, the nearest baseline.
      for (let k = picture.order.length - 1; k >= 0; k -= 1) {
        const i = picture.order[k];
        const top = picture.baselines[k] - data.counts[i * data.bins + bin] * picture.scale.get(i);
        if (y <= picture.baselines[k] + 2 && y >= top - 2) return {index: i, bin};
      }
      const near = picture.baselines.reduce(
        (best, b, k) => (Math.abs(b - y) < Math.abs(picture.baselines[best] - y) ? k : best),
        0,
      );
      return {index: picture.order[near], bin};
    }
    const {columns, fromX} = picture.scales;
    const index = columns.order[columnAt(columns.edges, fromX(x))];
    if (picture.mode === "bands") return {index, bin: null};
    const share = (frame.bottom - y) / (frame.bottom - frame.top);
    return {index, bin: Math.min(data.bins - 1, Math.max(0, Math.floor(share * data.bins)))};
  }

  /* The drawn histogram whose step is nearest, or -1: cards of other series mark the same step. */
  function nearest(picture, step) {
    const {data} = picture;
    const drawn = picture.order || picture.scales.columns.order;
    let best = -1;
    for (const i of drawn)
      if (best < 0 || Math.abs(data.step[i] - step) < Math.abs(data.step[best] - step)) best = i;
    return best;
  }

  /* The drawn histogram of the last step at or before a step, or -1: the linked step of all pages. */
  function before(picture, step) {
    const {data} = picture;
    const drawn = picture.order || picture.scales.columns.order;
    let best = -1;
    for (const i of drawn) if (data.step[i] <= step && (best < 0 || data.step[i] >= data.step[best])) best = i;
    return best;
  }

  function mark(context, picture, hover, view) {
    context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    if (!picture || !hover || hover.index < 0) return;
    context.strokeStyle = view.theme.text;
    context.lineWidth = 1;
    if (picture.order) markRidge(context, picture, hover, view);
    else markColumn(context, picture, hover);
  }

  function markColumn(context, {mode, frame, data, scales}, {index, bin}) {
    const {at, edges, order} = scales.columns;
    const k = order.indexOf(index);
    if (mode === "bands") {
      context.beginPath();
      context.moveTo(scales.toX(at[k]), frame.top);
      context.lineTo(scales.toX(at[k]), frame.bottom);
      context.stroke();
      return;
    }
    const [x0, x1] = [scales.toX(edges[k]), scales.toX(edges[k + 1])];
    context.strokeRect(x0, frame.top, Math.max(1, x1 - x0), frame.bottom - frame.top);
    if (bin === null) return;
    const tall = (frame.bottom - frame.top) / data.bins;
    context.lineWidth = 2;
    context.strokeRect(x0, frame.bottom - (bin + 1) * tall, Math.max(2, x1 - x0), tall);
  }

  /* Over the others: the shape of a ridge that newer ones hide shows whole while it is pointed at. */
  function markRidge(context, picture, {index, bin}, view) {
    const {data, order, baselines, scale, toX} = picture;
    const k = order.indexOf(index);
    if (k < 0) return;
    ridgePath(context, picture, k);
    context.fillStyle = text(blend(rgb(view.theme.card), rgb(view.colour), 0.85));
    // Where all stand on one line, the others are to be seen through it.
    context.globalAlpha = picture.mode === "overlay" ? 0.25 : 0.8;
    context.fill();
    context.globalAlpha = 1;
    context.lineWidth = 1.6;
    context.lineJoin = "bevel";
    context.stroke();
    if (bin === null) return;
    context.fillStyle = view.theme.text;
    context.beginPath();
    context.arc(toX(bin), baselines[k] - data.counts[index * data.bins + bin] * scale.get(index), 3, 0, 7);
    context.fill();
  }

  Object.assign(own, {before, locate, mark, nearest});
})();
