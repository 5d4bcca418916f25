/* One row of the run list: a run, or the heading over those of a group or folder. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {createElement: h, useEffect, useRef} = React;
  const INDENT = 14; // pixels a level

  const statusMarks = {
    running: ["●", "running"],
    finished: ["", "finished"],
    failed: ["✕", "failed: the script ended with an error"],
    crashed: ["!", "crashed: the script stopped without a word"],
  };

  /** A long name gives way in its directories: what tells the runs of a sweep apart is at the end. */
  function Name({title}) {
    const cut = title.lastIndexOf("/", title.length - 2) + 1;
    return h(
      "span",
      {className: "run-name"},
      cut > 0 && h("span", {className: "run-directory"}, title.slice(0, cut)),
      h("span", {className: "run-base"}, title.slice(cut))
    );
  }

  const indented = (depth) => ({paddingLeft: 12 + depth * INDENT});

  /** `act`: {select(row, on, event), toggle(row), menu(anchor, row), only(row), open(run)}. */
  function RunRow({row, top, info, active, place, act}) {
    const {run} = row;
    const {name} = run;
    const more = useRef(null);
    const selected = tb.runs.isSelected(name);
    const isBaseline = tb.view.get().baseline === name;
    const [mark, status] = statusMarks[run.status] || ["?", run.status];
    const color = tb.runs.color(name);
    const hint = [run.title, run.title === name ? "" : name, status, run.labels.length ? "tags: " + run.labels.join(", ") : ""];
    return h(
      "div",
      {
        className: "run-row" + (selected ? "" : " off") + (active ? " active" : "") + (run.archived ? " archived" : ""), role: "treeitem",
        style: {top, ...indented(row.depth)}, ...place, "aria-checked": selected, onDoubleClick: () => act.only(row),
        onContextMenu: (event) => {
          event.preventDefault();
          act.menu(more.current, row);
        },
      },
      h(
        "label",
        {className: "run-label", title: hint.filter(Boolean).join("\n")},
        h("input", {
          type: "checkbox", checked: selected, tabIndex: -1, style: {accentColor: color},
          onChange: (event) => act.select(row, event.target.checked, event.nativeEvent),
        }),
        h("span", {className: "swatch", style: {background: color}}),
        h(Name, {title: row.label})
      ),
      isBaseline && h("span", {className: "baseline-mark", title: "The baseline: the others are held against it"}, "base"),
      h(
        "span", {className: "run-acts"},
        h("button", {type: "button", tabIndex: -1, className: "only", title: "Show only this run", onClick: () => act.only(row)}, "only"),
        h("button", {
          type: "button", tabIndex: -1, className: "more", ref: more, title: "More", "aria-label": `Actions on ${run.title}`, "aria-haspopup": "menu",
          onClick: () => act.menu(more.current, row),
        }, "⋯")
      ),
      h("span", {className: "run-status " + run.status, title: status, role: "img", "aria-label": status}, mark),
      h("span", {className: "run-value"}, info ? tb.format.value(info.lastValue) : "")
    );
  }

  function HeadingRow({row, top, active, place, act}) {
    const box = useRef(null);
    const more = useRef(null);
    const on = row.runs.filter((run) => tb.runs.isSelected(run.name)).length;
    useEffect(() => {
      box.current.indeterminate = on > 0 && on < row.runs.length;
    });
    return h(
      "div",
      {
        className: `run-row run-heading ${row.type}` + (active ? " active" : "") + (on ? "" : " off"), role: "treeitem", ...place,
        "aria-expanded": row.open, "aria-checked": on === row.runs.length ? true : on ? "mixed" : false, style: {top, ...indented(row.depth)},
        onContextMenu: (event) => {
          event.preventDefault();
          act.menu(more.current, row);
        },
      },
      h("button", {
        type: "button", tabIndex: -1, className: "run-fold", "aria-expanded": row.open, "aria-label": `${row.open ? "Close" : "Open"} ${row.label}`,
        onClick: () => act.toggle(row),
      }, h("span", {className: "chevron"})),
      h("input", {
        type: "checkbox", ref: box, checked: on > 0, tabIndex: -1, "aria-label": `All runs of ${row.label}`, style: row.color ? {accentColor: row.color} : undefined,
        onChange: (event) => act.select(row, on < row.runs.length, event.nativeEvent),
      }),
      row.color && h("span", {className: "swatch square", style: {background: row.color}}),
      h("span", {className: "run-heading-name", title: row.label, onClick: () => act.toggle(row)}, row.label),
      h("span", {className: "run-acts"}, h("button", {
        type: "button", tabIndex: -1, className: "more", ref: more, title: "More", "aria-label": `Actions on the runs of ${row.label}`, "aria-haspopup": "menu",
        onClick: () => act.menu(more.current, row),
      }, "⋯")),
      h("span", {className: "run-heading-n"}, row.runs.length)
    );
  }

  tb.RunRow = (properties) => h(properties.row.type === "run" ? RunRow : HeadingRow, properties);
})();
