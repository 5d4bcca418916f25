/* Chooses the columns of the run table: what every run has, settings, results, and values of metrics. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const MOST = 300; // entries of a section drawn at once; the search finds the others

  function sections() {
    const keys = tb.records.keys().map(({key}) => key);
    const part = (prefix) => keys.filter((key) => key.startsWith(prefix));
    const tags = [...tb.runs.series("scalar").keys()].sort(tb.naturally);
    const machine = (tag) => tag.startsWith("system/");
    return [
      {title: "Run", ids: Object.keys(tb.runColumns.OWN).filter((id) => id !== "name")},
      {title: "Config", ids: part("config.")},
      {title: "Hyperparameters", ids: part("hparam.")},
      {title: "Results", ids: part("summary.")},
      {title: "Metrics", tags: tags.filter((tag) => !machine(tag))},
      {title: "System", tags: tags.filter(machine)},
    ].filter(({ids, tags: own}) => (ids || own).length > 0);
  }

  function open(anchor) {
    const toggle = (id, on) => {
      const now = tb.runColumns.shown();
      tb.view.set({tableColumns: on ? [...now, id] : now.filter((one) => one !== id)});
    };
    const search = el("input", {type: "search", class: "field", placeholder: "Find a column", "aria-label": "Find a column"});
    const list = el("div", {class: "column-list"});
    const check = (id, label, hint) => {
      const input = el("input", {type: "checkbox", checked: tb.runColumns.shown().includes(id), onchange: () => toggle(id, input.checked)});
      return el("label", {class: "column-item", title: hint}, input, el("span", {}, label));
    };
    const chip = (id, label, hint) => {
      const button = el("button", {type: "button", class: "column-chip", title: hint, "aria-pressed": String(tb.runColumns.shown().includes(id)), onclick: () => {
        const on = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(on));
        toggle(id, on);
      }}, label);
      return button;
    };
    const metric = (tag) =>
      el("div", {class: "column-metric", role: "group", "aria-label": tag}, el("span", {class: "column-tag", title: tag}, tag),
        el("span", {class: "column-chips"}, ...Object.entries(tb.runColumns.AGGREGATES).map(([aggregate, [label, hint]]) => chip(`${aggregate}:${tag}`, label, hint))));
    const fill = () => {
      const wanted = search.value.toLowerCase();
      const fits = (text) => text.toLowerCase().includes(wanted);
      const nodes = sections().flatMap(({title, ids, tags}) => {
        const found = (ids || tags).filter((id) => fits(id) || fits(tb.runColumns.titleOf(id).title));
        if (found.length === 0) return [];
        const shown = found.slice(0, MOST).map((id) => (tags ? metric(id) : check(id, tb.runColumns.titleOf(id).title, id)));
        const more = found.length > MOST ? [el("p", {class: "quiet"}, `and ${found.length - MOST} more: type a part of the name`)] : [];
        return [el("h3", {}, title), el("div", {class: tags ? "column-metrics" : "column-items"}, ...shown, ...more)];
      });
      list.replaceChildren(...(nodes.length ? nodes : [el("p", {class: "quiet"}, "No column is called so.")]));
    };
    search.addEventListener("input", fill);
    fill();
    const reset = el("button", {type: "button", class: "button", onclick: () => {
      tb.view.set({tableColumns: []});
      fill();
    }}, "Automatic columns");
    const handle = tb.kit.popover(anchor, el("div", {class: "column-picker", role: "dialog", "aria-label": "Columns"}, search, list, el("div", {}, reset)), {align: "end"});
    handle.node.classList.add("column-popover");
    handle.place();
    search.focus();
  }

  tb.columnPicker = {open};
})();
