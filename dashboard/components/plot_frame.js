/* The frame of a chart: plotly draws axes, grid and the zoom box; the curves lie on a canvas over it. */
(function () {
  "use strict";
  const tb = window.trainboard;
  // Known here, so that the curves know their place before plotly has arrived.
  const MARGIN = {l: 50, r: 12, t: 6, b: 24};
  const TICK_SIZE = 11;
  const TICK_GAP = 4;
  const EDGE = 4; // pixels between the longest label and the rim of the card
  const pen = document.createElement("canvas").getContext("2d");

  // One line each: plotly's own second line with the date does not fit below the axis.
  const TIMES = [
    {dtickrange: [null, 1000], value: "%H:%M:%S.%L"},
    {dtickrange: [1000, 60e3], value: "%H:%M:%S"},
    {dtickrange: [60e3, 6 * 3600e3], value: "%H:%M"},
    {dtickrange: [6 * 3600e3, 24 * 3600e3], value: "%d %b %H:%M"},
    {dtickrange: [24 * 3600e3, null], value: "%d %b %Y"},
  ];

  class PlotFrame {
    /** `onZoom([x0, x1], [y0, y1] or null)` after a box was drawn, `onReset()` after a double click. */
    constructor(node, {onZoom, onReset}) {
      this.node = node;
      this.onZoom = onZoom;
      this.onReset = onReset;
      this.plotly = null;
      this.shown = null;
      this.wanted = null;
      this.gone = false;
    }

    /** Where the curves lie in a frame of this size; values that are long to write move them right. */
    static inner(width, height, yRange, logY) {
      const inside = Math.max(10, height - MARGIN.t - MARGIN.b);
      const yTicks = logY ? null : tb.math.valueTicks(yRange, Math.max(3, Math.floor(inside / 32)));
      let left = MARGIN.l;
      if (yTicks) {
        pen.font = `${TICK_SIZE}px ${tb.theme.css("--font")}`;
        const longest = Math.max(0, ...yTicks.ticktext.map((text) => pen.measureText(text).width));
        left = Math.max(left, Math.min(Math.ceil(longest) + TICK_GAP + EDGE, Math.floor(width / 2)));
      }
      return {width: Math.max(10, width - left - MARGIN.r), height: inside, left, top: MARGIN.t, yTicks};
    }

    /** `want` is {width, height, xRange, yRange, axis, logY}; draws the axes anew if it differs. */
    update(want) {
      // Until plotly is here the curves stand without axes; the grid draws again when it comes.
      this.plotly = window.Plotly;
      if (!this.plotly || this.gone) return;
      this.wanted = {...want, theme: tb.theme.current()};
      const signature = JSON.stringify(this.wanted);
      if (signature === this.shown) return;
      this.shown = signature;
      const layout = this.layout(this.wanted);
      if (!this.made) {
        this.made = true;
        // One invisible point: without a trace plotly draws no axes.
        const trace = {x: [null], y: [null], type: "scatter", mode: "lines", hoverinfo: "skip"};
        this.plotly.newPlot(this.node, [trace], layout, {
          displayModeBar: false, doubleClick: false, showTips: false, responsive: false, scrollZoom: false,
        });
        this.node.on("plotly_relayout", (change) => this.zoomed(change));
        this.node.on("plotly_doubleclick", () => this.onReset());
      } else {
        this.silent = true;
        this.plotly.relayout(this.node, layout).then(() => (this.silent = false));
      }
    }

    layout({width, height, xRange, yRange, axis, logX, logY}) {
      const inner = PlotFrame.inner(width, height, yRange, logY);
      const style = {
        gridcolor: tb.theme.css("--grid"), linecolor: tb.theme.css("--line"), zeroline: false, ticks: "",
        tickfont: {size: TICK_SIZE, color: tb.theme.css("--muted")}, automargin: false, showline: false, ticklabelstandoff: TICK_GAP,
      };
      const x = {...style, range: xRange, type: axis === "wall" ? "date" : "linear", nticks: Math.max(2, Math.floor(inner.width / 46)),
        tickmode: "auto", tickangle: 0};
      if (axis === "step") x.tickformat = "~s";
      if (axis === "wall") x.tickformatstops = TIMES;
      if (logX) {
        Object.assign(x, {type: "log", range: xRange.map(Math.log10), dtick: decades(xRange)});
        if (axis === "relative") Object.assign(x, durationDecades(xRange));
      } else if (axis === "relative") {
        Object.assign(x, {tickmode: "array", ...tb.math.durationTicks(xRange, Math.max(2, inner.width / 85), tb.format.duration)});
      }
      return {
        width, height, margin: {...MARGIN, l: inner.left}, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
        showlegend: false, hovermode: false, dragmode: "zoom", font: {family: tb.theme.css("--font")},
        newselection: {line: {color: tb.theme.css("--accent")}},
        xaxis: x,
        yaxis: {
          ...style, type: logY ? "log" : "linear", range: logY ? yRange.map(Math.log10) : yRange,
          nticks: Math.max(3, Math.floor(inner.height / 32)), dtick: logY ? decades(yRange) : null, tickformat: logY ? "~g" : "",
          ...(logY ? {tickmode: "auto"} : {tickmode: "array", ...inner.yTicks}),
        },
      };
    }

    zoomed(change) {
      if (this.silent) return;
      const pick = (name) => {
        const range = [change[`${name}.range[0]`], change[`${name}.range[1]`]];
        return range[0] === undefined ? change[`${name}.range`] : range;
      };
      let x = pick("xaxis");
      let y = pick("yaxis");
      if (!x && !y) return;
      const {axis, logX, logY, xRange} = this.wanted;
      if (x && logX) x = x.map((v) => Math.pow(10, v));
      else if (x) x = axis === "wall" ? x.map((v) => (typeof v === "number" ? v : Date.parse(utc(v)))) : x.map(Number);
      if (y) y = logY ? y.map((v) => Math.pow(10, v)) : y.map(Number);
      this.onZoom(x || xRange, y || null);
    }

    destroy() {
      this.gone = true;
      if (this.made) this.plotly.purge(this.node);
    }
  }

  /** Plotly names dates as "2026-11-24 10:00:01.5", meant as UTC. */
  const utc = (text) => (text.includes(" ") ? text.replace(" ", "T") : text + (text.includes("T") ? "" : "T00:00:00")) + "Z";

  const decades = ([low, high]) => {
    const count = Math.log10(high / low);
    return count > 8 ? Math.ceil(count / 6) : count > 1.2 ? 1 : null;
  };

  /** A tick for each power of ten, as a duration. */
  function durationDecades([low, high]) {
    const powers = [];
    for (let p = Math.ceil(Math.log10(low)); p <= Math.log10(high); p++) powers.push(Math.pow(10, p));
    return {tickmode: "array", tickvals: powers, ticktext: powers.map(tb.format.duration)};
  }

  tb.PlotFrame = PlotFrame;
})();
