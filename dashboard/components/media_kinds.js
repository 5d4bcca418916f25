/* What stands inside a card of the media page: an image, a video, a page, a figure. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const h = (...args) => React.createElement(...args);
  const PLOTLY = "application/vnd.plotly.v1+json";
  const LARGE = 1_500_000; // pixels from which an image comes scaled to its card

  /** The address of an image for a place of some CSS pixels: scaled by the server if it is a large one. */
  function source(facts, cssWidth) {
    const wanted = Math.ceil(cssWidth * Math.min(2, window.devicePixelRatio || 1));
    const scale = facts.width * facts.height > LARGE && wanted < facts.width && facts.media_type !== "image/gif";
    return tb.media.address(facts.sha256, scale ? wanted : 0);
  }

  function Failed({facts, text}) {
    return h("p", {className: "media-message", role: "alert"}, text, " ",
      h("a", {href: tb.media.address(facts.sha256), target: "_blank", rel: "noopener"}, "Open the file"));
  }

  function Picture({facts, step, tag, run, among}) {
    const {useEffect, useState} = React;
    const [failed, setFailed] = useState("");
    tb.useUpdates((news, changed) => changed.has("mediaActual") || changed.has("mediaSize"));
    const {mediaActual, mediaSize} = tb.view.get();
    const src = source(facts, mediaActual ? facts.width : mediaSize);
    useEffect(() => setFailed(""), [src]);
    if (failed === src) return h(Failed, {facts, text: "This image cannot be shown."});
    const ratio = facts.width ? {aspectRatio: `${facts.width} / ${facts.height}`} : {};
    const style = mediaActual ? {width: facts.width || "auto"} : ratio;
    return h("button", {
      type: "button", className: mediaActual ? "media-open media-actual" : "media-open", "aria-label": `Look closely at ${tag}, run ${run.title}, step ${step}`,
      onClick: () => tb.lightbox({tag, run: run.name, runs: among, step: String(step)}),
    }, h("img", {
      src, alt: `${tag}, run ${run.title}, step ${step}`, loading: "lazy", decoding: "async", style, onError: () => setFailed(src),
      className: facts.width && facts.width < mediaSize ? "media-pixels" : "",
    }));
  }

  // Players that are to do everything together: {play, pause, seek}.
  const players = new Set();
  const together = (from, act) => {
    if (tb.view.get().mediaTogether) for (const other of players) if (other !== from) act(other);
  };

  /** Makes a media element one of the players; returns what takes it out again. */
  function joined(element) {
    let told = false; // what others made it do is not told to them again
    const player = {
      play: () => ((told = true), element.play().catch(() => {})),
      pause: () => ((told = true), element.pause()),
      seek: (seconds) => ((told = true), (element.currentTime = Math.min(seconds, element.duration || 0))),
    };
    const own = (act) => () => {
      if (told) told = false;
      else together(player, act);
    };
    const heard = {
      play: own((other) => other.play()),
      pause: () => (element.ended || element.seeking ? undefined : own((other) => other.pause())()),
      seeked: own((other) => other.seek(element.currentTime)),
    };
    for (const [name, listener] of Object.entries(heard)) element.addEventListener(name, listener);
    players.add(player);
    return () => {
      players.delete(player);
      for (const [name, listener] of Object.entries(heard)) element.removeEventListener(name, listener);
    };
  }

  function Film({facts, step, tag, run}) {
    const {useEffect, useRef, useState} = React;
    const ref = useRef(null);
    const [failed, setFailed] = useState("");
    const src = tb.media.address(facts.sha256);
    useEffect(() => (ref.current ? joined(ref.current) : undefined), [failed === src]);
    if (failed === src) return h(Failed, {facts, text: "This browser cannot play the video."});
    return h("video", {
      ref, src, controls: true, loop: true, muted: true, playsInline: true, preload: "metadata", onError: () => setFailed(src),
      "aria-label": `${tag}, run ${run.title}, step ${step}`,
    });
  }

  function Clip(props) {
    return props.facts.media_type === "image/gif" ? h(tb.GifPlayer, props) : h(Film, props);
  }

  /* A page's own scripts run in a frame that has no origin, no network, and no way out of itself. */
  function Page({facts, near, tag, run}) {
    return near
      ? h("iframe", {
          src: tb.http.url("/api/frame/" + facts.sha256), sandbox: "allow-scripts", loading: "lazy", referrerPolicy: "no-referrer",
          title: `${tag}, run ${run.title}`, className: "media-frame",
        })
      : h("div", {className: "media-frame"});
  }

  function look() {
    const css = tb.theme.css;
    const axis = {gridcolor: css("--grid"), zerolinecolor: css("--line-strong"), linecolor: css("--line-strong")};
    return {
      paper_bgcolor: css("--card"), plot_bgcolor: css("--card"), font: {color: css("--text"), family: css("--font"), size: 11},
      margin: {l: 44, r: 16, t: 34, b: 36}, xaxis: axis, yaxis: axis, autosize: true,
    };
  }

  /* The figure's own layout wins, but for the colours of plotly's stock template, which are no choice of anybody. */
  function layoutOf(layout) {
    const own = look();
    const {template, width, height, ...rest} = layout;
    const merged = {...own, ...rest, autosize: true};
    for (const axis of ["xaxis", "yaxis"]) merged[axis] = {...own[axis], ...(rest[axis] || {})};
    merged.font = {...own.font, ...(rest.font || {})};
    return merged;
  }

  function Figure({facts, near}) {
    const {useEffect, useRef, useState} = React;
    const ref = useRef(null);
    const [figure, setFigure] = useState(null);
    const [error, setError] = useState("");
    tb.useUpdates((news) => Boolean(news.theme));
    useEffect(() => {
      let current = true;
      tb.http.json("/api/figure/" + facts.sha256).then(
        (answer) => current && (setError(""), setFigure(answer)),
        (problem) => current && setError(problem.message)
      );
      return () => void (current = false);
    }, [facts.sha256]);
    const theme = tb.theme.current();
    useEffect(() => {
      const node = ref.current;
      if (!figure || !near || !node) return undefined;
      let gone = false;
      let drawn = null;
      const config = {displaylogo: false, responsive: false, plotlyServerURL: "", showSendToCloud: false, modeBarButtonsToRemove: ["sendDataToCloud"]};
      tb.plotly().then(async (Plotly) => {
        if (gone) return;
        drawn = Plotly;
        await Plotly.react(node, figure.data, layoutOf(figure.layout), config);
      }).catch((problem) => !gone && setError(`The figure cannot be drawn: ${problem.message}`));
      const sizes = new ResizeObserver(() => drawn && node.clientWidth && node.data && drawn.Plots.resize(node));
      sizes.observe(node);
      return () => {
        gone = true;
        sizes.disconnect();
        if (drawn) drawn.purge(node);
      };
    }, [figure, near, theme]);
    if (error) return h(Failed, {facts, text: error});
    return h("div", null, h("div", {ref, className: "media-figure"}),
      figure && figure.notes.length ? h("p", {className: "media-note"}, figure.notes.join("; ")) : null);
  }

  const Html = (props) => (props.facts.media_type === PLOTLY ? h(Figure, props) : h(Page, props));

  tb.mediaKinds = {image: Picture, audio: (props) => h(tb.SoundPlayer, props), video: Clip, html: Html};
  tb.mediaPlayers = {players, together, joined, source};
})();
