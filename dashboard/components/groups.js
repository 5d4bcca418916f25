/* Runs taken together: by keys of their config, by all keys but some, or by a regular expression. */
(function () {
  "use strict";
  const tb = window.trainboard;
  let cache = null; // {byRun: Map name -> group, list: [group]}

  /**
   * `view.groupBy` is a list of keys as `tb.records.value` takes them; "!key" leaves that one out of
   * all the keys that differ between runs ("all but the seed"); "~regex" groups by what its
   * parentheses catch of the run's name, or by whether it fits if it has none.
   */
  function keysOf(spec) {
    const left = spec.filter((key) => key.startsWith("!")).map((key) => key.slice(1));
    const keys = spec.filter((key) => !key.startsWith("!"));
    if (left.length === 0) return keys;
    const n = tb.runs.all().length;
    const differing = tb.records.keys().filter(({key, n: having, values}) =>
      !key.startsWith("summary.") && key !== "host" && !left.includes(key) && (values.size > 1 || having < n)
    );
    return [...keys, ...differing.map(({key}) => key)];
  }

  function partOf(run, key) {
    if (key.startsWith("~")) {
      const {regex} = tb.pattern(key.slice(1));
      const found = regex && regex.exec(run.name);
      if (!found) return [key, null, "other runs"];
      return found.length > 1 ? [key, found.slice(1), found.slice(1).join(" ")] : [key, true, "fits " + key.slice(1)];
    }
    const value = tb.records.value(run.name, key);
    const name = key.replace(/^(config|hparam|summary)\./, "");
    if (value === undefined) return [key, null, `no ${name}`];
    return [key, value, `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`];
  }

  function build() {
    const keys = keysOf(tb.view.get().groupBy);
    const byRun = new Map();
    const byKey = new Map();
    for (const run of tb.runs.all()) {
      const parts = keys.map((key) => partOf(run, key));
      const id = JSON.stringify(parts.map(([, value]) => value));
      if (!byKey.has(id)) {
        byKey.set(id, {key: id, title: parts.map(([, , text]) => text).join(", ") || "all runs", slot: byKey.size, runs: []});
      }
      const group = byKey.get(id);
      group.runs.push(run.name);
      byRun.set(run.name, group);
    }
    return {byRun, list: [...byKey.values()]};
  }

  function built() {
    const needs = tb.view.get().groupBy.some((key) => !key.startsWith("~"));
    if (needs && !tb.records.loaded()) {
      tb.records.load().then(() => tb.runs.touch(), () => {});
      return null;
    }
    cache = cache || build();
    const colors = tb.palette[tb.theme.current()];
    for (const group of cache.list) group.color = colors[group.slot % colors.length];
    return cache;
  }

  tb.groups = {
    active: () => tb.view.get().groupBy.length > 0,
    /** The group of a run: {key, title, color, runs: [names]}; null while nothing is grouped. */
    of(name) {
      if (!tb.groups.active()) return null;
      const now = built();
      return (now && now.byRun.get(name)) || null;
    },
    /** All groups, in the order of their oldest runs. */
    all() {
      const now = tb.groups.active() ? built() : null;
      return now ? now.list : [];
    },
    forget: () => (cache = null),
  };
})();
