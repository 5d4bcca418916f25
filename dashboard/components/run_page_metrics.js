/* The metrics of one run: last, lowest and highest values with a small curve, and links to the charts. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {createElement: h, useEffect, useState} = React;
  const SPARK_MS = 5000; // between two looks while the run goes on
  const SHOWN = 100;
  const [WIDTH, HEIGHT] = [96, 26];

  /** The points of a small curve as the `points` of SVG polylines; a gap where a value is missing. */
  function polylines(values) {
    const finite = values.filter((v) => v !== null);
    if (finite.length === 0) return [];
    const [low, high] = [Math.min(...finite), Math.max(...finite)];
    const x = (i) => (values.length === 1 ? WIDTH / 2 : 1 + (i / (values.length - 1)) * (WIDTH - 2));
    const y = (v) => (high === low ? HEIGHT / 2 : 2 + (1 - (v - low) / (high - low)) * (HEIGHT - 4));
    const parts = [[]];
    values.forEach((v, i) => (v === null ? parts.push([]) : parts.at(-1).push(`${x(i).toFixed(1)},${y(v).toFixed(1)}`)));
    return parts.filter((part) => part.length).map((part) => part.join(" "));
  }

  function Spark({values, color}) {
    if (!values) return null;
    return h(
      "svg", {width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": true, className: "spark"},
      polylines(values).map((points, i) =>
        points.includes(" ") ? h("polyline", {key: i, points, fill: "none", stroke: color, strokeWidth: 1.5, strokeLinejoin: "round"})
          : h("circle", {key: i, cx: points.split(",")[0], cy: points.split(",")[1], r: 1.5, fill: color}))
    );
  }

  function useSparks(run, tags, n) {
    const [sparks, setSparks] = useState({});
    const wanted = tags.join("\n");
    const [asked, setAsked] = useState({at: -Infinity, key: ""});
    useEffect(() => {
      if (tags.length === 0) return undefined;
      const key = run + "\n" + wanted;
      const wait = asked.key === key ? Math.max(0, asked.at + SPARK_MS - performance.now()) : 0;
      let gone = false;
      const timer = setTimeout(async () => {
        try {
          const answer = await tb.http.json("/api/run/sparks", {run, tags}, {quiet: true});
          if (gone) return;
          setSparks(answer.sparks);
          setAsked({at: performance.now(), key});
        } catch (error) {
          // The numbers beside it are right without the curve; the header says that the server is away.
        }
      }, wait);
      return () => {
        gone = true;
        clearTimeout(timer);
      };
    }, [run, wanted, n]);
    return sparks;
  }

  function Row({tag, info, base, spark, color}) {
    const found = base && tb.goals.delta(tag, info.lastValue, base.lastValue);
    const open = () => tb.go("/scalars", {tagFilter: "^" + tag.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") + "$"});
    const at = (value, step) => (value === null || value === undefined ? "" : h("span", {title: `at step ${tb.format.step(step)}`}, tb.format.value(value)));
    return h(
      "tr", null,
      h("th", {scope: "row"}, h("button", {type: "button", className: "run-link", title: "Open the chart", onClick: open}, tag)),
      h("td", {className: "spark-cell"}, h(Spark, {values: spark, color})),
      h("td", null, tb.format.value(info.lastValue), found && h("span", {className: "delta " + found.sense, title: `${tb.runCells.signed(found.delta)} against the baseline`},
        found.percent === null ? tb.runCells.signed(found.delta) : tb.runCells.percent(found.percent))),
      h("td", null, at(info.min, info.minStep)), h("td", null, at(info.max, info.maxStep)),
      h("td", null, tb.format.step(info.lastStep)), h("td", null, info.n.toLocaleString("en-US"))
    );
  }

  function Metrics({run}) {
    const [wanted, setWanted] = useState("");
    const [all, setAll] = useState(false);
    const [withMachine, setWithMachine] = useState(false);
    const rows = [...tb.runs.series("scalar")].filter(([, runs]) => runs.has(run)).map(([tag, runs]) => [tag, runs.get(run)]);
    const machine = (tag) => tag.startsWith("system/");
    rows.sort(([a], [b]) => machine(a) - machine(b) || tb.naturally(a, b));
    const nMachine = rows.filter(([tag]) => machine(tag)).length;
    const hidesMachine = !withMachine && !wanted && nMachine < rows.length;
    const found = rows.filter(([tag]) => tag.toLowerCase().includes(wanted.toLowerCase()) && !(hidesMachine && machine(tag)));
    const shown = all ? found : found.slice(0, SHOWN);
    const n = rows.reduce((sum, [, info]) => sum + info.n, 0);
    const sparks = useSparks(run, shown.map(([tag]) => tag), n);
    const {baseline} = tb.view.get();
    const base = baseline !== run && tb.runs.get(baseline) ? baseline : null;
    const color = tb.runs.color(run);
    if (rows.length === 0) return null;
    const head = ["Metric", "", "Last", "Min", "Max", "Step", "Points"];
    return h(
      tb.runParts.Card, {title: "Metrics", count: rows.length, className: "wide",
        tools: h(React.Fragment, null, nMachine > 0 && nMachine < rows.length && h("button", {type: "button", className: "button small", "aria-pressed": withMachine, onClick: () => setWithMachine(!withMachine)}, `System (${nMachine})`),
          h("button", {type: "button", className: "button small", onClick: () => tb.go("/scalars", {selection: {only: [run]}, tagFilter: "", runFilter: ""})}, "Open the charts"))},
      rows.length > 8 && h("input", {type: "search", className: "field run-search", placeholder: "Find a metric", "aria-label": "Find a metric", value: wanted, onChange: (event) => setWanted(event.target.value)}),
      h("div", {className: "run-scroll", tabIndex: 0, role: "group", "aria-label": "Metrics"}, h(
        "table", {className: "run-metrics"},
        h("thead", null, h("tr", null, head.map((name, i) => (name ? h("th", {key: i, scope: "col"}, name) : h("td", {key: i}))))),
        h("tbody", null, shown.map(([tag, info]) => h(Row, {key: tag, tag, info, spark: sparks[tag], color, base: base && tb.runs.series("scalar").get(tag).get(base)})))
      )),
      shown.length < found.length && h("button", {type: "button", className: "link-button", onClick: () => setAll(true)}, `Show all ${found.length.toLocaleString("en-US")}`)
    );
  }

  tb.RunMetrics = Metrics;
  tb.sparkLines = polylines;
  tb.Spark = Spark;
})();
