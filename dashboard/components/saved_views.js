/* Saved views: a page with all that was chosen on it, under a name, for everybody who opens this logdir. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const {createElement: h, useEffect, useRef, useState} = React;
  let views = []; // [{name, state: {path, query, start}, created, updated}]
  let why = null; // why none can be saved here
  const listeners = new Set();

  // The view that was opened last: what is shown is told to be it, or to differ from it.
  tb.view.declare("savedView", "", {param: "saved-view"});

  async function load() {
    const [answer, editable] = await Promise.all([
      tb.http.json("/api/views", undefined, {quiet: true}), tb.http.json("/api/editable", undefined, {quiet: true}),
    ]);
    views = answer.views;
    why = editable.views;
    tell();
  }

  const tell = () => listeners.forEach((listener) => listener());
  const find = (name) => views.find((view) => view.name === name);

  /** What is shown now, without the name that it was opened by. */
  function shown() {
    const {path, query} = tb.view.snapshot();
    const rest = new URLSearchParams(query);
    rest.delete("saved-view");
    return {path, query: rest.toString()};
  }

  /** Whether what is shown is other than the view. */
  function differs(view) {
    const now = shown();
    return view.state.path !== now.path || view.state.query !== now.query;
  }

  const open = ({name, state}) => {
    const query = new URLSearchParams(state.query);
    query.set("saved-view", name);
    tb.view.show({path: state.path, query: query.toString()});
  };

  async function told(act) {
    try {
      await act();
      await load();
      return true;
    } catch (error) {
      tb.kit.toast(error.message, {bad: true});
      return false;
    }
  }

  const put = (name, state) => tb.http.json("/api/views/save", {name, state});
  const drop = (name) => tb.http.json("/api/views/delete", {name});

  const save = (name) =>
    told(async () => {
      await put(name, {...(find(name)?.state.start ? {start: true} : {}), ...shown()});
      tb.view.set({savedView: name});
      tb.kit.toast(`Saved as ${name}`, {seconds: 3});
    });

  /** Asks for a name; `act(name)` returns whether it was done. */
  function ask(title, label, value, act) {
    const field = el("input", {type: "text", class: "field", "aria-label": "Name of the view", value, maxlength: 200, spellcheck: "false"});
    const note = el("p", {class: "field-error", role: "alert"});
    const run = () => {
      const name = field.value.trim();
      if (!name) {
        note.textContent = "A view needs a name.";
        return false;
      }
      return act(name, note);
    };
    const {close} = tb.kit.dialog({title, body: el("div", {}, field, note), actions: [{label, primary: true, run}]});
    field.addEventListener("keydown", async (event) => event.key === "Enter" && (await run()) !== false && close());
    field.select();
  }

  function saveAs() {
    if (why) return tb.kit.toast(`Views cannot be saved: ${why}`, {bad: true});
    let warned = null;
    ask("Save this view", "Save", "", (name, note) => {
      if (find(name) && warned !== name) {
        warned = name;
        note.textContent = `There is a view of that name: saving again replaces it.`;
        return false;
      }
      return save(name);
    });
    return undefined;
  }

  const rename = (view) =>
    ask("Rename the view", "Rename", view.name, (name, note) => {
      if (name === view.name) return true;
      if (find(name)) {
        note.textContent = "There is a view of that name.";
        return false;
      }
      return told(async () => {
        await put(name, view.state);
        await drop(view.name);
        if (tb.view.get().savedView === view.name) tb.view.set({savedView: name});
      });
    });

  const remove = (view) =>
    told(async () => {
      await drop(view.name);
      tb.kit.toast(`Deleted ${view.name}`, {action: {label: "Undo", run: () => told(() => put(view.name, view.state))}});
    });

  /** One view at most is what a visit without an address begins with. */
  const startWith = (view) =>
    told(async () => {
      for (const other of views.filter((one) => one.state.start)) {
        const {start, ...state} = other.state;
        await put(other.name, state);
      }
      if (!view.state.start) await put(view.name, {...view.state, start: true});
    });

  function viewMenu(anchor, view) {
    tb.kit.menu(anchor, [
      {header: view.name},
      {label: "Replace by what is shown now", disabled: Boolean(why), run: () => save(view.name)},
      {label: "Rename…", disabled: Boolean(why), run: () => rename(view)},
      {label: "Begin with this view", hint: "Opened by a visit without an address", checked: Boolean(view.state.start), disabled: Boolean(why), run: () => startWith(view)},
      {separator: true},
      {label: "Delete", danger: true, disabled: Boolean(why), run: () => remove(view)},
    ], {align: "end"});
  }

  function row(view, anchor) {
    const current = tb.view.get().savedView === view.name;
    const more = el("button", {type: "button", class: "card-button views-more", "aria-label": `Change ${view.name}`, "aria-haspopup": "menu", onclick: () => viewMenu(anchor, view)}, "⋯");
    return el(
      "div", {class: "views-row" + (current ? " current" : "")},
      el("button", {type: "button", class: "menu-item", onclick: () => {
        tb.kit.popover(anchor, el("span")).close();
        open(view);
      }},
        el("span", {class: "menu-check", "aria-hidden": "true"}, current ? "✓" : ""),
        el("span", {class: "menu-label"}, view.name),
        el("small", {}, (view.state.start ? "start · " : "") + view.state.path.replace(/^\//, ""))),
      more
    );
  }

  function list(anchor) {
    const current = find(tb.view.get().savedView);
    const changed = current && differs(current);
    const act = (label, run, disabled = false) => el("button", {type: "button", class: "menu-item", disabled, onclick: () => {
      tb.kit.popover(anchor, el("span")).close();
      run();
    }}, el("span", {class: "menu-check"}), el("span", {class: "menu-label"}, label));
    return el(
      "div", {class: "menu views-menu"},
      el("div", {class: "menu-header"}, "Saved views"),
      ...(views.length ? views.map((view) => row(view, anchor)) : [el("p", {class: "views-empty"}, "None yet. A view keeps this page with everything chosen on it: runs, filters, charts, zoom.")]),
      el("hr", {class: "menu-line"}),
      changed ? act(`Save the changes to ${current.name}`, () => save(current.name), Boolean(why)) : null,
      changed ? act(`Back to ${current.name} as saved`, () => open(current)) : null,
      act("Save this view…", saveAs, Boolean(why)),
      act("Copy a link to it", () => tb.kit.copy(tb.view.link(), "Link copied")),
      ...(tb.share ? [act("Share as a file…", () => tb.share.ask())] : []),
      why ? el("p", {class: "views-empty"}, `Nothing can be saved: ${why}`) : null
    );
  }

  async function show(anchor) {
    try {
      await load();
    } catch (error) {
      tb.kit.toast(error.message, {bad: true});
      return;
    }
    tb.kit.popover(anchor, list(anchor), {align: "end"}).node.querySelector("button:not([disabled])")?.focus();
  }

  /** A visit to the bare address begins with the view that was chosen for that. */
  async function begin() {
    const bare = tb.path() === "/" && location.search === "";
    try {
      await load();
    } catch (error) {
      return; // the page says itself that the server is away; the menu asks anew
    }
    const start = views.find((view) => view.state.start);
    if (bare && start && tb.path() === "/") open(start);
  }

  tb.commands.add({id: "save-view", title: "Save this view…", section: "Views", run: saveAs});
  tb.commands.add({id: "open-views", title: "Saved views", section: "Views", keys: "v", run: () => document.querySelector("#shell-views button")?.click()});
  tb.commands.provide(() => views.map((view) => ({title: view.name, section: "View", run: () => open(view)})));

  tb.SavedViews = function ({id}) {
    const button = useRef(null);
    const [, redraw] = useState(0);
    useEffect(() => {
      let later = null;
      const again = () => redraw((n) => n + 1);
      // Which keys make a difference, only the address knows: it is written a moment after a change.
      const soon = () => {
        clearTimeout(later);
        later = setTimeout(again, 350);
      };
      listeners.add(again);
      const off = tb.view.subscribe(soon);
      window.addEventListener("_dashprivate_pushstate", soon);
      begin();
      return () => {
        clearTimeout(later);
        listeners.delete(again);
        window.removeEventListener("_dashprivate_pushstate", soon);
        off();
      };
    }, []);
    const current = find(tb.view.get().savedView);
    const changed = Boolean(current) && differs(current);
    const title = current ? `View: ${current.name}${changed ? ", changed since it was saved" : ""}` : "Saved views";
    return h(
      "span", {id, className: "saved-views"},
      h("button", {type: "button", ref: button, className: "button views-button", title, "aria-label": title, "aria-haspopup": "menu",
        onClick: () => show(button.current)},
        h("span", {className: "views-glyph", "aria-hidden": true}, "☰"),
        h("span", {className: "views-name"}, current ? current.name : "Views"),
        changed && h("span", {className: "views-changed", "aria-hidden": true}, "•"))
    );
  };
})();
