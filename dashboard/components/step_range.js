/* The selected step, or range of steps: handles on the x axis of every card, all moved by one. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;

  // `step` is shared by all pages; with `stepTo` it is where a range begins.
  tb.view.declare("stepTo", "", {param: "stepto", valid: (v) => v === "" || Number.isFinite(Number(v))});

  /** {first, last} of the selection on a card, last null for one step; null: nothing is selected, or x is no step. */
  function selected({axis}) {
    const {step, stepTo} = tb.view.get();
    if (step === "" || axis !== "step") return null;
    const first = Number(step);
    if (stepTo === "") return {first, last: null};
    return {first: Math.min(first, Number(stepTo)), last: Math.max(first, Number(stepTo))};
  }

  const mode = () => (tb.view.get().step === "" ? "off" : tb.view.get().stepTo === "" ? "step" : "range");

  /** Lowest and highest step of the cards on screen. */
  function bounds(cards) {
    const range = [Infinity, -Infinity];
    for (const {lines} of cards) {
      for (const {series} of lines) {
        for (const step of [series.step[0], series.step[series.length - 1]]) {
          range[0] = Math.min(range[0], step);
          range[1] = Math.max(range[1], step);
        }
      }
    }
    return range[0] <= range[1] ? range : [0, 1];
  }

  /** Switches to "off", "step" or "range"; a new selection begins at the ends of what is shown. */
  function choose(next, cards) {
    const [low, high] = bounds(cards);
    const {step} = tb.view.get();
    if (next === "off") tb.view.set({step: "", stepTo: ""});
    else if (next === "step") tb.view.set({step: step === "" ? String(high) : step, stepTo: "", axis: "step"});
    else tb.view.set({step: String(low), stepTo: String(high), axis: "step"});
  }

  const NEXT = {off: "step", step: "range", range: "off"};

  /** The handles of one card. */
  class Fobs {
    constructor(card) {
      this.card = card;
      this.band = el("div", {class: "fob-band", hidden: true});
      this.fobs = ["step", "stepTo"].map((key) => this.fob(key));
      this.node = el("div", {class: "fobs", hidden: true}, this.band, ...this.fobs);
      this.frame = null;
    }

    fob(key) {
      const label = el("span", {class: "fob-label"});
      const node = el(
        "div", {class: "fob", role: "slider", tabindex: "0", "aria-label": key === "step" ? "Selected step" : "End of the range of steps", hidden: true},
        el("span", {class: "fob-line"}), label
      );
      node.label = label;
      node.addEventListener("pointerdown", (event) => this.drag(event, key, node));
      node.addEventListener("mousedown", (event) => event.stopPropagation());
      node.addEventListener("keydown", (event) => this.key(event, key));
      return node;
    }

    drag(event, key, node) {
      if (event.button !== 0) return;
      event.preventDefault();
      event.stopPropagation();
      node.setPointerCapture(event.pointerId);
      node.focus({preventScroll: true});
      this.card.grid.unhover();
      const moved = (move) => {
        const box = this.card.clip.getBoundingClientRect();
        const x = tb.cardScale.fromX(this.card.view, Math.min(box.width, Math.max(0, move.clientX - box.left)));
        tb.stepRange.dragging = true;
        tb.view.set({[key]: String(Math.round(x))});
      };
      const done = () => {
        node.removeEventListener("pointermove", moved);
        tb.stepRange.dragging = false;
        tb.cardTable.rest(this.card.grid);
      };
      node.addEventListener("pointermove", moved);
      node.addEventListener("pointerup", done, {once: true});
      node.addEventListener("pointercancel", done, {once: true});
    }

    /** Arrows go to the next logged step, with shift ten of them; Delete takes the selection away. */
    key(event, key) {
      const by = {ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1}[event.key];
      if (event.key === "Delete" || event.key === "Backspace") choose("off", []);
      else if (by) tb.view.set({[key]: String(neighbour(this.card.lines, Number(tb.view.get()[key]), by * (event.shiftKey ? 10 : 1)))});
      else return;
      event.preventDefault();
      event.stopPropagation();
    }

    /** Puts the handles where the view has them. */
    place() {
      const {view, lines} = this.card;
      const chosen = selected(this.card);
      this.node.hidden = !chosen || !view || lines.length === 0;
      if (this.node.hidden) return;
      this.node.style.cssText = `left:${view.left}px;top:${view.top}px;width:${view.width}px;height:${view.height}px`;
      const toX = tb.cardScale.toX(view);
      const {step, stepTo} = tb.view.get();
      const places = [step, stepTo].map((text) => (text === "" ? NaN : toX(Number(text))));
      this.fobs.forEach((fob, i) => {
        fob.hidden = !(places[i] >= -1 && places[i] <= view.width + 1);
        if (fob.hidden) return;
        const value = [step, stepTo][i];
        fob.style.transform = `translateX(${places[i]}px)`;
        fob.label.textContent = tb.format.step(Number(value));
        // At the rims the label moves inwards, its handle does not.
        const half = fob.label.textContent.length * 3.4 + 9;
        const shift = Math.max(0, half - places[i] - view.left + 4) - Math.max(0, places[i] + half - view.width - 10);
        fob.label.style.setProperty("--shift", `${shift}px`);
        fob.setAttribute("aria-valuenow", value);
        fob.setAttribute("aria-valuemin", Math.ceil(view.xRange[0]));
        fob.setAttribute("aria-valuemax", Math.floor(view.xRange[1]));
      });
      this.band.hidden = chosen.last === null;
      if (this.band.hidden) return;
      const [from, to] = places.map((x) => Math.min(view.width, Math.max(0, x))).sort((a, b) => a - b);
      this.band.style.cssText = `left:${from}px;width:${to - from}px`;
    }
  }

  /** The logged step that is `by` steps away among the lines; near the ends the last one there is. */
  function neighbour(lines, step, by) {
    let at = step;
    for (let moves = Math.abs(by); moves > 0; moves--) {
      let best = by > 0 ? Infinity : -Infinity;
      for (const {series} of lines) {
        for (let i = 0; i < series.length; i++) {
          const s = series.step[i];
          if (by > 0 ? s > at && s < best : s < at && s > best) best = s;
        }
      }
      if (!Number.isFinite(best)) break;
      at = best;
    }
    return at;
  }

  tb.stepRange = {Fobs, selected, mode, choose, cycle: (cards) => choose(NEXT[mode()], cards), bounds, neighbour, dragging: false};
})();
