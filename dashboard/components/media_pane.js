/* Images seen through one window: all panes of a lightbox zoom and move together. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const MOST_ZOOM = 200;
  const PREVIEW = 2560; // pixels of width in which a large image comes at first
  const LARGE = 6_000_000; // pixels from which it does
  const KEPT = 40;
  const images = new Map(); // address -> Promise of an HTMLImageElement

  /** The decoded image of a record's facts; a large one scaled down unless `full`. */
  function load(facts, full = false) {
    const scale = !full && facts.width * facts.height > LARGE && facts.width > PREVIEW;
    const src = tb.media.address(facts.sha256, scale ? PREVIEW : 0);
    if (!images.has(src)) {
      const image = new Image();
      image.src = src;
      const ready = image.decode().then(() => image);
      ready.catch(() => images.delete(src));
      images.set(src, ready);
      if (images.size > KEPT) images.delete(images.keys().next().value);
    }
    return images.get(src);
  }

  /** What all panes share: the middle of the window as a fraction of the image, and the zoom, 1 is "fits". */
  class Window {
    constructor(changed) {
      Object.assign(this, {x: 0.5, y: 0.5, zoom: 1, changed, at: null});
    }
    set(x, y, zoom) {
      this.zoom = Math.min(MOST_ZOOM, Math.max(1, zoom));
      const room = 0.5 - 0.5 / this.zoom; // so that the image does not leave the pane
      this.x = Math.min(0.5 + room, Math.max(0.5 - room, x));
      this.y = Math.min(0.5 + room, Math.max(0.5 - room, y));
      this.changed();
    }
  }

  /** One canvas with `layers` [{source, width, height, alpha, from, to}], drawn one over the other. */
  class Pane {
    constructor(shared, title, swatch) {
      this.shared = shared;
      this.layers = [];
      this.canvas = el("canvas", {class: "pane-canvas", role: "img", "aria-label": title});
      this.message = el("p", {class: "pane-message"});
      this.caption = el("span", {class: "pane-title"});
      this.said = el("span", {class: "pane-value"});
      this.node = el(
        "figure", {class: "pane"},
        el("figcaption", {}, swatch ? el("i", {class: "swatch", style: `background:${swatch}`}) : null, this.caption, this.said),
        el("div", {class: "pane-view"}, this.canvas, this.message)
      );
      this.name(title);
      this.listen();
    }

    /* "sweep/lr=1/seed=0, step 20": without room the directories give way, the step stays. */
    name(title) {
      if (this.title === title) return;
      this.title = title;
      const step = title.lastIndexOf(", step ");
      const run = step < 0 ? title : title.slice(0, step);
      const cut = run.lastIndexOf("/", run.length - 2) + 1;
      this.caption.replaceChildren(
        el("span", {class: "run-directory"}, run.slice(0, cut)), el("span", {class: "run-base"}, run.slice(cut)),
        el("span", {class: "pane-step"}, step < 0 ? "" : title.slice(step))
      );
      this.caption.title = title;
      this.canvas.setAttribute("aria-label", title);
    }

    /* Pixels of the pane per pixel of the image, and where its left upper corner lies. */
    placed({width, height}) {
      const [w, h] = [this.canvas.clientWidth, this.canvas.clientHeight];
      const {x, y, zoom} = this.shared;
      const scale = Math.min(w / width, h / height) * zoom;
      return {scale, left: w / 2 - x * width * scale, top: h / 2 - y * height * scale};
    }

    draw() {
      const {canvas} = this;
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      const [w, h] = [canvas.clientWidth, canvas.clientHeight];
      if (!w || !h) return;
      Object.assign(canvas, {width: Math.round(w * ratio), height: Math.round(h * ratio)});
      const context = canvas.getContext("2d");
      context.scale(ratio, ratio);
      for (const layer of this.layers) {
        const {scale, left, top} = this.placed(layer);
        context.save();
        context.imageSmoothingEnabled = scale < 1;
        context.imageSmoothingQuality = "high";
        context.globalAlpha = layer.alpha ?? 1;
        if (layer.from !== undefined) {
          context.beginPath();
          context.rect(layer.from * w, 0, (layer.to - layer.from) * w, h);
          context.clip();
        }
        context.drawImage(layer.source, left, top, layer.width * scale, layer.height * scale);
        context.restore();
      }
      if (this.divider !== undefined) {
        context.fillStyle = tb.theme.css("--accent");
        context.fillRect(this.divider * w - 1, 0, 2, h);
      }
    }

    /** Where the pointer is in the image, as fractions of it; null outside. */
    where(event) {
      const layer = this.layers[0];
      if (!layer) return null;
      const box = this.canvas.getBoundingClientRect();
      const {scale, left, top} = this.placed(layer);
      const x = (event.clientX - box.left - left) / (layer.width * scale);
      const y = (event.clientY - box.top - top) / (layer.height * scale);
      return x >= 0 && x < 1 && y >= 0 && y < 1 ? {x, y} : null;
    }

    zoomAt(event, factor) {
      const layer = this.layers[0];
      if (!layer) return;
      const box = this.canvas.getBoundingClientRect();
      const {scale} = this.placed(layer);
      const [dx, dy] = [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
      const {x, y, zoom} = this.shared;
      const next = Math.min(MOST_ZOOM, Math.max(1, zoom * factor));
      const by = 1 / scale - zoom / next / scale; // what is under the pointer stays there
      this.shared.set(x + (dx * by) / layer.width, y + (dy * by) / layer.height, next);
    }

    listen() {
      const {canvas, shared} = this;
      let from = null;
      canvas.addEventListener("wheel", (event) => {
        event.preventDefault();
        this.zoomAt(event, Math.exp(-event.deltaY * 0.0018));
      }, {passive: false});
      canvas.addEventListener("dblclick", (event) => (shared.zoom > 1 ? shared.set(0.5, 0.5, 1) : this.zoomAt(event, this.actual())));
      canvas.addEventListener("pointerdown", (event) => {
        from = {x: event.clientX, y: event.clientY, at: [shared.x, shared.y]};
        canvas.setPointerCapture(event.pointerId);
      });
      canvas.addEventListener("pointermove", (event) => {
        const layer = this.layers[0];
        if (from && layer) {
          if (this.onDrag) this.onDrag(event);
          else {
            const {scale} = this.placed(layer);
            shared.set(from.at[0] - (event.clientX - from.x) / (layer.width * scale), from.at[1] - (event.clientY - from.y) / (layer.height * scale), shared.zoom);
          }
        }
        shared.at = this.where(event);
        shared.pointed();
      });
      const up = () => (from = null);
      canvas.addEventListener("pointerup", up);
      canvas.addEventListener("pointercancel", up);
      canvas.addEventListener("pointerleave", () => {
        shared.at = null;
        shared.pointed();
      });
    }

    /** The factor from now to one pixel of the image on one of the screen. */
    actual() {
      const layer = this.layers[0];
      return layer ? 1 / this.placed(layer).scale : 1;
    }
  }

  const reading = document.createElement("canvas");
  reading.width = reading.height = 1;
  const reader = reading.getContext("2d", {willReadFrequently: true});
  /** The pixel of a layer at fractions of it: {x, y, colour: [r, g, b, a]}. */
  function pixelAt(layer, {x, y}) {
    const [px, py] = [Math.floor(x * layer.width), Math.floor(y * layer.height)];
    reader.clearRect(0, 0, 1, 1);
    reader.drawImage(layer.source, px, py, 1, 1, 0, 0, 1, 1);
    return {x: px, y: py, colour: [...reader.getImageData(0, 0, 1, 1).data]};
  }

  tb.panes = {Pane, Window, load, pixelAt};
})();
