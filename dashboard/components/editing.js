/* What the page asks the server to change: names, notes, tags, colours, archive, trash. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const FRESH_MS = 30000;
  const NAMED = 3; // refusals told one by one
  let asked = null; // a Promise of the answer of /api/editable
  let askedAt = -Infinity;
  let reasons = new Map(); // run name -> why it cannot be changed
  let views = null;

  async function ask() {
    const answer = await tb.http.json("/api/editable", undefined, {quiet: true});
    reasons = new Map(Object.entries(answer.runs).flatMap(([why, names]) => names.map((name) => [name, why])));
    views = answer.views;
  }

  /** Sees to it that `why` knows; what cannot be found out, the server says when it is asked to change. */
  function load() {
    const now = performance.now();
    if (!asked || now - askedAt > FRESH_MS) {
      askedAt = now;
      asked = ask().catch(() => {});
    }
    return asked;
  }

  /** Why none of these runs can be changed, null if one can. */
  function why(names) {
    const told = names.map((name) => reasons.get(name));
    return names.length && told.every(Boolean) ? told[0] : null;
  }

  const counted = (n, what = "run") => `${n.toLocaleString("en-US")} ${what}${n === 1 ? "" : "s"}`;

  function tellRefused(refused) {
    const all = Object.entries(refused);
    if (all.length === 0) return;
    const lines = all.slice(0, NAMED).map(([, message]) => message.split("\n")[0]);
    if (all.length > NAMED) lines.push(`and ${counted(all.length - NAMED, "other run")}`);
    tb.kit.toast(`Not changed: ${lines.join("; ")}`, {bad: true, seconds: 12});
  }

  /** Changes the runs, says what could not be; a Promise of the names that were changed. */
  async function change(names, values) {
    try {
      const {changed, refused} = await tb.http.json("/api/edit", {runs: names, change: values});
      tellRefused(refused);
      return changed;
    } catch (error) {
      tb.kit.toast(error.message, {bad: true});
      return [];
    }
  }

  /** The same, with a message that can take it back by `undo`, the opposite change. */
  async function changeWithUndo(names, values, undo, told) {
    const changed = await change(names, values);
    if (changed.length) tb.kit.toast(told(counted(changed.length)), {action: {label: "Undo", run: () => change(changed, undo)}});
    return changed;
  }

  tb.editing = {
    load,
    why,
    whyNoViews: () => views,
    change,
    counted,
    archive: (names, on) => changeWithUndo(names, {archived: on}, {archived: !on}, (runs) => `${runs} ${on ? "archived" : "taken back from the archive"}`),
    remove: (names) => changeWithUndo(names, {deleted: true}, {deleted: false}, (runs) => `${runs} put in the trash`),
    /** {name, title, status, created, deleted} of each run in the trash. */
    trash: async () => (await tb.http.json("/api/trash")).runs,
    async empty(names) {
      const {deleted} = await tb.http.json("/api/trash/empty", {runs: names});
      return deleted;
    },
  };
})();
