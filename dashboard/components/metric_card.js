/* One card: a tag, the curves of the shown runs, its own zoom, log and width. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const REFINE_DELAY = 40; // ms: a zoom by several quick steps asks the store once
  const OTHERS_DELAY = 110; // ms: the card that is zoomed is refined before those that follow it

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
      const {button} = tb.cardTools;
      this.logButton = button("log", "Logarithmic y axis for this card", () => grid.toggle("logTags", tag), {isIcon: false});
      this.wideButton = button("wide", "Full width", () => grid.toggle("wide", tag));
      this.fullButton = button("full", "Full screen", () => (this.isFull ? tb.cardFull.leave() : tb.cardFull.enter(this)));
      this.menuButton = button("more", "More for this card", () => tb.cardTools.open(this));
      this.menuButton.setAttribute("aria-haspopup", "menu");
      this.resetButton = button("reset zoom", "Back to all steps (or double-click the chart)", () => this.unzoom(), {isIcon: false});
      this.heading = el("h3", {title: chart.title}, title);
      this.warning = el("span", {class: "card-warning", role: "img", "aria-label": "Some runs could not be read", hidden: true});
      this.message = el("p", {class: "card-message"});
      this.legend = el("div", {class: "card-legend", hidden: true});
      this.badges = el("div", {class: "card-badges"});
      this.canvas = el("canvas", {"aria-hidden": "true"});
      this.frameNode = el("div", {class: "card-frame"});
      this.crosshair = el("div", {class: "crosshair", hidden: true});
      this.dot = el("div", {class: "dot", hidden: true});
      this.clip = el("div", {class: "card-lines"}, this.canvas, this.crosshair, this.dot);
      this.fobs = new tb.stepRange.Fobs(this);
      this.tableNode = el("div", {class: "card-table", tabindex: "0", role: "region", "aria-label": `${chart.title} at the selected steps`, hidden: true});
      this.plot = el("div", {class: "card-plot", tabindex: "0", role: "group", "aria-label": chart.title}, this.frameNode, this.clip, this.fobs.node, this.badges, this.message);
      this.node = el(
        "section", {class: "card", "data-tag": tag, "aria-label": chart.title},
        el("header", {}, this.heading, this.warning, this.resetButton, this.logButton, this.wideButton, this.fullButton, this.menuButton),
        this.legend,
        this.plot,
        this.tableNode
      );
      tb.pins.listen(this);
      this.plot.addEventListener("mousemove", (event) => this.pointed(event));
      this.plot.addEventListener("mouseleave", () => this.isPressed || grid.unhover());
      this.plot.addEventListener("keydown", (event) => this.key(event));
      tb.cardZoom.listen(this);
      tb.hover.listen(this);
    }

    /** {axis, x, y} of the window this card shows; null: all of it. */
    get zoomed() {
      return tb.cardZoom.of(this);
    }

    get logY() {
      const {logY, logTags} = tb.view.get();
      return logTags.includes(this.tag) ? !logY : logY;
    }

    /** A box was drawn in the frame. */
    boxed(x, y) {
      tb.cardZoom.set(this, {x: tb.cardZoom.tidy(x), y: y && tb.cardZoom.tidy(y)});
    }

    unzoom() {
      tb.cardZoom.reset(this);
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
      const {wide} = tb.view.get();
      const smoothing = tb.smoothing.amount();
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
      const ranges = tb.cardRanges.of(this, axis);
      const inner = tb.PlotFrame.inner(size.width, size.height, ranges.yRange, this.logY);
      this.view = {...inner, ...ranges, quick};
      this.clip.style.cssText = `left:${inner.left}px;top:${inner.top}px;width:${inner.width}px;height:${inner.height}px`;
      tb.lines.draw(this.canvas, this.lines, this.view);
      this.plot.setAttribute("aria-label", this.describe());
      this.refine(sources, axis);
      if (quick || this.lines.length === 0) return;
      if (!this.frame) {
        this.frame = new tb.PlotFrame(this.frameNode, {
          onZoom: (x, y) => this.boxed(x, y),
          onReset: () => this.unzoom(),
        });
      }
      this.frame.update({...size, ...ranges, axis});
      tb.cardBadges.show(this, this.badges);
      this.mark();
    }

    collect(sources, axis, smoothing) {
      const detail = this.zoomed && this.detail && this.detail.key === this.zoomKey() ? this.detail.series : null;
      this.lines = tb.chartLines.collect(this.grid.store, sources, {axis, smoothing, detail});
      tb.chartLines.legend(this.legend, this.lines, axis);
    }

    zoomKey() {
      const zoom = this.zoomed;
      return zoom?.x ? JSON.stringify([zoom.axis, zoom.x, tb.smoothing.kind(), tb.smoothing.amount()]) : "";
    }

    /** Zoomed into binned series: their window is read again, finer, until raw points show. */
    refine(sources, axis) {
      const zoom = this.zoomed;
      if (!zoom?.x) {
        this.detail = null;
        return;
      }
      const window = this.view.xRange;
      // New points matter only to a window that they can still fall into.
      const {store} = this.grid;
      const lengths = sources.flatMap((source) => source.units.map((unit) => {
        const series = store.get(source.key, unit);
        return series && series.length && series.xs(axis)[series.length - 1] <= window[1] ? series.n : 0;
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
          else parts.push({tag: source.key, runs: [unit], range: stepsOf(series, series.xs(axis), window)});
        }
        if (shared.length) parts.push({tag: source.key, runs: shared, range: window});
      }
      this.refining = key;
      if (parts.length === 0) return;
      clearTimeout(this.refineTimer);
      this.refineTimer = setTimeout(async () => {
        const asked = this.zoomKey();
        try {
          if (tb.smoothing.amount() > 0) {
            const plain = await store.detail(parts, this.pixels(), {plain: true});
            if (asked !== this.zoomKey()) return;
            this.detail = {key: asked, series: plain};
            this.grid.redraw([this]);
          }
          const series = await store.detail(parts, this.pixels());
          if (asked !== this.zoomKey()) return;
          this.detail = {key: asked, series};
        } catch (error) {
          this.refining = null; // the coarse curve stays; the next draw tries again
        }
        this.grid.redraw([this]);
      }, tb.cardZoom.latest() === this ? REFINE_DELAY : OTHERS_DELAY);
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
      this.message.classList.toggle("loading", text === "Loading…");
      this.warning.hidden = failed.length === 0;
      this.warning.textContent = failed.length ? `⚠ ${failed.length}` : "";
      this.warning.title = failed.map((name) => `${name} could not be read: ${failures.get(name)}`).join("\n");
      (this.face || this.node).classList.toggle("empty", this.lines.length === 0);
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
      this.grid.hover(this, tb.cardScale.fromX(this.view, px), py, {x: event.clientX, y: event.clientY});
    }

    /** Arrow keys walk along the curve, as the pointer would; Escape leaves the zoom. */
    key(event) {
      if (event.key === "Escape") return this.unzoom();
      if (event.key === "Enter") return this.grid.pin(this);
      if (tb.cardZoom.key(this, event)) return undefined;
      if (!["ArrowLeft", "ArrowRight"].includes(event.key) || !this.view) return undefined;
      event.preventDefault();
      const {xRange, height} = this.view;
      const start = this.keyX === undefined || this.keyX < xRange[0] || this.keyX > xRange[1] ? (xRange[0] + xRange[1]) / 2 : this.keyX;
      const stride = (xRange[1] - xRange[0]) / (event.shiftKey ? 10 : 100);
      this.keyX = Math.min(xRange[1], Math.max(xRange[0], start + (event.key === "ArrowRight" ? stride : -stride)));
      const box = this.clip.getBoundingClientRect();
      const px = tb.cardScale.toX(this.view)(this.keyX);
      return this.grid.hover(this, this.keyX, height / 2, {x: box.left + px, y: box.top + height / 2});
    }

    /** Moves the cross-hair to x; `nearest` puts a dot on a line. */
    point(x, nearest) {
      const {view} = this;
      const inside = view && this.lines.length > 0 && x >= view.xRange[0] && x <= view.xRange[1];
      this.crosshair.hidden = !inside;
      this.dot.hidden = !(inside && nearest);
      if (!inside) return;
      const toX = tb.cardScale.toX(view);
      this.crosshair.style.transform = `translateX(${Math.round(toX(x))}px)`;
      if (!nearest) return;
      const toY = tb.cardScale.toY(view);
      const {line, at, smoothed} = nearest;
      this.dot.style.background = line.color;
      this.dot.style.transform = `translate(${toX(line.xs[at])}px, ${toY(smoothed)}px)`;
    }

    /** What stands around the curves and follows them. */
    mark() {
      this.fobs.place();
      tb.cardTable.show(this);
      if (this.isFull) tb.cardFull.drawn(this);
    }

    unpoint() {
      this.crosshair.hidden = true;
      this.dot.hidden = true;
    }

    /** Gives plotly's memory back; the card is drawn anew when it is seen again. */
    release() {
      if (this.isFull) tb.cardFull.leave();
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

  tb.MetricCard = MetricCard;
})();
