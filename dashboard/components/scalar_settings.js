/* The settings of the scalar page that need no place in its bar: a popover under one button. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const sections = [];

  /** Adds a part to the popover: `make()` gives its node; parts come in the order of `place`. */
  function add(place, make) {
    sections.push({place, make});
    sections.sort((a, b) => a.place - b.place);
  }

  let number = 0;
  /** A labelled row: {label, hint} and its control. */
  function row(label, control, hint) {
    const id = `scalar-setting-${++number}`;
    const target = control.matches("input, select") ? control : null;
    if (target) target.id = id;
    return el("div", {class: "setting", title: hint}, el(target ? "label" : "span", target ? {for: id} : {}, label), control);
  }

  function select(key, options, label, hint) {
    const node = el("select", {class: "field", onchange: () => tb.view.set({[key]: node.value})});
    for (const [value, text] of Object.entries(options)) node.append(el("option", {value, selected: tb.view.get()[key] === value}, text));
    return row(label, node, hint);
  }

  function check(key, label, hint) {
    const node = el("input", {type: "checkbox", onchange: () => tb.view.set({[key]: node.checked})});
    node.checked = tb.view.get()[key];
    return row(label, node, hint);
  }

  /** Two fields for the ends of a range; empty is automatic. `change([from, to] or null)`. */
  function range(label, value, change, hint) {
    const fields = [0, 1].map((i) =>
      el("input", {
        type: "number", step: "any", class: "field", placeholder: "auto", "aria-label": `${label} ${i ? "to" : "from"}`,
        value: value && value[i] !== null ? value[i] : "", onchange: () => {
          const ends = fields.map((field) => (field.value === "" ? null : Number(field.value)));
          const crossed = ends[0] !== null && ends[1] !== null && ends[0] >= ends[1];
          fields.forEach((field) => {
            field.classList.toggle("bad", crossed);
            field.setAttribute("aria-invalid", crossed);
            field.title = crossed ? "The first must be below the second" : "";
          });
          if (!crossed) change(ends.every((end) => end === null) ? null : ends);
        },
      })
    );
    return row(label, el("div", {class: "range-fields"}, ...fields), hint);
  }

  add(10, () => {
    const kinds = Object.fromEntries(Object.entries(tb.smoothing.KINDS).map(([kind, {title}]) => [kind, title]));
    return el("section", {}, el("h3", {}, "Smoothing"), select("smoothKind", kinds, "Kind", "How the curves are smoothed, over every point"));
  });
  add(20, () => {
    const {xWindow, axis} = tb.view.get();
    const x = xWindow.axis === axis ? xWindow.x : null;
    return el(
      "section", {},
      el("h3", {}, "Horizontal axis"),
      check("logX", "Logarithmic x", "Not on the wall clock; single cards can differ (⋮)"),
      axis === "wall" ? null : range("Range", x, (ends) => tb.view.set({linkZoom: true, zoom: {}, xWindow: ends ? {axis, x: ends} : {}}), "Of all cards, in the axis's own unit"),
      check("linkZoom", "Zoom all cards together", "A box on one card zooms x on all")
    );
  });
  add(30, () =>
    el(
      "section", {},
      el("h3", {}, "Vertical axis"),
      check("logY", "Logarithmic y", "Single cards can differ"),
      check("outliers", "Clip outliers", "From the 5th to the 95th percentile of what is drawn; each card tells how much is outside"),
      select("yScale", {auto: "each card its own", group: "same in a group", all: "same on all cards"}, "Range", "A fixed range is in the menu of each card (⋮)")
    )
  );
  add(40, () => {
    const node = el("select", {class: "field", onchange: () => tb.stepRange.choose(node.value, tb.scalarGrid.onScreen())});
    const modes = {off: "none", step: "one step", range: "a range"};
    for (const [value, text] of Object.entries(modes)) node.append(el("option", {value, selected: tb.stepRange.mode() === value}, text));
    return el("section", {}, el("h3", {}, "Steps"), row("Selected", node, "Handles on the axis of all cards, and a table below each; other pages show the step"));
  });
  add(50, () => el("section", {}, el("h3", {}, "Pointer"), select("hoverSort", tb.hover.SORTS, "Table", "The order of the runs beside the pointer")));

  function open(anchor) {
    if (anchor.getAttribute("aria-expanded") === "true") return;
    const body = el("div", {class: "scalar-settings", role: "group", "aria-label": "Settings of the charts"}, ...sections.map(({make}) => make()));
    tb.kit.popover(anchor, body, {align: "end"});
    body.querySelector("select, input")?.focus();
  }

  tb.scalarSettings = {add, open, row, select, check, range};
})();
