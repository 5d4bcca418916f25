/* The bar over the HParams page: what runs are judged by, colour, axes, and how many pass the filters. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const STATS = [["last", "Last"], ["min", "Min"], ["max", "Max"]];

  class HparamControls {
    constructor(page) {
      this.page = page;
      this.metric = el("select", {class: "field", "aria-label": "Objective", onchange: () => this.choose()});
      this.stat = el(
        "div", {class: "segments", role: "radiogroup", "aria-label": "Value of the objective"},
        ...STATS.map(([value, text]) => el("label", {}, el("input", {type: "radio", name: "hp-stat", value, onchange: () => this.choose()}), text))
      );
      this.goal = el("button", {type: "button", class: "button", title: "Which way the objective gets better", onclick: () => this.turn()});
      this.color = el("select", {class: "field", "aria-label": "Colour by", onchange: () => tb.view.set({hpColor: this.color.value})});
      this.axes = el("button", {type: "button", class: "button", "aria-haspopup": "dialog", onclick: () => this.chooseAxes()}, "Axes…");
      this.clear = el("button", {type: "button", class: "button", onclick: () => page.clear()}, "Clear filters");
      this.count = el("span", {class: "hparams-count", role: "status"});
      this.node = el(
        "div", {class: "scalar-controls hparams-controls"},
        el("label", {class: "control"}, "Objective", this.metric), this.stat, this.goal,
        el("label", {class: "control"}, "Colour", this.color), this.axes, this.clear, this.count
      );
    }

    choose() {
      const stat = this.stat.querySelector("input:checked")?.value || "last";
      const value = this.metric.value;
      tb.view.set({hpMetric: value.startsWith("tag:") ? `${stat}:${value.slice(4)}` : value, hpGoal: ""});
    }

    turn() {
      tb.view.set({hpGoal: tb.hparams.objective().goal === "min" ? "max" : "min"});
    }

    show({objective, goal, guessed, names, on}) {
      const columns = [...tb.hparams.columns().values()];
      const tags = columns.filter((one) => one.stat === "last").map((one) => [`tag:${one.tag}`, one.tag]);
      const results = columns.filter((one) => one.kind === "metric" && !one.tag && one.numeric).map((one) => [one.key, `${one.title} (result)`]);
      const column = objective && objective.column;
      options(this.metric, [...tags, ...results], column ? (column.tag ? `tag:${column.tag}` : column.key) : "");
      this.stat.hidden = !(column && column.tag);
      for (const radio of this.stat.querySelectorAll("input")) radio.checked = Boolean(column) && radio.value === column.stat;
      this.goal.textContent = goal === "min" ? "↓ lower is better" : "↑ higher is better";
      this.goal.title = guessed ? "Nothing in its name says which way this metric gets better: click to turn" : "Which way the objective gets better";
      const numeric = columns.filter((one) => one.numeric && (one.differs || one.stat === "last" || one === column));
      options(this.color, [["", "Objective"], ["run", tb.groups.active() ? "Group" : "Run"], ...numeric.map((one) => [one.key, one.title])], tb.view.get().hpColor);
      const n = on.filter(Boolean).length;
      // Not hidden: the plot must not move under the pointer that draws the first filter.
      this.clear.disabled = Object.keys(tb.view.get().hpBrush).length === 0;
      this.count.textContent = n === names.length ? `${n} runs` : `${n} of ${names.length} runs`;
    }

    /** Which columns are axes: a list to tick, with a field to find them by. */
    chooseAxes() {
      const filter = el("input", {type: "search", class: "field", placeholder: "Find a setting or a metric", "aria-label": "Find a setting or a metric"});
      const list = el("div", {class: "axes-list"});
      const show = () => {
        const chosen = tb.hparams.axes().map((one) => one.key);
        const text = filter.value.toLowerCase();
        const columns = [...tb.hparams.columns().values()].filter((one) => one.title.toLowerCase().includes(text));
        const rank = (one) => (chosen.includes(one.key) ? 0 : one.kind === "setting" ? (one.differs ? 1 : 4) : one.stat === "last" ? 2 : 3);
        columns.sort((a, b) => rank(a) - rank(b));
        list.replaceChildren(...columns.slice(0, 200).map((one) => {
          const box = el("input", {type: "checkbox", checked: chosen.includes(one.key), onchange: () => {
            this.page.setAxes((keys) => (box.checked ? keys.push(one.key) : keys.length > 1 && keys.splice(keys.indexOf(one.key), 1)));
          }});
          return el("label", {class: "check-line"}, box, el("span", {}, one.title), one.kind === "setting" && !one.differs ? el("small", {}, "same in all runs") : null);
        }));
      };
      filter.addEventListener("input", show);
      show();
      const reset = el("button", {type: "button", class: "button", onclick: () => {
        tb.view.set({hpAxes: []});
        show();
      }}, "As at first");
      tb.kit.popover(this.axes, el("div", {class: "axes-choice"}, filter, list, reset));
      filter.focus();
    }
  }

  /** Makes the select offer `pairs` [[value, text]], changing it only where it differs. */
  function options(select, pairs, value) {
    const signature = JSON.stringify(pairs);
    if (select.dataset.offered !== signature) {
      select.replaceChildren(...pairs.map(([one, text]) => el("option", {value: one}, text)));
      select.dataset.offered = signature;
    }
    if (select.value !== value) select.value = value;
  }

  tb.HparamControls = HparamControls;
  tb.selectOptions = options;
})();
