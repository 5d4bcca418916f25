/* The output of one run: however many lines there are, those in sight are fetched and drawn. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const ROW = 18; // px, as in console.css
  const PAGE = 400; // lines fetched at once
  const HELD = 60; // pages kept
  const MOST_PX = 15e6; // browsers draw nothing beyond some 17 million px: there a pixel is more than a row's part
  const LATE = 2000; // lines before the end that output of another stream or rank may still come between
  const NEWS_MS = 400;

  class ConsolePane {
    /** `options()` is {stream, rank, find, wrap, times}; `onTarget(number)` when a line's number is clicked. */
    constructor(run, {options, onTarget, onState}) {
      Object.assign(this, {run, options, onTarget, onState});
      this.pages = new Map(); // number of a page -> its lines, or a Promise
      this.stale = new Set();
      this.total = 0;
      this.nLines = 0;
      this.ranks = [];
      this.position = 0; // the line at the top, with a fraction
      this.follow = true;
      this.target = null; // number of the line that the address names
      this.found = {positions: new Uint32Array(0), total: 0, at: -1, text: ""};
      this.generation = 0;
      this.error = null;
      this.spacer = el("div", {class: "console-spacer"});
      this.rows = el("div", {class: "console-rows"});
      this.node = el("div", {class: "console-lines", tabindex: "0", role: "log", "aria-live": "off", "aria-label": `Output of ${tb.runs.get(run)?.title || run}`}, this.spacer, this.rows);
      this.node.addEventListener("scroll", () => this.scrolled(), {passive: true});
      this.node.addEventListener("keydown", (event) => this.pressed(event));
      this.resizer = new ResizeObserver(() => this.layout());
      this.resizer.observe(this.node);
    }

    /** Where to look: query parameters of every request. */
    query(more) {
      const {stream, rank} = this.options();
      return new URLSearchParams({run: this.run, ...(stream ? {stream} : {}), ...(rank === "" ? {} : {rank}), ...more});
    }

    /** Begins, or begins anew with other options; `target`: the line to show, by its number. */
    async open(target = null) {
      const generation = ++this.generation;
      this.pages.clear();
      this.stale.clear();
      this.target = target;
      if (target !== null) this.follow = false;
      try {
        const more = target === null ? {from: -1, n: 1} : {from: 0, n: 0, line: target};
        const answer = await tb.http.json("/api/console?" + this.query(more));
        if (generation !== this.generation) return;
        this.took(answer);
        if (target !== null) this.position = Math.max(0, answer.place - Math.floor(this.visible / 3));
      } catch (error) {
        if (generation === this.generation) this.failed(error);
      }
      this.drawn = "";
      this.layout();
      await this.search(this.options().find);
    }

    took({total, n_lines: nLines, ranks}) {
      Object.assign(this, {total, nLines, ranks, error: null});
      this.onState(this);
    }

    failed(error) {
      this.error = error.message;
      this.onState(this);
    }

    /** More was printed. Asks at most every so often, however fast it comes. */
    grew() {
      if (this.timer) return;
      this.timer = setTimeout(async () => {
        const generation = this.generation;
        const before = this.total;
        try {
          const answer = await tb.http.json("/api/console?" + this.query({n: 0}), undefined, {quiet: true});
          if (generation !== this.generation) return;
          for (const page of this.pages.keys()) if ((page + 1) * PAGE > before - LATE) this.stale.add(page);
          this.took(answer);
          this.layout();
          if (this.options().find && answer.total !== before) await this.search(this.options().find, {quiet: true});
        } catch (error) {
          if (generation === this.generation) this.failed(error);
        } finally {
          this.timer = null;
        }
      }, NEWS_MS);
    }

    // -- where it is ---------------------------------------------------------------------------

    get visible() {
      return Math.max(1, this.node.clientHeight / ROW);
    }

    get maxPosition() {
      return Math.max(0, this.total - this.visible);
    }

    /** Puts the scroll bar to where the lines are. */
    layout() {
      this.height = Math.min(this.total * ROW, MOST_PX);
      this.spacer.style.height = this.height + "px";
      this.position = this.follow ? this.maxPosition : Math.min(this.position, this.maxPosition);
      const scrollMax = Math.max(0, this.height - this.node.clientHeight);
      const top = this.maxPosition ? (this.position / this.maxPosition) * scrollMax : 0;
      if (Math.abs(this.node.scrollTop - top) >= 1) {
        this.scrolling = true;
        this.node.scrollTop = top;
      }
      this.draw();
    }

    scrolled() {
      const own = this.scrolling;
      this.scrolling = false;
      const scrollMax = Math.max(1, this.height - this.node.clientHeight);
      if (!own) {
        this.position = Math.min(this.maxPosition, (this.node.scrollTop / scrollMax) * this.maxPosition);
        this.setFollow(this.position >= this.maxPosition - 0.6);
      }
      this.draw();
    }

    setFollow(on) {
      if (this.follow === on) return;
      this.follow = on;
      this.onState(this);
    }

    /** Goes to a place among the chosen lines. */
    go(position) {
      this.setFollow(false);
      this.position = Math.max(0, Math.min(this.maxPosition, position));
      this.layout();
    }

    pressed(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.node) return;
      const page = Math.max(1, Math.floor(this.visible) - 1);
      const by = {ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, " ": event.shiftKey ? -page : page, Home: -Infinity, End: Infinity}[event.key];
      if (by === undefined) return;
      event.preventDefault();
      this.go(Number.isFinite(by) ? this.position + by : by < 0 ? 0 : this.maxPosition);
      if (this.position >= this.maxPosition) this.setFollow(true);
    }

    // -- what is there -------------------------------------------------------------------------

    line(place) {
      const page = this.pages.get(Math.floor(place / PAGE));
      return Array.isArray(page) ? page[place % PAGE] : undefined;
    }

    need(first, last) {
      for (let page = Math.floor(first / PAGE); page <= Math.floor(last / PAGE); page++) {
        if (this.pages.has(page) && !this.stale.has(page)) continue;
        this.fetch(page);
      }
    }

    async fetch(page) {
      const generation = this.generation;
      const before = this.pages.get(page);
      this.stale.delete(page);
      // What was there stays to be seen until the new is.
      if (!Array.isArray(before)) this.pages.set(page, null);
      try {
        const answer = await tb.http.json("/api/console?" + this.query({from: page * PAGE, n: PAGE}), undefined, {quiet: this.drawn !== ""});
        if (generation !== this.generation) return;
        this.pages.delete(page);
        this.pages.set(page, answer.lines);
        if (answer.total !== this.total) {
          this.took(answer);
          this.layout();
        }
        for (const key of this.pages.keys()) {
          if (this.pages.size <= HELD) break;
          if (key !== page) this.pages.delete(key);
        }
      } catch (error) {
        if (generation !== this.generation) return;
        if (!Array.isArray(before)) this.pages.delete(page);
        this.failed(error);
        return;
      }
      this.drawn = "";
      this.draw();
    }

    draw() {
      if (this.asked) return;
      this.asked = requestAnimationFrame(() => {
        this.asked = null;
        this.paint();
      });
    }

    paint() {
      const {wrap, times, find} = this.options();
      const first = Math.floor(this.position);
      const count = Math.max(0, Math.min(this.total - first, Math.ceil(this.visible) + 1));
      if (count) this.need(first, first + count - 1);
      const current = this.found.at >= 0 ? this.found.positions[this.found.at] : -1;
      const shape = [first, count, wrap, times, find, this.ranks.length, this.target, current, this.total > first + count].join();
      if (shape !== this.drawn) {
        this.drawn = shape;
        this.node.classList.toggle("wrap", wrap);
        const digits = String(this.nLines).length;
        this.node.style.setProperty("--digits", digits);
        this.rows.replaceChildren(...Array.from({length: count}, (_, i) => this.row(first + i, {times, find, current})));
      }
      let top = this.node.scrollTop - (this.position - first) * ROW;
      // Wrapped lines are higher: at the end it is the last one that has to be seen.
      if (wrap && this.position >= this.maxPosition - 0.01) top = Math.max(this.height, this.node.clientHeight) - Math.max(this.rows.offsetHeight, Math.min(count * ROW, this.node.clientHeight));
      this.rows.style.transform = `translateY(${Math.max(0, top)}px)`;
    }

    row(place, {times, find, current}) {
      const line = this.line(place);
      if (!line) return el("div", {class: "console-row"}, el("span", {class: "console-number"}, "…"));
      const [number, time, stream, rank, text, length] = line;
      const classes = ["console-row", stream, number === this.target ? "target" : "", place === current ? "current" : ""].filter(Boolean).join(" ");
      const body = el("span", {class: "console-text"});
      tb.ansi.draw(body, tb.ansi.marked(text, find.toLowerCase()));
      if (length > text.length) body.append(el("em", {}, ` … ${(length - text.length).toLocaleString("en-US")} more characters, in the download`));
      return el(
        "div", {class: classes},
        el("button", {type: "button", class: "console-number", tabindex: "-1", "aria-label": `Link to line ${number + 1}`, title: "Put a link to this line into the address", onclick: () => this.onTarget(number)}, String(number + 1)),
        times ? el("span", {class: "console-time", title: tb.format.time(time)}, new Date(time * 1000).toLocaleTimeString(undefined, {hour12: false})) : null,
        this.ranks.length > 1 ? el("span", {class: "console-rank", title: `Rank ${rank}`}, String(rank)) : null,
        body
      );
    }

    // -- finding -------------------------------------------------------------------------------

    async search(text, {quiet = false} = {}) {
      const {positions, at} = this.found;
      const current = at >= 0 && this.found.text === text ? positions[at] : -1;
      if (!text) {
        this.found = {positions: new Uint32Array(0), total: 0, at: -1, text};
        this.onState(this);
        this.draw();
        return;
      }
      const wanted = (this.wanted = Symbol(text));
      try {
        const {total, arrays} = await tb.http.arrays("/api/console/find?" + this.query({text}), undefined, {quiet});
        if (wanted !== this.wanted) return;
        this.found = {positions: arrays[0], total, at: current < 0 ? -1 : arrays[0].indexOf(current), text};
        this.onState(this);
        this.draw();
      } catch (error) {
        if (wanted === this.wanted) this.failed(error);
      }
    }

    /** To the next match (`by` 1) or the one before (-1); the first time, to the nearest one. */
    next(by) {
      const {positions, at} = this.found;
      if (!positions.length) return;
      const onward = positions.findIndex((place) => place >= this.position);
      const begin = onward < 0 ? positions.length : onward;
      const to = at >= 0 ? at + by : by > 0 ? begin : begin - 1;
      this.found.at = (to + positions.length) % positions.length;
      this.go(positions[this.found.at] - Math.floor(this.visible / 3));
      this.onState(this);
    }

    destroy() {
      this.generation++;
      clearTimeout(this.timer);
      if (this.asked) cancelAnimationFrame(this.asked);
      this.resizer.disconnect();
      this.node.remove();
    }
  }

  tb.ConsolePane = ConsolePane;
})();
