/* Every chosen column against every other, as points; a click or a box takes runs into the selection. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const MOST = 7;
  const START = 4; // columns that it opens with
  const PAD = {left: 58, bottom: 34, top: 6, right: 6, gap: 10};
  const REACH = 9; // pixels to the point that is meant
  tb.view.declare("hpScatter", [], {param: "hp-scatter", pages: ["/hparams"]});

  class ScatterMatrix {
    /** `on`: {hover(name | null, event), menu(name, event)}. */
    constructor(on) {
      this.on = on;
      this.back = el("canvas", {"aria-hidden": "true"});
      this.front = el("canvas", {"aria-hidden": "true"});
      this.plot = el("div", {class: "scatter-plot", role: "img", tabindex: "0"}, this.back, this.front);
      this.choice = el("button", {type: "button", class: "button", "aria-haspopup": "dialog", onclick: () => this.choose()}, "Columns…");
      this.node = el(
        "section", {class: "panel", "aria-label": "Scatter matrix"},
        el("header", {class: "panel-head"}, el("h2", {}, "Scatter matrix"), el("span", {class: "panel-hint"}, "click a run, or draw a box to show those in it"), this.choice),
        el("div", {class: "scatter-scroll"}, this.plot)
      );
      this.plot.addEventListener("pointermove", (event) => this.pointed(event));
      this.plot.addEventListener("pointerleave", () => this.pointAt(-1));
      this.plot.addEventListener("pointerdown", (event) => this.pressed(event));
      this.watcher = new IntersectionObserver(([entry]) => {
        this.visible = entry.isIntersecting;
        if (this.visible && this.stale) this.draw();
      }, {rootMargin: "200px"});
      this.watcher.observe(this.plot);
      this.resizer = new ResizeObserver(() => this.model && this.draw());
      this.resizer.observe(this.node);
    }

    columns() {
      const chosen = tb.view.get().hpScatter.filter((key) => tb.hparams.get(key));
      if (chosen.length) return chosen.slice(0, MOST).map((key) => tb.hparams.get(key));
      const {objective, axes} = this.model;
      // Those with many values say most as points.
      const levels = new Map(axes.map((one) => [one.column, one.column.numeric ? new Set(one.values).size : 0]));
      const settings = axes.map((one) => one.column).filter((one) => one.kind === "setting");
      settings.sort((a, b) => levels.get(b) - levels.get(a)).splice(START - 1);
      return objective ? [...settings, objective.column] : settings;
    }

    update(model) {
      this.model = model;
      const state = tb.view.get();
      this.axes = this.columns().map((column) =>
        model.axes.find((one) => one.key === column.key && !one.flipped) ||
        tb.parallel.axis(column, model.names.map(column.value), {scale: state.hpScales[column.key] || ""}));
      this.stale = true;
      this.node.hidden = this.axes.length < 2;
      if (this.visible) this.draw();
    }

    draw() {
      const k = this.axes.length;
      if (k < 2) return;
      this.stale = false;
      const room = this.node.clientWidth - 24 - PAD.left - PAD.right - (k - 2) * PAD.gap;
      const width = Math.max(112, Math.min(330, room / (k - 1)));
      const height = Math.max(96, width * 0.66);
      this.cell = {width, height};
      const size = [PAD.left + (k - 1) * (width + PAD.gap) - PAD.gap + PAD.right, PAD.top + (k - 1) * (height + PAD.gap) - PAD.gap + PAD.bottom];
      const key = size.join() + window.devicePixelRatio;
      this.plot.style.cssText = `width:${size[0]}px;height:${size[1]}px`;
      this.pens = [this.back, this.front].map((node) => tb.canvasText.fitted(node, ...size));
      this.sized = key;
      this.cells = [];
      for (let row = 1; row < k; row++) for (let column = 0; column < row; column++) this.cells.push(this.place(row, column));
      for (const cell of this.cells) this.drawCell(this.pens[0], cell);
      const n = this.model.on.filter(Boolean).length;
      this.plot.setAttribute("aria-label", `Scatter matrix of ${n} runs: ${this.axes.map((one) => one.title).join(", ")}`);
    }

    place(row, column) {
      const {width, height} = this.cell;
      return {
        x: this.axes[column], y: this.axes[row], first: column === 0, last: row === this.axes.length - 1,
        left: PAD.left + column * (width + PAD.gap), top: PAD.top + (row - 1) * (height + PAD.gap), width, height,
      };
    }

    at(cell, i) {
      const inset = 9;
      return [
        cell.left + inset + cell.x.units[i] * (cell.width - 2 * inset) + scattered(cell.x, i),
        cell.top + cell.height - inset - cell.y.units[i] * (cell.height - 2 * inset) + scattered(cell.y, i + 1),
      ];
    }

    drawCell(pen, cell) {
      const {names, on, color} = this.model;
      pen.globalAlpha = 1;
      pen.strokeStyle = tb.theme.css("--line");
      pen.lineWidth = 1;
      pen.strokeRect(Math.round(cell.left) + 0.5, Math.round(cell.top) + 0.5, Math.round(cell.width), Math.round(cell.height));
      const radius = names.length > 2000 ? 1.5 : names.length > 300 ? 2.2 : 3.2;
      for (const wanted of [false, true]) {
        pen.globalAlpha = wanted ? (names.length > 1000 ? 0.6 : 0.85) : 0.16;
        for (let i = 0; i < names.length; i++) {
          if (on[i] !== wanted) continue;
          const [x, y] = this.at(cell, i);
          if (Number.isNaN(x + y)) continue;
          pen.fillStyle = wanted ? color(i) : tb.theme.css("--muted");
          pen.beginPath();
          pen.arc(x, y, radius, 0, 7);
          pen.fill();
        }
      }
      pen.globalAlpha = 1;
      this.drawLabels(pen, cell);
    }

    drawLabels(pen, cell) {
      const {clipped} = tb.canvasText;
      const font = tb.theme.css("--font");
      pen.fillStyle = tb.theme.css("--muted");
      const inset = 9;
      pen.font = `10px ${font}`;
      if (cell.last) {
        pen.textBaseline = "top";
        let end = -Infinity;
        for (const {at, text} of [...cell.x.ticks].sort((a, b) => a.at - b.at)) {
          const shown = clipped(pen, text, 70);
          const half = pen.measureText(shown).width / 2;
          const x = Math.min(cell.left + cell.width - half, Math.max(cell.left + half, cell.left + inset + at * (cell.width - 2 * inset)));
          if (at < -0.01 || at > 1.01 || x - half < end + 6) continue;
          end = x + half;
          pen.textAlign = "center";
          pen.fillText(shown, x, cell.top + cell.height + 4);
        }
        pen.font = `600 11px ${font}`;
        pen.fillStyle = tb.theme.css("--text");
        pen.textAlign = "center";
        pen.fillText(clipped(pen, cell.x.title, cell.width), cell.left + cell.width / 2, cell.top + cell.height + 18);
      }
      if (!cell.first) return;
      pen.font = `10px ${font}`;
      pen.fillStyle = tb.theme.css("--muted");
      pen.textAlign = "right";
      pen.textBaseline = "middle";
      let last = Infinity;
      for (const {at, text} of [...cell.y.ticks].sort((a, b) => a.at - b.at)) {
        const y = cell.top + cell.height - inset - at * (cell.height - 2 * inset);
        if (at < -0.01 || at > 1.01 || last - y < 12) continue;
        last = y;
        pen.fillText(clipped(pen, text, PAD.left - 24), cell.left - 4, y);
      }
      pen.save();
      pen.translate(9, cell.top + cell.height / 2);
      pen.rotate(-Math.PI / 2);
      pen.textAlign = "center";
      pen.font = `600 11px ${font}`;
      pen.fillStyle = tb.theme.css("--text");
      pen.fillText(clipped(pen, cell.y.title, cell.height), 0, 0);
      pen.restore();
    }

    /** Rings the run in every cell. */
    mark(name) {
      if (!this.pens || this.stale) return;
      const [, pen] = this.pens;
      pen.clearRect(0, 0, this.plot.clientWidth, this.plot.clientHeight);
      const i = name === null ? -1 : this.model.names.indexOf(name);
      if (i < 0) return;
      pen.strokeStyle = tb.theme.css("--text");
      pen.lineWidth = 2;
      for (const cell of this.cells) {
        const [x, y] = this.at(cell, i);
        if (Number.isNaN(x + y)) continue;
        pen.beginPath();
        pen.arc(x, y, 5, 0, 7);
        pen.stroke();
      }
    }

    cellAt(x, y) {
      return (this.cells || []).find((cell) => x >= cell.left && x <= cell.left + cell.width && y >= cell.top && y <= cell.top + cell.height);
    }

    rowAt(cell, x, y) {
      let best = -1;
      let least = REACH ** 2;
      for (let i = 0; cell && i < this.model.names.length; i++) {
        const [px, py] = this.at(cell, i);
        const far = (px - x) ** 2 + (py - y) ** 2 + (this.model.on[i] ? 0 : 25);
        if (far < least) [best, least] = [i, far];
      }
      return best;
    }

    pixel(event) {
      const box = this.plot.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    }

    pointed(event) {
      if (this.boxing || !this.model) return;
      const [x, y] = this.pixel(event);
      this.pointAt(this.rowAt(this.cellAt(x, y), x, y), event);
    }

    pointAt(row, event) {
      if (row === this.pointedRow && row < 0) return;
      this.pointedRow = row;
      const name = row < 0 ? null : this.model.names[row];
      this.mark(name);
      this.on.hover(name, event);
    }

    pressed(down) {
      if (down.button !== 0 || !this.model) return;
      const [x0, y0] = this.pixel(down);
      const cell = this.cellAt(x0, y0);
      if (!cell) return;
      down.preventDefault();
      const corner = (event) => {
        const [x, y] = this.pixel(event);
        return [Math.min(cell.left + cell.width, Math.max(cell.left, x)), Math.min(cell.top + cell.height, Math.max(cell.top, y))];
      };
      const move = (event) => {
        const [x, y] = corner(event);
        this.boxing = this.boxing || Math.hypot(x - x0, y - y0) > 4;
        if (this.boxing) this.drawBox(x0, y0, x, y);
      };
      const up = (event) => {
        window.removeEventListener("pointermove", move);
        window.removeEventListener("pointerup", up);
        const [x, y] = corner(event);
        if (this.boxing) this.take(cell, x0, y0, x, y);
        else {
          const row = this.rowAt(cell, x0, y0);
          if (row >= 0) this.on.menu(this.model.names[row], event);
        }
        this.boxing = false;
        this.mark(null);
      };
      window.addEventListener("pointermove", move);
      window.addEventListener("pointerup", up);
    }

    drawBox(x0, y0, x, y) {
      const [, pen] = this.pens;
      pen.clearRect(0, 0, this.plot.clientWidth, this.plot.clientHeight);
      pen.fillStyle = pen.strokeStyle = tb.theme.css("--accent");
      pen.globalAlpha = 0.15;
      pen.fillRect(x0, y0, x - x0, y - y0);
      pen.globalAlpha = 1;
      pen.lineWidth = 1;
      pen.strokeRect(x0, y0, x - x0, y - y0);
    }

    /** The runs inside of the box are those shown; told, with a way back. */
    take(cell, x0, y0, x1, y1) {
      const [left, right, top, bottom] = [Math.min(x0, x1), Math.max(x0, x1), Math.min(y0, y1), Math.max(y0, y1)];
      const taken = this.model.names.filter((_, i) => {
        const [x, y] = this.at(cell, i);
        return this.model.on[i] && x >= left && x <= right && y >= top && y <= bottom;
      });
      if (!taken.length) return;
      const before = tb.view.get().selection;
      tb.runs.selectOnly(taken);
      tb.kit.toast(`${taken.length} runs shown`, {action: {label: "Undo", run: () => tb.view.set({selection: before})}});
    }

    choose() {
      const show = () => {
        const chosen = this.columns().map((one) => one.key);
        const offered = [...tb.hparams.columns().values()].filter((one) => chosen.includes(one.key) || one.differs || one.stat === "last");
        list.replaceChildren(...offered.slice(0, 200).map((one) => {
          const box = el("input", {type: "checkbox", checked: chosen.includes(one.key), disabled: chosen.length >= MOST && !chosen.includes(one.key), onchange: () => {
            tb.view.set({hpScatter: box.checked ? [...chosen, one.key] : chosen.filter((key) => key !== one.key)});
            show();
          }});
          return el("label", {class: "check-line"}, box, el("span", {}, one.title));
        }));
      };
      const list = el("div", {class: "axes-list"});
      show();
      tb.kit.popover(this.choice, el("div", {class: "axes-choice"}, el("p", {class: "panel-hint"}, `Up to ${MOST} columns`), list), {align: "end"});
    }

    destroy() {
      this.watcher.disconnect();
      this.resizer.disconnect();
    }
  }

  /** Points of one name would lie on each other: some pixels aside, the same ones each time. */
  const scattered = (axis, i) => (axis.type === "categorical" ? (((i * 0.618034) % 1) - 0.5) * 12 : 0);

  tb.ScatterMatrix = ScatterMatrix;
})();
