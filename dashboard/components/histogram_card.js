/* One card: fetches a run's histograms of a tag when it comes into view, draws them, tells what is
 * under the pointer. */
(function () {
  "use strict";

  const tb = window.trainboard;
  const own = tb.histograms;
  const h = (...args) => window.React.createElement(...args);
  const STEPS = 200;
  const BINS = 64;
  const AT_ONCE = 4;
  const MARGIN = "250px";
  const HEIGHT = 210;
  const WIDE_HEIGHT = 420;

  // Cards near the screen ask first come, first served; a server of one process gains from no more.
  const waiting = [];
  let running = 0;
  function queued(job) {
    waiting.push(job);
    const next = () => {
      if (running >= AT_ONCE || !waiting.length) return;
      running += 1;
      waiting
        .shift()()
        .finally(() => {
          running -= 1;
          next();
        });
    };
    next();
  }

  /* Whether the element is near the screen, by one observer for all cards. */
  const watched = new Map();
  let observer = null;
  function watch(element, listener) {
    observer =
      observer ||
      new IntersectionObserver(
        (entries) => {
          for (const entry of entries) {
            const told = watched.get(entry.target);
            if (told) told(entry.isIntersecting);
          }
        },
        {rootMargin: MARGIN},
      );
    watched.set(element, listener);
    observer.observe(element);
    return () => {
      watched.delete(element);
      observer.unobserve(element);
    };
  }

  function useVisible(ref) {
    const {useEffect, useState} = window.React;
    const [visible, setVisible] = useState(false);
    useEffect(() => watch(ref.current, setVisible), []);
    return visible;
  }

  /* The fetched data; refetched when `version` says that more was logged, the old shown meanwhile. */
  function useHistograms(run, tag, clip, beside, version, visible) {
    const {useEffect, useRef, useState} = window.React;
    const [state, setState] = useState({data: null, error: ""});
    const fetched = useRef("");
    useEffect(() => {
      const wanted = `${run}\n${tag}\n${clip}\n${version}\n${beside}`;
      if (!visible || fetched.current === wanted) return undefined;
      let current = true;
      queued(async () => {
        if (!current) return;
        const query = new URLSearchParams({run, tag, steps: STEPS, bins: BINS, clip: clip ? "1" : "0"});
        if (beside) for (const other of beside.split("\n")) query.append("beside", other);
        try {
          const body = await tb.http.arrays(`/api/histograms?${query}`);
          if (!current) return;
          fetched.current = wanted;
          setState({data: own.unpack(body), error: ""});
        } catch (error) {
          if (current) setState((old) => ({...old, error: error.message}));
        }
      });
      return () => void (current = false);
    }, [run, tag, clip, beside, version, visible]);
    return state;
  }

  // The step under the pointer, for all cards: {step, from} or null.
  const linked = {now: null, listeners: new Set()};
  function link(now) {
    linked.now = now;
    for (const listener of linked.listeners) listener(now);
  }

  function themeOf() {
    const css = tb.theme.css;
    return {
      card: css("--card"),
      text: css("--text"),
      muted: css("--muted"),
      grid: css("--grid"),
      bad: css("--bad"),
      font: css("--font") || "sans-serif",
    };
  }

  const count = (n) => (Number.isInteger(n) ? tb.format.step(n) : String(n));

  function nonfiniteText(data, i) {
    return ["NaN", "+Inf", "−Inf"]
      .map((name, k) => [data.nonfinite[3 * i + k], name])
      .filter(([n]) => n > 0)
      .map(([n, name]) => `${tb.format.step(n)} ${name}`)
      .join(", ");
  }

  /* The hover's lines: [name, value]. */
  function facts(data, {index, bin}, mode) {
    const rows = [["step", tb.format.step(data.step[index])]];
    const p = (k) => tb.format.value(data.percentiles[index * 9 + k]);
    if (mode === "bands") {
      const names = ["min", "6.7 %", "15.9 %", "30.9 %", "median", "69.2 %", "84.1 %", "93.3 %", "max"];
      for (let k = 8; k >= 0; k -= 1) rows.push([names[k], p(k)]);
    } else {
      if (bin !== null) {
        rows.push(["bin", `${own.short(data.edges[bin])} … ${own.short(data.edges[bin + 1])}`]);
        // Common bins cut through the logged ones, so a count need not be whole.
        const n = data.counts[index * data.bins + bin];
        rows.push(["count", count(n >= 100 ? Math.round(n) : Number(n.toPrecision(3)))]);
      }
      rows.push(["median", p(4)]);
    }
    if (data.outside[index] > 0) rows.push(["outside the axis", count(Math.round(data.outside[index]))]);
    const bad = nonfiniteText(data, index);
    if (bad) rows.push(["not finite", bad]);
    rows.push(["time", tb.format.time(data.wall[index])]);
    return rows;
  }

  /* What a reader must know about the picture: thinning, what is cut off, what is not finite. */
  function notes(data, drawn) {
    const rows = [];
    if (drawn < data.logged) rows.push(["", `showing ${drawn} of ${tb.format.step(data.logged)} steps`]);
    else rows.push(["", `${tb.format.step(data.logged)} ${data.logged === 1 ? "step" : "steps"}`]);
    const cut = data.outside.reduce((sum, n) => sum + (n > 0), 0);
    if (cut) rows.push(["hist-cut", `${cut} ${cut === 1 ? "step reaches" : "steps reach"} outside`]);
    const bad = [0, 1, 2]
      .map((k) => {
        let sum = 0;
        for (let i = 0; i < data.n; i += 1) sum += data.nonfinite[3 * i + k];
        return [sum, ["NaN", "+Inf", "−Inf"][k]];
      })
      .filter(([sum]) => sum > 0);
    if (bad.length)
      rows.push(["hist-bad", bad.map(([sum, name]) => `${tb.format.step(sum)} ${name}`).join(", ")]);
    if (!bad.length && !data.counts.some((n) => n > 0)) rows.push(["", "no values"]);
    return rows;
  }

  function label(data, props) {
    if (!data || !data.n) return `${props.tag}, run ${props.title}`;
    const last = data.n - 1;
    const median = tb.format.value(data.percentiles[last * 9 + 4]);
    const steps = `steps ${data.step[0]} to ${data.step[last]}`;
    return `${props.tag}, run ${props.title}: ${steps}, last median ${median}. Arrow keys step through it, Enter links the step.`;
  }

  /* What the footer says of the linked step. */
  function saidOf(data, step) {
    if (!data || step === "") return null;
    let found = -1;
    for (let i = 0; i < data.n; i += 1)
      if (data.step[i] <= Number(step) && (found < 0 || data.step[i] >= data.step[found])) found = i;
    if (found < 0) return `nothing up to step ${tb.format.step(Number(step))}`;
    const bad = nonfiniteText(data, found);
    const median = tb.format.value(data.percentiles[found * 9 + 4]);
    return `step ${tb.format.step(data.step[found])}: median ${median}${bad ? `, ${bad}` : ""}`;
  }

  function HistogramCard(props) {
    const {run, title, tag, colour, mode, axis, clip, beside, version, theme, step} = props;
    const {useEffect, useReducer, useRef, useState} = window.React;
    const cardRef = useRef(null);
    const canvasRef = useRef(null);
    const markRef = useRef(null);
    const view = useRef(null);
    const picture = useRef(null);
    const [hover, setHover] = useState(null);
    const [wide, setWide] = useState(false);
    const [size, resized] = useReducer((n) => n + 1, 0);
    const visible = useVisible(cardRef);
    const {data, error} = useHistograms(run, tag, clip, beside, version, visible);

    useEffect(() => {
      const sizes = new ResizeObserver(resized);
      sizes.observe(canvasRef.current);
      return () => sizes.disconnect();
    }, []);
    const shown = hover && data && hover.index < data.n ? hover : null;
    useEffect(() => {
      const canvas = canvasRef.current;
      if (!data || !visible || !canvas.clientWidth) return;
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      const [width, height] = [canvas.clientWidth, canvas.clientHeight];
      for (const layer of [canvas, markRef.current]) {
        layer.width = Math.round(width * ratio);
        layer.height = Math.round(height * ratio);
      }
      view.current = {width, height, ratio, mode, axis, colour, dark: theme === "dark", theme: themeOf()};
      picture.current = own.draw(canvas.getContext("2d"), data, view.current);
    }, [data, visible, mode, axis, colour, theme, size, wide]);
    useEffect(() => {
      const paint = (spot) =>
        picture.current && own.mark(markRef.current.getContext("2d"), picture.current, spot, view.current);
      // What is pointed at, here or on another card; at rest the linked step.
      const follow = (now) => {
        if (shown || !visible || !picture.current) return;
        if (now) paint({index: own.nearest(picture.current, now.step), bin: null});
        else paint(step === "" ? null : {index: own.before(picture.current, Number(step)), bin: null});
      };
      if (shown) paint(shown);
      else follow(linked.now);
      linked.listeners.add(follow);
      return () => void linked.listeners.delete(follow);
    }, [shown, visible, data, mode, axis, size, wide, step, theme]);
    useEffect(() => {
      if (!data || !visible) return undefined;
      const key = `histogram\n${run}\n${tag}`;
      tb.steps.offer(key, data.step);
      return () => tb.steps.offer(key, null);
    }, [data, visible]);
    // A click links the step that is pointed at to all cards; another on the same one lets go of it.
    const choose = () => {
      if (!shown) return;
      const chosen = String(data.step[shown.index]);
      tb.view.set({step: chosen === tb.view.get().step ? "" : chosen});
    };
    const point = (spot) => {
      setHover(spot);
      link(spot && data ? {step: data.step[spot.index]} : null);
    };

    const move = (event) => {
      const rect = canvasRef.current.getBoundingClientRect();
      const found =
        picture.current && own.locate(picture.current, event.clientX - rect.left, event.clientY - rect.top);
      point(found && {...found, x: event.clientX - rect.left, y: event.clientY - rect.top});
    };
    const keys = (event) => {
      if (!data || !data.n || !["ArrowLeft", "ArrowRight", "Escape", "Enter"].includes(event.key)) return;
      event.preventDefault();
      if (event.key === "Escape") return point(null);
      if (event.key === "Enter") return choose();
      const order = picture.current.order || own.columnsOf(data, axis).order;
      const at = shown ? order.indexOf(shown.index) : -1;
      const next = event.key === "ArrowRight" ? Math.min(at + 1, order.length - 1) : Math.max(at - 1, 0);
      return point({index: order[next], bin: null, x: canvasRef.current.clientWidth / 2, y: 20});
    };

    const [prefix, name] = splitTag(tag);
    // As the drawing chooses them, said in the card before it has drawn.
    const drawn =
      data && (mode === "ridge" || mode === "overlay")
        ? own.ridgeOrder(data.n, (wide ? WIDE_HEIGHT : HEIGHT) - own.AXIS_HEIGHT).length
        : data && data.n;
    const rows = shown ? facts(data, shown, mode) : [];
    const said = saidOf(data, step);
    // Beside the pointer, on the side where it fits.
    const place = (tip) => {
      if (!tip) return;
      // Over the neighbours rather than over what is pointed at, as far as the page goes.
      const {right} = document.getElementById("page").getBoundingClientRect();
      const room = right - canvasRef.current.getBoundingClientRect().left - 8;
      const left =
        shown.x + 16 + tip.offsetWidth <= room ? shown.x + 16 : Math.max(-8, shown.x - 16 - tip.offsetWidth);
      Object.assign(tip.style, {left: `${left}px`, top: `${Math.min(shown.y, 60)}px`});
    };
    return h(
      "article",
      {ref: cardRef, className: wide ? "hist-card hist-wide" : "hist-card"},
      h(
        "header",
        null,
        h("h3", {title: tag}, prefix ? name : tag),
        h(
          "span",
          {className: "hist-run", title: run},
          h("i", {className: "swatch", style: {background: colour}}),
          title,
        ),
        h(
          "button",
          {
            type: "button",
            className: "hist-widen",
            "aria-pressed": wide,
            title: wide ? "Smaller" : "Larger",
            "aria-label": `${wide ? "Smaller" : "Larger"}: ${tag}`,
            onClick: () => setWide(!wide),
          },
          wide ? "⤡" : "⤢",
        ),
      ),
      h(
        "div",
        {className: "hist-plot", style: {height: wide ? WIDE_HEIGHT : HEIGHT}},
        h("canvas", {
          ref: canvasRef,
          role: "img",
          tabIndex: 0,
          "aria-label": label(data, props),
          onPointerMove: move,
          onPointerLeave: () => point(null),
          onBlur: () => point(null),
          onClick: choose,
          onKeyDown: keys,
        }),
        h("canvas", {ref: markRef, className: "hist-mark", "aria-hidden": true}),
        data || error ? null : h("p", {className: "hist-wait"}, "reading …"),
        error ? h("p", {className: "hist-wait hist-bad", role: "alert"}, error) : null,
        shown
          ? h(
              "table",
              {className: "hist-tip", role: "status", ref: place},
              h(
                "tbody",
                null,
                rows.map(([key, value]) => h("tr", {key}, h("th", null, key), h("td", null, value))),
              ),
            )
          : null,
      ),
      h(
        "footer",
        null,
        data ? notes(data, drawn).map(([css, line]) => h("span", {key: line, className: css}, line)) : null,
        said ? h("span", {className: "hist-said"}, said) : null,
      ),
    );
  }

  /* "layer1/weights" -> ["layer1", "weights"]; a tag without a slash has no prefix. */
  function splitTag(tag) {
    const cut = tag.indexOf("/");
    return cut > 0 ? [tag.slice(0, cut), tag.slice(cut + 1)] : ["", tag];
  }

  Object.assign(own, {HistogramCard: window.React.memo(HistogramCard), splitTag});
})();
