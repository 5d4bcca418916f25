/* The points of scalar series in this browser: fetched once, extended by what is new, refined on zoom. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const PARALLEL = 2; // requests under way; the browser has six connections, one is the live stream
  const SERIES_PER_REQUEST = 120;
  const MAX_POINTS = 6e6; // held in all; 8 bytes each in several columns
  const RETRY_MS = 2000;
  const TAIL_PAUSE = 600; // ms between two requests for what is new: processes flush at different times
  const COMPUTED_PAUSE = 1000; // the same for what is computed anew from all its points
  const SMOOTH_DELAY = 160; // ms after the slider rests before the store is asked

  /** One run's points of one tag: exact points, or bins with min, max and mean. */
  class Series {
    constructor(block, arrays) {
      this.run = block.run;
      this.tag = block.tag;
      this.n = block.n; // how many points of the series are in here
      this.exact = block.kind === "raw" || Boolean(block.exact);
      this.binned = block.kind === "bins";
      this.smoothedWith = this.binned ? block.smoothing : null;
      this.smoothedKind = this.binned ? block.smoothing_kind : null;
      const column = (name) => (name in block.columns ? arrays[block.columns[name]] : null);
      this.step = column("step");
      this.wall = column("wall");
      this.value = column("value") || column("mean");
      this.min = column("min") || this.value;
      this.max = column("max") || this.value;
      this.count = column("count");
      this.nonfinite = column("nonfinite");
      this.fromStore = column("smoothed") || (this.binned ? this.value : null);
      this.length = this.step.length;
      this.fetchedLength = this.length;
      // Only of computed curves (see computed_series.js): what lies on x, a band's rims, runs at each point.
      [this.x, this.low, this.high, this.members] = ["x", "low", "high", "members"].map(column);
      this.computed = Boolean(block.computed);
      this.firstX = block.first_x ?? Infinity;
      this.carried = Boolean(block.carried);
      this.interpolated = Boolean(block.interpolated);
      this.partitioned = block.partitioned ?? true;
      this.ascending = tb.math.ascends(this.x || this.step, this.length);
      this.firstWall = block.first_wall ?? (this.length ? this.wall[0] : 0);
      this.cache = {values: null};
    }

    /** Adds the points of a `tail` block. */
    append(block, arrays) {
      const [step, wall, value] = ["step", "wall", "value"].map((name) => arrays[block.columns[name]]);
      const skip = Math.max(0, this.n - block.start);
      const added = value.length - skip;
      if (added <= 0 || block.start > this.n) return 0;
      const end = this.length + added;
      const separate = this.min !== this.value;
      this.step = grown(this.step, this.length, end);
      this.wall = grown(this.wall, this.length, end);
      this.value = grown(this.value, this.length, end);
      this.min = separate ? grown(this.min, this.length, end) : this.value;
      this.max = separate ? grown(this.max, this.length, end) : this.value;
      if (this.count) this.count = grown(this.count, this.length, end);
      if (this.nonfinite) this.nonfinite = grown(this.nonfinite, this.length, end);
      if (this.fromStore) this.fromStore = grown(this.fromStore, this.length, end);
      // The average goes on from where the store left it: out = last / (1 - w^n).
      const goesOn = this.smoothedKind === "ema" || !(this.smoothedWith > 0);
      const weight = goesOn ? this.smoothedWith || 0 : 0;
      const before = this.length;
      const {partition} = tb.view.get();
      let decay = Math.pow(weight, partition ? tb.lineParts.lastPart(this) : this.n);
      let last = this.fromStore && this.length ? this.fromStore[this.length - 1] * (1 - decay) : 0;
      for (let i = 0; i < added; i++) {
        const at = this.length + i;
        const y = value[skip + i];
        this.step[at] = step[skip + i];
        this.wall[at] = wall[skip + i];
        this.value[at] = y;
        if (separate) this.min[at] = this.max[at] = y;
        if (this.count) this.count[at] = 1;
        if (this.nonfinite) this.nonfinite[at] = Number.isFinite(y) ? 0 : 1;
        if (this.fromStore) {
          if (partition && at > 0 && this.step[at] < this.step[at - 1]) [last, decay] = [0, 1];
          if (Number.isFinite(y)) {
            last = last * weight + (1 - weight) * y;
            decay *= weight;
            this.fromStore[at] = decay === 1 ? last : last / (1 - decay);
          } else this.fromStore[at] = y;
        }
        if (at > 0 && this.step[at] < this.step[at - 1]) this.ascending = false;
      }
      this.length = end;
      this.n = block.n;
      this.cache.amount = null;
      if (this.fromStore && !goesOn) this.smoothEnd(before);
      return added;
    }

    /** Windows centred on a point look ahead: new points change those that came just before them. */
    smoothEnd(before) {
      const reach = this.smoothedKind === "mean" ? this.smoothedWith / 2 : 4 * this.smoothedWith;
      let from = before;
      for (let points = 0; from > 0 && points < reach; from--) points += this.count[from - 1];
      const anew = this.smooth(this.value, this.smoothedKind, this.smoothedWith);
      this.fromStore.set(anew.subarray(from, this.length), from);
    }

    /** The values smoothed by `amount` of the view's kind: exact, or a preview until the store has answered. */
    smoothed(amount) {
      if (!(amount > 0)) return this.value;
      if (this.followed) return this.followed(amount);
      const {partition} = tb.view.get();
      const kind = tb.smoothing.kind();
      if (this.binned && this.smoothedWith === amount && this.smoothedKind === kind && this.partitioned === partition) return this.fromStore;
      if (!isSame(this.cache, kind, amount, partition)) this.cache = {kind, amount, partition, values: this.smooth(this.value, kind, amount)};
      return this.cache.values;
    }

    /** Has the smooth line go through the points of a coarser series, straight between them. */
    follow(coarse) {
      if (!coarse || coarse.length < 2 || !coarse.ascending) return;
      this.followed = (amount) => {
        const ys = coarse.smoothed(amount);
        const out = new Float64Array(this.length);
        for (let i = 0, at = 0; i < this.length; i++) {
          while (at < coarse.length - 2 && coarse.step[at + 1] < this.step[i]) at++;
          const span = coarse.step[at + 1] - coarse.step[at];
          const part = span > 0 ? Math.max(0, Math.min(1, (this.step[i] - coarse.step[at]) / span)) : 1;
          out[i] = ys[at] + part * (ys[at + 1] - ys[at]);
        }
        return out;
      };
    }

    /** A column smoothed, part by part where the run was restarted. */
    smooth(values, kind, amount) {
      const {smooth, smoothBins} = tb.smoothing;
      const breaks = tb.view.get().partition ? tb.lineParts.restarts(this) : [];
      return tb.lineParts.byPart(values, this.count, this.length, breaks, (ys, count, n) =>
        this.binned ? smoothBins(ys, count, n, kind, amount) : smooth(ys, n, kind, amount)
      );
    }

    /** {low, high} of the band around a computed curve, as smooth as the curve; null if it has none. */
    band(amount) {
      if (!this.low || !this.high) return null;
      if (!(amount > 0) || this.binned) return {low: this.low, high: this.high};
      const {partition} = tb.view.get();
      const kind = tb.smoothing.kind();
      if (!this.rims || !isSame(this.rims, kind, amount, partition)) {
        this.rims = {kind, amount, partition, low: this.smooth(this.low, kind, amount), high: this.smooth(this.high, kind, amount)};
      }
      return this.rims;
    }

    /** x of each point on an axis: steps, seconds since the run's first point, or local milliseconds. */
    xs(axis, firstWall = this.firstWall) {
      if (this.x) return this.x;
      if (axis === "step") return this.step;
      if (this.axisCache && this.axisCache.axis === axis && this.axisCache.length === this.length) return this.axisCache.xs;
      const xs = new Float64Array(this.length);
      for (let i = 0; i < this.length; i++) xs[i] = axis === "wall" ? toLocal(this.wall[i]) : this.wall[i] - firstWall;
      this.axisCache = {axis, length: this.length, xs};
      return xs;
    }
  }

  /** Plotly's date axis knows no time zone: the local time is drawn as if it were UTC. */
  const zone = new Map();
  function toLocal(seconds) {
    const hour = Math.floor(seconds / 3600);
    if (!zone.has(hour)) zone.set(hour, new Date(hour * 3600e3).getTimezoneOffset() * 60e3);
    return seconds * 1000 - zone.get(hour);
  }

  function grown(array, used, needed) {
    if (array.length >= needed) return array;
    const larger = new array.constructor(Math.max(64, needed, used * 2));
    larger.set(used === array.length ? array : array.subarray(0, used));
    return larger;
  }

  /** What is held, tag -> run -> Series, and the requests that bring more. */
  class SeriesStore {
    constructor() {
      this.onNews = () => {}; // (Set of tags) => void
      this.tags = new Map();
      this.used = new Map(); // tag -> when last wanted, for letting go
      this.wanted = new Map(); // tag -> {runs: Set, pixels}, not yet asked for
      this.asked = new Map(); // tag -> Set of runs under way
      this.behind = new Map(); // tag -> Set of runs that grew
      this.later = new Map(); // tag -> {runs, pixels}: to be smoothed by the store
      this.active = 0;
      this.tailTimer = null;
      this.tailRest = 0; // when the next tails may be asked for
      this.computedRest = 0;
      this.error = null;
      this.failures = new Map(); // tag -> Map run -> why it could not be read
      this.timer = null;
      this.smoothTimer = null;
    }

    get(tag, run) {
      const runs = this.tags.get(tag);
      return runs && runs.get(run);
    }

    /** Sees to it that these runs of the tag come; returns whether all are here. */
    want(tag, runs, pixels) {
      this.used.set(tag, performance.now());
      const held = this.tags.get(tag);
      const asked = this.asked.get(tag);
      const missing = runs.filter((run) => !(held && held.has(run)) && !(asked && asked.has(run)));
      if (missing.length) {
        const entry = this.wanted.get(tag) || {runs: new Set(), pixels};
        missing.forEach((run) => entry.runs.add(run));
        this.wanted.set(tag, entry);
        this.schedule();
      }
      return missing.length === 0 && runs.every((run) => held && held.has(run));
    }

    /** The listing says these series grew: their tails are behind. Whether a card must look anew. */
    grew(tag, infos) {
      const held = this.tags.get(tag);
      this.asked.get(tag)?.forEach((run) => !infos.has(run) && this.asked.get(tag).delete(run));
      if (!held) return true;
      let anew = false;
      for (const [run, series] of held) {
        const info = infos.get(run);
        // What is computed was read a moment after the listing, of which it may know more.
        if (!info || (info.n < series.n && !series.computed) || info.rewinds !== series.rewinds) {
          held.delete(run); // removed, or rewound: read anew
          anew = true;
        } else if (info.n > series.n) {
          series.ranks = info.ranks;
          if (!this.behind.has(tag)) this.behind.set(tag, new Set());
          this.behind.get(tag).add(run);
        }
      }
      return anew || infos.size > held.size;
    }

    /**
     * Fetches the tails of the tags on screen (`visibleTags()`), in one request at a time and with
     * a pause after it as long as it took: many running scripts must not drown server or page.
     */
    catchUp(visibleTags) {
      this.visibleTags = visibleTags;
      if (this.tailTimer !== null || this.behind.size === 0) return;
      const pause = Math.max(0, this.tailRest - performance.now());
      this.tailTimer = setTimeout(() => this.fetchTails(this.visibleTags()), pause);
    }

    async fetchTails(visibleTags) {
      const items = [];
      const computed = [];
      const overgrown = new Map();
      for (const tag of visibleTags) {
        const runs = this.behind.get(tag);
        const held = this.tags.get(tag);
        if (!runs || !held) continue;
        this.behind.delete(tag);
        const tail = [];
        const again = [];
        for (const run of runs) {
          const series = held.get(run);
          if (!series) continue;
          // Single points have piled up behind the bins: new bins cost less than ever more points.
          // And those of several ranks go side by side: only bins make one curve of them.
          if (!series.computed && (series.ranks > 1 || (series.length > 2 * series.fetchedLength + 2000 && series.length > 8000))) {
            if (!overgrown.has(tag)) overgrown.set(tag, []);
            overgrown.get(tag).push(run);
          } else if (series.computed) again.push(run);
          else tail.push(series);
        }
        if (tail.length) items.push({tag, runs: tail.map((s) => s.run), since: tail.map((s) => s.n)});
        // What is computed has no tail: it is computed anew, nobody waits for it.
        if (again.length && performance.now() >= this.computedRest) computed.push({tag, runs: again});
        else if (again.length) this.behind.set(tag, new Set(again));
      }
      for (const [tag, runs] of overgrown) this.later.set(tag, {runs, pixels: 800});
      if (overgrown.size) this.schedule();
      const start = performance.now();
      await Promise.all([
        ...(items.length ? [this.send({items})] : []),
        ...(computed.length ? [this.send({items: computed, pixels: 800, ...tb.smoothing.wanted(), quiet: true})] : []),
      ]);
      if (computed.length) this.computedRest = performance.now() + Math.max(COMPUTED_PAUSE, 4 * (performance.now() - start));
      const end = performance.now();
      this.tailRest = end + (this.error ? RETRY_MS : Math.max(TAIL_PAUSE, end - start));
      this.tailTimer = null;
      if (visibleTags.some((tag) => this.behind.has(tag))) this.catchUp(this.visibleTags);
    }

    /** Bins that were smoothed with another weight are asked for again, once the slider rests. */
    resmooth(cards) {
      clearTimeout(this.smoothTimer);
      this.smoothTimer = setTimeout(() => {
        this.later.clear();
        for (const card of cards()) {
          for (const {key, units} of card.sources()) {
            const runs = units.filter((unit) => isStale(this.get(key, unit)));
            if (runs.length) this.later.set(key, {runs, pixels: card.pixels()});
          }
        }
        this.schedule();
      }, SMOOTH_DELAY);
    }

    /** Whether a tag holds bins smoothed otherwise than the view asks now. */
    isStale(tag) {
      return [...(this.tags.get(tag) || new Map()).values()].some(isStale);
    }

    /**
     * What a zoomed card shows, tag -> run -> Series: `items` is [{tag, runs, range}], ranges in steps or of a
     * computed x. `plain` is without the average over all points, which takes the server four times as long;
     * until that comes, the smooth line runs through what the coarse curve has.
     */
    async detail(items, pixels, {plain = false} = {}) {
      const answer = await tb.computed.fetch({items, pixels, ...(plain ? {smoothing: 0} : tb.smoothing.wanted())});
      const found = new Map();
      for (const block of answer.blocks) {
        if (!found.has(block.tag)) found.set(block.tag, new Map());
        const series = new Series(block, answer.arrays);
        if (plain) series.follow(this.get(block.tag, block.run));
        found.get(block.tag).set(block.run, series);
      }
      return found;
    }

    schedule() {
      if (this.timer === null) this.timer = setTimeout(() => this.pump(), 0);
    }

    pump() {
      this.timer = null;
      while (this.active < (this.answered ? PARALLEL : 1) && this.wanted.size) {
        const items = [];
        let total = 0;
        let pixels = 0;
        for (const [tag, entry] of this.wanted) {
          if (items.length && total + entry.runs.size > SERIES_PER_REQUEST) break;
          this.wanted.delete(tag);
          const runs = [...entry.runs];
          if (!this.asked.has(tag)) this.asked.set(tag, new Set());
          runs.forEach((run) => this.asked.get(tag).add(run));
          items.push({tag, runs});
          total += runs.length;
          pixels = Math.max(pixels, entry.pixels);
        }
        // Bins alone come from the store's pyramid, five times sooner than the average over all
        // points: the curves show at once, smoothed by bins, and what was smoothed exactly follows.
        const logged = items.filter((item) => !tb.computed.isComputed(item.tag));
        const computed = items.filter((item) => tb.computed.isComputed(item.tag));
        if (logged.length) this.send({items: logged, pixels, smoothing: 0});
        // What is computed has every point read anyway.
        if (computed.length) this.send({items: computed, pixels, ...tb.smoothing.wanted()});
      }
      while (this.active < PARALLEL && this.later.size) {
        const [tag, {runs, pixels}] = this.later.entries().next().value;
        this.later.delete(tag);
        this.send({items: [{tag, runs}], pixels, ...tb.smoothing.wanted()});
      }
    }

    async send({items, pixels = 600, smoothing = 0, smoothing_kind = "ema", quiet = items.every((item) => item.since)}) {
      this.active++;
      const news = new Set();
      // What the listing said before the question: a rewind after that is then noticed.
      const rewinds = new Map(items.flatMap(({tag, runs}) => {
        const listed = tb.computed.listing(tag, runs);
        return runs.map((run) => [`${tag}\n${run}`, listed.get(run)?.rewinds]);
      }));
      try {
        // What is merely new nobody waits for: it is quiet.
        const answer = await tb.computed.fetch({items, pixels, smoothing, smoothing_kind}, {quiet});
        for (const {run, tag, message} of answer.failed) {
          if (!this.failures.has(tag)) this.failures.set(tag, new Map());
          this.failures.get(tag).set(run, message);
          news.add(tag);
        }
        this.answered = true; // until then one request at a time: the first chart comes first
        for (const block of answer.blocks) {
          if (!this.tags.has(block.tag)) this.tags.set(block.tag, new Map());
          const held = this.tags.get(block.tag);
          if (block.kind === "tail") {
            const series = held.get(block.run);
            if (series && series.append(block, answer.arrays)) news.add(block.tag);
          } else {
            const series = new Series(block, answer.arrays);
            series.rewinds = rewinds.get(`${block.tag}\n${block.run}`);
            held.set(block.run, series);
            news.add(block.tag);
          }
        }
        this.error = null;
        this.release(items, (tag, run) => this.get(tag, run) !== undefined);
      } catch (error) {
        // A server or store that is away comes back: the same is asked for again in a while.
        this.error = error.message;
        for (const {tag, runs, since} of items) {
          if (!since && !tb.computed.isComputed(tag)) continue;
          if (!this.behind.has(tag)) this.behind.set(tag, new Set());
          runs.forEach((run) => this.behind.get(tag).add(run));
        }
        setTimeout(() => {
          this.release(items, () => true);
          this.onNews(new Set(items.map((item) => item.tag)));
        }, RETRY_MS);
      }
      this.active--;
      this.letGo();
      if (this.wanted.size || this.later.size) this.schedule();
      this.onNews(news);
    }

    /** The runs of a request are no longer under way; those it did not bring are not asked for again. */
    release(items, brought) {
      for (const {tag, runs} of items) {
        const asked = this.asked.get(tag);
        if (asked) for (const run of runs) if (brought(tag, run)) asked.delete(run);
      }
    }

    /** Forgets the tags that were not on screen for longest once too many points are held. */
    letGo() {
      let total = 0;
      for (const runs of this.tags.values()) for (const series of runs.values()) total += series.length;
      if (total <= MAX_POINTS) return;
      const oldest = [...this.tags.keys()].sort((a, b) => (this.used.get(a) || 0) - (this.used.get(b) || 0));
      for (const tag of oldest.slice(0, -12)) {
        for (const series of this.tags.get(tag).values()) total -= series.length;
        this.tags.delete(tag);
        this.behind.delete(tag);
        if (total <= MAX_POINTS / 2) return;
      }
    }
  }

  const isSame = (cache, kind, amount, partition) => cache.kind === kind && cache.amount === amount && cache.partition === partition;

  /** Whether a series has bins smoothed otherwise than the view asks now. */
  function isStale(series) {
    const amount = tb.smoothing.amount();
    if (!series || !series.binned || !(amount > 0)) return false;
    return series.smoothedWith !== amount || series.smoothedKind !== tb.smoothing.kind() || series.partitioned !== tb.view.get().partition;
  }

  tb.Series = Series;
  tb.SeriesStore = SeriesStore;
})();
