/* Images looked at closely: any runs and steps side by side, or two of them against each other. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const {Pane, Window, load, pixelAt} = tb.panes;
  const MOST_PANES = 12;
  const MOST_PIXELS = 4_000_000; // that are compared; of more, a smaller picture
  const FLICKER_MS = 450;
  const MODES = [
    ["side", "Side by side"], ["difference", "Difference"], ["signed", "Lighter / darker"], ["onion", "Onion skin"], ["swipe", "Swipe"], ["flicker", "Flicker"],
  ];
  const AMOUNTS = {
    difference: ["Gain", 1, 20, 1, 3], signed: ["Gain", 1, 20, 1, 5], onion: ["Opacity of B", 0, 1, 0.01, 0.5], swipe: ["Divider", 0, 1, 0.005, 0.5],
  };

  tb.view.declare("mediaLook", {}, {param: "look", pages: ["/media"], valid: (v) => !Array.isArray(v)});

  let open = null;

  class Lightbox {
    /** `look`: {tag, mode, a: [run, step], b: [run, step], runs: [names]}; a step "" is the newest. */
    constructor(look) {
      Object.assign(this, {mode: "side", ...look});
      this.amount = {...Object.fromEntries(Object.entries(AMOUNTS).map(([mode, [, , , , start]]) => [mode, start]))};
      this.full = false;
      this.shared = new Window(() => this.redraw());
      this.shared.pointed = () => this.point();
      this.panes = new Map(); // name -> Pane
      this.body = el("div", {class: "look"}, (this.top = el("div", {class: "look-top"})), (this.stage = el("div", {class: "look-stage"})), (this.foot = el("div", {class: "look-foot"})));
      this.build();
      const {node} = tb.kit.dialog({title: this.tag, body: this.body, wide: true, onClose: () => this.closed()});
      node.classList.add("look-dialog");
      const {mediaBright, mediaContrast} = tb.view.get();
      node.style.setProperty("--media-filter", `brightness(${mediaBright}) contrast(${mediaContrast})`);
      this.dialog = node;
      node.addEventListener("keydown", (event) => this.key(event));
      this.sizes = new ResizeObserver(() => this.redraw());
      this.sizes.observe(this.stage);
      this.off = [tb.steps.subscribe(() => this.show()), tb.runs.subscribe((news) => news.series.has("image\n" + this.tag) && this.show())];
      this.show();
    }

    closed() {
      open = null;
      clearInterval(this.flicker);
      this.sizes.disconnect();
      this.off.forEach((off) => off());
      tb.view.set({mediaLook: {}});
    }

    build() {
      const names = this.logged();
      const choice = (which) => {
        const select = el("select", {class: "field", "aria-label": `Run of ${which.toUpperCase()}`, onchange: () => this.choose(which, [select.value, this[which][1]])},
          ...names.map((name) => el("option", {value: name}, tb.runs.get(name)?.title || name)));
        const step = el("input", {type: "range", class: "look-step", min: 0, "aria-label": `Step of ${which.toUpperCase()}`, oninput: () => this.slide(which, Number(step.value))});
        const said = el("span", {class: "look-said"});
        const node = el("div", {class: "look-choice"}, el("b", {}, which.toUpperCase()), select, step, said);
        return {node, select, step, said};
      };
      this.choices = {a: choice("a"), b: choice("b")};
      this.modes = el("div", {class: "segments look-modes", role: "radiogroup", "aria-label": "How they are compared"},
        ...MODES.map(([mode, text]) =>
          el("label", {}, el("input", {type: "radio", name: "look-mode", value: mode, checked: mode === this.mode, onchange: () => this.change({mode})}), text)));
      this.amountInput = el("input", {type: "range", oninput: () => {
        this.amount[this.mode] = Number(this.amountInput.value);
        this.show();
      }});
      this.amountLabel = el("label", {class: "look-amount"}, (this.amountText = el("span", {})), this.amountInput);
      this.top.append(this.modes, this.choices.a.node, this.choices.b.node, this.amountLabel);
      const button = (text, title, run) => el("button", {type: "button", class: "button", title, onclick: run}, text);
      this.reading = el("span", {class: "look-reading", role: "status"});
      this.fullButton = button("Full size", "Fetch every pixel of the large image", () => this.change({full: true}));
      this.foot.append(
        button("Fit", "Fit into the pane (0)", () => this.shared.set(0.5, 0.5, 1)),
        button("1 : 1", "One pixel of the image on one of the screen (1)", () => this.actual()),
        button("−", "Smaller (-)", () => this.zoom(1 / 1.4)), button("+", "Larger (+)", () => this.zoom(1.4)),
        this.fullButton, button("Save picture", "Save what the first pane shows as PNG", () => this.save()), this.reading
      );
    }

    logged() {
      const byRun = tb.runs.series("image").get(this.tag) || new Map();
      return [...new Set([this.a[0], ...this.runs])].filter((name) => byRun.has(name));
    }

    change(patch) {
      Object.assign(this, patch);
      const {tag, mode, a, b} = this;
      tb.view.set({mediaLook: {tag, mode, a, b}});
      this.show();
    }

    choose(which, value) {
      this.change({[which]: value});
    }

    /* In "side by side" one slider moves all; B follows A where it stood at the same step. */
    slide(which, k) {
      const stops = this.stopsOf(which);
      const value = k === stops.length - 1 ? "" : String(stops[k]);
      const both = which === "a" && this.mode === "side";
      this.change(both ? {a: [this.a[0], value], b: [this.b[0], value]} : {[which]: [this[which][0], value]});
    }

    series(run) {
      return tb.steps.want("image", run, this.tag);
    }

    stopsOf(which) {
      const names = this.mode === "side" ? this.logged().slice(0, MOST_PANES) : [this[which][0]];
      return [...new Set(names.flatMap((name) => this.series(name).steps))].sort((x, y) => x - y);
    }

    key(event) {
      if (event.target.matches("input[type=range], select, input[type=radio]") && event.key.startsWith("Arrow")) return;
      const keys = {"+": () => this.zoom(1.4), "=": () => this.zoom(1.4), "-": () => this.zoom(1 / 1.4), 0: () => this.shared.set(0.5, 0.5, 1), 1: () => this.actual()};
      const by = {ArrowLeft: -1, ArrowRight: 1}[event.key];
      if (by) {
        const stops = this.stopsOf("a");
        this.slide("a", Math.max(0, Math.min(stops.length - 1, tb.steps.stopAt(stops, this.a[1]) + by)));
      } else if (keys[event.key] && !event.ctrlKey && !event.metaKey) keys[event.key]();
      else return;
      event.preventDefault();
    }

    zoom(factor) {
      this.shared.set(this.shared.x, this.shared.y, this.shared.zoom * factor);
    }

    actual() {
      const pane = this.panes.values().next().value;
      if (pane) this.zoom(pane.actual());
    }

    /* What is wanted on the stage: [name of the pane, title, swatch]. */
    plan() {
      const title = ([run], index, series) => `${tb.runs.get(run)?.title || run}, step ${index < 0 ? "none" : tb.format.step(series.steps[index])}`;
      const one = (run, step) => {
        const series = this.series(run);
        const index = series.loaded ? tb.steps.at(series, step) : -1;
        return {run, title: title([run], index, series), facts: index < 0 ? null : tb.steps.factsAt(series, index), loaded: series.loaded};
      };
      if (this.mode === "side") {
        const names = this.logged().slice(0, MOST_PANES);
        return names.map((run) => one(run, run === this.a[0] ? this.a[1] : run === this.b[0] ? this.b[1] : this.a[1]));
      }
      return [one(...this.a), one(...this.b)];
    }

    async show() {
      const plan = this.plan();
      this.controls(plan);
      const turn = (this.turn = (this.turn || 0) + 1);
      const images = await Promise.all(plan.map(({facts}) => (facts ? load(facts, this.full).catch(() => null) : null)));
      if (turn !== this.turn || open !== this) return;
      const layers = images.map((image) => image && {source: image, width: image.naturalWidth, height: image.naturalHeight});
      clearInterval(this.flicker);
      if (this.mode === "side") this.arrange(plan.map((one, i) => ({...one, name: one.run, layers: [layers[i]]})));
      else this.compare(plan, layers);
      this.redraw();
    }

    controls(plan) {
      for (const which of ["a", "b"]) {
        const {node, select, step, said} = this.choices[which];
      node.firstChild.textContent = this.mode === "side" ? "All" : which.toUpperCase();
        const stops = this.stopsOf(which);
        node.hidden = which === "b" && this.mode === "side";
        select.value = this[which][0];
        select.hidden = this.mode === "side";
        Object.assign(step, {max: Math.max(0, stops.length - 1), disabled: stops.length < 2});
        step.value = tb.steps.stopAt(stops, this[which][1]);
        said.textContent = stops.length ? `step ${tb.format.step(stops[Math.max(0, tb.steps.stopAt(stops, this[which][1]))])}` : "";
      }
      const amount = AMOUNTS[this.mode];
      this.amountLabel.hidden = !amount;
      if (amount) {
        const [text, min, max, step] = amount;
        Object.assign(this.amountInput, {min, max, step});
        this.amountInput.value = this.amount[this.mode];
        this.amountText.textContent = `${text} ${this.mode === "onion" || this.mode === "swipe" ? Math.round(this.amount[this.mode] * 100) + " %" : "× " + this.amount[this.mode]}`;
      }
      for (const radio of this.modes.querySelectorAll("input")) radio.checked = radio.value === this.mode;
      this.fullButton.hidden = this.full || !plan.some(({facts}) => facts && facts.width * facts.height > 6_000_000);
    }

    /* Panes of those names, in that order; those that stay keep their canvas. */
    arrange(wanted) {
      for (const [name, pane] of this.panes) {
        if (wanted.some((one) => one.name === name)) continue;
        pane.node.remove();
        this.panes.delete(name);
      }
      wanted.forEach((one, i) => {
        if (!this.panes.has(one.name)) this.panes.set(one.name, new Pane(this.shared, one.title, one.run ? tb.runs.color(one.run) : null));
        const pane = this.panes.get(one.name);
        pane.name(one.title);
        pane.layers = one.layers.filter(Boolean);
        pane.divider = one.divider;
        pane.onDrag = one.onDrag;
        pane.message.textContent = pane.layers.length ? "" : one.facts ? "This image cannot be shown." : one.loaded ? "Nothing up to this step." : "reading …";
        if (this.stage.children[i] !== pane.node) this.stage.insertBefore(pane.node, this.stage.children[i] || null);
      });
      this.stage.style.setProperty("--columns", this.columns(wanted));
    }

    /* As many columns as show the images largest. */
    columns(wanted) {
      const {clientWidth: width, clientHeight: height} = this.stage;
      const layer = wanted.map((one) => one.layers[0]).find(Boolean);
      const ratio = layer ? layer.width / layer.height : 1;
      const largest = (columns) => Math.min(width / columns, (height / Math.ceil(wanted.length / columns) - 28) * ratio);
      let best = 1;
      for (let n = 2; n <= wanted.length; n++) if (largest(n) > largest(best)) best = n;
      return best;
    }

    compare([one, other], [a, b]) {
      const both = `A: ${one.title} | B: ${other.title}`;
      const amount = this.amount[this.mode];
      if (this.mode === "difference" || this.mode === "signed") {
        const made = a && b ? this.difference(a, b) : null;
        const title = this.mode === "signed" ? "B lighter: red, darker: blue" : "|A − B|";
        this.stats = made && made.stats;
        this.arrange([
          {...one, name: "a", title: "A: " + one.title, layers: [a]},
          {name: "result", title, layers: [made], facts: made, loaded: true},
          {...other, name: "b", title: "B: " + other.title, layers: [b]},
        ]);
        return;
      }
      const pane = {name: "both", title: both, facts: one.facts, loaded: one.loaded};
      if (this.mode === "onion") this.arrange([{...pane, layers: [a, b && {...b, alpha: amount}]}]);
      else if (this.mode === "swipe") {
        const drag = (event) => {
          const box = this.panes.get("both").canvas.getBoundingClientRect();
          this.amount.swipe = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
          this.show();
        };
        this.arrange([{...pane, layers: [a && {...a, from: 0, to: amount}, b && {...b, from: amount, to: 1}], divider: amount, onDrag: drag}]);
      } else {
        let second = false;
        const turn = () => {
          second = !second;
          this.arrange([{...pane, title: second ? "A: " + one.title : "B: " + other.title, layers: [second ? a : b]}]);
          this.redraw();
        };
        turn();
        this.flicker = setInterval(turn, FLICKER_MS);
      }
    }

    /* A picture of the size of A, or smaller if that is large; B is brought to it. */
    difference(a, b) {
      const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (a.width * a.height)));
      const [width, height] = [Math.max(1, Math.round(a.width * scale)), Math.max(1, Math.round(a.height * scale))];
      const pixels = (layer) => {
        const canvas = el("canvas", {width, height});
        const context = canvas.getContext("2d", {willReadFrequently: true});
        context.drawImage(layer.source, 0, 0, width, height);
        return context.getImageData(0, 0, width, height).data;
      };
      const [p, q] = [pixels(a), pixels(b)];
      const even = tb.theme.current() === "dark" ? [28, 32, 39] : [255, 255, 255];
      const gain = this.amount[this.mode];
      const made = this.mode === "signed" ? tb.pixels.signed(p, q, gain, even) : tb.pixels.difference(p, q, gain);
      const source = el("canvas", {width, height});
      source.getContext("2d").putImageData(new ImageData(made, width, height), 0, 0);
      const sizes = a.width === b.width && a.height === b.height ? "" : `, B of ${b.width} × ${b.height} brought to ${a.width} × ${a.height}`;
      return {source, width, height, stats: {...tb.pixels.compared(p, q), sizes}};
    }

    redraw() {
      for (const pane of this.panes.values()) pane.draw();
      this.point();
    }

    point() {
      const {at, zoom} = this.shared;
      const parts = [`zoom ${zoom.toFixed(zoom < 10 ? 1 : 0)} ×`];
      if (this.stats && (this.mode === "difference" || this.mode === "signed")) {
        const {mean, max, share, psnr, sizes} = this.stats;
        parts.push(`mean difference ${mean.toFixed(2)} of 255, largest ${max}, ${(share * 100).toFixed(1)} % of the pixels differ, PSNR ${Number.isFinite(psnr) ? psnr.toFixed(1) + " dB" : "infinite: equal"}${sizes}`);
      }
      for (const pane of this.panes.values()) {
        const found = at && pane.layers[0] ? pixelAt(pane.layers[pane.layers.length - 1], at) : null;
        pane.said.textContent = found ? `(${found.x}, ${found.y})  ${found.colour.slice(0, 3).join(" ")}` : "";
      }
      this.reading.textContent = parts.join(" · ");
    }

    save() {
      const pane = this.panes.get("result") || this.panes.values().next().value;
      if (pane) pane.canvas.toBlob((blob) => tb.kit.download(`${this.tag}-${this.mode}.png`.replace(/[^\w.=-]+/g, "_"), blob));
    }
  }

  /** Opens on an image: {tag, run, step, runs} with `runs` those that logged the tag. */
  tb.lightbox = function ({tag, run, step, runs}) {
    if (open) return;
    const names = runs.map((one) => one.name);
    const other = names.find((name) => name !== run) || run;
    // Of one run alone, the newest stands against the first step.
    open = new Lightbox({tag, runs: names, a: [run, step], b: [other, step]});
    open.change({});
  };

  /** Opens what a link says, once the runs are known. */
  tb.lightbox.fromView = function () {
    const {tag, mode, a, b} = tb.view.get().mediaLook;
    const byRun = tb.runs.series("image").get(tag);
    if (open || !byRun || !Array.isArray(a) || !Array.isArray(b) || !byRun.has(a[0]) || !byRun.has(b[0])) return;
    const known = MODES.some(([name]) => name === mode);
    open = new Lightbox({tag, mode: known ? mode : "side", a: a.map(String), b: b.map(String), runs: tb.runs.shown().map((run) => run.name)});
    open.change({});
  };
})();
