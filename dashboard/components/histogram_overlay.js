/* Paints the histograms of a card over each other, on one scale of counts: the newest strongest. */
(function () {
  "use strict";

  const own = window.trainboard.histograms;
  const {axes, blend, frameOf, grid, rgb, ridgeOrder, ridgePath, short, text, ticks} = own;

  function overlay(context, data, view) {
    const frame = frameOf(context, view, data);
    const [width, height] = [frame.right - frame.left, frame.bottom - frame.top];
    const order = ridgeOrder(data.n, height);
    let most = 0;
    for (const i of order) for (let b = 0; b < data.bins; b += 1) most = Math.max(most, data.counts[i * data.bins + b]);
    const perCount = most ? (height - 4) / most : 0;
    const scale = new Map(order.map((i) => [i, perCount]));
    const baselines = order.map(() => frame.bottom);
    const toX = (b) => frame.left + ((b + 0.5) / data.bins) * width;
    const valueX = (v) => frame.left + ((v - frame.low) / (frame.high - frame.low)) * width;
    const side = ticks(0, most, Math.max(2, Math.floor(height / 38))).map((n) => [frame.bottom - n * perCount, short(n)]);
    grid(
      context,
      view,
      frame,
      side.map(([y]) => y),
    );
    const picture = {mode: "overlay", frame, data, order, baselines, scale, toX};
    const colour = rgb(view.colour);
    const card = rgb(view.theme.card);
    const strong = blend(colour, view.dark ? [255, 255, 255] : [0, 0, 0], 0.3);
    order.forEach((_, k) => {
      const age = order.length === 1 ? 1 : k / (order.length - 1);
      const newest = k === order.length - 1;
      ridgePath(context, picture, k);
      if (newest) {
        context.globalAlpha = 0.18;
        context.fillStyle = text(colour);
        context.fill();
        context.globalAlpha = 1;
      }
      context.strokeStyle = newest ? text(strong) : text(blend(card, colour, 0.18 + 0.7 * age * age));
      context.lineWidth = newest ? 2 : 1;
      context.lineJoin = "bevel";
      context.stroke();
    });
    const bottom = ticks(frame.low, frame.high, Math.max(2, Math.floor(width / 62))).map((v) => [valueX(v), short(v)]);
    axes(context, view, frame, bottom, side);
    return picture;
  }

  /* The histogram whose curve is nearest to a height at a bin; of equal ones the newest. */
  function nearestCurve({data, order, baselines, scale}, bin, y) {
    let best = -1;
    let least = Infinity;
    order.forEach((i, k) => {
      const away = Math.abs(baselines[k] - data.counts[i * data.bins + bin] * scale.get(i) - y);
      if (away <= least) [best, least] = [i, away];
    });
    return best;
  }

  Object.assign(own, {nearestCurve, overlay});
})();
