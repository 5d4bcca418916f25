/* A view as one file to pass on: the page's charts with their curves, to be opened without a server. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const FULL = 16384; // points of a curve that are in the file as they are; the server gives no more
  const MOST = 1500000; // points of all curves together
  const FEWEST = 400; // bins that a curve has at least
  const AT_ONCE = 60; // curves asked for together
  const MARK = "/*TRAINBOARD DATA*/";

  /** The cards that the page shows, in its order: those of open groups. */
  function cards() {
    const all = [...tb.charts.grids].flatMap((grid) => [...grid.cards.values()]);
    const found = all.filter((card) => card.node.isConnected && card.node.offsetParent !== null && card.runs().length);
    const before = (a, b) => (a.node.compareDocumentPosition(b.node) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);
    return found.sort(before);
  }

  const sourcesOf = (card) => tb.charts.sourcesOf(card.chart, card.runs());

  /** How many points each curve may have: {pixels, lines, full}. */
  function budget(shown) {
    const lines = shown.flatMap((card) => sourcesOf(card)).reduce((n, {units}) => n + units.length, 0);
    const pixels = Math.min(FULL / 2, Math.max(FEWEST, Math.floor(MOST / Math.max(1, lines) / 2)));
    return {pixels, lines, full: pixels * 2};
  }

  /** The curves of a card as fine as the file takes them, as `tb.chartLines` makes lines of them. */
  async function linesOf(card, pixels) {
    const sources = sourcesOf(card);
    const axis = tb.charts.axisOf(card.chart);
    const held = new Map();
    for (const {key, units} of sources) {
      for (let at = 0; at < units.length; at += AT_ONCE) {
        const store = card.grid.store;
        const part = await store.detail([{tag: key, runs: units.slice(at, at + AT_ONCE)}], pixels);
        for (const [own, runs] of part) held.set(own, new Map([...(held.get(own) || []), ...runs]));
      }
    }
    const store = {get: (key, unit) => held.get(key)?.get(unit), tags: held};
    return tb.chartLines.collect(store, sources, {axis, smoothing: 0, detail: null});
  }

  /** Numbers as JSON takes them: what is not finite by its name. */
  const plain = (array, length) => Array.from(array.subarray(0, length), (v) => (Number.isFinite(v) ? v : String(v)));

  /** The colour in both themes. */
  function inThemes(color) {
    const {light, dark} = tb.palette;
    const at = tb.palette[tb.theme.current()].indexOf(color);
    return at < 0 ? [color, color] : [light[at % light.length], dark[at % dark.length]];
  }

  function lineData(line, places, xs) {
    const {series} = line;
    const n = series.length;
    const binned = series.binned && !series.exact;
    const group = line.group ? tb.computed.group(line.group) : null;
    return {
      runs: (group ? group.runs : [series.run]).map((name) => places.get(name)).filter((at) => at !== undefined),
      title: line.title, colors: inThemes(line.color), dash: line.dash, faint: line.faint, points: series.n,
      x: place(xs, plain(line.xs, n)), y: plain(series.value, n), step: place(xs, plain(series.step, n)),
      ...(binned ? {low: plain(series.min, n), high: plain(series.max, n), count: plain(series.count, n), smooth: plain(series.fromStore, n)} : {}),
      ...(line.band ? {band: [plain(line.band.low, n), plain(line.band.high, n)]} : {}),
      ...(series.nonfinite ? {nonfinite: plain(series.nonfinite, n)} : {}),
      breaks: line.breaks,
    };
  }

  /** The number of an array in the list of those that are in the file, where equal ones are once. */
  function place(xs, values) {
    const text = JSON.stringify(values);
    if (!xs.has(text)) xs.set(text, {at: xs.size, values});
    return xs.get(text).at;
  }

  function runData(name) {
    const run = tb.runs.get(name);
    const settings = {};
    for (const {key} of tb.records.keys()) {
      const value = tb.records.value(name, key);
      if (value !== undefined && /^(config|hparam)\./.test(key)) settings[key.replace(/^\w+\./, "")] = value;
    }
    return {name, title: run.title, status: run.status, created: run.created, colors: inThemes(tb.runs.color(name)), settings};
  }

  /** The view as data; `told(done, all)` is called as it goes on. */
  async function capture(title, told) {
    await tb.records.load();
    const shown = cards();
    const {pixels, full} = budget(shown);
    const names = [...new Set(shown.flatMap((card) => card.runs()))];
    const places = new Map(names.map((name, at) => [name, at]));
    const xs = new Map();
    const {smoothing, logY} = tb.view.get();
    const charts = [];
    for (const card of shown) {
      told(charts.length, shown.length);
      const lines = await linesOf(card, pixels);
      charts.push({
        title: card.chart.title, section: sectionOf(card), axis: tb.charts.axisOf(card.chart), log: card.logY, zoom: card.zoomed,
        wide: tb.view.get().wide.includes(card.chart.id), lines: lines.map((line) => lineData(line, places, xs)),
      });
    }
    return {
      title, made: Date.now() / 1000, logdir: logdirName(), smoothing, logY, theme: tb.view.get().theme, full,
      runs: names.map(runData), charts, xs: [...xs.values()].map(({values}) => values),
    };
  }

  const sectionOf = (card) => card.node.closest(".group")?.querySelector(".group-head span:not(.chevron)")?.textContent || "";

  /** The logdir's own name: where it lies is nobody's business. */
  const logdirName = () => (tb.config.logdir || "").replace(/\/+$/, "").split("/").pop();

  /** The file's text: what the server gave with the data in its place. */
  function pageOf(template, data) {
    const parts = template.split(MARK);
    if (parts.length !== 2) throw new Error("The server's page for files is not of this version; reload.");
    // "<" in a script's data may end it, whatever quotes it stands in.
    return parts[0] + JSON.stringify(data).replace(/</g, "\\u003c") + parts[1];
  }

  async function make(title, told) {
    const [template, data] = [await tb.http.text("/api/share"), await capture(title, told)];
    return pageOf(template, data);
  }

  const fileName = (title) => (title.replace(/[^\p{L}\p{N}._=-]+/gu, "-").replace(/^[.-]+|-+$/g, "") || "view") + ".html";

  /** Asks for a title, then makes the file and has the browser save it. */
  function ask() {
    const shown = tb.charts ? cards() : [];
    if (!shown.length) {
      tb.kit.toast("This page has no charts to share: open Scalars or Compare.", {bad: true});
      return;
    }
    const {lines, full} = budget(shown);
    const field = el("input", {type: "text", class: "field", "aria-label": "Title", value: tb.view.get().savedView || logdirName(), maxlength: 200});
    const progress = el("p", {class: "share-progress", role: "status"});
    const body = el(
      "div", {}, el("label", {}, "Title"), field,
      el("p", {class: "share-note"}, `${shown.length} charts with ${lines} curves, as they are now: runs, smoothing, axis, zoom, colours, groups. One HTML file that opens anywhere, without a server or a network.`),
      el("p", {class: "share-note"}, `Curves of up to ${tb.format.step(full)} points are in it in full; of longer ones the least, mean and greatest value of each of ${tb.format.step(full / 2)} stretches.`),
      progress
    );
    const run = async () => {
      try {
        const text = await make(field.value.trim() || "view", (done, all) => (progress.textContent = `Reading chart ${done + 1} of ${all}…`));
        tb.kit.download(fileName(field.value), text, "text/html");
        tb.kit.toast(`Saved as ${fileName(field.value)} (${(text.length / 1e6).toFixed(1)} MB)`);
        return true;
      } catch (error) {
        progress.textContent = error.message;
        return false;
      }
    };
    tb.kit.dialog({title: "Share as a file", body, actions: [{label: "Save the file", primary: true, run}]});
    field.select();
  }

  tb.share = {ask, make, capture};
  tb.commands.add({id: "share-file", title: "Share this view as a file…", section: "Views", run: ask});
})();
