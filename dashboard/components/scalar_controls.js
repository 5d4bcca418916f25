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
        type: "search", class: "field tag-filter", placeholder: "Filter metrics (regex)", spellcheck: "false",
        "aria-label": "Filter metrics by a regular expression", value: state.tagFilter,
        oninput: () => tb.view.set({tagFilter: this.filter.value}),
      });
      this.slider = el("input", {
        type: "range", min: "0", max: "0.999", step: "0.001", value: state.smoothing, id: "smoothing", class: "smoothing-slider",
        oninput: () => {
          onDrag(true);
          tb.view.set({smoothing: Number(this.slider.value)});
        },
        onchange: () => onDrag(false),
      });
      this.number = el("input", {
        type: "number", min: "0", max: "0.999", step: "0.01", class: "field smoothing-number", "aria-label": "Smoothing as a number",
        onchange: () => {
          const weight = Math.min(0.999, Math.max(0, Number(this.number.value) || 0));
          tb.view.set({smoothing: weight});
          this.show();
        },
      });
      this.axis = el(
        "div", {class: "segments", role: "radiogroup", "aria-label": "Horizontal axis"},
        ...axes.map(([value, text]) =>
          el("label", {}, el("input", {type: "radio", name: "axis", value, onchange: () => tb.view.set({axis: value})}), text)
        )
      );
      this.log = el("button", {
        type: "button", class: "button", title: "Logarithmic y axis on all cards", onclick: () => tb.view.set({logY: !tb.view.get().logY}),
      }, "log y");
      this.error = el("p", {class: "field-error", role: "alert", hidden: true});
      this.node = el(
        "div", {class: "scalar-controls"},
        el("div", {class: "filter-box"}, this.filter, this.error),
        el("div", {class: "smoothing"}, el("label", {for: "smoothing"}, "Smoothing"), this.slider, this.number),
        this.axis,
        this.log
      );
      this.show();
    }

    show() {
      const {smoothing, axis, logY, tagFilter} = tb.view.get();
      this.slider.value = smoothing;
      this.number.value = String(Number(smoothing.toFixed(3)));
      for (const radio of this.axis.querySelectorAll("input")) radio.checked = radio.value === axis;
      this.log.setAttribute("aria-pressed", logY);
      if (this.filter.value !== tagFilter) this.filter.value = tagFilter;
      const {error} = tb.pattern(tagFilter);
      this.filter.classList.toggle("bad", Boolean(error));
      this.error.hidden = !error;
      this.error.textContent = error ? "Not a regular expression: " + error : "";
    }
  }

  tb.ScalarControls = ScalarControls;
})();
