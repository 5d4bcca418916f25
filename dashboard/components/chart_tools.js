/* What the bar over a grid has for the lines: a metric as x axis, means of groups, restarts, a new chart. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;

  const LISTED = 16; // groups named in the bar; all have their colours in the run list

  class ChartTools {
    /** Joins the bar of `controls`; with `making` it has a button for new charts. */
    constructor(controls, {making = true} = {}) {
      const button = (hint, onclick) => el("button", {type: "button", class: "button", title: hint, "aria-haspopup": "true", onclick});
      this.axis = button("Another metric as the x axis", () => this.chooseAxis());
      this.lines = button("How runs are drawn: means of groups, restarts", () => this.chooseLines());
      this.make = el("button", {
        type: "button", class: "button", title: "A chart of several metrics, or of an expression (n)", onclick: () => tb.chartEditor.open(),
      }, "+ Chart");
      controls.axis.after(this.axis);
      this.groups = el("div", {class: "card-legend group-strip", hidden: true});
      controls.node.append(this.lines, ...(making ? [this.make] : []), this.groups);
      this.off = tb.runs.subscribe((news) => (news.shown || news.theme) && this.show());
      this.show();
    }

    show() {
      const {axis, band, partition} = tb.view.get();
      const metric = axis.startsWith(tb.charts.METRIC) ? axis.slice(tb.charts.METRIC.length) : "";
      this.axis.textContent = metric ? `x: ${metric}` : "Metric…";
      this.axis.setAttribute("aria-pressed", Boolean(metric));
      const grouped = tb.groups.active();
      const [, title] = tb.charts.BANDS.find(([name]) => name === band);
      this.lines.textContent = grouped ? title : "Lines";
      this.lines.setAttribute("aria-pressed", (grouped && band !== "off") || !partition);
      const entries = tb.chartLines.groupEntries();
      this.groups.hidden = entries.length === 0;
      this.groups.replaceChildren(...entries.slice(0, LISTED), ...(entries.length > LISTED ? [el("span", {}, `and ${entries.length - LISTED} more groups`)] : []));
    }

    chooseAxis() {
      const list = el("div", {class: "axis-list"});
      const {METRIC} = tb.charts;
      const tags = [...tb.runs.series("scalar").keys()].sort(tb.naturally);
      const declared = new Set(tags.map(tb.charts.declaredAxis).filter(Boolean));
      // What scripts named as an axis is what people mean; epochs are the next best guess.
      const first = (tag) => (declared.has(tag) ? 0 : /(^|\/)epoch$/i.test(tag) ? 1 : 2);
      tags.sort((a, b) => first(a) - first(b));
      const choose = (axis) => {
        panel.close();
        this.axis.focus();
        tb.view.set({axis});
      };
      const filter = el("input", {
        type: "search", class: "field", placeholder: "x axis: find a metric", "aria-label": "Find a metric for the x axis", spellcheck: "false", oninput: () => offer(),
      });
      const offer = () => {
        const {regex} = tb.pattern(filter.value);
        const fitting = tags.filter((tag) => !regex || regex.test(tag)).slice(0, 100);
        list.replaceChildren(...fitting.map((tag) =>
          el("button", {type: "button", class: "menu-item", "aria-pressed": tb.view.get().axis === METRIC + tag, onclick: () => choose(METRIC + tag)},
            el("span", {class: "menu-label"}, tag), declared.has(tag) ? el("span", {class: "quiet"}, "declared") : null)));
        if (!fitting.length) list.replaceChildren(el("p", {class: "quiet"}, "No metric fits."));
      };
      const own = el("input", {type: "checkbox", onchange: () => tb.view.set({ownAxes: own.checked})});
      own.checked = tb.view.get().ownAxes;
      const panel = tb.kit.popover(this.axis, el(
        "div", {class: "axis-picker"}, filter, list,
        el("label", {class: "axis-own", title: "define_metric(…, step_metric=…) of your scripts"}, own, " On Step, use the axes that scripts declared")
      ));
      offer();
      filter.focus();
    }

    chooseLines() {
      const {band, members, partition} = tb.view.get();
      const grouped = tb.groups.active();
      const items = [];
      if (grouped) {
        items.push({header: "Runs of a group"});
        for (const [name, title, hint] of tb.charts.BANDS) items.push({label: title, hint, checked: band === name, run: () => tb.view.set({band: name})});
        items.push({separator: true});
        items.push({label: "Each run too, faint", checked: members, disabled: band === "off", run: () => tb.view.set({members: !members})});
      } else items.push({label: "Mean of groups: group the runs first", hint: "Runs are grouped in the run list", disabled: true, run: () => {}});
      items.push({label: "Break lines where a run restarted", hint: "Where the step falls back a new part begins, and its smoothing", checked: partition,
        run: () => tb.view.set({partition: !partition})});
      tb.kit.menu(this.lines, items);
    }

    destroy() {
      this.off();
    }
  }

  tb.ChartTools = ChartTools;
})();
