/* A card taken away: as a picture, as a file of all its points, as the Python that reads them. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const PICTURE = {width: 1000, height: 560, scale: 2};

  /** {runs, tags} of the series behind a card's curves, as they are logged. */
  function sources(card) {
    const listed = tb.runs.series("scalar");
    const runs = card.runs();
    const tags = tb.charts.tagsOf(card.chart).filter((tag) => listed.has(tag));
    return {runs: runs.filter((run) => tags.some((tag) => listed.get(tag)?.has(run))), tags};
  }

  const fileName = (tag) => tag.replace(/[^\p{L}\p{N}.=+-]+/gu, "_").replace(/^[._]+/, "").slice(0, 120) || "chart";

  const titleOf = (line) => line.title ?? tb.runs.get(line.series.run)?.title ?? line.series.run;
  // Plotly reads a little markup in texts; what users name is shown as it is.
  const plain = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

  /** The points of a line as plotly draws them: bins as lowest and highest in turn where `raw`. */
  function points({series, xs, ys}, raw) {
    const n = series.length;
    if (!raw) return {x: Array.from(xs.subarray(0, n)), y: Array.from(ys.subarray(0, n))};
    const x = [];
    const y = [];
    for (let i = 0; i < n; i++) {
      const ends = i % 2 ? [series.max[i], series.min[i]] : [series.min[i], series.max[i]];
      for (const value of ends[0] === ends[1] ? [ends[0]] : ends) {
        x.push(xs[i]);
        y.push(value);
      }
    }
    return {x, y};
  }

  /** The card as a plotly figure {data, layout}, with titles and a legend; it needs no plotly. */
  function figure(card) {
    const {axis, lines} = card;
    const {xRange, yRange, logX, logY} = card.view;
    const css = tb.theme.css;
    const shape = {type: "scatter", mode: "lines", hoverinfo: "skip"};
    const bands = lines.filter(({band}) => band).flatMap((line) => ["low", "high"].map((rim) => ({
      ...shape, x: Array.from(line.xs.subarray(0, line.series.length)), y: Array.from(line.band[rim].subarray(0, line.series.length)),
      line: {width: 0, color: line.color}, opacity: 0.16, fill: rim === "high" ? "tonexty" : "none", showlegend: false,
    })));
    const faint = lines.filter(({raw}) => raw).map((line) => ({
      ...shape, ...points(line, true), opacity: 0.26, line: {color: line.color, width: 1}, showlegend: false,
    }));
    const main = lines.map((line) => ({
      ...shape, ...points(line, false), name: plain(titleOf(line)), opacity: line.faint ? 0.3 : 1, showlegend: !line.faint,
      line: {color: line.color, width: line.faint ? 1 : 1.8, dash: line.dash?.length ? line.dash.map((part) => `${part}px`).join() : "solid"},
    }));
    const ends = (range, log) => (log ? range.map(Math.log10) : range);
    const style = {gridcolor: css("--grid"), linecolor: css("--line-strong"), zeroline: false, automargin: true, showline: true};
    const axisTitles = {step: "step", relative: "seconds since the run's first point", wall: "time"};
    return {
      data: [...bands, ...faint, ...main],
      layout: {
        title: {text: plain(card.chart.title), font: {size: 16}, x: 0.01, xanchor: "left"}, paper_bgcolor: css("--card"), plot_bgcolor: css("--card"),
        font: {family: css("--font"), color: css("--text"), size: 12}, margin: {l: 64, r: 16, t: 48, b: 52}, showlegend: true,
        legend: main.length > 12 ? {font: {size: 10}} : {orientation: "h", y: -0.16},
        xaxis: {...style, title: {text: plain(axisTitles[axis] ?? axis.slice(tb.charts.METRIC.length))}, type: axis === "wall" ? "date" : logX ? "log" : "linear", range: ends(xRange, logX)},
        yaxis: {...style, type: logY ? "log" : "linear", range: ends(yRange, logY), exponentformat: "power"},
      },
    };
  }

  /** Saves the card as "png" or "svg". */
  async function picture(card, format) {
    const Plotly = await tb.plotly();
    const {data, layout} = figure(card);
    const size = {...PICTURE, height: PICTURE.height + Math.min(600, Math.max(0, data.length - 12) * 4)};
    const address = await Plotly.toImage({data, layout}, {format, ...size});
    tb.kit.download(`${fileName(card.chart.title)}.${format}`, await (await fetch(address)).blob());
  }

  /** Has the server write every point of these series into a file, which the browser saves while it comes. */
  function file(format, {runs, tags}) {
    if (!runs.length || !tags.length) return tb.kit.toast("No run shown has this metric", {bad: true});
    const name = "export-frame";
    document.querySelector(`iframe[name="${name}"]`)?.remove();
    const frame = el("iframe", {name, hidden: true, title: "Download"});
    document.body.append(frame);
    const form = el(
      "form", {method: "post", action: tb.http.url("/api/export"), target: name, hidden: true},
      el("input", {name: "query", value: JSON.stringify({format, runs, tags})})
    );
    // A file is saved and the frame stays empty; what loads into it says why there is none.
    frame.addEventListener("load", () => {
      const text = frame.contentDocument?.body?.textContent;
      if (!text) return;
      let message = text;
      try {
        message = JSON.parse(text).error.message;
      } catch (error) {
        // Not our JSON: a proxy's page, say.
      }
      tb.kit.toast(`The download failed: ${message.slice(0, 300)}`, {bad: true});
    });
    document.body.append(form);
    form.submit();
    form.remove();
    return undefined;
  }

  /** Every scalar series that the page shows: the runs shown, the metrics that pass the filter. */
  function everything() {
    const {regex} = tb.pattern(tb.view.get().tagFilter);
    const listed = tb.runs.series("scalar");
    const tags = [...listed.keys()].filter((tag) => !regex || regex.test(tag));
    const runs = tb.runs.shown().map((run) => run.name).filter((run) => tags.some((tag) => listed.get(tag).has(run)));
    return {runs, tags};
  }

  /** A Python literal of a text. */
  const literal = (text) => JSON.stringify(text).replace(/[\u007f-\uffff]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
  const list = (texts) => (texts.length <= 3 ? `[${texts.map(literal).join(", ")}]` : `[\n${texts.map((text) => `    ${literal(text)},\n`).join("")}]`);

  /** Python that reads the card's series, every point. */
  function python(card) {
    const {runs, tags} = sources(card);
    const logdir = literal(tb.config.logdir || "logs");
    const several = tags.length > 1;
    return [
      "from summaries import open_logdir",
      "",
      `runs = ${list(runs)}`,
      `tags = ${list(tags)}`,
      `with open_logdir(${logdir}) as reader:`,
      "    points = {",
      several ? "        (run, tag): reader.scalars(run, tag)" : "        run: reader.scalars(run, tags[0])",
      "        for run in runs",
      ...(several ? ["        for tag in tags", '        if any(s.tag == tag for s in reader.series(run, "scalar"))'] : []),
      "    }",
      `for ${several ? "(run, tag)" : "run"}, series in points.items():`,
      `    print(run, ${several ? "tag, " : ""}len(series), series.step[-1:], series.value[-1:])`,
      "",
    ].join("\n");
  }

  let known = null;
  /** Format -> why it cannot be had, null if it can; asked for once. */
  const formats = () => (known = known || tb.http.json("/api/export/formats").then(({formats}) => formats).catch((error) => {
    known = null;
    throw error;
  }));

  tb.cardExport = {figure, picture, file, everything, sources, python, formats};
})();
