/* One card: a tag, the curves of the shown runs, its own zoom, log and width. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const REFINE_DELAY = 40; // ms: a zoom by several quick steps asks the store once

  class MetricCard {
    constructor(tag, title, grid) {
      this.tag = tag;
      this.grid = grid;
      this.visible = false;
      this.lines = [];
      this.detail = null; // {key, series: Map} of the zoomed window
      this.frame = null;
      this.view = null;
      this.logButton = this.button("log", "Logarithmic y axis for this card", () => grid.toggle("logTags", tag));
      this.wideButton = this.button("⤢", "Full width", () => grid.toggle("wide", tag));
      this.resetButton = this.button("reset zoom", "Back to all steps (or double-click the chart)", () => this.zoom(null));
      this.warning = el("span", {class: "card-warning", role: "img", "aria-label": "Some runs could not be read", hidden: true});
      this.message = el("p", {class: "card-message"});
      this.canvas = el("canvas", {"aria-hidden": "true"});
      this.frameNode = el("div", {class: "card-frame"});
      this.crosshair = el("div", {class: "crosshair", hidden: true});
      this.dot = el("div", {class: "dot", hidden: true});
      this.clip = el("div", {class: "card-lines"}, this.canvas, this.crosshair, this.dot);
      this.plot = el("div", {class: "card-plot", tabindex: "0", role: "img"}, this.frameNode, this.clip, this.message);
      this.node = el(
        "section", {class: "card", "data-tag": tag, "aria-label": tag},
        el("header", {}, el("h3", {title: tag}, title), this.warning, this.resetButton, this.logButton, this.wideButton),
        this.plot
      );
      this.plot.addEventListener("mousemove", (event) => this.pointed(event));
      this.plot.addEventListener("mouseleave", () => grid.unhover());
      this.plot.addEventListener("keydown", (event) => this.key(event));
    }

    button(text, hint, onclick) {
      return el("button", {type: "button", class: "card-button", title: hint, "aria-label": hint, onclick}, text);
    }

    get zoomed() {
      const zoom = tb.view.get().zoom[this.tag];
      return zoom && zoom.axis === tb.view.get().axis && Array.isArray(zoom.x) ? zoom : null;
    }

    get logY() {
      const {logY, logTags} = tb.view.get();
      return logTags.includes(this.tag) ? !logY : logY;
    }

    /** A box was drawn in the frame. */
    boxed(x, y) {
      const {xRange, yRange} = this.view;
      const box = {axis: tb.view.get().axis, x: x.map((v) => rounded(v, xRange))};
      if (y) box.y = y.map((v) => rounded(v, yRange));
      this.zoom(box);
    }

    zoom(window) {
      const zoom = {...tb.view.get().zoom};
      if (window) zoom[this.tag] = window;
      else delete zoom[this.tag];
      tb.view.set({zoom});
    }

    /** The runs of this card: those shown that have the tag. */
    runs() {
      const having = tb.runs.series("scalar").get(this.tag);
      return having ? tb.runs.shown().filter((run) => having.has(run.name)).map((run) => run.name) : [];
    }

    pixels() {
      // In steps of 100: a window that is dragged wider must not ask anew at each pixel.
      return Math.min(2000, Math.max(300, Math.ceil(this.plot.clientWidth / 100) * 100));
    }

    /** Asks for what is missing and draws what is here. */
    draw(quick) {
      const {axis, smoothing, wide} = tb.view.get();
      const names = this.runs();
      const complete = this.grid.store.want(this.tag, names, this.pixels());
      const isWide = wide.includes(this.tag);
      this.node.classList.toggle("wide", isWide);
      this.wideButton.setAttribute("aria-pressed", isWide);
      this.logButton.setAttribute("aria-pressed", this.logY);
      this.resetButton.hidden = !this.zoomed;
      this.collect(names, axis, smoothing);
      this.say(names, complete);
      const size = {width: this.plot.clientWidth, height: this.plot.clientHeight};
      if (size.width < 20) return;
      const ranges = this.ranges(axis);
      const inner = tb.PlotFrame.inner(size.width, size.height, ranges.yRange, this.logY);
      this.view = {...inner, ...ranges, logY: this.logY, quick};
      this.clip.style.cssText = `left:${inner.left}px;top:${inner.top}px;width:${inner.width}px;height:${inner.height}px`;
      tb.lines.draw(this.canvas, this.lines, this.view);
      this.plot.setAttribute("aria-label", this.describe());
      this.refine(names, axis);
      if (quick || this.lines.length === 0) return;
      if (!this.frame) {
        this.frame = new tb.PlotFrame(this.frameNode, {
          onZoom: (x, y) => this.boxed(x, y),
          onReset: () => this.zoom(null),
        });
      }
      this.frame.update({...size, ...ranges, axis, logY: this.logY});
    }

    collect(names, axis, smoothing) {
      const detail = this.zoomed && this.detail && this.detail.key === this.zoomKey() ? this.detail.series : null;
      this.lines = [];
      for (const name of names) {
        const overview = this.grid.store.get(this.tag, name);
        if (!overview) continue;
        const series = (detail && detail.get(name)) || overview;
        if (series.length === 0) continue;
        if (series.hasGaps === undefined || series.checked !== series.length) {
          series.hasGaps = series.nonfinite !== null || series.value.subarray(0, series.length).some((y) => !Number.isFinite(y));
          series.checked = series.length;
        }
        this.lines.push({
          series,
          xs: series.xs(axis, overview.firstWall),
          ys: series.smoothed(smoothing),
          firstWall: overview.firstWall,
          color: tb.runs.color(name),
          raw: smoothing > 0,
          marks: series.hasGaps,
        });
      }
    }

    ranges(axis) {
      const zoom = this.zoomed;
      const {widen, paddedRange} = tb.math;
      let xRange = zoom ? zoom.x : null;
      if (!xRange) {
        xRange = [Infinity, -Infinity];
        const listed = tb.runs.series("scalar").get(this.tag);
        for (const {series, xs} of this.lines) {
          if (series.ascending) {
            const info = axis === "step" && listed && listed.get(series.run);
            xRange[0] = Math.min(xRange[0], xs[0], info ? info.firstStep : Infinity);
            xRange[1] = Math.max(xRange[1], xs[series.length - 1]);
          } else widen(xRange, xs, xs, series.length, null, false);
        }
        if (xRange[0] > xRange[1]) xRange = [0, 1];
        if (this.lines.some(({series}) => tb.runs.get(series.run)?.status === "running")) xRange[1] = ahead(xRange);
        if (xRange[0] === xRange[1]) {
          const air = axis === "wall" ? 30000 : 1;
          xRange = [xRange[0] - air, xRange[1] + air];
        }
      }
      if (zoom && Array.isArray(zoom.y)) return {xRange, yRange: zoom.y};
      const extent = [Infinity, -Infinity];
      const window = zoom ? xRange : null;
      for (const {series, xs, ys} of this.lines) {
        // The raw line counts as well: a spike that smoothing hides must not fall off the chart.
        const [from, to] = window ? tb.lines.windowOf(xs, series, window) : [0, series.length];
        for (const column of new Set([series.min, series.max, ys])) {
          widen(extent, column.subarray(from, to), xs.subarray(from, to), to - from, window, this.logY);
        }
      }
      return {xRange, yRange: paddedRange(extent, this.logY)};
    }

    zoomKey() {
      const zoom = this.zoomed;
      return zoom ? JSON.stringify([zoom.axis, zoom.x, tb.view.get().smoothing]) : "";
    }

    /** Zoomed into binned series: their window is read again, finer, until raw points show. */
    refine(names, axis) {
      const zoom = this.zoomed;
      if (!zoom) {
        this.detail = null;
        return;
      }
      // New points matter only to a window that they can still fall into.
      const lengths = names.map((name) => {
        const series = this.grid.store.get(this.tag, name);
        return series && series.length && series.xs(axis)[series.length - 1] <= zoom.x[1] ? series.n : 0;
      });
      const key = this.zoomKey() + names.length + lengths.join();
      if (this.refining === key) return;
      const parts = [];
      const shared = [];
      for (const name of names) {
        const series = this.grid.store.get(this.tag, name);
        if (!series || series.exact || series.length === 0) continue;
        if (axis === "step") shared.push(name);
        else parts.push({runs: [name], range: stepsOf(series, series.xs(axis), zoom.x)});
      }
      if (shared.length) parts.push({runs: shared, range: zoom.x});
      this.refining = key;
      if (parts.length === 0) return;
      clearTimeout(this.refineTimer);
      this.refineTimer = setTimeout(async () => {
        const asked = this.zoomKey();
        try {
          const series = await this.grid.store.detail(this.tag, parts, this.pixels());
          if (asked !== this.zoomKey()) return;
          this.detail = {key: asked, series};
        } catch (error) {
          this.refining = null; // the coarse curve stays; the next draw tries again
        }
        this.grid.redraw([this]);
      }, REFINE_DELAY);
    }

    /** What the card says in words: instead of curves, or about those that are missing. */
    say(names, complete) {
      const failures = this.grid.store.failures.get(this.tag);
      const failed = failures ? names.filter((name) => failures.has(name)) : [];
      let text = "";
      if (names.length === 0) text = "No shown run has this metric";
      else if (this.lines.length === 0) text = this.grid.store.error || (complete ? "No points yet" : "Loading…");
      if (failed.length && failed.length === names.length) text = failures.get(failed[0]);
      this.message.textContent = text;
      this.warning.hidden = failed.length === 0;
      this.warning.textContent = failed.length ? `⚠ ${failed.length}` : "";
      this.warning.title = failed.map((name) => `${name} could not be read: ${failures.get(name)}`).join("\n");
      this.node.classList.toggle("empty", this.lines.length === 0);
    }

    describe() {
      const {xRange, yRange} = this.view;
      const span = (range) => range.map(tb.format.value).join(" to ");
      return `${this.tag}: ${this.lines.length} runs, values ${span(yRange)}` + (this.zoomed ? ", zoomed" : "") + ` (${span(xRange)})`;
    }

    pointed(event) {
      if (!this.view || this.lines.length === 0) return;
      const box = this.clip.getBoundingClientRect();
      const [px, py] = [event.clientX - box.left, event.clientY - box.top];
      if (px < 0 || px > box.width || py < -4 || py > box.height + 4) return this.grid.unhover();
      const {xRange} = this.view;
      const x = xRange[0] + (px / this.view.width) * (xRange[1] - xRange[0]);
      this.grid.hover(this, x, py, {x: event.clientX, y: event.clientY});
    }

    /** Arrow keys walk along the curve, as the pointer would; Escape leaves the zoom. */
    key(event) {
      if (event.key === "Escape") return this.zoom(null);
      if (!["ArrowLeft", "ArrowRight"].includes(event.key) || !this.view) return undefined;
      event.preventDefault();
      const {xRange, width, height} = this.view;
      const start = this.keyX === undefined || this.keyX < xRange[0] || this.keyX > xRange[1] ? (xRange[0] + xRange[1]) / 2 : this.keyX;
      const stride = (xRange[1] - xRange[0]) / (event.shiftKey ? 10 : 100);
      this.keyX = Math.min(xRange[1], Math.max(xRange[0], start + (event.key === "ArrowRight" ? stride : -stride)));
      const box = this.clip.getBoundingClientRect();
      const px = ((this.keyX - xRange[0]) / (xRange[1] - xRange[0])) * width;
      return this.grid.hover(this, this.keyX, height / 2, {x: box.left + px, y: box.top + height / 2});
    }

    /** Moves the cross-hair to x; `nearest` puts a dot on a line. */
    point(x, nearest) {
      const {view} = this;
      const inside = view && this.lines.length > 0 && x >= view.xRange[0] && x <= view.xRange[1];
      this.crosshair.hidden = !inside;
      this.dot.hidden = !(inside && nearest);
      if (!inside) return;
      const toX = tb.lines.scale(view.xRange, view.width);
      this.crosshair.style.transform = `translateX(${Math.round(toX(x))}px)`;
      if (!nearest) return;
      const toY = tb.lines.scale(view.yRange, view.height, {log: view.logY, flip: true});
      const {line, at, smoothed} = nearest;
      this.dot.style.background = line.color;
      this.dot.style.transform = `translate(${toX(line.xs[at])}px, ${toY(smoothed)}px)`;
    }

    unpoint() {
      this.crosshair.hidden = true;
      this.dot.hidden = true;
    }

    /** Gives plotly's memory back; the card is drawn anew when it is seen again. */
    release() {
      if (this.frame) this.frame.destroy();
      this.frame = null;
      this.frameNode.replaceChildren();
      clearTimeout(this.refineTimer);
    }
  }

  /** The steps a run went through while its x was in the window. */
  function stepsOf(series, xs, window) {
    const [from, to] = tb.lines.windowOf(xs, series, window);
    return [series.step[from], series.step[Math.max(from, to - 1)]];
  }

  /** The end of an axis that grows, rounded up: its ticks are then drawn anew now and then only. */
  function ahead([low, high]) {
    if (!(high > low)) return high;
    const step = Math.pow(10, Math.floor(Math.log10(high - low))) / 50;
    return low + Math.ceil((high - low) / step) * step;
  }

  /** As many digits as a pixel is worth, so that the address stays short. */
  function rounded(value, [low, high]) {
    const digits = Math.max(0, 4 - Math.floor(Math.log10(Math.abs(high - low) || 1)));
    return Number(value.toFixed(Math.min(12, digits)));
  }

  tb.MetricCard = MetricCard;
})();
