/* What can be done with a run, or with several: menus and the dialogs behind them. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;

  const titles = (names) => (names.length === 1 ? `“${titleOf(names[0])}”` : tb.editing.counted(names.length));
  const titleOf = (name) => tb.runs.get(name)?.title || name;

  function labelsOf(names) {
    const counts = new Map();
    for (const name of names) for (const label of tb.runs.get(name)?.labels || []) counts.set(label, (counts.get(label) || 0) + 1);
    return counts;
  }

  const allLabels = () => [...labelsOf(tb.runs.all().map((run) => run.name)).keys()].sort(tb.naturally);

  function rename(name) {
    const run = tb.runs.get(name);
    if (!run) return;
    const field = el("input", {type: "text", class: "field", id: "rename-field", maxlength: 500, value: run.title === name ? "" : run.title, placeholder: name});
    const save = async () => (await tb.editing.change([name], {display_name: field.value})).length > 0;
    const {close} = tb.kit.dialog({
      title: "Rename run",
      body: el(
        "div", {}, el("label", {for: "rename-field"}, "Name shown on the pages"), field,
        el("p", {class: "quiet"}, "In the logdir it stays ", el("code", {}, name), "; empty shows that again.")
      ),
      actions: [{label: "Cancel"}, {label: "Rename", primary: true, run: save}],
    });
    field.addEventListener("keydown", async (event) => event.key === "Enter" && (await save()) && close());
    field.select();
  }

  async function notes(name) {
    await tb.records.load();
    const record = tb.records.get(name);
    const field = el("textarea", {class: "field notes-field", id: "notes-field", rows: 10, placeholder: "Markdown: what was tried, what came of it"});
    field.value = record?.notes || "";
    const save = async () => (await tb.editing.change([name], {notes: field.value})).length > 0;
    const {close} = tb.kit.dialog({
      title: `Notes on ${titles([name])}`,
      body: el("div", {}, el("label", {for: "notes-field"}, "Markdown"), field),
      actions: [{label: "Cancel"}, {label: "Save", primary: true, run: save}],
    });
    field.addEventListener("keydown", async (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && (await save())) close();
    });
    field.focus();
  }

  /** Tags of one run or of several: those that only some have are told apart, and can be given to all. */
  function labels(names) {
    const had = labelsOf(names);
    const state = new Map([...had].map(([label, n]) => [label, n === names.length ? "all" : "some"]));
    const list = el("div", {class: "tag-choices"});
    const field = el("input", {type: "text", class: "field", id: "tag-field", maxlength: 100, list: "tag-known", placeholder: "New tag", autocomplete: "off"});
    const known = el("datalist", {id: "tag-known"}, ...allLabels().map((label) => el("option", {value: label})));
    const draw = () => {
      const box = (label) => {
        const input = el("input", {type: "checkbox", checked: state.get(label) === "all", onchange: () => state.set(label, input.checked ? "all" : "none")});
        input.indeterminate = state.get(label) === "some";
        return el("label", {class: "tag-choice"}, input, el("span", {class: "tag-chip"}, label));
      };
      list.replaceChildren(...(state.size ? [...state.keys()].map(box) : [el("p", {class: "quiet"}, "No tags yet.")]));
    };
    const add = () => {
      const label = field.value.trim();
      if (label) state.set(label, "all");
      field.value = "";
      draw();
    };
    const save = async () => {
      add();
      const wanted = [...state];
      const values = {
        add_labels: wanted.filter(([label, of]) => of === "all" && had.get(label) !== names.length).map(([label]) => label),
        drop_labels: wanted.filter(([label, of]) => of === "none" && had.has(label)).map(([label]) => label),
      };
      if (values.add_labels.length + values.drop_labels.length === 0) return true;
      return (await tb.editing.change(names, values)).length > 0;
    };
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      add();
    });
    draw();
    tb.kit.dialog({
      title: `Tags of ${titles(names)}`,
      body: el(
        "div", {}, list, el("label", {for: "tag-field"}, "Add a tag"),
        el("div", {class: "tag-new"}, field, el("button", {type: "button", class: "button", onclick: add}, "Add")), known
      ),
      actions: [{label: "Cancel"}, {label: "Save", primary: true, run: save}],
    });
    field.focus();
  }

  function colour(names, anchor) {
    const now = tb.runs.get(names[0])?.color || "";
    const set = async (value) => {
      handle.close();
      anchor.focus();
      await tb.editing.change(names, {colour: value});
    };
    const colors = [...new Set([...tb.palette.light, ...tb.palette.dark])];
    const own = el("input", {type: "color", class: "colour-own", value: now || tb.palette.light[0], "aria-label": "Any colour"});
    own.addEventListener("change", () => set(own.value));
    const handle = tb.kit.popover(
      anchor,
      el(
        "div", {class: "colour-picker", role: "group", "aria-label": `Colour of ${titles(names)}`},
        el("div", {class: "colour-grid"}, ...colors.map((color) => {
          const button = el("button", {
            type: "button", class: "colour-choice", "aria-label": color, title: color, "aria-pressed": String(color === now), onclick: () => set(color),
          });
          button.style.background = color;
          return button;
        })),
        el("div", {class: "colour-more"}, own, el("button", {type: "button", class: "button", onclick: () => set("")}, "Automatic"))
      )
    );
    handle.node.querySelector("button").focus();
  }

  async function trash() {
    const list = el("div", {class: "trash-list"}, el("p", {class: "quiet"}, "Loading…"));
    const handle = tb.kit.dialog({title: "Trash", body: list, wide: true, actions: [{label: "Close"}]});
    const act = (names, what) => async () => {
      try {
        if (what === "restore") await tb.editing.change(names, {deleted: false});
        else await tb.editing.empty(names);
      } catch (error) {
        tb.kit.toast(error.message, {bad: true});
      }
      await show();
    };
    const sure = (names) => () => {
      tb.kit.dialog({
        title: "Delete for good?",
        body: el("p", {}, `${names.length === 1 ? `“${names[0]}” and all it logged is` : `${tb.editing.counted(names.length)} and all they logged are`} gone then.`),
        actions: [{label: "Cancel"}, {label: "Delete for good", danger: true, run: act(names, "delete")}],
      });
    };
    const row = (run) =>
      el(
        "div", {class: "trash-row"}, el("span", {class: "trash-name", title: run.name}, run.title),
        el("span", {class: "trash-when"}, "deleted " + tb.format.time(run.deleted)),
        el("button", {type: "button", class: "button", onclick: act([run.name], "restore")}, "Restore"),
        el("button", {
          type: "button", class: "button danger", disabled: run.status === "running", title: run.status === "running" ? "It is still being logged" : null,
          onclick: sure([run.name]),
        }, "Delete for good")
      );
    const show = async () => {
      const runs = await tb.editing.trash();
      const ended = runs.filter((run) => run.status !== "running").map((run) => run.name);
      list.replaceChildren(
        ...(runs.length
          ? [
              el("div", {class: "trash-all"}, el("span", {}, tb.editing.counted(runs.length)),
                el("button", {type: "button", class: "button danger", disabled: ended.length === 0, onclick: sure(ended)}, "Empty the trash")),
              ...runs.map(row),
            ]
          : [el("p", {class: "quiet"}, "Nothing in the trash.")])
      );
    };
    try {
      await show();
    } catch (error) {
      handle.close();
      tb.kit.toast(error.message, {bad: true});
    }
  }

  function pathOf(name) {
    const logdir = tb.config.logdir || "";
    return logdir.includes("://") || name === "." ? name : `${logdir.replace(/\/+$/, "")}/${name}`;
  }

  /** Items that change the runs, each with the reason if it cannot be done. */
  function changing(names, anchor) {
    const reason = tb.editing.why(names);
    const able = (item) => (reason ? {...item, disabled: true, hint: `Cannot be changed: ${reason}`} : item);
    const archived = names.every((name) => tb.runs.get(name)?.archived);
    const one = names.length === 1;
    return [
      ...(one ? [able({label: "Rename…", run: () => rename(names[0])}), able({label: "Notes…", run: () => notes(names[0])})] : []),
      able({label: "Tags…", run: () => labels(names)}),
      able({label: "Colour…", run: () => colour(names, anchor)}),
      able({label: archived ? "Take back from the archive" : "Archive", run: () => tb.editing.archive(names, !archived)}),
      able({label: "Delete", danger: true, hint: "Into the trash, from which it can be taken back", run: () => tb.editing.remove(names)}),
    ];
  }

  /** The menu of one run, or of several, under `anchor`. */
  async function menu(anchor, names, {header = null} = {}) {
    if (names.length === 0) return;
    await tb.editing.load();
    const one = names.length === 1;
    const [name] = names;
    const isBaseline = one && tb.view.get().baseline === name;
    tb.kit.menu(anchor, [
      {header: header || (one ? titleOf(name) : tb.editing.counted(names.length))},
      ...(one ? [{label: "Open details", run: () => tb.go("/run", {detail: name})}] : []),
      ...(one ? [] : [{label: "Compare", run: () => tb.go("/compare", {compare: names})}]),
      {label: one ? "Show only this run" : "Show only these", run: () => tb.runs.selectOnly(names)},
      ...(one ? [{label: isBaseline ? "Unset baseline" : "Set as baseline", hint: "Tables and charts show the others against it",
        run: () => tb.view.set({baseline: isBaseline ? "" : name})}] : []),
      {separator: true},
      ...changing(names, anchor),
      {separator: true},
      {label: one ? "Copy name" : "Copy names", run: () => tb.kit.copy(names.join("\n"), "Copied")},
      ...(one ? [{label: "Copy path", run: () => tb.kit.copy(pathOf(name), "Path copied")}] : []),
    ]);
  }

  tb.runActions = {menu, changing, rename, notes, labels, colour, trash, titleOf};
  tb.commands.add({id: "trash", title: "Open the trash", section: "Runs", run: trash});
})();
