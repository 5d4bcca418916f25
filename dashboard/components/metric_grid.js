/* The grid of scalar cards: groups, what is on screen, what is drawn when. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const FRAME_BUDGET = 12; // ms of drawing in one animation frame
  const LIVE_FRAMES = 40; // plotly charts kept alive; each holds some megabytes

  tb.view.declare("wide", []);
  tb.view.declare("logTags", [], {param: "logtags"});
  // What the machine did is there to be looked up: it does not stand before what the script logged.
  const MACHINE = "system";
  tb.view.declare("closed", [MACHINE], {param: "folded"});

  class Grid {
    constructor(root) {
      this.root = root;
      this.cards = new Map(); // tag -> MetricCard
      this.groups = new Map(); // prefix -> {node, body, button}
      this.dirty = new Set();
      this.drawing = null;
      this.dragging = false;
      // One store for as long as the tab lives: coming back from another page reads only tails.
      this.store = tb.scalarStore = tb.scalarStore || new tb.SeriesStore();
      this.store.onNews = (tags) => this.arrived(tags);
      for (const [tag, infos] of tb.runs.series("scalar")) this.store.grew(tag, infos);
      this.hoverTable = new tb.HoverTable();
      this.controls = new tb.ScalarControls((dragging) => this.drag(dragging));
      this.empty = el("div", {class: "grid-empty", hidden: true});
      this.list = el("div", {class: "groups"});
      root.append(this.controls.node, this.empty, this.list);
      this.observer = new IntersectionObserver((entries) => this.scrolled(entries), {
        root: document.getElementById("page"), rootMargin: "250px 0px",
      });
      this.resizer = new ResizeObserver(() => this.redraw(this.onScreen()));
      this.resizer.observe(this.list);
      this.off = [
        tb.runs.subscribe((news) => this.listed(news)),
        tb.view.subscribe((state, changed) => this.viewed(changed)),
      ];
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
      const touched = [];
      for (const name of news.series) {
        const [kind, tag] = name.split("\n");
        if (kind !== "scalar") continue;
        if (tags.has(tag) !== this.cards.has(tag)) rearrange = true;
        // Curves that only grew are drawn when their new points are here.
        const anew = this.store.grew(tag, tags.get(tag) || new Map());
        if (anew && this.cards.has(tag)) touched.push(this.cards.get(tag));
      }
      if (rearrange) this.arrange();
      if (news.shown || news.theme) this.redraw(this.onScreen());
      else if (touched.length) this.redraw(touched.filter((card) => card.visible));
      this.catchUp();
    }

    catchUp() {
      this.store.catchUp(() => this.onScreen().map((card) => card.tag));
    }

    viewed(changed) {
      if (changed.has("tagFilter") || changed.has("closed")) this.arrange();
      if (["smoothing", "axis", "logY", "tagFilter"].some((key) => changed.has(key))) this.controls.show();
      if (["smoothing", "axis", "logY", "logTags", "wide", "zoom"].some((key) => changed.has(key))) this.redraw(this.onScreen());
      if (changed.has("smoothing")) this.store.resmooth(() => this.onScreen());
      if (changed.has("axis")) this.unhover();
    }

    /** Points came; or a request failed and its cards say so. */
    arrived(tags) {
      this.redraw(this.onScreen().filter((card) => tags.has(card.tag) || this.store.error));
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

    /** Puts a card for each tag that passes the filter into its group, in natural order. */
    arrange() {
      const {tagFilter, closed} = tb.view.get();
      const {regex} = tb.pattern(tagFilter);
      const known = [...tb.runs.series("scalar").keys()].sort(tb.naturally);
      const tags = known.filter((tag) => !regex || regex.test(tag));
      const byGroup = new Map();
      for (const tag of tags) {
        const prefix = tag.includes("/") ? tag.slice(0, tag.indexOf("/")) : "";
        if (!byGroup.has(prefix)) byGroup.set(prefix, []);
        byGroup.get(prefix).push(tag);
      }
      const wanted = new Set(tags);
      for (const [tag, card] of this.cards) if (!wanted.has(tag)) this.drop(card);
      for (const [prefix, group] of this.groups) {
        if (byGroup.has(prefix)) continue;
        group.node.remove();
        this.groups.delete(prefix);
      }
      // Tags without a prefix come behind the others, as a group of their own; the machine's last.
      const behind = (prefix) => (prefix === MACHINE ? 2 : prefix === "" ? 1 : 0);
      const prefixes = [...byGroup.keys()].sort((a, b) => behind(a) - behind(b) || tb.naturally(a, b));
      place(this.list, prefixes.map((prefix) => this.group(prefix).node));
      for (const prefix of prefixes) {
        const group = this.group(prefix);
        const members = byGroup.get(prefix);
        const open = !closed.includes(prefix);
        group.count.textContent = members.length;
        group.button.setAttribute("aria-expanded", open);
        group.body.hidden = !open;
        place(group.body, members.map((tag) => this.card(tag, prefix).node));
      }
      this.explain(known.length, tags.length);
    }

    group(prefix) {
      if (!this.groups.has(prefix)) {
        const count = el("span", {class: "group-count"});
        const button = el(
          "button", {type: "button", class: "group-head", onclick: () => this.toggle("closed", prefix)},
          el("span", {class: "chevron", "aria-hidden": "true"}), el("span", {}, prefix || "general"), count
        );
        const body = el("div", {class: "cards"});
        const node = el("section", {class: "group"}, el("h2", {}, button), body);
        this.groups.set(prefix, {node, body, button, count});
      }
      return this.groups.get(prefix);
    }

    card(tag, prefix) {
      if (!this.cards.has(tag)) {
        const card = new tb.MetricCard(tag, prefix ? tag.slice(prefix.length + 1) || tag : tag, this);
        this.cards.set(tag, card);
        this.observer.observe(card.node);
      }
      return this.cards.get(tag);
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
        card.visible = entry.isIntersecting;
        card.lastSeen = performance.now();
        if (card.visible) seen.push(card);
      }
      this.redraw(seen);
      this.catchUp();
      this.stale(seen.map((card) => card.tag));
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
      const {view} = card;
      const toY = tb.lines.scale(view.yRange, view.height, {log: view.logY, flip: true});
      const found = tb.hover.rowsAt(card.lines, x, view.xRange, toY, py);
      for (const other of this.onScreen()) other.point(x, other === card ? found.nearest : null);
      this.hoverTable.show(found, tb.view.get(), pointer);
    }

    unhover() {
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
      this.empty.hidden = parts === null;
      if (parts) this.empty.replaceChildren(...parts);
    }

    destroy() {
      clearTimeout(this.frameTimer);
      clearTimeout(this.restTimer);
      clearTimeout(this.store.smoothTimer);
      this.store.onNews = () => {};
      if (this.drawing !== null) cancelAnimationFrame(this.drawing);
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
})();
