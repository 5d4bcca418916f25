/* One card: the curves of a tag of all shown runs, their legend, and what is under the pointer. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {useVisible, useSize} = tb.cardGroups;
  const {UNIT, pointsOf, draw, locate, mark, thresholdAt, frameOf} = tb.prChart;
  const h = (...args) => React.createElement(...args);
  const TIP_ROWS = 10;
  const LEAST_BOX = 6; // pixels: less is a click, not a box
  const SMALLEST = 0.002; // of an axis; deeper zooms show nothing more

  // The threshold under the pointer, for all cards.
  const linked = {now: null, listeners: new Set()};
  function link(now) {
    linked.now = now;
    for (const listener of linked.listeners) listener(now);
  }

  function themeOf() {
    const {css} = tb.theme;
    return {
      card: css("--card"), text: css("--text"), muted: css("--muted"), grid: css("--grid"), line: css("--line-strong"),
      accent: css("--accent"), font: css("--font") || "sans-serif",
    };
  }

  const rate = (v) => (Number.isFinite(v) ? v.toFixed(4) : "–");
  const count = (v) => (Number.isInteger(v) ? tb.format.step(v) : tb.format.value(v));

  function Tip({lines, nearest, threshold, mode, at}) {
    const order = [...lines].sort((a, b) => (b.run === nearest) - (a.run === nearest));
    const rows = order.map((line) => ({line, i: thresholdAt(line.curve, threshold)}));
    const heads = mode === "roc" ? ["TPR", "FPR"] : ["Precision", "Recall", "F1"];
    const cells = ({curve}, i) => {
      const [tp, fp, tn, fn] = [curve.tp[i], curve.fp[i], curve.tn[i], curve.fn[i]];
      const [p, r] = [curve.precision[i], curve.recall[i]];
      return [...(mode === "roc" ? [tp / (tp + fn), fp / (fp + tn)] : [p, r, p + r > 0 ? (2 * p * r) / (p + r) : 0]).map(rate), ...[tp, fp, tn, fn].map(count)];
    };
    return h(
      "div",
      {className: "hover-table pr-tip", role: "status", ref: at},
      h("div", {className: "hover-head"}, h("b", null, `threshold ${threshold.toFixed(3)}`)),
      h(
        "table",
        null,
        h("thead", null, h("tr", null, h("th", {colSpan: 2}, "Run"), [...heads, "TP", "FP", "TN", "FN"].map((name) => h("th", {key: name}, name)))),
        h(
          "tbody",
          null,
          rows.slice(0, TIP_ROWS).map(({line, i}) =>
            h(
              "tr",
              {key: line.run, className: line.run === nearest ? "nearest" : ""},
              h("td", null, h("span", {className: "swatch", style: {background: line.color}})),
              h("td", {className: "hover-run"}, line.title),
              cells(line, i).map((text, n) => h("td", {key: n}, text))
            )
          )
        )
      ),
      rows.length > TIP_ROWS ? h("p", null, `and ${rows.length - TIP_ROWS} more runs`) : null
    );
  }

  function Legend({lines, mode, pinned, onPin, onPoint, wanted}) {
    const order = [...lines].sort((a, b) => (b.curve.area[mode] || 0) - (a.curve.area[mode] || 0));
    return h(
      "div",
      {className: "pr-legend", tabIndex: order.length > 6 ? 0 : undefined, role: "group", "aria-label": "Legend"},
      h(
        "table",
        null,
        h(
          "thead",
          null,
          h(
            "tr",
            null,
            h("td", null),
            h("th", null, "Run"),
            mode === "roc" ? h("th", {title: "Area under the ROC curve"}, "AUC") : h("th", {title: "Average precision: area under the curve's steps"}, "AP"),
            h("th", {title: "The highest F1 of all thresholds, and at which"}, "best F1"),
            h("th", null, "step")
          )
        ),
        h(
          "tbody",
          null,
          order.map(({run, title, color, curve}) =>
            h(
              "tr",
              {key: run, onPointerEnter: () => onPoint(run), onPointerLeave: () => onPoint("")},
              h("td", null, h("span", {className: "swatch", style: {background: color}})),
              h(
                "td",
                {className: "pr-run"},
                h(
                  "button",
                  {type: "button", "aria-pressed": pinned.has(run), title: `${run}\nShow it before the others`, onClick: () => onPin(run),
                    onFocus: () => onPoint(run), onBlur: () => onPoint("")},
                  title
                )
              ),
              h("td", null, h("b", null, rate(curve.area[mode]))),
              h("td", null, `${rate(curve.f1)} `, h("small", null, Number.isFinite(curve.f1At) ? `at ${curve.f1At.toFixed(2)}` : "")),
              h("td", {className: wanted !== "" && curve.step !== Number(wanted) ? "pr-near" : ""}, tb.format.step(curve.step))
            )
          )
        )
      )
    );
  }

  /** All points of all curves as CSV. */
  function asCsv(tag, lines) {
    const quoted = (text) => `"${String(text).replaceAll('"', '""')}"`;
    const rows = ["run,tag,step,threshold,tp,fp,tn,fn,precision,recall"];
    for (const {run, curve} of lines) {
      for (let i = 0; i < curve.k; i++) {
        const numbers = [i / (curve.k - 1), curve.tp[i], curve.fp[i], curve.tn[i], curve.fn[i], curve.precision[i], curve.recall[i]];
        rows.push([quoted(run), quoted(tag), curve.step, ...numbers].join(","));
      }
    }
    return rows.join("\n") + "\n";
  }

  function describe(tag, lines, mode) {
    const best = lines.reduce((a, b) => (b.curve.area[mode] > (a?.curve.area[mode] ?? -1) ? b : a), null);
    const what = mode === "roc" ? "ROC curve" : "precision-recall curve";
    return `${tag}, ${what} of ${lines.length} runs` + (best ? `; best: ${best.title}, area ${rate(best.curve.area[mode])}` : "") +
      ". Left and right arrows walk along a curve, up and down change the run, Escape leaves the zoom.";
  }

  /** Pointer, box and keys on the plot: what is hovered and what range is shown. */
  function usePlot({canvas, lines, frame, view}) {
    const {useEffect, useRef, useState} = React;
    const [hover, setHover] = useState(null); // {run, at, threshold, x, y}
    const [range, setRange] = useState({x: UNIT, y: UNIT});
    const drag = useRef(null);
    const [box, setBox] = useState(null);
    const point = (spot) => {
      setHover(spot);
      link(spot && spot.threshold);
    };
    useEffect(() => () => link(null), []);
    const local = (event) => {
      const rect = canvas.current.getBoundingClientRect();
      return [event.clientX - rect.left, event.clientY - rect.top];
    };
    const spotOf = ({line, at}, x, y) => ({run: line.run, at, threshold: line.curve.k > 1 ? at / (line.curve.k - 1) : 0, x, y});
    const move = (event) => {
      const [px, py] = local(event);
      if (drag.current) {
        setBox([...drag.current, px, py]);
        return;
      }
      const found = frame.current && locate(frame.current, lines, px, py);
      point(found && spotOf(found, event.clientX, event.clientY));
    };
    const down = (event) => {
      if (event.button !== 0 || event.pointerType === "touch" || !frame.current) return;
      drag.current = local(event);
      canvas.current.setPointerCapture(event.pointerId);
    };
    const up = (event) => {
      if (!drag.current) return;
      const [x0, y0] = drag.current;
      const [x1, y1] = local(event);
      drag.current = null;
      setBox(null);
      if (Math.abs(x1 - x0) < LEAST_BOX || Math.abs(y1 - y0) < LEAST_BOX) return;
      const f = frame.current;
      const held = (low, high) => [Math.max(0, low), Math.min(1, high)];
      const x = held(f.fromX(Math.min(x0, x1)), f.fromX(Math.max(x0, x1)));
      const y = held(f.fromY(Math.max(y0, y1)), f.fromY(Math.min(y0, y1)));
      if (x[1] - x[0] > SMALLEST && y[1] - y[0] > SMALLEST) setRange({x, y});
      point(null);
    };
    const reset = () => setRange({x: UNIT, y: UNIT});
    const key = (event) => {
      if (event.key === "Escape") {
        point(null);
        return reset();
      }
      const by = {ArrowLeft: -1, ArrowRight: 1}[event.key];
      const other = {ArrowUp: -1, ArrowDown: 1}[event.key];
      if ((!by && !other) || !lines.length) return undefined;
      event.preventDefault();
      event.stopPropagation();
      let line = Math.max(0, lines.findIndex(({run}) => hover && run === hover.run));
      if (other && hover) line = (line + other + lines.length) % lines.length;
      const {points, curve} = lines[line];
      if (!points.at.length) return undefined;
      const wanted = hover ? thresholdAt(curve, hover.threshold) : Math.floor(curve.k / 2);
      let n = points.at.findIndex((at) => at <= wanted);
      n = Math.max(0, Math.min(points.at.length - 1, (n < 0 ? points.at.length - 1 : n) + (hover && by ? by : 0)));
      const rect = canvas.current.getBoundingClientRect();
      const f = frameOf({...view.current, ...range});
      return point(spotOf({line: lines[line], at: points.at[n]}, rect.left + f.toX(points.xs[n]), rect.top + f.toY(points.ys[n])));
    };
    const handlers = {
      onPointerMove: move, onPointerDown: down, onPointerUp: up, onPointerLeave: () => !drag.current && point(null),
      onDoubleClick: reset, onKeyDown: key, onBlur: () => point(null),
    };
    return {hover, range, box, reset, handlers, zoomed: range.x !== UNIT};
  }

  function PrCard({tag, name, runs, mode, theme}) {
    const {useEffect, useMemo, useRef, useState} = React;
    const [cardRef, canvasRef, markRef] = [useRef(null), useRef(null), useRef(null)];
    const [frame, view] = [useRef(null), useRef(null)];
    const [wide, setWide] = useState(false);
    const [pinned, setPinned] = useState(new Set());
    const [pointed, setPointed] = useState("");
    const {step} = tb.view.get();
    const visible = useVisible(cardRef);
    const size = useSize(canvasRef);
    const {curves, error, waiting} = tb.prCurves.useCurves(tag, runs, step, visible);
    const lines = useMemo(
      () =>
        runs.filter((run) => curves.has(run.name)).map((run) => {
          const curve = curves.get(run.name);
          return {run: run.name, title: run.title, color: tb.runs.color(run.name), curve, points: pointsOf(curve, mode)};
        }),
      [[...curves.values()].map((curve) => `${curve.run}\n${curve.step}\n${curve.wall}`).join("\n"), runs, mode, theme]
    );
    const {hover, range, box, reset, handlers, zoomed} = usePlot({canvas: canvasRef, lines, frame, view});
    const emphasised = new Set([...pinned, ...(pointed ? [pointed] : [])].filter((run) => curves.has(run)));

    useEffect(() => {
      const canvas = canvasRef.current;
      if (!visible || !canvas.clientWidth) return;
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      const [width, height] = [canvas.clientWidth, canvas.clientHeight];
      for (const layer of [canvas, markRef.current]) {
        if (layer.width === Math.round(width * ratio) && layer.height === Math.round(height * ratio)) continue;
        layer.width = Math.round(width * ratio);
        layer.height = Math.round(height * ratio);
      }
      view.current = {width, height, ratio, mode, theme: themeOf(), ...range};
      frame.current = draw(canvas.getContext("2d"), view.current, lines, emphasised);
    }, [lines, visible, range, size, wide, theme, [...emphasised].join("\n")]);
    useEffect(() => {
      const paint = (threshold) =>
        frame.current &&
        mark(markRef.current.getContext("2d"), view.current, frame.current, lines, {threshold, nearest: hover ? hover.run : "", box});
      paint(hover ? hover.threshold : linked.now);
      linked.listeners.add(paint);
      return () => void linked.listeners.delete(paint);
    }, [hover, box, lines, visible, range, size, wide]);

    const placeTip = (tip) => {
      if (!tip || !hover) return;
      const left = hover.x + 18 + tip.offsetWidth < window.innerWidth ? hover.x + 18 : Math.max(4, hover.x - 18 - tip.offsetWidth);
      const top = Math.max(4, Math.min(hover.y + 14, window.innerHeight - tip.offsetHeight - 6));
      tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
    };
    const file = tag.replace(/[^\w.-]+/g, "_");
    const menu = (event) =>
      tb.kit.menu(event.currentTarget, [
        {label: "Download PNG", run: () => canvasRef.current.toBlob((blob) => tb.kit.download(`${file}.png`, blob, "image/png"))},
        {label: "Download CSV", run: () => tb.kit.download(`${file}.csv`, asCsv(tag, lines), "text/csv")},
        {label: "Copy the tag", run: () => tb.kit.copy(tag)},
      ]);
    const pin = (run) => setPinned(new Set(pinned.has(run) ? [...pinned].filter((other) => other !== run) : [...pinned, run]));
    const lacksRoc = mode === "roc" && lines.length > 0 && lines.every(({points}) => !points.xs.length);
    let message = "";
    if (!lines.length) message = error || (waiting ? "reading …" : step === "" ? "nothing logged yet" : `nothing up to step ${tb.format.step(Number(step))}`);
    else if (lacksRoc) message = "These curves were logged without counts: there is no ROC curve to draw";
    return h(
      "article",
      {ref: cardRef, className: wide ? "card pr-card wide" : "card pr-card"},
      visible ? runs.map((run) => h(tb.prCurves.Follow, {key: run.name, run: run.name, tag})) : null,
      h(
        "header",
        null,
        h("h3", {title: tag}, name),
        error && lines.length ? h("span", {className: "card-warning", title: error, role: "alert"}, "⚠") : null,
        zoomed ? h("button", {type: "button", className: "card-button pr-reset", onClick: reset}, "reset zoom") : null,
        h("button", {type: "button", className: "card-button", "aria-pressed": wide, title: wide ? "Smaller" : "Larger",
          "aria-label": `${wide ? "Smaller" : "Larger"}: ${tag}`, onClick: () => setWide(!wide)}, wide ? "⤡" : "⤢"),
        h("button", {type: "button", className: "card-button", "aria-haspopup": "menu", title: "More", "aria-label": `More for ${tag}`, onClick: menu}, "⋯")
      ),
      h(
        "div",
        {className: "pr-plot"},
        h("canvas", {ref: canvasRef, role: "img", tabIndex: 0, "aria-label": describe(tag, lines, mode), ...handlers}),
        h("canvas", {ref: markRef, className: "pr-mark", "aria-hidden": true}),
        message ? h("p", {className: "pr-message", role: error ? "alert" : "status"}, message) : null
      ),
      lines.length ? h(Legend, {lines, mode, pinned, onPin: pin, onPoint: setPointed, wanted: step}) : null,
      hover && curves.has(hover.run)
        ? ReactDOM.createPortal(h(Tip, {lines, nearest: hover.run, threshold: hover.threshold, mode, at: placeTip}), document.body)
        : null
    );
  }

  tb.PrCard = PrCard;
})();
