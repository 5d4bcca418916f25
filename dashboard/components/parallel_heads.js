/* The names over the axes: moved by dragging or by arrow keys; a menu for scale, direction and range. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const SCALES = [["linear", "Linear"], ["log", "Logarithmic"], ["quantile", "Quantiles"]];
  const DRAG = 5; // pixels before a press counts as a drag

  class ParallelHeads {
    /** `plot` is the ParallelPlot; `on`: {move(from, to), scale(key, scale), flip(key), brush(key, brush), remove(key)}. */
    constructor(plot, on) {
      this.plot = plot;
      this.on = on;
    }

    /** Draws the names anew, unless they are the same; the focus stays where it was. */
    update() {
      const {axes, brushes} = this.plot.data;
      const signature = JSON.stringify(axes.map((one) => [one.key, one.title, one.scale, one.flipped, Boolean(brushes[one.key])]));
      if (signature === this.signature) return;
      this.signature = signature;
      const focused = document.activeElement?.dataset?.axis;
      this.plot.heads.replaceChildren(...axes.map((one, i) => this.head(one, i, Boolean(brushes[one.key]))));
      if (focused) this.focus(focused);
    }

    focus(key) {
      [...this.plot.heads.querySelectorAll("button")].find((node) => node.dataset.axis === key)?.focus();
    }

    head(one, i, brushed) {
      const marks = (one.scale === "log" ? " log" : one.scale === "quantile" ? " quant." : "") + (one.flipped ? " ↓" : "");
      const button = el(
        "button",
        {
          type: "button", class: "parallel-head" + (brushed ? " brushed" : ""), "data-axis": one.key, "aria-haspopup": "menu",
          title: `${one.title}\nDrag or ← → to move, click for scale and range; drag along the axis to filter`,
          "aria-label": `Axis ${one.title}, ${i + 1} of ${this.plot.data.axes.length}${brushed ? ", filtered" : ""}; arrow keys move it`,
        },
        el("span", {class: "parallel-head-title"}, one.title), marks ? el("span", {class: "parallel-head-mark"}, marks) : null
      );
      button.addEventListener("keydown", (event) => {
        const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
        if (!step) return;
        event.preventDefault();
        this.on.move(i, Math.max(0, Math.min(this.plot.data.axes.length - 1, i + step)));
        this.focus(one.key);
      });
      button.addEventListener("click", () => {
        if (!this.dragged) this.menu(button, one, i);
        this.dragged = false;
      });
      button.addEventListener("pointerdown", (event) => this.drag(event, button, i));
      return el("div", {class: "parallel-head-box", role: "listitem"}, button);
    }

    drag(down, button, from) {
      if (down.button !== 0) return;
      this.dragged = false;
      const box = button.parentNode;
      const move = (event) => {
        const far = event.clientX - down.clientX;
        if (Math.abs(far) > DRAG) this.dragged = true;
        if (this.dragged) box.style.transform = `translate(calc(-50% + ${far}px), 0)`;
      };
      const up = (event) => {
        window.removeEventListener("pointermove", move);
        window.removeEventListener("pointerup", up);
        box.style.transform = "";
        if (!this.dragged) return;
        const x = event.clientX - this.plot.plot.getBoundingClientRect().left;
        const {xs} = this.plot.box;
        const to = xs.reduce((best, at, i) => (Math.abs(at - x) < Math.abs(xs[best] - x) ? i : best), 0);
        if (to !== from) this.on.move(from, to);
      };
      window.addEventListener("pointermove", move);
      window.addEventListener("pointerup", up);
    }

    menu(button, one, i) {
      const last = this.plot.data.axes.length - 1;
      const brushed = Boolean(this.plot.data.brushes[one.key]);
      tb.kit.menu(button, [
        {header: one.title},
        ...(one.type === "numeric"
          ? SCALES.map(([scale, label]) => ({label, checked: one.scale === scale, run: () => this.on.scale(one.key, scale)}))
          : []),
        {label: "Flip", checked: one.flipped, run: () => this.on.flip(one.key)},
        {separator: true},
        {label: "Filter…", run: () => this.ask(one)},
        {label: "Clear filter", disabled: !brushed, run: () => this.on.brush(one.key, null)},
        {separator: true},
        {label: "Move left", keys: "←", disabled: i === 0, run: () => this.on.move(i, i - 1)},
        {label: "Move right", keys: "→", disabled: i === last, run: () => this.on.move(i, i + 1)},
        {label: "Remove axis", disabled: last === 0, run: () => this.on.remove(one.key)},
      ]);
    }

    /** The brush by numbers or by names, for whoever has no pointer or wants it exact. */
    ask(one) {
      const brush = this.plot.data.brushes[one.key] || {};
      const missing = el("input", {type: "checkbox", checked: Boolean(brush.missing)});
      const missingLabel = one.hasMissing ? el("label", {class: "check-line"}, missing, "runs without a value (missing or NaN)") : null;
      let read;
      let fields;
      if (one.type === "numeric") {
        const field = (name, value) => el("input", {type: "number", step: "any", class: "field", "aria-label": name, value});
        const [low, high] = [field("From", brush.range ? brush.range[0] : one.low), field("To", brush.range ? brush.range[1] : one.high)];
        fields = [el("label", {}, "From"), low, el("label", {}, "To"), high];
        read = () => ({range: [Number(low.value), Number(high.value)].sort((a, b) => a - b)});
      } else {
        const boxes = one.labels.map((label) => {
          const box = el("input", {type: "checkbox", checked: !brush.values || brush.values.includes(label)});
          return {label, box, node: el("label", {class: "check-line"}, box, label)};
        });
        fields = boxes.map(({node}) => node);
        read = () => ({values: boxes.filter(({box}) => box.checked).map(({label}) => label)});
      }
      tb.kit.dialog({
        title: `Show runs by ${one.title}`,
        body: el("div", {}, ...fields, missingLabel),
        actions: [
          {label: "Clear filter", run: () => this.on.brush(one.key, null)},
          {label: "Filter", primary: true, run: () => this.on.brush(one.key, {...read(), ...(missing.checked ? {missing: true} : {})})},
        ],
      });
    }
  }

  tb.ParallelHeads = ParallelHeads;
})();
