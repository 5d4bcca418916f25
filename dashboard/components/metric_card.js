/* One card: a tag, the curves of the shown runs, its own zoom, log and width. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const REFINE_DELAY = 40; // ms: a zoom by several quick steps asks the store once

  class MetricCard {
    constructor(chart, title, grid) {
      const {id: tag} = chart;
      this.chart = chart;
      this.tag = tag; // the chart's name in the view; that of a metric, if it is its only one
      this.grid = grid;
      this.visible = false;
      this.lines = [];
      this.detail = null; // {key, series: Map} of the zoomed window
      this.frame = null;
      this.view = null;
      this.logButton = this.button("log", "Logarithmic y axis for this card", () => grid.toggle("logTags", tag));
      this.wideButton = this.button("⤢", "Full width", () => grid.toggle("wide", tag));
      this.resetButton = this.button("reset zoom", "Back to all steps (or double-click the chart)", () => this.zoom(null));
      this.heading = el("h3", {title: chart.title}, title);
      this.menuButton = this.button("⋯", "More for this card", () => tb.kit.menu(this.menuButton, tb.cardMenu(this), {align: "end"}));
      this.warning = el("span", {class: "card-warning", role: "img", "aria-label": "Some runs could not be read", hidden: true});
      this.message = el("p", {class: "card-message"});
      this.legend = el("div", {class: "card-legend", hidden: true});
      this.canvas = el("canvas", {"aria-hidden": "true"});
      this.frameNode = el("div", {class: "card-frame"});
      this.crosshair = el("div", {class: "crosshair", hidden: true});
      this.dot = el("div", {class: "dot", hidden: true});
      this.clip = el("div", {class: "card-lines"}, this.canvas, this.crosshair, this.dot);
      this.plot = el("div", {class: "card-plot", tabindex: "0", role: "img"}, this.frameNode, this.clip, this.message);
      this.node = el(
        "section", {class: "card", "data-tag": tag, "aria-label": chart.title},
        el("header", {}, this.heading, this.warning, this.resetButton, this.logButton, this.wideButton, this.menuButton),
        this.legend,
        this.plot
      );
      tb.pins.listen(this);
      this.plot.addEventListener("mousemove", (event) => this.pointed(event));
      this.plot.addEventListener("mouseleave", () => grid.unhover());
      this.plot.addEventListener("keydown", (event) => this.key(event));
    }

    button(text, hint, onclick) {
      return el("button", {type: "button", class: "card-button", title: hint, "aria-label": hint, onclick}, text);
    }

    get zoomed() {
      const zoom = tb.view.get().zoom[this.tag];
      return zoom && zoom.axis === this.axis && Array.isArray(zoom.x) ? zoom : null;
    }

    get logY() {
      const {logY, logTags} = tb.view.get();
      return logTags.includes(this.tag) ? !logY : logY;
    }

    /** A box was drawn in the frame. */
    boxed(x, y) {
      const {xRange, yRange} = this.view;
      const box = {axis: this.axis, x: x.map((v) => rounded(v, xRange))};
      if (y) box.y = y.map((v) => rounded(v, yRange));
      this.zoom(box);
    }

    zoom(window) {
      const zoom = {...tb.view.get().zoom};
      if (window) zoom[this.tag] = window;
      else delete zoom[this.tag];
      tb.view.set({zoom});
    }

    /** What lies on x here: the view's axis, or one that the script declared. */
    get axis() {
      return tb.charts.axisOf(this.chart);
    }

    /** The runs of this card: those shown that have one of its metrics. */
    runs() {
      const names = this.grid.names ? this.grid.names() : tb.runs.shown().map((run) => run.name);
      return tb.charts.runsOf(this.chart, names);
    }

    /** Its name here: without the prefix that its section has. */
    named(title) {
      if (this.heading.textContent !== title) this.heading.textContent = title;
    }

    /** The store's keys of what it draws. */
    keys() {
      return tb.charts.sourcesOf(this.chart, []).map(({key}) => key);
    }

    /** What it draws: [{key, units}] of the store, see charts.js. */
    sources() {
      return tb.charts.sourcesOf(this.chart, this.runs());
    }

    pixels() {
      // In steps of 100: a window that is dragged wider must not ask anew at each pixel.
      return Math.min(2000, Math.max(300, Math.ceil(this.plot.clientWidth / 100) * 100));
    }

    /** Asks for what is missing and draws what is here. */
    draw(quick) {
      const {smoothing, wide} = tb.view.get();
      const {axis} = this;
      const names = this.runs();
      const sources = tb.charts.sourcesOf(this.chart, names);
      const complete = sources.map(({key, units}) => this.grid.store.want(key, units, this.pixels())).every(Boolean);
      const isWide = wide.includes(this.tag);
      this.node.classList.toggle("wide", isWide);
      this.wideButton.setAttribute("aria-pressed", isWide);
      this.logButton.setAttribute("aria-pressed", this.logY);
      this.resetButton.hidden = !this.zoomed;
      this.collect(sources, axis, smoothing);
      this.say(sources, complete);
      const size = {width: this.plot.clientWidth, height: this.plot.clientHeight};
      if (size.width < 20) return;
      const ranges = this.ranges(axis);
      const inner = tb.PlotFrame.inner(size.width, size.height, ranges.yRange, this.logY);
      this.view = {...inner, ...ranges, logY: this.logY, quick};
      this.clip.style.cssText = `left:${inner.left}px;top:${inner.top}px;width:${inner.width}px;height:${inner.height}px`;
      tb.lines.draw(this.canvas, this.lines, this.view);
      this.plot.setAttribute("aria-label", this.describe());
      this.refine(sources, axis);
      if (quick || this.lines.length === 0) return;
      if (!this.frame) {
        this.frame = new tb.PlotFrame(this.frameNode, {
          onZoom: (x, y) => this.boxed(x, y),
          onReset: () => this.zoom(null),
        });
      }
      this.frame.update({...size, ...ranges, axis, logY: this.logY});
    }

    collect(sources, axis, smoothing) {
      const detail = this.zoomed && this.detail && this.detail.key === this.zoomKey() ? this.detail.series : null;
      this.lines = tb.chartLines.collect(this.grid.store, sources, {axis, smoothing, detail});
      tb.chartLines.legend(this.legend, this.lines, axis);
    }

    ranges(axis) {
      const zoom = this.zoomed;
      const {widen, paddedRange} = tb.math;
      let xRange = zoom ? zoom.x : null;
      if (!xRange) {
        xRange = [Infinity, -Infinity];
        const listed = tb.runs.series("scalar");
        for (const {series, xs} of this.lines) {
          if (series.ascending) {
            const info = axis === "step" && listed.get(series.tag)?.get(series.run);
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
      for (const {series, xs, ys, band} of this.lines) {
        // The raw line counts as well: a spike that smoothing hides must not fall off the chart.
        const [from, to] = window ? tb.lines.windowOf(xs, series, window) : [0, series.length];
        for (const column of new Set([series.min, series.max, ys, ...(band ? [band.low, band.high] : [])])) {
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
    refine(sources, axis) {
      const zoom = this.zoomed;
      if (!zoom) {
        this.detail = null;
        return;
      }
      // New points matter only to a window that they can still fall into.
      const {store} = this.grid;
      const lengths = sources.flatMap((source) => source.units.map((unit) => {
        const series = store.get(source.key, unit);
        return series && series.length && series.xs(axis)[series.length - 1] <= zoom.x[1] ? series.n : 0;
      }));
      const key = this.zoomKey() + sources.map((source) => source.key).join() + lengths.length + lengths.join();
      if (this.refining === key) return;
      const parts = [];
      for (const source of sources) {
        const shared = [];
        for (const unit of source.units) {
          const series = store.get(source.key, unit);
          if (!series || series.exact || series.length === 0) continue;
          // What is computed on an axis of its own is asked for by what lies on that.
          if (axis === "step" || series.x) shared.push(unit);
          else parts.push({tag: source.key, runs: [unit], range: stepsOf(series, series.xs(axis), zoom.x)});
        }
        if (shared.length) parts.push({tag: source.key, runs: shared, range: zoom.x});
      }
      this.refining = key;
      if (parts.length === 0) return;
      clearTimeout(this.refineTimer);
      this.refineTimer = setTimeout(async () => {
        const asked = this.zoomKey();
        try {
          const series = await store.detail(parts, this.pixels());
          if (asked !== this.zoomKey()) return;
          this.detail = {key: asked, series};
        } catch (error) {
          this.refining = null; // the coarse curve stays; the next draw tries again
        }
        this.grid.redraw([this]);
      }, REFINE_DELAY);
    }

    /** What the card says in words: instead of curves, or about those that are missing. */
    say(sources, complete) {
      const failures = new Map();
      for (const {key, units} of sources) {
        const own = this.grid.store.failures.get(key);
        if (own) for (const unit of units) if (own.has(unit)) failures.set(tb.computed.group(unit)?.title || unit, own.get(unit));
      }
      const failed = [...failures.keys()];
      const names = new Set(sources.flatMap(({units}) => units));
      let text = "";
      if (names.size === 0) text = tb.charts.whyEmpty(this.chart, this.axis);
      else if (this.lines.length === 0) text = this.grid.store.error || (complete ? "No points yet" : "Loading…");
      if (failed.length && failed.length === names.size) text = failures.get(failed[0]);
      this.message.textContent = text;
      this.warning.hidden = failed.length === 0;
      this.warning.textContent = failed.length ? `⚠ ${failed.length}` : "";
      this.warning.title = failed.map((name) => `${name} could not be read: ${failures.get(name)}`).join("\n");
      this.node.classList.toggle("empty", this.lines.length === 0);
    }

    describe() {
      const {xRange, yRange} = this.view;
      const span = (range) => range.map(tb.format.value).join(" to ");
      return `${this.chart.title}: ${tb.chartLines.counted(this.lines)}, values ${span(yRange)}` + (this.zoomed ? ", zoomed" : "") + ` (${span(xRange)})`;
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
