/* Draws meshes with WebGL: one context for all cards, whose picture is then copied to the card's own canvas.
 *
 * Browsers keep about sixteen contexts and take the oldest away; so there is one, out of sight.
 */
(function () {
  "use strict";
  const tb = window.trainboard;
  const own = tb.meshes;
  const HELD = 40; // meshes whose numbers stay on the graphics card
  const VERTEX = `#version 300 es
    in vec3 position; in vec3 normal; in vec3 colour;
    uniform mat4 matrix; uniform mat3 turn; uniform float size; uniform int paint; uniform vec3 base; uniform vec3 axis; uniform vec2 range;
    out vec3 shade; out vec3 facing; out vec3 place;
    const vec3 ramp[5] = vec3[5](vec3(.267,.005,.329), vec3(.231,.322,.545), vec3(.129,.569,.549), vec3(.369,.788,.384), vec3(.992,.906,.145));
    void main() {
      gl_Position = matrix * vec4(position, 1.0);
      gl_PointSize = clamp(size / gl_Position.w, 1.0, 64.0);
      facing = turn * normal;
      place = turn * position;
      float t = clamp((dot(position, axis) - range.x) / max(range.y - range.x, 1e-20), 0.0, 1.0) * 4.0;
      int at = int(min(3.0, floor(t)));
      shade = paint == 0 ? colour : paint == 1 ? base : mix(ramp[at], ramp[at + 1], t - float(at));
    }`;
  const FRAGMENT = `#version 300 es
    precision highp float;
    in vec3 shade; in vec3 facing; in vec3 place;
    uniform int look;
    out vec4 result;
    void main() {
      float light = 1.0;
      if (look == 0) {
        vec2 p = gl_PointCoord * 2.0 - 1.0;
        float d = dot(p, p);
        if (d > 1.0) discard;
        light = 1.0 - 0.35 * d;
      } else if (look < 3) {
        vec3 flatNormal = cross(dFdx(place), dFdy(place));
        vec3 n = look == 1 && dot(facing, facing) > 0.0 ? facing : flatNormal;
        n = normalize(n);
        if (!gl_FrontFacing && look == 1) n = -n;
        if (n.z < 0.0 && look == 2) n = -n;
        light = 0.30 + 0.55 * max(0.0, dot(n, normalize(vec3(-0.35, 0.6, 0.75)))) + 0.2 * abs(n.z);
      }
      result = vec4(shade * light, 1.0);
    }`;
  const LOOKS = {points: 0, smooth: 1, flat: 2, wire: 3};
  const PAINTS = {logged: 0, run: 1, height: 2};

  class Painter {
    constructor() {
      this.canvas = document.createElement("canvas");
      this.held = new Map(); // mesh -> buffers, the one used last behind
      this.gl = this.canvas.getContext("webgl2", {antialias: true, alpha: true, premultipliedAlpha: false});
      if (this.gl) this.setUp();
      this.canvas.addEventListener("webglcontextlost", (event) => {
        event.preventDefault();
        this.lost = true;
      });
      this.canvas.addEventListener("webglcontextrestored", () => {
        this.lost = false;
        this.held.clear();
        this.setUp();
        this.onRestored();
      });
      this.onRestored = () => {};
    }

    setUp() {
      const {gl} = this;
      const shader = (kind, source) => {
        const made = gl.createShader(kind);
        gl.shaderSource(made, source);
        gl.compileShader(made);
        return made;
      };
      const program = gl.createProgram();
      gl.attachShader(program, shader(gl.VERTEX_SHADER, VERTEX));
      gl.attachShader(program, shader(gl.FRAGMENT_SHADER, FRAGMENT));
      gl.linkProgram(program);
      if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error("shaders: " + gl.getProgramInfoLog(program));
      this.program = program;
      this.at = {};
      for (const name of ["matrix", "turn", "size", "paint", "base", "axis", "range", "look"]) this.at[name] = gl.getUniformLocation(program, name);
      for (const name of ["position", "normal", "colour"]) this.at[name] = gl.getAttribLocation(program, name);
    }

    buffer(data, kind = this.gl.ARRAY_BUFFER) {
      const made = this.gl.createBuffer();
      this.gl.bindBuffer(kind, made);
      this.gl.bufferData(kind, data, this.gl.STATIC_DRAW);
      return made;
    }

    /** The mesh's numbers on the graphics card; those unused for longest make room. */
    buffersOf(mesh) {
      const {gl} = this;
      let kept = this.held.get(mesh);
      this.held.delete(mesh);
      if (!kept) {
        kept = {position: this.buffer(mesh.vertices), colour: mesh.colours.length ? this.buffer(mesh.colours) : null};
        if (mesh.faces.length) kept.faces = this.buffer(Uint32Array.from(mesh.faces), gl.ELEMENT_ARRAY_BUFFER);
      }
      this.held.set(mesh, kept);
      for (const [old, buffers] of this.held) {
        if (this.held.size <= HELD) break;
        Object.values(buffers).forEach((one) => one && gl.deleteBuffer(one));
        this.held.delete(old);
      }
      return kept;
    }

    attribute(name, buffer, type, normalise) {
      const {gl} = this;
      const at = this.at[name];
      if (at < 0) return;
      if (!buffer) {
        gl.disableVertexAttribArray(at);
        gl.vertexAttrib3f(at, 0, 0, 0);
        return;
      }
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(at);
      gl.vertexAttribPointer(at, 3, type, normalise, 0, 0);
    }

    /**
     * Draws a mesh {vertices, colours, faces, low, high, config} and copies the picture to `context`. `options`:
     * {width, height (device pixels), up, look, paint, pointSize, base [r, g, b], line [r, g, b], box}.
     */
    draw(context, mesh, camera, sphere, options) {
      const {gl} = this;
      if (!gl || this.lost || gl.isContextLost()) return false;
      const {width, height, up} = options;
      if (this.canvas.width < width || this.canvas.height < height) {
        this.canvas.width = Math.max(this.canvas.width, width);
        this.canvas.height = Math.max(this.canvas.height, height);
      }
      gl.viewport(0, 0, width, height);
      gl.enable(gl.SCISSOR_TEST);
      gl.scissor(0, 0, width, height);
      gl.enable(gl.DEPTH_TEST);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
      gl.useProgram(this.program);
      const view = own.viewOf(camera, sphere, {width, height, up, field: own.fieldOf(mesh.config)});
      gl.uniformMatrix4fv(this.at.matrix, false, view.matrix);
      gl.uniformMatrix3fv(this.at.turn, false, view.normals);
      const kept = this.buffersOf(mesh);
      const axis = up === "y" ? 1 : 2;
      gl.uniform3f(this.at.axis, 0, axis === 1 ? 1 : 0, axis === 2 ? 1 : 0);
      gl.uniform2f(this.at.range, mesh.low[axis], mesh.high[axis]);
      gl.uniform1i(this.at.paint, options.paint === "logged" && !kept.colour ? PAINTS.run : PAINTS[options.paint]);
      gl.uniform3fv(this.at.base, options.base);
      gl.uniform1f(this.at.size, options.pointSize * view.distance * camera.zoom);
      this.attribute("position", kept.position, gl.FLOAT, false);
      this.attribute("colour", kept.colour, gl.UNSIGNED_BYTE, true);
      this.parts(mesh, kept, mesh.faces.length ? options.look : "points");
      if (options.box) this.box(mesh, options.line);
      context.clearRect(0, 0, width, height);
      context.drawImage(this.canvas, 0, this.canvas.height - height, width, height, 0, 0, width, height);
      return true;
    }

    parts(mesh, kept, look) {
      const {gl} = this;
      gl.uniform1i(this.at.look, LOOKS[look]);
      if (look === "smooth" && !kept.normal) kept.normal = this.buffer(own.normalsOf(mesh.vertices, mesh.faces));
      this.attribute("normal", look === "smooth" ? kept.normal : null, gl.FLOAT, false);
      if (look === "points") gl.drawArrays(gl.POINTS, 0, mesh.vertices.length / 3);
      else if (look === "wire") {
        if (!kept.edges) {
          const edges = own.edgesOf(mesh.faces, mesh.vertices.length / 3);
          kept.edges = this.buffer(edges, gl.ELEMENT_ARRAY_BUFFER);
          mesh.edgeCount = edges.length;
        }
        gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, kept.edges);
        gl.drawElements(gl.LINES, mesh.edgeCount, gl.UNSIGNED_INT, 0);
      } else {
        gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, kept.faces);
        gl.drawElements(gl.TRIANGLES, mesh.faces.length, gl.UNSIGNED_INT, 0);
      }
    }

    box(mesh, line) {
      const {gl} = this;
      const lines = this.buffer(own.boxLines(mesh));
      this.attribute("position", lines, gl.FLOAT, false);
      this.attribute("normal", null);
      this.attribute("colour", null);
      gl.uniform1i(this.at.look, LOOKS.wire);
      gl.uniform1i(this.at.paint, PAINTS.run);
      gl.uniform3fv(this.at.base, line);
      gl.drawArrays(gl.LINES, 0, 24);
      gl.deleteBuffer(lines);
    }
  }

  let painter = null;
  /** The one painter of the page, made when the first card is drawn. */
  own.painter = () => (painter = painter || new Painter());
})();
