/* The rows of the run table as data, and what of them changed. */
(function () {
  "use strict";
  const tb = window.trainboard;

  /** A row for each run that passes the filter: {name, v: {column id: value}}. */
  function build(ids) {
    const query = tb.runQuery(tb.view.get().runFilter);
    return tb.runs.all().filter(query.matches).map((run) => {
      const v = {};
      for (const id of ids) v[id] = tb.runColumns.valueOf(run, id);
      return {name: run.name, v};
    });
  }

  const same = (a, b, ids) => ids.every((id) => Object.is(a.v[id], b.v[id]));

  /** What makes `known` (Map name -> row) into `rows`: {add, update, remove}; `known` is changed with it. */
  function difference(known, rows, ids) {
    const [add, update, remove] = [[], [], []];
    const names = new Set();
    for (const row of rows) {
      names.add(row.name);
      const before = known.get(row.name);
      if (!before) add.push(row);
      else if (!same(before, row, ids)) update.push(row);
      if (!before || update.at(-1) === row) known.set(row.name, row);
    }
    for (const [name, row] of known) {
      if (names.has(name)) continue;
      remove.push(row);
      known.delete(name);
    }
    return {add, update, remove};
  }

  /** Puts rows of a group next to one another, groups in the order in which their first rows come. */
  function clustered(nodes, groupOf) {
    const byGroup = new Map();
    for (const node of nodes) {
      const key = groupOf(node.data.name)?.key ?? "";
      if (!byGroup.has(key)) byGroup.set(key, []);
      byGroup.get(key).push(node);
    }
    let at = 0;
    for (const list of byGroup.values()) for (const node of list) nodes[at++] = node;
  }

  tb.runTableRows = {build, difference, clustered};
})();
