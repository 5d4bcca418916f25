/* Curves that the server computes, kept in the store beside the logged ones: under keys that say how. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const MAX_GROUPS = 2000; // compositions remembered; each holds names only
  const SIGN = "\n"; // no tag begins with it: names with line breaks end at them
  const groups = new Map(); // unit -> {key, title, runs}: a group in one composition
  const specs = new Map(); // key -> spec, parsed once

  /**
   * The store's key of a curve: {y, x, low, high, band}, each an expression as data; `x` may also be
   * "relative", and `band` makes it one of groups. What is merely a logged tag has the tag as its key.
   */
  function keyOf({y, x = null, low = null, high = null, band = null}) {
    if (y[0] === "tag" && !x && !low && !high && !band) return y[1];
    const spec = {y};
    for (const [name, value] of Object.entries({x, low, high, band})) if (value) spec[name] = value;
    return SIGN + JSON.stringify(spec);
  }

  const isComputed = (key) => key.startsWith(SIGN);

  function specOf(key) {
    if (!specs.has(key)) specs.set(key, JSON.parse(key.slice(SIGN.length)));
    return specs.get(key);
  }

  /** The logged tags that a key is made of. */
  function tagsOf(key) {
    if (!isComputed(key)) return [key];
    const spec = specOf(key);
    spec.tags = spec.tags || [...new Set([spec.y, spec.x, spec.low, spec.high].flatMap(tb.expressions.tagsOf))];
    return spec.tags;
  }

  /** Runs that have all that the key is made of, of these. */
  function having(key, names) {
    const listed = tb.runs.series("scalar");
    const maps = tagsOf(key).map((tag) => listed.get(tag));
    if (maps.some((map) => !map)) return [];
    return names.filter((name) => maps.every((map) => map.has(name)));
  }

  /** A short number of a text, the same for the same text. Source: Bryc's cyrb53. */
  function digest(text) {
    let [a, b] = [0xdeadbeef, 0x41c6ce57];
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, 2654435761);
      b = Math.imul(b ^ code, 1597334677);
    }
    a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
    b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
    return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36);
  }

  /** The runs as units of the store: one for each group, of those of its runs that are named. */
  function unitsOf(names) {
    const byGroup = new Map();
    for (const name of names) {
      const group = tb.groups.of(name);
      if (!group) continue;
      if (!byGroup.has(group.key)) byGroup.set(group.key, {key: group.key, title: group.title, runs: []});
      byGroup.get(group.key).runs.push(name);
    }
    return [...byGroup.values()].map((group) => {
      const unit = digest(group.key + SIGN + group.runs.join(SIGN));
      groups.delete(unit);
      groups.set(unit, group);
      if (groups.size > MAX_GROUPS) groups.delete(groups.keys().next().value);
      return unit;
    });
  }

  /**
   * What is listed of a key, unit -> {n, rewinds, ranks, firstStep}: of a logged tag as it comes, of
   * groups for the `units` named.
   */
  function listing(key, units = []) {
    const listed = tb.runs.series("scalar");
    if (!isComputed(key)) return listed.get(key) || new Map();
    const maps = tagsOf(key).map((tag) => listed.get(tag));
    const found = new Map();
    if (maps.some((map) => !map)) return found;
    const sum = (runs) => {
      const all = {n: 0, rewinds: 0, ranks: 1, firstStep: Infinity};
      for (const run of runs) {
        const infos = maps.map((map) => map.get(run));
        if (infos.some((info) => !info)) continue;
        for (const info of infos) {
          all.n += info.n;
          all.rewinds += info.rewinds;
          all.firstStep = Math.min(all.firstStep, info.firstStep);
        }
      }
      return all;
    };
    if (specOf(key).band) {
      for (const unit of units) if (groups.has(unit)) found.set(unit, sum(groups.get(unit).runs));
      return found;
    }
    for (const run of maps[0].keys()) if (maps.every((map) => map.has(run))) found.set(run, sum([run]));
    return found;
  }

  /** An item of the store's as the server takes it. */
  function asked({tag, runs, range}) {
    const {y, x, low, high, band} = specOf(tag);
    const item = {key: tag, y, x, low, high, range};
    if (!band) return {...item, runs};
    return {...item, band, groups: Object.fromEntries(runs.filter((unit) => groups.has(unit)).map((unit) => [unit, groups.get(unit).runs]))};
  }

  /** Logged and computed curves of `items`, {tag, runs, since, range}, in one answer as /api/series has it. */
  async function fetchSeries({items, ...how}, options) {
    const {partition} = tb.view.get();
    const logged = items.filter((item) => !isComputed(item.tag));
    const computed = items.filter((item) => isComputed(item.tag)).map(asked);
    const request = (url, list) => (list.length ? [tb.http.arrays(url, {items: list, ...how, partition}, options)] : []);
    const answers = await Promise.all([...request("/api/series", logged), ...request("/api/computed", computed)]);
    if (answers.length === 1) return answers[0];
    const whole = {blocks: [], failed: [], arrays: []};
    for (const {blocks, failed, arrays} of answers) {
      const shift = whole.arrays.length;
      whole.failed.push(...failed);
      whole.arrays.push(...arrays);
      for (const block of blocks) {
        const columns = Object.fromEntries(Object.entries(block.columns).map(([name, at]) => [name, at + shift]));
        whole.blocks.push({...block, columns});
      }
    }
    return whole;
  }

  tb.computed = {keyOf, isComputed, specOf, tagsOf, having, unitsOf, listing, fetch: fetchSeries, group: (unit) => groups.get(unit)};
})();
