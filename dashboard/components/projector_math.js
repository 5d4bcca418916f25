/* Geometry of the projector: camera, screen positions, what is under a pixel or in a lasso. No DOM. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const DISTANCE = 3.2; // of the eye from the centre, in half-widths of the cloud
  const FILLED = 0.44; // share of the smaller side that the cloud's half-width takes
  const BUCKETS = 128; // depths told apart when points are put in order

  const start = () => ({yaw: 0.6, pitch: 0.35, zoom: 1, panX: 0, panY: 0});

  /**
   * Positions in [-1, 1]: float32 [n * 3] of the chosen components (`axes`, 2 or 3 of them) of `values`
   * [n * k], about the middle of their ranges and by one scale, so that distances stay comparable.
   */
  function normalised(values, n, k, axes) {
    const out = new Float32Array(n * 3);
    let widest = 0;
    const middle = axes.map((axis) => {
      let [low, high] = [Infinity, -Infinity];
      for (let i = 0; i < n; i++) {
        const v = values[i * k + axis];
        if (v < low) low = v;
        if (v > high) high = v;
      }
      widest = Math.max(widest, high - low);
      return (low + high) / 2;
    });
    const scale = widest > 0 ? 2 / widest : 1;
    for (let i = 0; i < n; i++) {
      for (let a = 0; a < axes.length; a++) out[i * 3 + a] = (values[i * k + axes[a]] - middle[a]) * scale;
    }
    return out;
  }

  function rotation({yaw, pitch}) {
    const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
    // First about the vertical axis, then about the screen's horizontal one; y is up.
    return [cy, 0, sy, sp * sy, cp, -sp * cy, -cp * sy, sp, cp * cy];
  }

  /** Screen positions of `points`: fills x, y and near (1 at the centre's depth, more in front). */
  function toScreen(points, n, camera, {width, height, flat}, out) {
    const m = flat ? [1, 0, 0, 0, 1, 0, 0, 0, 1] : rotation(camera);
    const scale = Math.min(width, height) * FILLED;
    const [cx, cy] = [width / 2 + camera.panX * scale, height / 2 + camera.panY * scale];
    for (let i = 0; i < n; i++) {
      const [px, py, pz] = [points[i * 3], points[i * 3 + 1], points[i * 3 + 2]];
      const z = flat ? 0 : m[6] * px + m[7] * py + m[8] * pz;
      const near = DISTANCE / Math.max(0.2, DISTANCE - z);
      const s = scale * camera.zoom * near;
      out.x[i] = cx + (m[0] * px + m[1] * py + m[2] * pz) * s;
      out.y[i] = cy - (m[3] * px + m[4] * py + m[5] * pz) * s;
      out.near[i] = near;
    }
    return out;
  }

  const buffers = (n) => ({x: new Float32Array(n), y: new Float32Array(n), near: new Float32Array(n), order: new Uint32Array(n)});

  /** The points from back to front, by counting: a sort of 50,000 would take longer than drawing them. */
  function backToFront({near, order}, n) {
    const counts = new Uint32Array(BUCKETS + 1);
    const bucket = (v) => Math.max(0, Math.min(BUCKETS - 1, Math.floor(((v - 0.6) / 1.4) * BUCKETS)));
    for (let i = 0; i < n; i++) counts[bucket(near[i]) + 1]++;
    for (let b = 0; b < BUCKETS; b++) counts[b + 1] += counts[b];
    for (let i = 0; i < n; i++) order[counts[bucket(near[i])]++] = i;
    return order;
  }

  /** The point nearest to the pixel and in reach of it, the one in front of several; -1 if none. */
  function pick({x, y, near}, n, px, py, reach, visible) {
    let [best, least] = [-1, reach * reach];
    for (let i = 0; i < n; i++) {
      if (visible && !visible(i)) continue;
      const d = (x[i] - px) ** 2 + (y[i] - py) ** 2;
      if (d < least || (d === least && best >= 0 && near[i] > near[best])) [best, least] = [i, d];
    }
    return best;
  }

  /** The points within a polygon of pixels [[x, y], ...]; the even-odd rule. */
  function within({x, y}, n, polygon) {
    const found = [];
    for (let i = 0; i < n; i++) {
      let inside = false;
      for (let a = 0, b = polygon.length - 1; a < polygon.length; b = a++) {
        const [[ax, ay], [bx, by]] = [polygon[a], polygon[b]];
        if (ay > y[i] !== by > y[i] && x[i] < ((bx - ax) * (y[i] - ay)) / (by - ay) + ax) inside = !inside;
      }
      if (inside) found.push(i);
    }
    return found;
  }

  const boxOf = ([ax, ay], [bx, by]) => [[ax, ay], [bx, ay], [bx, by], [ax, by]];

  /** Zooms by a factor so that what is under the pixel stays there. */
  function zoomAt(camera, factor, px, py, {width, height}) {
    const zoom = Math.min(200, Math.max(0.2, camera.zoom * factor));
    const by = zoom / camera.zoom;
    const scale = Math.min(width, height) * FILLED;
    const [dx, dy] = [(px - width / 2) / scale, (py - height / 2) / scale];
    camera.panX = dx - (dx - camera.panX) * by;
    camera.panY = dy - (dy - camera.panY) * by;
    camera.zoom = zoom;
  }

  function panBy(camera, dx, dy, {width, height}) {
    const scale = Math.min(width, height) * FILLED;
    camera.panX += dx / scale;
    camera.panY += dy / scale;
  }

  tb.projector = {start, normalised, rotation, toScreen, buffers, backToFront, pick, within, boxOf, zoomAt, panBy};
})();
