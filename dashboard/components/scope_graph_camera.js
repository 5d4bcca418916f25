/* Pan, zoom, fit and the small map of the graph's plane. */
(function () {
  "use strict";

  const MIN_ZOOM = 0.05;
  const MAX_ZOOM = 3;
  const CLICK_SLACK = 4;
  const MARGIN = 24;
  const MAP_WIDTH = 150;
  const MAP_HEIGHT = 110;

  /* Moves `stage` (a <g>) inside `svg`; `moved` is called after each change. */
  function Camera(svg, stage, map) {
    Object.assign(this, {svg, stage, map, x: 0, y: 0, zoom: 1, scene: null, frame: 0});
    this.dragged = false;
    this.cleanup = [];
    this.listen();
  }

  Camera.prototype.on = function (target, type, listener, options) {
    target.addEventListener(type, listener, options);
    this.cleanup.push(() => target.removeEventListener(type, listener, options));
  };

  Camera.prototype.listen = function () {
    const {svg, map} = this;
    const pointers = new Map();
    this.on(
      svg,
      "wheel",
      (event) => {
        event.preventDefault();
        const unit = event.deltaMode === 1 ? 16 : 1;
        const spot = this.local(event);
        this.zoomAt(spot.x, spot.y, Math.exp((-event.deltaY * unit) / (event.ctrlKey ? 120 : 420)));
      },
      {passive: false},
    );
    this.on(svg, "pointerdown", (event) => {
      if (event.button !== 0) return;
      pointers.set(event.pointerId, this.local(event));
      this.dragged = false;
    });
    this.on(svg, "pointermove", (event) => {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const now = this.local(event);
      if (!this.dragged && Math.hypot(now.x - before.x, now.y - before.y) < CLICK_SLACK) return;
      // Captured only once it is a drag: a captured click would not reach the box under it.
      if (!this.dragged) svg.setPointerCapture(event.pointerId);
      this.dragged = true;
      if (pointers.size === 2) this.pinch(pointers, event.pointerId, now);
      else this.move(this.x + now.x - before.x, this.y + now.y - before.y, this.zoom);
      pointers.set(event.pointerId, now);
    });
    for (const type of ["pointerup", "pointercancel", "pointerleave"]) {
      this.on(svg, type, (event) => pointers.delete(event.pointerId));
    }
    const jump = (event) => {
      if (!(event.buttons & 1) || !this.scene) return;
      const rect = map.getBoundingClientRect();
      const at = this.mapScale();
      this.centre((event.clientX - rect.left - at.x) / at.k, (event.clientY - rect.top - at.y) / at.k);
    };
    this.on(map, "pointerdown", jump);
    this.on(map, "pointermove", jump);
    const observer = new ResizeObserver(() => this.drawMap());
    observer.observe(svg);
    this.cleanup.push(
      () => observer.disconnect(),
      () => cancelAnimationFrame(this.frame),
    );
  };

  Camera.prototype.local = function (event) {
    const rect = this.svg.getBoundingClientRect();
    return {x: event.clientX - rect.left, y: event.clientY - rect.top};
  };

  Camera.prototype.pinch = function (pointers, id, now) {
    const other = [...pointers].find(([key]) => key !== id)[1];
    const before = pointers.get(id);
    const spread = (p) => Math.max(8, Math.hypot(p.x - other.x, p.y - other.y));
    this.zoomAt((now.x + other.x) / 2, (now.y + other.y) / 2, spread(now) / spread(before));
  };

  Camera.prototype.move = function (x, y, zoom) {
    cancelAnimationFrame(this.frame);
    this.apply(x, y, zoom);
  };

  Camera.prototype.apply = function (x, y, zoom) {
    Object.assign(this, {x, y, zoom: Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, zoom))});
    this.stage.setAttribute("transform", `translate(${this.x},${this.y}) scale(${this.zoom})`);
    this.svg.classList.toggle("sg-far", this.zoom < 0.45);
    this.drawMap();
  };

  Camera.prototype.zoomAt = function (x, y, factor) {
    const zoom = Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, this.zoom * factor));
    const k = zoom / this.zoom;
    this.move(x - (x - this.x) * k, y - (y - this.y) * k, zoom);
  };

  Camera.prototype.zoomBy = function (factor) {
    this.zoomAt(this.svg.clientWidth / 2, this.svg.clientHeight / 2, factor);
  };

  Camera.prototype.glide = function (x, y, zoom, milliseconds) {
    cancelAnimationFrame(this.frame);
    if (!milliseconds || matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.apply(x, y, zoom);
      return;
    }
    const from = {x: this.x, y: this.y, zoom: this.zoom};
    const start = performance.now();
    const tick = (time) => {
      const t = Math.min(1, Math.max(0, (time - start) / milliseconds));
      const ease = t * (2 - t);
      const between = (p, q) => p + (q - p) * ease;
      this.apply(between(from.x, x), between(from.y, y), between(from.zoom, zoom));
      if (t < 1) this.frame = requestAnimationFrame(tick);
    };
    this.frame = requestAnimationFrame(tick);
  };

  /* The whole graph; where that would be too small to read, its top at a readable size. */
  Camera.prototype.fit = function (whole, milliseconds) {
    const {scene, svg} = this;
    if (!scene) return;
    const [w, h] = [svg.clientWidth - 2 * MARGIN, svg.clientHeight - 2 * MARGIN];
    const both = Math.min(w / Math.max(1, scene.width), h / Math.max(1, scene.height), 1.35);
    const zoom = whole ? both : Math.max(both, Math.min(0.7, w / Math.max(1, scene.width)), 0.4);
    const x = Math.max(MARGIN, (svg.clientWidth - scene.width * zoom) / 2);
    const y = Math.max(MARGIN, (svg.clientHeight - scene.height * zoom) / 2);
    this.glide(x, y, zoom, milliseconds);
  };

  Camera.prototype.centre = function (x, y, milliseconds) {
    const {svg, zoom} = this;
    this.glide(svg.clientWidth / 2 - x * zoom, svg.clientHeight / 2 - y * zoom, zoom, milliseconds);
  };

  /* Brings a box into view, and to a size that can be read. */
  Camera.prototype.show = function (box, milliseconds) {
    const {svg} = this;
    const room = Math.min((svg.clientWidth - 60) / box.w, (svg.clientHeight - 60) / box.h);
    const zoom = Math.max(Math.min(Math.max(this.zoom, 0.8), room), 0.3);
    const x = svg.clientWidth / 2 - (box.x + box.w / 2) * zoom;
    const y = svg.clientHeight / 2 - (box.y + box.h / 2) * zoom;
    this.glide(x, y, zoom, milliseconds);
  };

  Camera.prototype.sees = function (box) {
    const [left, top] = [box.x * this.zoom + this.x, box.y * this.zoom + this.y];
    const [right, bottom] = [left + box.w * this.zoom, top + box.h * this.zoom];
    return left >= 0 && top >= 0 && right <= this.svg.clientWidth && bottom <= this.svg.clientHeight;
  };

  Camera.prototype.mapScale = function () {
    const {width, height} = this.scene;
    const k = Math.min((MAP_WIDTH - 10) / Math.max(1, width), (MAP_HEIGHT - 10) / Math.max(1, height));
    return {k, x: (MAP_WIDTH - width * k) / 2, y: (MAP_HEIGHT - height * k) / 2};
  };

  Camera.prototype.drawMap = function () {
    const {map, scene, svg} = this;
    if (!scene) return;
    const inside = this.sees({x: 0, y: 0, w: scene.width, h: scene.height});
    map.hidden = inside || svg.clientWidth < 420;
    if (map.hidden) return;
    const ratio = window.devicePixelRatio || 1;
    if (map.width !== MAP_WIDTH * ratio) {
      map.width = MAP_WIDTH * ratio;
      map.height = MAP_HEIGHT * ratio;
    }
    const context = map.getContext("2d");
    const style = getComputedStyle(map);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, MAP_WIDTH, MAP_HEIGHT);
    const at = this.mapScale();
    const rect = (box) => [
      at.x + box.x * at.k,
      at.y + box.y * at.k,
      Math.max(1, box.w * at.k),
      Math.max(1, box.h * at.k),
    ];
    context.strokeStyle = style.getPropertyValue("--sg-edge");
    context.fillStyle = style.getPropertyValue("--sg-edge");
    context.lineWidth = 0.75;
    for (const box of scene.boxes) {
      if (box.open) context.strokeRect(...rect(box));
      else context.fillRect(...rect(box));
    }
    context.strokeStyle = style.getPropertyValue("--accent");
    context.lineWidth = 1.5;
    const view = {
      x: -this.x / this.zoom,
      y: -this.y / this.zoom,
      w: svg.clientWidth / this.zoom,
      h: svg.clientHeight / this.zoom,
    };
    context.strokeRect(...rect(view));
  };

  Camera.prototype.destroy = function () {
    this.cleanup.forEach((undo) => undo());
  };

  window.trainboard.scopeGraph.Camera = Camera;
})();
