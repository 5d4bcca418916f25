/* What the runs are about: config, hparams, results, notes. Fetched when first asked for, then kept. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const records = new Map(); // run name -> {config, hparams, summary, notes, group, job_type, host, ended, ...}
  const listeners = new Set();
  const PARTS = {config: "config.", hparams: "hparam.", summary: "summary."};
  const PLAIN = ["group", "job_type", "host"];
  let epoch = "";
  let version = 0;
  let here = false; // a logdir without runs is at version 0 for long
  let loading = null;
  let columns = null;

  async function fetchNews() {
    const query = new URLSearchParams({since: String(version), epoch});
    const answer = await tb.http.json("/api/records?" + query, undefined, {quiet: here});
    if (answer.reset) records.clear();
    for (const [name, record] of Object.entries(answer.records)) records.set(name, record);
    ({epoch, version} = answer);
    here = true;
    columns = null;
    tb.groups.forget();
    if (tb.groups.active() || tb.runQuery(tb.view.get().runFilter).needsRecords) tb.runs.touch();
    for (const listener of [...listeners]) listener();
  }

  const known = (name) => {
    const run = tb.runs.get(name);
    return run ? records.get(name) : undefined;
  };

  tb.records = {
    loaded: () => here,
    /** Sees to it that the records are here and stay fresh; a Promise of that. */
    load() {
      loading = loading || fetchNews().catch((error) => {
        loading = null; // the next one who asks tries again
        throw error;
      });
      return loading;
    },
    /** The record of a run, undefined until it came. */
    get: known,
    /**
     * What a run has under a key: "config.lr", "hparam.lr", "summary.best", "group", "job_type", "host";
     * undefined where it has none.
     */
    value(name, key) {
      const record = known(name);
      if (!record) return undefined;
      for (const [part, prefix] of Object.entries(PARTS)) {
        if (key.startsWith(prefix)) return record[part][key.slice(prefix.length)];
      }
      return PLAIN.includes(key) && record[key] !== "" ? record[key] : undefined;
    },
    /** Every key that some run has, in natural order: [{key, n, values}], n runs, values a Set of JSON texts. */
    keys() {
      if (columns) return columns;
      const found = new Map();
      const note = (key, value) => {
        if (!found.has(key)) found.set(key, {key, n: 0, values: new Set()});
        const entry = found.get(key);
        entry.n++;
        entry.values.add(JSON.stringify(value));
      };
      for (const [name, record] of records) {
        if (!tb.runs.get(name)) continue;
        for (const [part, prefix] of Object.entries(PARTS)) {
          for (const [key, value] of Object.entries(record[part])) note(prefix + key, value);
        }
        for (const key of PLAIN) if (record[key]) note(key, record[key]);
      }
      columns = [...found.values()].sort((a, b) => tb.naturally(a.key, b.key));
      return columns;
    },
    /** `listener()` after records came or changed. */
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };

  tb.runs.subscribe((news) => {
    if (!news.runs) return;
    columns = null;
    const stale = tb.runs.epoch !== epoch || tb.runs.all().some((run) => run.record > version);
    if (here && stale) {
      // A server that is away is asked again with the next news; what is held stays.
      fetchNews().catch(() => {});
    }
  });
})();
