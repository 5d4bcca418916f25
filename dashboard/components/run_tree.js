/* The rows of the run list: runs as they come, under the headings of their groups, or as a tree of names. */
(function () {
  "use strict";
  const tb = window.trainboard;

  const heading = (type, key, label, depth, runs, open, color = null) => ({type, key, label, depth, runs, open, color});

  function flat(runs) {
    return runs.map((run) => ({type: "run", key: "run:" + run.id, run, depth: 0, label: run.title}));
  }

  function grouped(runs, closed, groupOf) {
    const byGroup = new Map();
    for (const run of runs) {
      const group = groupOf(run.name);
      const key = "group:" + (group ? group.key : "");
      if (!byGroup.has(key)) byGroup.set(key, {group, runs: []});
      byGroup.get(key).runs.push(run);
    }
    const rows = [];
    for (const [key, {group, runs: own}] of byGroup) {
      const open = !closed.has(key);
      rows.push(heading("group", key, group ? group.title : "no group", 0, own, open, group && group.color));
      if (open) for (const run of own) rows.push({type: "run", key: "run:" + run.id, run, depth: 1, label: run.title});
    }
    return rows;
  }

  /** The names as folders: {folders: Map part -> folder, entries: [run or part, in order], runs}. */
  function folders(runs) {
    const root = {folders: new Map(), entries: [], runs};
    for (const run of runs) {
      const parts = run.name.split("/");
      const leaf = parts.pop();
      let place = root;
      for (const part of parts) {
        let next = place.folders.get(part);
        if (!next) {
          next = {folders: new Map(), entries: [], runs: []};
          place.folders.set(part, next);
          place.entries.push(part);
        }
        next.runs.push(run);
        place = next;
      }
      place.entries.push({run, leaf});
    }
    return root;
  }

  const shownLeaf = ({run, leaf}) => (run.title === run.name ? leaf : run.title);

  /** A folder that holds nothing but one folder is shown with it in one row; one with a single run, as the run. */
  function nested(root, closed) {
    const rows = [];
    const walk = (place, path, depth) => {
      for (const entry of place.entries) {
        if (typeof entry !== "string") {
          rows.push({type: "run", key: "run:" + entry.run.id, run: entry.run, depth, label: shownLeaf(entry)});
          continue;
        }
        let inner = place.folders.get(entry);
        let label = entry;
        while (inner.entries.length === 1 && typeof inner.entries[0] === "string") {
          label += "/" + inner.entries[0];
          inner = inner.folders.get(inner.entries[0]);
        }
        if (inner.runs.length === 1) {
          const [only] = inner.entries;
          const name = only.run.title === only.run.name ? `${label}/${only.leaf}` : only.run.title;
          rows.push({type: "run", key: "run:" + only.run.id, run: only.run, depth, label: name});
          continue;
        }
        const own = path + label + "/";
        const open = !closed.has("folder:" + own);
        rows.push(heading("folder", "folder:" + own, label, depth, inner.runs, open));
        if (open) walk(inner, own, depth + 1);
      }
    };
    walk(root, "", 0);
    return rows;
  }

  /**
   * The rows for runs in their order: {type: "run", key, run, depth, label}, and headings {type: "group" or
   * "folder", key, label, depth, runs, open, color}, closed where `closed` has their key.
   */
  tb.runRows = function (runs, {asTree = false, groupOf = null, closed = new Set()} = {}) {
    if (groupOf) return grouped(runs, closed, groupOf);
    return asTree ? nested(folders(runs), closed) : flat(runs);
  };
})();
