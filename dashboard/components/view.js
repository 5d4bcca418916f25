/* The view state that all pages share; the address carries it, so a link shows the same picture. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const keys = new Map(); // key -> {initial, param, remember, valid, pages}
  const listeners = new Set();
  const state = {};
  let writing = null;

  const same = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);

  function encode(value) {
    return typeof value === "string" ? value : JSON.stringify(value);
  }

  function decode(text, initial) {
    if (typeof initial === "string") return text;
    try {
      const value = JSON.parse(text);
      // A hand-made link must not put a word where a number belongs.
      return typeof value === typeof initial && Array.isArray(value) === Array.isArray(initial) && value !== null
        ? value
        : initial;
    } catch (error) {
      return initial;
    }
  }

  /** Whether the address of the page shown carries a key. */
  const isHere = ({pages}) => !pages || pages.includes(tb.path());

  function read(key) {
    const {initial, param, remember, valid} = keys.get(key);
    let text = isHere(keys.get(key)) ? new URLSearchParams(location.search).get(param) : null;
    if (text === null && remember) {
      try {
        text = localStorage.getItem("trainboard." + param);
      } catch (error) {
        text = null; // storage is switched off: the choice lasts as long as the page
      }
    }
    const value = text === null ? initial : decode(text, initial);
    return valid && !valid(value) ? initial : value;
  }

  /** The state as an address has it; `whole` also says what this browser remembers, as others may not. */
  function queryOf({whole = false} = {}) {
    const query = new URLSearchParams(location.search);
    query.delete("token");
    for (const {param} of keys.values()) query.delete(param);
    for (const [key, known] of keys) {
      const told = whole && known.remember && key !== "theme";
      if (isHere(known) && (told || !same(state[key], known.initial))) query.set(known.param, encode(state[key]));
    }
    return query;
  }

  function addressOf(how) {
    const text = queryOf(how).toString();
    return location.pathname + (text ? "?" + text : "") + location.hash;
  }

  /** Takes the state from the address. */
  function reread() {
    const changed = new Set();
    for (const [key, known] of keys) {
      if (!isHere(known)) continue; // another page goes on showing what it did
      const value = read(key);
      if (!same(value, state[key])) {
        state[key] = value;
        changed.add(key);
      }
    }
    notify(changed);
  }

  function write() {
    writing = null;
    const address = addressOf();
    if (address !== location.pathname + location.search + location.hash) {
      history.replaceState(history.state, "", address);
    }
  }

  function notify(changed) {
    if (changed.size) for (const listener of [...listeners]) listener(view.get(), changed);
  }

  const view = (tb.view = {
    /**
     * Adds a key; `param` is its name in the address, `remember` keeps it in this browser too; with
     * `pages` (their paths) the address carries it on those pages only.
     */
    declare(key, initial, {param = key, remember = false, valid = null, pages = null} = {}) {
      if (keys.has(key)) {
        if (keys.get(key).param !== param || !same(keys.get(key).initial, initial)) throw new Error(`view: '${key}' is declared twice`);
        return;
      }
      for (const [other, known] of keys) {
        // Two pages may each have a "sort" of their own.
        const apart = pages && known.pages && !pages.some((page) => known.pages.includes(page));
        if (known.param === param && !apart) throw new Error(`view: '${key}' and '${other}' are both '${param}' in the address`);
      }
      keys.set(key, {initial, param, remember, valid, pages});
      state[key] = read(key);
    },
    get: () => state,
    /** A link that shows exactly this; the address has it too, a moment after a change. */
    link: () => location.origin + addressOf({whole: true}),
    /** What a saved view keeps: {path, query}; the theme is the viewer's own. */
    snapshot() {
      const query = queryOf({whole: true});
      query.delete("theme");
      query.sort();
      return {path: tb.path(), query: query.toString()};
    },
    /** Opens what `snapshot` gave, whatever stands now. */
    show({path, query}) {
      const {theme} = state;
      history.pushState({}, "", tb.http.url(path) + (query ? "?" + query : ""));
      reread();
      view.set({theme});
      window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
      window.scrollTo(0, 0);
    },
    set(patch) {
      const changed = new Set();
      for (const [key, value] of Object.entries(patch)) {
        if (!keys.has(key)) throw new Error(`view: '${key}' was not declared`);
        if (same(state[key], value)) continue;
        state[key] = value;
        changed.add(key);
        const {param, remember} = keys.get(key);
        if (remember) {
          try {
            localStorage.setItem("trainboard." + param, encode(value));
          } catch (error) {
            // See read().
          }
        }
      }
      // Browsers refuse more than some hundred address changes a minute.
      if (changed.size && writing === null) writing = setTimeout(write, 300);
      notify(changed);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });

  view.declare("runFilter", "", {param: "runs"});
  // {except: [...]} is all runs but these, {only: [...]} just these: whichever the user did.
  view.declare("selection", {except: []}, {
    param: "select",
    valid: (v) => Array.isArray(v.except) || Array.isArray(v.only),
  });
  view.declare("smoothing", 0.6, {remember: true, valid: (w) => w >= 0 && w <= 0.999});
  view.declare("axis", "step", {param: "x", valid: (v) => ["step", "relative", "wall"].includes(v) || v.startsWith("metric:")});
  view.declare("logY", false, {param: "log"});
  view.declare("theme", "system", {remember: true, valid: (v) => ["system", "light", "dark"].includes(v)});
  view.declare("tagFilter", "", {param: "tags"});
  view.declare("zoom", {}, {});
  view.declare("column", "", {});
  // What runs are taken together, see groups.js; the run that others are held against; and the step
  // that every page with one value a step shows, "" for the newest.
  view.declare("groupBy", [], {param: "group", valid: (v) => v.every((key) => typeof key === "string")});
  view.declare("baseline", "", {});
  view.declare("archived", false, {});
  view.declare("step", "", {valid: (v) => v === "" || Number.isFinite(Number(v))});

  /** Opens a page of ours as its link would, with this change of the view. */
  tb.go = function (path, patch = {}) {
    view.set(patch);
    history.pushState({}, "", tb.http.url(path));
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  };

  // A page change by a link drops the query; the state is still here and goes back into the address.
  const changedPage = () => {
    if (writing === null) writing = setTimeout(write, 0);
  };
  window.addEventListener("_dashprivate_pushstate", changedPage);
  window.addEventListener("popstate", reread);
  if (new URLSearchParams(location.search).has("token")) changedPage();
})();
