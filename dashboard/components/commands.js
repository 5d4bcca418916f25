/* What can be done from the keyboard: shortcuts, the palette (Ctrl+K) that finds everything, the list (?). */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const SEQUENCE_MS = 900; // between the keys of "g s"
  const FOUND = 60;
  const commands = new Map(); // id -> {id, title, section, keys, run, when}
  const providers = new Set();
  let typed = "";
  let typedAt = 0;

  /**
   * Adds a command: {id, title, run, section = "Commands", keys = null, when = null}. `keys` is a key as
   * KeyboardEvent.key has it ("/", "?"), two of them in a row ("g s"), or "Ctrl+k" (Cmd on a Mac).
   * Returns a function that takes it away again.
   */
  function add(command) {
    commands.set(command.id, {section: "Commands", keys: null, when: null, ...command});
    return () => commands.delete(command.id);
  }

  /** `provider(query)` gives more commands for the palette: runs, metrics. Returns its remover. */
  function provide(provider) {
    providers.add(provider);
    return () => providers.delete(provider);
  }

  const able = () => [...commands.values()].filter((command) => !command.when || command.when());

  /** How well a title fits what was typed, null not at all: every word of it must be there. */
  function score(title, query) {
    const text = title.toLowerCase();
    let total = 0;
    for (const word of query.toLowerCase().split(/\s+/).filter(Boolean)) {
      const at = text.indexOf(word);
      if (at < 0) return null;
      total += at === 0 ? 3 : /[\s/._-]/.test(text[at - 1]) ? 2 : 1;
    }
    return total - text.length / 1000;
  }

  function search(query) {
    const all = [...able(), ...[...providers].flatMap((provider) => provider(query))];
    return all
      .map((command) => ({command, fit: score(command.title, query)}))
      .filter(({fit}) => fit !== null)
      .sort((a, b) => (query ? b.fit - a.fit : 0))
      .slice(0, FOUND)
      .map(({command}) => command);
  }

  function palette() {
    if (document.querySelector("dialog.palette")) return;
    let found = [];
    let at = 0;
    const input = el("input", {
      type: "text", class: "field", placeholder: "Go to a page, a run, a metric, or do something…", spellcheck: "false", role: "combobox",
      "aria-expanded": "true", "aria-controls": "palette-list", "aria-label": "Search commands, runs and metrics", autocomplete: "off",
    });
    const list = el("div", {id: "palette-list", class: "palette-list", role: "listbox", "aria-label": "Commands"});
    const {node, close} = tb.kit.dialog({title: "Commands", body: el("div", {}, input, list)});
    node.classList.add("palette");
    const act = (command) => {
      close();
      command.run();
    };
    const mark = () => {
      [...list.children].forEach((row, i) => row.setAttribute("aria-selected", i === at));
      input.setAttribute("aria-activedescendant", found.length ? `palette-${at}` : "");
      list.children[at]?.scrollIntoView({block: "nearest"});
    };
    const show = () => {
      found = search(input.value);
      at = 0;
      list.replaceChildren(
        ...(found.length
          ? found.map((command, i) =>
              el(
                "div", {class: "palette-row", role: "option", id: `palette-${i}`, onclick: () => act(command)},
                el("span", {class: "palette-section"}, command.section), el("span", {class: "palette-title"}, command.title),
                command.keys ? el("kbd", {}, command.keys) : null
              )
            )
          : [el("p", {class: "quiet"}, "Nothing fits.")])
      );
      mark();
    };
    input.addEventListener("input", show);
    input.addEventListener("keydown", (event) => {
      const step = {ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10}[event.key];
      if (step) {
        event.preventDefault();
        at = Math.max(0, Math.min(found.length - 1, at + step));
        mark();
      } else if (event.key === "Enter" && found[at]) {
        event.preventDefault();
        act(found[at]);
      }
    });
    show();
    input.focus();
  }

  function help() {
    const rows = able().filter((command) => command.keys);
    const sections = [...new Set(rows.map((command) => command.section))];
    const body = el("div", {class: "shortcuts"});
    for (const section of sections) {
      const own = rows.filter((command) => command.section === section);
      body.append(
        el("section", {}, el("h3", {}, section), el("dl", {}, ...own.flatMap((command) => [
          el("dt", {}, ...command.keys.split(" ").map((key) => el("kbd", {}, key))), el("dd", {}, command.title),
        ])))
      );
    }
    tb.kit.dialog({title: "Keyboard shortcuts", body, wide: true});
  }

  const editing = (target) =>
    target.closest("input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select, [contenteditable=true], .ag-root");

  document.addEventListener("keydown", (event) => {
    const control = event.ctrlKey || event.metaKey;
    if (event.defaultPrevented || event.altKey) return;
    if (!control && (editing(event.target) || document.querySelector("dialog[open]"))) return;
    const pressed = control ? "Ctrl+" + event.key.toLowerCase() : event.key;
    const now = performance.now();
    const both = now - typedAt < SEQUENCE_MS ? `${typed} ${pressed}` : pressed;
    const list = able();
    const command = list.find((c) => c.keys === both) || list.find((c) => c.keys === pressed);
    [typed, typedAt] = [pressed, now];
    if (!command) return;
    event.preventDefault();
    typed = "";
    command.run();
  });

  tb.commands = {add, provide, palette, help, all: able};

  add({id: "palette", title: "Find anything", section: "General", keys: "Ctrl+k", run: palette});
  add({id: "help", title: "Keyboard shortcuts", section: "General", keys: "?", run: help});
  const themes = ["system", "light", "dark"];
  for (const theme of themes) {
    add({id: "theme-" + theme, title: `Theme: ${theme}`, section: "General", run: () => tb.view.set({theme})});
  }
  add({id: "copy-link", title: "Copy a link to exactly this view", section: "General", run: () => tb.kit.copy(tb.view.link(), "Link copied")});
  add({id: "filter-runs", title: "Filter the runs", section: "Runs", keys: "f", run: () => {
    const field = document.querySelector("#shell-side .field");
    if (!field || field.offsetParent === null) document.querySelector(".side-button")?.click();
    document.querySelector("#shell-side .field")?.focus();
  }});
  add({id: "all-runs", title: "Show all runs", section: "Runs", keys: "a", run: () => tb.runs.selectAll()});
  provide((query) =>
    query.length < 2
      ? []
      : tb.runs.all().map((run) => ({title: run.title, section: "Run", run: () => tb.go("/run", {detail: run.name})}))
  );
  provide((query) =>
    query.length < 2
      ? []
      : [...tb.runs.series("scalar").keys()].map((tag) => ({title: tag, section: "Metric", run: () => {
          tb.go("/scalars", {tagFilter: "^" + tag.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") + "$"});
        }}))
  );
})();
