/* The grid of scalar cards: groups, what is on screen, what is drawn when. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const FRAME_BUDGET = 12; // ms of drawing in one animation frame
  const SECTION_CARDS = 60; // in a section, and SECTIONS of these, until more are asked for
  const SECTIONS = 100;
  const LIVE_FRAMES = 40; // plotly charts kept alive; each holds some megabytes

  tb.view.declare("wide", []);
  tb.view.declare("logTags", [], {param: "logtags"});
  tb.view.declare("closed", [tb.gridSections.MACHINE], {param: "folded"});
  const COMPOSED = ["tagFilter", "closed", "charts", "pins"]; // which cards there are, and where
  const COMPUTED = ["axis", "band", "members", "ownAxes", "partition"]; // what they draw
  const grids = new Set(); // those on the page: they share the store
  // What the view may change: what is smoothed, what is shown in the controls, what the cards look like.
  const SMOOTHED = ["smoothing", "smoothKind", "smoothPoints", "partition"];
  const MARKED = ["step", "stepTo", "rangeSort", "baseline", "axis"];
  const CONTROLLED = ["step", "stepTo", ...SMOOTHED, "axis", "logY", "tagFilter"];
  const DRAWN = [
    ...SMOOTHED, "axis", "logY", "logTags", "logX", "logXTags", "outliers", "outlierTags", "yScale", "yRanges", "linkZoom", "xWindow",
    "wide", "zoom",
  ];

  class Grid {
    /** `given`: the charts it shows; null for all metrics, with those made here, as the view has them. */
    constructor(root, {given = null, controls = true} = {}) {
      this.root = root;
      this.given = given;
      this.cards = new Map(); // a chart's id -> MetricCard
      this.groups = new Map(); // prefix -> {node, body, button}
      this.dirty = new Set();
      this.drawing = null;
      this.dragging = false;
      // One store for as long as the tab lives: coming back from another page reads only tails.
      this.store = tb.scalarStore = tb.scalarStore || new tb.SeriesStore();
      grids.add(this);
      this.store.onNews = (keys) => grids.forEach((grid) => grid.arrived(keys));
      for (const [tag, infos] of tb.runs.series("scalar")) this.store.grew(tag, infos);
      for (const key of this.store.tags.keys()) if (tb.computed.isComputed(key)) this.computedGrew(key);
      this.hoverTable = new tb.HoverTable();
      this.hoverTable.onUnpin = () => this.unhover();
      this.controls = new tb.ScalarControls((dragging) => this.drag(dragging));
      this.empty = el("div", {class: "grid-empty", hidden: true});
      this.list = el("div", {class: "groups"});
      this.arranged = new Set(); // the metrics there were at the last arrangement
      this.shownOf = new Map(); // section -> how many of its cards are shown at most
      this.mostSections = SECTIONS;
      this.restButton = el("button", {type: "button", class: "button more-cards", hidden: true, onclick: () => {
        this.mostSections *= 2;
        this.arrange();
      }});
      this.tools = new tb.ChartTools(this.controls, {making: !given});
      if (controls) root.append(this.controls.node);
      this.unlisted = el("p", {class: "quiet", role: "status", hidden: true});
      root.append(this.empty, this.list, this.restButton, this.unlisted);
      this.observer = new IntersectionObserver((entries) => this.scrolled(entries), {
        root: document.getElementById("page"), rootMargin: "250px 0px",
      });
      this.resizer = new ResizeObserver(() => this.redraw(this.onScreen()));
      this.resizer.observe(this.list);
      this.off = [
        tb.runs.subscribe((news) => this.listed(news)),
        tb.view.subscribe((state, changed) => this.viewed(changed)),
        tb.pins.commands(this),
      ];
      tb.scalarGrid = this; // what commands act on
      this.arrange();
      // If no curve comes to be framed, the frames are made ready all the same.
      this.frameTimer = setTimeout(() => this.loadFrames(), 1500);
    }

    /** Plotly is 4.8 MB of script that holds the page for most of a second: it is run once the first
        curves are not only painted but seen, two frames and a breath later; then come the frames. */
    loadFrames() {
      clearTimeout(this.frameTimer);
      if (this.framesAsked) return;
      this.framesAsked = true;
      const load = () =>
        tb.plotly().then(
          () => this.redraw(this.onScreen()),
          () => (this.framesAsked = false)
        );
      requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(load, 80)));
    }

    onScreen() {
      return [...this.cards.values()].filter((card) => card.visible);
    }

    toggle(key, tag) {
      const list = tb.view.get()[key];
      tb.view.set({[key]: list.includes(tag) ? list.filter((t) => t !== tag) : [...list, tag]});
    }

    /** The listing changed: new or gone tags, grown series, other runs, other colours. */
    listed(news) {
      const tags = tb.runs.series("scalar");
      let rearrange = news.runs || news.status;
      const anew = new Set(); // keys with more than new points: curves that only grew are drawn when those are here
      const changed = new Set();
      for (const name of news.series) {
        const [kind, tag] = name.split("\n");
        if (kind !== "scalar") continue;
        changed.add(tag);
        if (!this.given && tags.has(tag) !== this.arranged.has(tag)) rearrange = true;
        if (this.store.grew(tag, tags.get(tag) || new Map())) anew.add(tag);
      }
      for (const key of this.store.tags.keys()) {
        if (!tb.computed.isComputed(key) || !tb.computed.tagsOf(key).some((tag) => changed.has(tag))) continue;
        this.computedGrew(key);
        tb.computed.tagsOf(key).forEach((tag) => anew.add(tag));
      }
      const touched = anew.size ? this.onScreen().filter((card) => tb.charts.tagsOf(card.chart).some((tag) => anew.has(tag))) : [];
      if (rearrange) this.arrange();
      if (news.shown || news.theme) this.redraw(this.onScreen());
      else this.redraw(touched);
      this.catchUp();
    }

    computedGrew(key) {
      this.store.grew(key, tb.computed.listing(key, [...this.store.tags.get(key).keys()]));
    }

    catchUp() {
      this.store.catchUp(() => [...new Set([...grids].flatMap((grid) => grid.onScreen().flatMap((card) => card.keys())))]);
    }

    viewed(changed) {
      if (COMPOSED.some((key) => changed.has(key))) this.arrange();
      if (COMPUTED.some((key) => changed.has(key))) {
        this.redraw(this.onScreen());
        this.tools.show();
      }
      if (CONTROLLED.some((key) => changed.has(key))) this.controls.show();
      if (DRAWN.some((key) => changed.has(key))) this.redraw(this.onScreen());
      if (SMOOTHED.some((key) => changed.has(key))) this.store.resmooth(() => this.onScreen());
      if (MARKED.some((key) => changed.has(key))) this.marking ??= requestAnimationFrame(() => this.mark());
      if (changed.has("axis")) this.unhover();
    }

    /** The handles and tables of the selected steps follow a drag without a curve drawn anew. */
    mark() {
      this.marking = null;
      for (const card of this.onScreen()) card.mark();
    }

    /** Points came; or a request failed and its cards say so. */
    arrived(tags) {
      this.redraw(this.onScreen().filter((card) => this.store.error || card.keys().some((key) => tags.has(key))));
      this.catchUp();
      this.stale(tags);
    }

    /** Bins that just came, or scroll into view, may carry another smoothing than the slider's. */
    stale(tags) {
      if ([...tags].some((tag) => this.store.isStale(tag))) this.store.resmooth(() => this.onScreen());
    }

    drag(dragging) {
      clearTimeout(this.restTimer);
      if (dragging) this.restTimer = setTimeout(() => this.drag(false), 250);
      if (this.dragging && !dragging) this.redraw(this.onScreen());
      this.dragging = dragging;
    }

    /** Other charts for a grid that was given some. */
    update(charts) {
      this.given = charts;
      this.arrange();
      this.redraw(this.onScreen());
    }

    sections() {
      if (this.given) return tb.gridSections.ofCharts(this.given);
      const {tagFilter, charts, pins} = tb.view.get();
      const {regex} = tb.pattern(tagFilter);
      return tb.gridSections.ofMetrics({
        tags: [...tb.runs.series("scalar").keys()], charts, pins, fits: (text) => !regex || regex.test(text),
      });
    }

    /** Puts a card for each chart into its section. */
    arrange() {
      const {closed} = tb.view.get();
      this.arranged = new Set(tb.runs.series("scalar").keys());
      const all = this.sections();
      const sections = all.slice(0, this.mostSections);
      const wanted = new Map(sections.flatMap(({cards}) => cards.map(({chart}) => [chart.id, chart])));
      for (const [id, card] of this.cards) {
        // A chart that was changed, by an edit or another address, is another card.
        if (JSON.stringify(wanted.get(id)) !== JSON.stringify(card.chart)) this.drop(card);
      }
      for (const [key, group] of this.groups) {
        if (sections.some((section) => section.key === key)) continue;
        group.node.remove();
        this.groups.delete(key);
      }
      place(this.list, sections.map((section) => this.group(section).node));
      this.restButton.hidden = all.length <= sections.length;
      this.restButton.textContent = `Show more groups (${tb.format.step(all.length - sections.length)} left)`;
      for (const section of sections) {
        const group = this.group(section);
        const open = !section.title || !closed.includes(section.key);
        group.body.dataset.section = section.key;
        group.count.textContent = section.cards.length;
        group.button.setAttribute("aria-expanded", open);
        group.body.hidden = !open;
        const most = this.shownOf.get(section.key) || SECTION_CARDS;
        group.more.hidden = !open || section.cards.length <= most;
        group.more.textContent = `Show more (${tb.format.step(section.cards.length - most)} left)`;
        // A folded section makes no cards; thousands at once would hold any browser.
        if (open) place(group.body, section.cards.slice(0, most).map(({chart, title}) => this.card(chart, title).node));
      }
      this.explain(this.given ? wanted.size : tb.runs.series("scalar").size, wanted.size);
    }

    group({key, title}) {
      if (!this.groups.has(key)) {
        const count = el("span", {class: "group-count"});
        const button = el(
          "button", {type: "button", class: "group-head", onclick: () => this.toggle("closed", key)},
          el("span", {class: "chevron", "aria-hidden": "true"}), el("span", {}, title), count
        );
        const body = el("div", {class: "cards"});
        const more = el("button", {type: "button", class: "button more-cards", hidden: true, onclick: () => {
          this.shownOf.set(key, 2 * (this.shownOf.get(key) || SECTION_CARDS));
          this.arrange();
        }});
        const node = el("section", {class: "group"}, title ? el("h2", {}, button) : null, body, more);
        this.groups.set(key, {node, body, button, count, more});
      }
      return this.groups.get(key);
    }

    card(chart, title) {
      if (!this.cards.has(chart.id)) {
        const card = new tb.MetricCard(chart, title, this);
        this.cards.set(chart.id, card);
        this.observer.observe(card.node);
      }
      const card = this.cards.get(chart.id);
      card.named(title);
      tb.pins.mark(card);
      return card;
    }

    drop(card) {
      this.observer.unobserve(card.node);
      card.release();
      card.node.remove();
      this.cards.delete(card.tag);
      this.dirty.delete(card);
    }

    scrolled(entries) {
      const byNode = new Map([...this.cards.values()].map((card) => [card.node, card]));
      const seen = [];
      for (const entry of entries) {
        const card = byNode.get(entry.target);
        if (!card) continue;
        card.visible = entry.isIntersecting || Boolean(card.isFull);
        card.lastSeen = performance.now();
        if (card.visible) seen.push(card);
      }
      this.redraw(seen);
      this.catchUp();
      this.stale(seen.flatMap((card) => card.keys()));
      const live = [...this.cards.values()].filter((card) => card.frame);
      const spare = live.filter((card) => !card.visible).sort((a, b) => a.lastSeen - b.lastSeen);
      for (const card of spare.slice(0, Math.max(0, live.length - LIVE_FRAMES))) card.release();
    }

    /** Draws the cards soon, some in each animation frame so that the page never stalls. */
    redraw(cards) {
      for (const card of cards) this.dirty.add(card);
      if (this.dirty.size && this.drawing === null) this.drawing = requestAnimationFrame(() => this.work());
    }

    work() {
      this.drawing = null;
      const end = performance.now() + FRAME_BUDGET;
      for (const card of this.dirty) {
        this.dirty.delete(card);
        if (card.visible) card.draw(this.dragging);
        // After the paint of what was drawn just now.
        if (!this.framesAsked && card.lines.length) setTimeout(() => this.loadFrames(), 0);
        if (performance.now() > end) break;
      }
      this.redraw([]);
    }

    hover(card, x, py, pointer) {
      if (this.hoverTable.pinned) return;
      const {view} = card;
      const found = tb.hover.rowsAt(card.lines, x, view, py);
      for (const other of this.onScreen()) {
        if (other.axis === card.axis) other.point(x, other === card ? found.nearest : null);
        else other.unpoint();
      }
      this.hoverTable.show(found, tb.view.get(), {...pointer, host: card.plot.closest("dialog")});
    }

    /** Keeps the table of what this card is pointed at. */
    pin(card) {
      this.hoverTable.pin(card.plot);
    }

    unhover() {
      if (this.hoverTable.pinned) return;
      for (const card of this.cards.values()) card.unpoint();
      this.hoverTable.hide();
    }

    /** The line for when there is nothing to draw: what to do about it. */
    explain(known, shown) {
      const {runs} = tb;
      let parts = null;
      if (!runs.loaded) parts = [el("p", {class: "quiet"}, runs.error || "Reading the logdir…")];
      else if (known === 0) parts = howToLog(runs.all().length);
      else if (shown === 0) parts = [el("p", {class: "quiet"}, "No metric matches the filter.")];
      this.unlisted.hidden = this.given || !runs.unlisted;
      this.unlisted.textContent = `${tb.format.step(runs.unlisted || 0)} series more than a list can hold: the filter finds them.`;
      this.empty.hidden = parts === null;
      if (parts) this.empty.replaceChildren(...parts);
    }

    destroy() {
      clearTimeout(this.frameTimer);
      clearTimeout(this.restTimer);
      clearTimeout(this.store.smoothTimer);
      grids.delete(this);
      if (grids.size === 0) this.store.onNews = () => {};
      this.tools.destroy();
      if (this.drawing !== null) cancelAnimationFrame(this.drawing);
      if (this.marking) cancelAnimationFrame(this.marking);
      if (tb.scalarGrid === this) tb.scalarGrid = null;
      this.off.forEach((off) => off());
      this.observer.disconnect();
      this.resizer.disconnect();
      for (const card of this.cards.values()) card.release();
      this.hoverTable.destroy();
      this.root.replaceChildren();
    }
  }

  /** Makes the children of `parent` exactly `nodes`, moving as few as possible. */
  function place(parent, nodes) {
    nodes.forEach((node, i) => {
      if (parent.children[i] !== node) parent.insertBefore(node, parent.children[i] || null);
    });
    while (parent.children.length > nodes.length) parent.lastChild.remove();
  }

  function howToLog(runs) {
    const logdir = tb.config.logdir || "logs";
    const lines = [
      "import summaries",
      "",
      `with summaries.init(${JSON.stringify(logdir)}, name="my-first-run") as run:`,
      "    for step in range(1000):",
      '        run.log({"train/loss": 1 / (step + 1)}, step=step)',
    ];
    const notice = el(
      "div", {class: "notice"},
      el("h2", {}, runs ? "No scalars have been logged yet" : "No runs here yet"),
      el("p", {}, `Nothing to draw in ${logdir}. Log from any script; the curves appear here as they grow:`),
      el("pre", {}, lines.join("\n")),
      el("button", {type: "button", class: "button", onclick: (event) => {
        navigator.clipboard?.writeText(lines.join("\n")).then(() => (event.target.textContent = "Copied"));
      }}, "Copy")
    );
    return [notice];
  }

  tb.MetricGrid = function ({id}) {
    const root = React.useRef(null);
    React.useEffect(() => {
      const grid = new Grid(root.current);
      return () => grid.destroy();
    }, []);
    return React.createElement("div", {id, className: "metric-grid", ref: root});
  };

  tb.ChartGrid = function ({id, charts, controls = true}) {
    const root = React.useRef(null);
    const grid = React.useRef(null);
    React.useEffect(() => {
      grid.current = new Grid(root.current, {given: charts, controls});
      return () => grid.current.destroy();
    }, []);
    const shape = JSON.stringify(charts);
    React.useEffect(() => grid.current.update(charts), [shape]);
    return React.createElement("div", {id, className: "metric-grid", ref: root});
  };

  /** The grids on the page, and a grid of given charts in a node: `update(charts)`, `destroy()`. */
  tb.charts.grids = grids;
  tb.charts.mount = (node, {charts, controls = true}) => new Grid(node, {given: charts, controls});
})();
