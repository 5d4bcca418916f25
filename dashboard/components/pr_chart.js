/* Draws precision-recall and ROC curves on a canvas; finds what is under the pointer. No requests, no state.
 *
 * A line is {run, color, curve, points}; a view is {width, height, ratio, mode, x, y, theme}, x and y
 * being the ranges shown. `mode` is "pr" or "roc".
 */
(function () {
  "use strict";
  const tb = window.trainboard;
  const MARGIN = {left: 48, right: 14, top: 10, bottom: 40};
  const NAMES = 22; // pixels on the right for the names of the lines of equal F1
  const AIR = 2; // pixels around the plot, so that a line along its rim is drawn whole
  const FONT_SIZE = 11;
  const REACH = 48; // pixels from the pointer in which a curve is found
  const ISO_F1 = [0.2, 0.4, 0.6, 0.8, 0.9];
  const UNIT = [0, 1];

  /** What is drawn of a curve: {xs, ys, at}, `at` the thresholds' indices, from the highest one down. */
  function pointsOf(curve, mode) {
    const {k, tp, fp, tn, fn, precision, recall} = curve;
    const points = {xs: [], ys: [], at: []};
    for (let i = k - 1; i >= 0; i--) {
      // Where nothing was predicted positive, precision is 0 / 0: stored as 0, it is no point of the curve.
      const undefinedHere = mode === "pr" && tp[i] + fp[i] <= 0 && precision[i] === 0 && recall[i] === 0;
      const x = mode === "roc" ? fp[i] / (fp[i] + tn[i]) : recall[i];
      const y = mode === "roc" ? tp[i] / (tp[i] + fn[i]) : precision[i];
      if (undefinedHere || !Number.isFinite(x) || !Number.isFinite(y)) continue;
      points.xs.push(x);
      points.ys.push(y);
      points.at.push(i);
    }
    return points;
  }

  function frameOf({width, height, x, y, mode}) {
    const left = MARGIN.left;
    const bottom = height - MARGIN.bottom;
    const wide = Math.max(10, width - left - MARGIN.right - (mode === "pr" ? NAMES : 0));
    const tall = Math.max(10, bottom - MARGIN.top);
    return {
      left, bottom, wide, tall, top: MARGIN.top, right: left + wide,
      toX: (v) => left + ((v - x[0]) / (x[1] - x[0])) * wide,
      toY: (v) => bottom - ((v - y[0]) / (y[1] - y[0])) * tall,
      fromX: (px) => x[0] + ((px - left) / wide) * (x[1] - x[0]),
      fromY: (py) => y[0] + ((bottom - py) / tall) * (y[1] - y[0]),
    };
  }

  function clip(context, frame, paint) {
    context.save();
    context.beginPath();
    context.rect(frame.left - AIR, frame.top - AIR, frame.wide + 2 * AIR, frame.tall + 2 * AIR);
    context.clip();
    paint();
    context.restore();
  }

  function axes(context, view, frame) {
    const {theme, mode} = view;
    const across = tb.math.valueTicks(view.x, Math.max(2, Math.floor(frame.wide / 60)));
    const up = tb.math.valueTicks(view.y, Math.max(2, Math.floor(frame.tall / 36)));
    context.font = `${FONT_SIZE}px ${theme.font}`;
    context.strokeStyle = theme.grid;
    context.lineWidth = 1;
    context.beginPath();
    for (const v of across.tickvals) {
      const px = Math.round(frame.toX(v)) + 0.5;
      context.moveTo(px, frame.top);
      context.lineTo(px, frame.bottom);
    }
    for (const v of up.tickvals) {
      const py = Math.round(frame.toY(v)) + 0.5;
      context.moveTo(frame.left, py);
      context.lineTo(frame.right, py);
    }
    context.stroke();
    context.fillStyle = theme.muted;
    context.textAlign = "center";
    context.textBaseline = "top";
    across.tickvals.forEach((v, i) => context.fillText(across.ticktext[i], frame.toX(v), frame.bottom + 6));
    context.fillText(mode === "roc" ? "false positive rate" : "recall", frame.left + frame.wide / 2, frame.bottom + 22);
    context.textAlign = "right";
    context.textBaseline = "middle";
    up.tickvals.forEach((v, i) => context.fillText(up.ticktext[i], frame.left - 6, frame.toY(v)));
    context.save();
    context.translate(11, frame.top + frame.tall / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.fillText(mode === "roc" ? "true positive rate" : "precision", 0, 0);
    context.restore();
  }

  function isoF1(context, view, frame) {
    context.setLineDash([2, 4]);
    context.strokeStyle = view.theme.line;
    for (const f1 of ISO_F1) {
      context.beginPath();
      let open = false;
      for (let px = frame.left; px <= frame.right; px += 2) {
        const recall = frame.fromX(px);
        const precision = (f1 * recall) / (2 * recall - f1);
        if (!(recall > f1 / 2) || precision > 1.5) continue;
        if (open) context.lineTo(px, frame.toY(precision));
        else context.moveTo(px, frame.toY(precision));
        open = true;
      }
      context.stroke();
    }
    context.setLineDash([]);
  }

  /** The lines of equal F1 are named beside the plot, where no curve lies over the names. */
  function namesOfF1(context, view, frame) {
    context.fillStyle = view.theme.muted;
    context.font = `10px ${view.theme.font}`;
    context.textAlign = "left";
    context.textBaseline = "middle";
    const end = view.x[1];
    for (const f1 of ISO_F1) {
      const height = (f1 * end) / (2 * end - f1);
      if (end > f1 / 2 && height > view.y[0] && height < view.y[1]) context.fillText(`F1 .${f1 * 10}`, frame.right + 4, frame.toY(height));
    }
  }

  /** What a classifier that knows nothing reaches: the share of positives, where all runs have the same. */
  function noSkill(context, view, frame, lines) {
    context.setLineDash([6, 5]);
    context.strokeStyle = view.theme.muted;
    context.lineWidth = 1;
    context.beginPath();
    if (view.mode === "roc") {
      context.moveTo(frame.toX(0), frame.toY(0));
      context.lineTo(frame.toX(1), frame.toY(1));
    } else {
      const shares = lines.map(({curve}) => curve.positives / (curve.positives + curve.negatives));
      const [low, high] = [Math.min(...shares), Math.max(...shares)];
      if (lines.length && high - low < 0.005) {
        context.moveTo(frame.left, frame.toY(low));
        context.lineTo(frame.right, frame.toY(low));
      }
    }
    context.stroke();
    context.setLineDash([]);
  }

  function path(context, frame, {xs, ys}, mode) {
    context.beginPath();
    xs.forEach((x, n) => {
      const [px, py] = [frame.toX(x), frame.toY(ys[n])];
      if (mode === "roc") {
        if (n === 0) context.moveTo(frame.toX(0), frame.toY(0));
        context.lineTo(px, py);
      } else {
        // Steps, as the area is counted: between two thresholds a straight line would promise too much.
        if (n === 0) context.moveTo(frame.toX(0), py);
        else context.lineTo(frame.toX(xs[n - 1]), py);
        context.lineTo(px, py);
      }
    });
    context.stroke();
  }

  /** Draws all lines; those of `emphasised` runs (a Set, empty for none) stand out. */
  function draw(context, view, lines, emphasised) {
    const frame = frameOf(view);
    context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    axes(context, view, frame);
    if (view.mode === "pr") namesOfF1(context, view, frame);
    clip(context, frame, () => {
      if (view.mode === "pr") isoF1(context, view, frame);
      noSkill(context, view, frame, lines);
      context.lineJoin = "round";
      const behind = lines.filter(({run}) => !emphasised.has(run));
      const front = lines.filter(({run}) => emphasised.has(run));
      for (const line of [...behind, ...front]) {
        const isFront = emphasised.has(line.run);
        context.globalAlpha = emphasised.size && !isFront ? 0.22 : 1;
        context.lineWidth = isFront ? 2.8 : lines.length > 40 ? 1 : 1.8;
        context.strokeStyle = line.color;
        path(context, frame, line.points, view.mode);
      }
      context.globalAlpha = 1;
    });
    return frame;
  }

  /** The point nearest to the pixel: {line, at} with `at` the threshold's index, or null. */
  function locate(frame, lines, px, py) {
    let best = null;
    let nearest = REACH * REACH;
    for (const line of lines) {
      const {xs, ys, at} = line.points;
      for (let n = 0; n < xs.length; n++) {
        const [dx, dy] = [frame.toX(xs[n]) - px, frame.toY(ys[n]) - py];
        const distance = dx * dx + dy * dy;
        if (distance < nearest) {
          nearest = distance;
          best = {line, at: at[n]};
        }
      }
    }
    return best;
  }

  /** The number of the threshold nearest to `threshold` on a curve: curves may have different many. */
  const thresholdAt = (curve, threshold) => Math.round(threshold * (curve.k - 1));

  function place(line, at) {
    const n = line.points.at.indexOf(at);
    return n < 0 ? null : [line.points.xs[n], line.points.ys[n]];
  }

  /** Marks a threshold on all lines, the one of `nearest` strongly; and the box being dragged. */
  function mark(context, view, frame, lines, {threshold = null, nearest = "", box = null}) {
    context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    if (box) {
      const [x, y] = [Math.min(box[0], box[2]), Math.min(box[1], box[3])];
      context.fillStyle = view.theme.accent;
      context.globalAlpha = 0.15;
      context.fillRect(x, y, Math.abs(box[2] - box[0]), Math.abs(box[3] - box[1]));
      context.globalAlpha = 1;
      context.strokeStyle = view.theme.accent;
      context.strokeRect(x, y, Math.abs(box[2] - box[0]), Math.abs(box[3] - box[1]));
      return;
    }
    if (threshold === null) return;
    clip(context, frame, () => {
      for (const line of lines) {
        const found = place(line, thresholdAt(line.curve, threshold));
        if (!found) continue;
        const isNearest = line.run === nearest;
        context.beginPath();
        context.arc(frame.toX(found[0]), frame.toY(found[1]), isNearest ? 5 : 3, 0, 7);
        context.fillStyle = line.color;
        context.strokeStyle = view.theme.card;
        context.lineWidth = 1.5;
        context.fill();
        context.stroke();
      }
    });
  }

  tb.prChart = {UNIT, pointsOf, draw, locate, mark, thresholdAt, frameOf};
})();
