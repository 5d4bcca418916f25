/* Curves of the compared runs laid over each other, and each curve less the baseline's. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const pages = ["/compare"];
  const FIRST = 12; // charts that the page opens with; more on demand
  const HEIGHT = 210;
  tb.view.declare("cmpTag", "", {param: "compare-tag", pages});
  tb.view.declare("cmpCharts", FIRST, {param: "compare-charts", pages, valid: (v) => v > 0});

  class CurvesPanel {
    constructor() {
      this.grid = null;
      this.holder = el("div", {class: "compare-grid"});
      this.more = el("button", {type: "button", class: "button", onclick: () => tb.view.set({cmpCharts: tb.view.get().cmpCharts + FIRST})}, "More charts");
      this.tag = el("select", {class: "field", "aria-label": "Metric whose difference is drawn", onchange: () => tb.view.set({cmpTag: this.tag.value})});
      this.canvas = el("canvas", {"aria-hidden": "true"});
      this.plot = el("div", {class: "difference-plot", role: "img"}, this.canvas);
      this.legend = el("p", {class: "difference-legend"});
      this.note = el("p", {class: "quiet"});
      this.difference = el("section", {class: "panel", "aria-label": "Difference to the baseline"},
        el("header", {class: "panel-head"}, el("h2", {}, "Difference to the baseline"), this.tag), this.plot, this.legend, this.note);
      this.node = el("section", {"aria-label": "Curves"}, this.holder, this.more, this.difference);
      this.resizer = new ResizeObserver(() => this.draw());
      this.resizer.observe(this.plot);
    }

    update({names, baseline, tags}) {
      this.names = names;
      const {cmpCharts} = tb.view.get();
      const own = tags.filter((tag) => !tag.startsWith("system/"));
      const charts = own.slice(0, cmpCharts).map((tag) => tb.charts.ofTag(tag));
      this.more.hidden = own.length <= cmpCharts;
      const shape = JSON.stringify([names, charts]);
      if (!this.grid) {
        this.grid = tb.charts.mount(this.holder, {charts});
        this.grid.names = () => this.names;
      } else if (shape !== this.shape) {
        this.grid.update(charts);
        this.grid.redraw(this.grid.onScreen());
      }
      this.shape = shape;
      this.difference.hidden = names.length < 2 || !own.length;
      const chosen = own.includes(tb.view.get().cmpTag) ? tb.view.get().cmpTag : own[0] || "";
      tb.selectOptions(this.tag, own.map((tag) => [tag, tag]), chosen);
      if (!this.difference.hidden) this.ask(names, baseline, chosen);
    }

    async ask(names, baseline, tag) {
      const having = tb.runs.series("scalar").get(tag);
      const others = names.filter((name, i) => i !== baseline && having.has(name));
      const base = names[baseline];
      const question = JSON.stringify([base, others, tag, [base, ...others].map((name) => having.get(name)?.n)]);
      if (question === this.question) return this.draw();
      this.question = question;
      if (!having.has(base)) return this.say(`The baseline has no '${tag}'.`);
      try {
        const lines = await Promise.all(others.map(async (run) => {
          const {arrays, interpolated} = await tb.http.arrays("/api/compare/difference?" + new URLSearchParams({run, baseline: base, tag}), undefined, {quiet: true});
          const [step, low, high, mean] = arrays;
          return {run, step, low, high, mean, interpolated};
        }));
        if (question !== this.question) return undefined;
        this.lines = lines.filter(({step}) => step.length);
        this.note.textContent = this.lines.some(({interpolated}) => interpolated) ? "Runs without common steps are interpolated linearly between their points." : "";
        this.note.hidden = !this.note.textContent;
        this.draw();
      } catch (error) {
        this.question = null;
        this.say(error.message);
      }
      return undefined;
    }

    say(text) {
      this.lines = [];
      this.note.hidden = false;
      this.note.textContent = text;
      this.draw();
    }

    draw() {
      const width = this.plot.clientWidth;
      if (!this.lines || width < 60) return;
      const pen = tb.canvasText.fitted(this.canvas, width, HEIGHT);
      pen.clearRect(0, 0, width, HEIGHT);
      const extent = (pick, start) => this.lines.reduce((range, line) => pick(line).reduce(([a, b], v) => (Number.isFinite(v) ? [Math.min(a, v), Math.max(b, v)] : [a, b]), range), start);
      const xRange = extent(({step}) => step, [Infinity, -Infinity]);
      if (!(xRange[1] >= xRange[0])) return;
      if (xRange[0] === xRange[1]) xRange[1] += 1;
      // Zero is what the curves are held against: always in sight.
      const yRange = tb.math.paddedRange(extent(({high}) => high, extent(({low}) => low, [0, 0])), false);
      const box = {left: 56, right: width - 14, top: 8, bottom: HEIGHT - 22};
      const x = (v) => box.left + ((v - xRange[0]) / (xRange[1] - xRange[0])) * (box.right - box.left);
      const y = (v) => box.bottom - ((v - yRange[0]) / (yRange[1] - yRange[0])) * (box.bottom - box.top);
      this.axes(pen, box, xRange, yRange, x, y);
      for (const line of this.lines) this.curve(pen, line, x, y);
      this.legend.replaceChildren(...this.lines.map(({run, mean}) => el("span", {class: "legend-entry"}, el("span", {class: "swatch", style: `background:${tb.runs.color(run)}`}),
        `${tb.runs.get(run)?.title ?? run}: ends ${mean.at(-1) > 0 ? "+" : ""}${tb.format.value(mean.at(-1))}`)));
      this.plot.setAttribute("aria-label", `${this.tag.value} less the baseline's: ${this.lines.length} curves between ${yRange.map(tb.format.value).join(" and ")}`);
    }

    axes(pen, box, xRange, yRange, x, y) {
      pen.font = `11px ${tb.theme.css("--font")}`;
      pen.textBaseline = "middle";
      pen.textAlign = "right";
      const rows = tb.math.valueTicks(yRange, 5);
      rows.tickvals.forEach((v, i) => {
        pen.strokeStyle = tb.theme.css(v === 0 ? "--line-strong" : "--grid");
        pen.lineWidth = v === 0 ? 1.5 : 1;
        pen.beginPath();
        pen.moveTo(box.left, y(v));
        pen.lineTo(box.right, y(v));
        pen.stroke();
        pen.fillStyle = tb.theme.css("--muted");
        pen.fillText(rows.ticktext[i], box.left - 6, y(v));
      });
      pen.textAlign = "center";
      const columns = tb.math.valueTicks(xRange, Math.max(2, (box.right - box.left) / 90));
      columns.tickvals.forEach((v, i) => pen.fillText(columns.ticktext[i], x(v), box.bottom + 13));
    }

    curve(pen, {run, step, low, high, mean}, x, y) {
      pen.fillStyle = pen.strokeStyle = tb.runs.color(run);
      pen.globalAlpha = 0.18;
      pen.beginPath();
      step.forEach((v, i) => pen[i ? "lineTo" : "moveTo"](x(v), y(high[i])));
      for (let i = step.length - 1; i >= 0; i--) pen.lineTo(x(step[i]), y(low[i]));
      pen.fill();
      pen.globalAlpha = 1;
      pen.lineWidth = 1.5;
      pen.beginPath();
      let open = false;
      step.forEach((v, i) => {
        if (Number.isFinite(mean[i])) pen[open ? "lineTo" : "moveTo"](x(v), y(mean[i]));
        open = Number.isFinite(mean[i]);
      });
      pen.stroke();
    }

    destroy() {
      this.resizer.disconnect();
      if (this.grid) this.grid.destroy();
    }
  }

  tb.CurvesPanel = CurvesPanel;
})();
