/* The bar over the grid: tag filter, smoothing, x axis, log y. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const axes = [["step", "Step"], ["relative", "Relative"], ["wall", "Wall"]];

  class ScalarControls {
    /** `onDrag(true | false)` while the slider moves and when it rests. */
    constructor(onDrag) {
      const state = tb.view.get();
      this.filter = el("input", {
        type: "search", class: "field tag-filter", placeholder: "Filter metrics", spellcheck: "false",
        "aria-label": "Filter metrics by a regular expression", value: state.tagFilter,
        oninput: () => tb.view.set({tagFilter: this.filter.value}),
      });
      this.slider = el("input", {
        type: "range", min: "0", max: "0.999", step: "0.001", id: "smoothing", class: "smoothing-slider",
        oninput: () => {
          onDrag(true);
          this.smooth(this.onPoints() ? pointsAt(Number(this.slider.value)) : Number(this.slider.value));
        },
        onchange: () => onDrag(false),
      });
      this.number = el("input", {
        type: "number", class: "field smoothing-number", "aria-label": "Smoothing as a number",
        onchange: () => {
          this.smooth(Number(this.number.value) || 0);
          this.show();
        },
      });
      this.unit = el("span", {class: "smoothing-unit"});
      this.axis = el(
        "div", {class: "segments", role: "radiogroup", "aria-label": "Horizontal axis"},
        ...axes.map(([value, text]) =>
          el("label", {}, el("input", {type: "radio", name: "axis", value, onchange: () => tb.view.set({axis: value})}), text)
        )
      );
      this.log = el("button", {
        type: "button", class: "button", title: "Logarithmic y axis on all cards", onclick: () => tb.view.set({logY: !tb.view.get().logY}),
      }, "log y");
      this.steps = el("button", {
        type: "button", class: "button", title: "Select a step, then a range of steps with a table, then none (s)",
        onclick: () => tb.stepRange.cycle(tb.scalarGrid.onScreen()),
      });
      this.settings = el("button", {
        type: "button", class: "button settings-button", "aria-haspopup": "true", "aria-expanded": "false", title: "Settings of the charts",
        onclick: () => tb.scalarSettings.open(this.settings),
      }, el("span", {class: "card-icon icon-settings", "aria-hidden": "true"}), el("span", {}, "Settings"));
      this.download = el("button", {
        type: "button", class: "button icon-button download-button", "aria-haspopup": "menu", "aria-label": "Download",
        title: "Every point of all runs and metrics shown, as a file", onclick: () => tb.cardTools.downloads(this.download),
      }, el("span", {class: "card-icon icon-download", "aria-hidden": "true"}));
      this.error = el("p", {class: "field-error", role: "alert", hidden: true});
      this.node = el(
        "div", {class: "scalar-controls"},
        el("div", {class: "filter-box"}, this.filter, this.error),
        el("div", {class: "smoothing"}, el("label", {for: "smoothing"}, "Smoothing"), this.slider, this.number, this.unit),
        this.axis,
        this.log,
        this.steps,
        this.settings,
        this.download
      );
      this.show();
    }

    /** Whether the kind of smoothing counts in points; the slider is then logarithmic. */
    onPoints() {
      return ["gaussian", "mean"].includes(tb.smoothing.kind());
    }

    smooth(amount) {
      if (this.onPoints()) tb.view.set({smoothPoints: Math.min(tb.smoothing.MOST_POINTS, Math.max(1, amount))});
      else tb.view.set({smoothing: Math.min(0.999, Math.max(0, amount)), smoothKind: "ema"});
    }

    show() {
      const {smoothing, smoothPoints, smoothKind, axis, logY, tagFilter} = tb.view.get();
      const points = this.onPoints();
      this.slider.value = points ? placeOf(smoothPoints) : smoothKind === "none" ? 0 : smoothing;
      this.number.value = points ? smoothPoints : smoothKind === "none" ? 0 : Number(smoothing.toFixed(3));
      Object.assign(this.number, points ? {min: 1, max: tb.smoothing.MOST_POINTS, step: 1} : {min: 0, max: 0.999, step: 0.01});
      this.unit.textContent = {gaussian: "σ", mean: "pt"}[smoothKind] || "";
      this.slider.title = tb.smoothing.KINDS[smoothKind].hint;
      for (const radio of this.axis.querySelectorAll("input")) radio.checked = radio.value === axis;
      this.log.setAttribute("aria-pressed", logY);
      const steps = tb.stepRange.mode();
      this.steps.textContent = {off: "steps", step: "step", range: "range"}[steps];
      this.steps.setAttribute("aria-pressed", steps !== "off");
      if (this.filter.value !== tagFilter) this.filter.value = tagFilter;
      const {error} = tb.pattern(tagFilter);
      this.filter.classList.toggle("bad", Boolean(error));
      this.error.hidden = !error;
      this.error.textContent = error ? "Not a regular expression: " + error : "";
    }
  }

  /** From the slider's place in [0, 1) to 1 ... 1000 points, and back. */
  const pointsAt = (place) => Math.round(Math.pow(10, 3 * place));
  const placeOf = (points) => Math.min(0.999, Math.log10(points) / 3);

  tb.ScalarControls = ScalarControls;
})();
