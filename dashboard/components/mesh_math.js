/* Geometry of the meshes page: camera, matrices, normals, edges. No DOM, no WebGL. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const FIELD = 35; // degrees that the eye sees from top to bottom, unless the scene says otherwise

  const start = () => ({yaw: -0.6, pitch: 0.45, zoom: 1, panX: 0, panY: 0});

  /** Middle and half diagonal of the box around several boxes [{low, high}]. */
  function sphereOf(boxes) {
    const low = [0, 1, 2].map((a) => Math.min(...boxes.map((box) => box.low[a])));
    const high = [0, 1, 2].map((a) => Math.max(...boxes.map((box) => box.high[a])));
    const radius = Math.hypot(...[0, 1, 2].map((a) => high[a] - low[a])) / 2;
    return {centre: [0, 1, 2].map((a) => (low[a] + high[a]) / 2), radius: radius > 0 ? radius : 1};
  }

  /** Row-major 3 x 3: first z up is made y up, then about the vertical axis, then about the screen's horizontal one. */
  function turn({yaw, pitch}, up) {
    const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
    const m = [cy, 0, sy, sp * sy, cp, -sp * cy, -cp * sy, sp, cp * cy];
    if (up === "y") return m;
    // (x, y, z) with z up is (x, z, -y) with y up.
    return [0, 3, 6].flatMap((r) => [m[r], -m[r + 2], m[r + 1]]);
  }

  /**
   * What the shaders need: `matrix` (column-major 4 x 4, from the mesh to the screen), `normals` (3 x 3) and
   * `distance` of the eye from the middle, in units of the mesh.
   */
  function viewOf(camera, {centre, radius}, {width, height, up, field = FIELD}) {
    const m = turn(camera, up);
    const half = Math.tan((field * Math.PI) / 360);
    const fill = 0.84 / Math.min(1, width / height); // a narrow card needs more room at its sides
    const distance = (radius * fill) / Math.sin((field * Math.PI) / 360);
    const [near, far] = [Math.max(distance - radius * 2, distance / 100), distance + radius * 2];
    const [sx, sy] = [camera.zoom / (half * (width / height)), camera.zoom / half];
    const move = [0, 3, 6].map((r) => -(m[r] * centre[0] + m[r + 1] * centre[1] + m[r + 2] * centre[2]));
    const z = (v) => -v; // the eye looks down the negative z axis
    const matrix = new Float32Array(16);
    for (let c = 0; c < 4; c++) {
      const column = c < 3 ? [m[c], m[3 + c], m[6 + c]] : [move[0], move[1], move[2] - distance];
      const w = z(column[2]);
      matrix[c * 4] = sx * column[0] + camera.panX * w;
      matrix[c * 4 + 1] = sy * column[1] + camera.panY * w;
      matrix[c * 4 + 2] = ((far + near) / (far - near)) * w - (c === 3 ? (2 * far * near) / (far - near) : 0);
      matrix[c * 4 + 3] = w;
    }
    const normals = new Float32Array([m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]]);
    return {matrix, normals, distance};
  }

  /** A normal for each vertex: of the faces around it, the larger ones count for more. float32 [n * 3] */
  function normalsOf(vertices, faces) {
    const out = new Float32Array(vertices.length);
    for (let f = 0; f < faces.length; f += 3) {
      const [a, b, c] = [faces[f] * 3, faces[f + 1] * 3, faces[f + 2] * 3];
      const [ux, uy, uz] = [vertices[b] - vertices[a], vertices[b + 1] - vertices[a + 1], vertices[b + 2] - vertices[a + 2]];
      const [vx, vy, vz] = [vertices[c] - vertices[a], vertices[c + 1] - vertices[a + 1], vertices[c + 2] - vertices[a + 2]];
      const normal = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
      for (const at of [a, b, c]) for (let k = 0; k < 3; k++) out[at + k] += normal[k];
    }
    return out;
  }

  /** Each edge of the faces once: uint32 [k * 2]. */
  function edgesOf(faces, n) {
    const seen = new Set();
    const out = [];
    for (let f = 0; f < faces.length; f += 3) {
      for (const [p, q] of [[0, 1], [1, 2], [2, 0]]) {
        const [a, b] = [Math.min(faces[f + p], faces[f + q]), Math.max(faces[f + p], faces[f + q])];
        const key = a * n + b;
        if (seen.has(key)) continue;
        seen.add(key);
        out.push(a, b);
      }
    }
    return Uint32Array.from(out);
  }

  /** The twelve edges of a box as pairs of points: float32 [24 * 3]. */
  function boxLines({low, high}) {
    const corner = (i) => [0, 1, 2].map((a) => ((i >> a) & 1 ? high[a] : low[a]));
    const out = [];
    for (let i = 0; i < 8; i++) for (let a = 0; a < 3; a++) if (!((i >> a) & 1)) out.push(...corner(i), ...corner(i | (1 << a)));
    return Float32Array.from(out);
  }

  /** What a logged scene says of the eye: degrees from top to bottom, as TensorBoard's viewer takes it. */
  function fieldOf(config) {
    const field = Number(config && config.camera && config.camera.fov);
    return field > 1 && field < 170 ? field : FIELD;
  }

  tb.meshes = {start, sphereOf, turn, viewOf, normalsOf, edgesOf, boxLines, fieldOf};
})();
