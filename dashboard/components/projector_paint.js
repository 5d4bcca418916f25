/* Paints a cloud of points on a canvas: dots or pictures from back to front, axes, names, the lasso. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const own = tb.projector;
  const NAMES = 70; // labels written at most
  const MANY = 4000; // points drawn as squares while the cloud is turned
  const dots = new Map(); // colour and radius -> a small canvas

  function dot(colour, radius, rim, ratio) {
    const key = `${colour} ${radius} ${rim} ${ratio}`;
    let made = dots.get(key);
    if (!made) {
      if (dots.size > 2000) dots.clear();
      made = document.createElement("canvas");
      const half = radius + 1;
      made.width = made.height = Math.ceil(half * 2 * ratio);
      const pen = made.getContext("2d");
      pen.scale(ratio, ratio);
      pen.beginPath();
      pen.arc(half, half, radius, 0, 7);
      pen.fillStyle = colour;
      pen.fill();
      pen.strokeStyle = rim;
      pen.lineWidth = 0.7;
      pen.stroke();
      dots.set(key, made);
    }
    return made;
  }

  /** Lines through the middle along each component, named at their ends. */
  function axes(context, view, camera, names) {
    const ends = new Float32Array(names.length * 6);
    names.forEach((_, a) => {
      ends[a * 6 + a] = -1;
      ends[a * 6 + 3 + a] = 1;
    });
    const at = own.toScreen(ends, names.length * 2, camera, view, own.buffers(names.length * 2));
    context.strokeStyle = view.theme.line;
    context.fillStyle = view.theme.muted;
    context.font = `11px ${view.theme.font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineWidth = 1;
    names.forEach((name, a) => {
      const [from, to] = [a * 2, a * 2 + 1];
      context.beginPath();
      context.moveTo(at.x[from], at.y[from]);
      context.lineTo(at.x[to], at.y[to]);
      context.stroke();
      const [dx, dy] = [at.x[to] - at.x[from], at.y[to] - at.y[from]];
      const length = Math.hypot(dx, dy) || 1;
      const [x, y] = [at.x[to] + (dx / length) * 22, at.y[to] + (dy / length) * 12];
      context.fillText(name, Math.max(24, Math.min(view.width - 24, x)), Math.max(10, Math.min(view.height - 10, y)));
    });
  }

  /** Names beside points, the first ones first, each only where it lies over no other. */
  function names(context, view, at, wanted) {
    context.font = `11px ${view.theme.font}`;
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    const taken = [];
    for (const {i, text, strong} of wanted.slice(0, NAMES)) {
      const [x, y] = [at.x[i] + 8, at.y[i]];
      const shown = text.length > 40 ? text.slice(0, 39) + "…" : text;
      const box = [x - 2, y - 8, x + context.measureText(shown).width + 2, y + 8];
      if (taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])) continue;
      taken.push(box);
      context.strokeStyle = view.theme.card;
      context.lineWidth = 3;
      context.strokeText(shown, x, y);
      context.fillStyle = strong ? view.theme.text : view.theme.muted;
      context.fillText(shown, x, y);
    }
  }

  function outline(context, view, polygon) {
    context.beginPath();
    polygon.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    context.globalAlpha = 0.14;
    context.fillStyle = view.theme.accent;
    context.fill();
    context.globalAlpha = 1;
    context.strokeStyle = view.theme.accent;
    context.lineWidth = 1.5;
    context.stroke();
  }

  function ring(context, view, at, i, radius, colour) {
    context.beginPath();
    context.arc(at.x[i], at.y[i], radius, 0, 7);
    context.strokeStyle = view.theme.card;
    context.lineWidth = 4;
    context.stroke();
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.stroke();
  }

  /**
   * Draws a scene {points, n, palette, shade, hidden, strong, selected, hover, names, axes, sprite} and returns
   * where each point came to lie. `hidden(i)` is not drawn; if there are `strong` ones (a Set), the others are faint.
   */
  function paint(context, view, camera, scene, at) {
    const {points, n, palette, shade, strong, hidden, sprite} = scene;
    const {ratio, theme} = view;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    axes(context, view, camera, scene.axes);
    own.toScreen(points, n, camera, view, at);
    const order = view.flat ? null : own.backToFront(at, n);
    const quick = view.moving && n > MANY;
    const size = (n > 20000 ? 1.6 : n > 5000 ? 2.2 : n > 800 ? 3 : 4) * Math.min(2.2, Math.max(0.8, Math.sqrt(camera.zoom)));
    const faint = strong.size > 0;
    for (const layer of faint ? [false, true] : [true]) {
      context.globalAlpha = layer ? (faint || n < 3000 ? 1 : 0.85) : 0.13;
      for (let k = 0; k < n; k++) {
        const i = order ? order[k] : k;
        if ((hidden && hidden(i)) || (faint && strong.has(i) !== layer)) continue;
        const [x, y] = [at.x[i], at.y[i]];
        if (x < -20 || y < -20 || x > view.width + 20 || y > view.height + 20) continue;
        const radius = Math.round(size * at.near[i] * 2) / 2;
        if (sprite && layer) picture(context, sprite, scene.rows[i], x, y, radius * 5);
        else if (quick) {
          context.fillStyle = palette[shade[i]];
          context.fillRect(x - radius, y - radius, radius * 2, radius * 2);
        } else {
          const made = dot(palette[shade[i]], radius, theme.card, ratio);
          const half = radius + 1;
          context.drawImage(made, x - half, y - half, half * 2, half * 2);
        }
      }
    }
    context.globalAlpha = 1;
    for (const i of scene.selected) ring(context, view, at, i, size + 4, theme.accent);
    if (scene.hover >= 0) ring(context, view, at, scene.hover, size + 3, theme.text);
    if (scene.names.length && !view.moving) names(context, view, at, scene.names);
    if (scene.polygon) outline(context, view, scene.polygon);
    return at;
  }

  /** The row's picture out of the sheet of all. */
  function picture(context, {image, width, height, columns}, row, x, y, side) {
    const tall = (side * height) / width;
    const [sx, sy] = [(row % columns) * width, Math.floor(row / columns) * height];
    context.drawImage(image, sx, sy, width, height, x - side / 2, y - tall / 2, side, tall);
  }

  Object.assign(own, {paint, picture});
})();
