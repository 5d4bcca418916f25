/* What is in the logdir, kept fresh by server-sent events; which runs are shown, in which colour. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const RETRY_MS = 2000;
  const byId = new Map();
  const byName = new Map();
  const series = new Map(); // kind -> tag -> run name -> {n, firstStep, lastStep, lastValue, rewinds, ranks, min, ...}
  const listeners = new Set();
  let epoch = "";
  let version = 0;
  let source = null;
  let retry = null;
  let shown = null;
  let sorted = null;
  let becomeReady;

  const number = (value) => (typeof value === "string" ? Number(value) : value);

  function notify(news) {
    const full = {runs: false, series: new Set(), shown: false, theme: false, status: false, ...news};
    for (const listener of [...listeners]) listener(full);
  }

  function apply(delta) {
    const news = {runs: false, series: new Set(), shown: false, status: false};
    if (delta.reset) {
      for (const [kind, tags] of series) for (const tag of tags.keys()) news.series.add(kind + "\n" + tag);
      byId.clear();
      byName.clear();
      series.clear();
      news.runs = true;
    }
    // First: a name that was given away is both, and what the old run had goes.
    for (const {id, name} of delta.removed) {
      byId.delete(id);
      byName.delete(name);
      for (const [kind, tags] of series) {
        for (const [tag, runs] of tags) {
          if (runs.delete(name)) news.series.add(kind + "\n" + tag);
          if (runs.size === 0) tags.delete(tag);
        }
      }
      news.runs = true;
    }
    for (const run of delta.runs) {
      const known = byId.get(run.id);
      if (known) Object.assign(known, run);
      else byId.set(run.id, run);
      byName.set(run.name, byId.get(run.id));
      news.runs = true;
    }
    for (const [kind, tags] of Object.entries(delta.series)) {
      if (!series.has(kind)) series.set(kind, new Map());
      const known = series.get(kind);
      for (const [tag, rows] of Object.entries(tags)) {
        if (!known.has(tag)) known.set(tag, new Map());
        const runs = known.get(tag);
        news.series.add(kind + "\n" + tag);
        for (const [id, n, firstStep, lastStep, lastValue, rewinds, ranks, min, minStep, max, maxStep] of rows) {
          const run = byId.get(id);
          const info = {n, firstStep, lastStep, lastValue: number(lastValue), rewinds, ranks, min, minStep, max, maxStep};
          if (run) runs.set(run.name, info);
        }
      }
    }
    ({epoch, version} = delta);
    runs.epoch = epoch;
    const status = JSON.stringify([delta.problems, delta.error]);
    news.status = status !== JSON.stringify([runs.problems, runs.error]);
    runs.problems = delta.problems;
    if (runs.unlisted !== delta.unlisted) news.status = true;
    runs.unlisted = delta.unlisted;
    runs.error = delta.error;
    if (news.runs) {
      sorted = null;
      shown = null;
      tb.groups.forget();
      news.shown = true;
    }
    runs.loaded = true;
    becomeReady();
    notify(news);
  }

  function connection(name) {
    if (runs.connection === name) return;
    runs.connection = name;
    notify({status: true});
  }

  function connect() {
    clearTimeout(retry);
    if (source || document.hidden) return;
    const query = new URLSearchParams({since: String(version), epoch});
    source = new EventSource(tb.http.url("/api/tail?" + query));
    source.onopen = () => connection("live");
    source.addEventListener("change", (event) => apply(JSON.parse(event.data)));
    source.onerror = () => {
      // Made anew rather than left to the browser's own retry, which gives up after an HTTP error.
      disconnect("lost");
      retry = setTimeout(connect, RETRY_MS);
    };
  }

  function disconnect(name) {
    if (source) source.close();
    source = null;
    connection(name);
  }

  async function start() {
    try {
      apply(await tb.http.json("/api/index"));
    } catch (error) {
      runs.error = error.message;
      connection("lost");
      notify({status: true});
    }
    connect(); // an unread listing comes by the stream as well
  }

  function computeShown() {
    const query = tb.runQuery(tb.view.get().runFilter);
    if (query.needsRecords && !tb.records.loaded()) tb.records.load().catch(() => {});
    return runs.all().filter((run) => runs.isSelected(run.name) && query.matches(run));
  }

  let listed = {selection: null, names: null};
  /** The names in the selection as a Set: it may hold thousands, and every row asks. */
  function selectionNames() {
    const {selection} = tb.view.get();
    if (listed.selection !== selection) listed = {selection, names: new Set(selection.only || selection.except)};
    return listed.names;
  }

  const runs = (tb.runs = {
    loaded: false,
    error: null,
    problems: [],
    unlisted: 0, // series that the listing had no room for
    connection: "connecting",
    ready: new Promise((resolve) => (becomeReady = resolve)),
    /** The runs, without the archived ones unless the view shows them. */
    all() {
      const {archived} = tb.view.get();
      sorted = sorted || [...byId.values()].filter((run) => archived || !run.archived).sort((a, b) => a.id - b.id);
      return sorted;
    },
    /** How many are archived. */
    archivedCount: () => [...byId.values()].filter((run) => run.archived).length,
    get: (name) => byName.get(name),
    shown() {
      shown = shown || computeShown();
      return shown;
    },
    isSelected: (name) => selectionNames().has(name) === Boolean(tb.view.get().selection.only),
    /** Selects or deselects the named runs. */
    select(names, on) {
      const {selection} = tb.view.get();
      const listed = new Set(selection.only || selection.except);
      const add = Boolean(selection.only) === on;
      for (const name of names) add ? listed.add(name) : listed.delete(name);
      tb.view.set({selection: selection.only ? {only: [...listed]} : {except: [...listed]}});
    },
    selectOnly: (names) => tb.view.set({selection: {only: [...names]}}),
    selectAll: () => tb.view.set({selection: {except: []}}),
    color(name) {
      const run = byName.get(name);
      if (!run) return tb.theme.css("--muted");
      const colors = tb.palette[tb.theme.current()];
      const group = tb.groups.of(name);
      if (group) return group.color;
      return run.color || colors[run.id % colors.length];
    },
    series: (kind) => series.get(kind) || new Map(),
    /** Tells everybody that colours or groups are others now. */
    touch() {
      shown = null;
      notify({shown: true});
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });

  const themeChanged = () => {
    if (tb.theme.apply(tb.view.get().theme)) notify({theme: true});
  };
  tb.theme.apply(tb.view.get().theme);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", themeChanged);
  tb.view.subscribe((state, changed) => {
    if (changed.has("theme")) themeChanged();
    if (changed.has("groupBy")) tb.groups.forget();
    if (changed.has("archived")) {
      sorted = null;
      tb.groups.forget();
    }
    if (["selection", "runFilter", "groupBy", "baseline", "archived"].some((key) => changed.has(key))) {
      shown = null;
      notify({shown: true});
    }
  });
  // What the listing had no room for is looked for by the filter, once the typing rests.
  let finding = null;
  tb.view.subscribe((state, changed) => {
    if (!changed.has("tagFilter") || !runs.unlisted || !state.tagFilter || tb.pattern(state.tagFilter).error) return;
    clearTimeout(finding);
    finding = setTimeout(() => {
      // What it finds comes by the stream, as all news do.
      tb.http.json("/api/find?" + new URLSearchParams({match: state.tagFilter})).catch((error) => {
        runs.error = error.message;
        notify({status: true});
      });
    }, 300);
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect("paused") : connect()));
  window.addEventListener("pagehide", () => disconnect("paused"));
  start();
})();
