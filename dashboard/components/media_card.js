/* One card of the media page: what a run logged as a tag at the step that is shown. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const h = (...args) => React.createElement(...args);
  const ENDINGS = {
    "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp", "image/svg+xml": "svg", "audio/wav": "wav",
    "audio/mpeg": "mp3", "audio/ogg": "ogg", "audio/flac": "flac", "video/mp4": "mp4", "video/webm": "webm", "text/html": "html",
    "application/vnd.plotly.v1+json": "json",
  };

  const address = (sha256, width) => tb.http.url(`/api/blob/${sha256}${width ? `?width=${width}` : ""}`);

  const fileName = (run, tag, step, facts) =>
    `${run}-${tag}-${step}`.replace(/[^\w.=-]+/g, "_").slice(0, 120) + "." + (ENDINGS[facts.media_type] || "bin");

  function size(facts, kind) {
    const parts = [];
    if (facts.width) parts.push(`${facts.width} × ${facts.height}`);
    if (kind === "audio" && facts.sample_rate) parts.push(`${Number((facts.sample_rate / 1000).toFixed(1))} kHz`, tb.format.duration(facts.n_frames / facts.sample_rate));
    if (kind === "video" && facts.n_frames) parts.push(`${facts.n_frames} frames`);
    if (kind === "html") parts.push(`${Math.max(1, Math.round(facts.n_bytes / 1024))} kB`);
    return parts.join(", ");
  }

  /* The caption that was logged beside it, as `tag/caption`. */
  function Caption({run, tag, step}) {
    const {useEffect, useState} = React;
    const [text, setText] = useState("");
    const has = tb.runs.series("text").get(tag + "/caption")?.has(run);
    const series = tb.steps.useSeries("text", run, tag + "/caption", Boolean(has));
    const index = series && series.loaded && step !== null ? tb.steps.at(series, String(step)) : -1;
    useEffect(() => {
      if (index < 0) return undefined;
      let current = true;
      const query = new URLSearchParams({run, tag: tag + "/caption", at: index, plain: 1});
      tb.http.json("/api/text?" + query, undefined, {quiet: true}).then((answer) => current && setText(answer.text), () => {});
      return () => void (current = false);
    }, [run, tag, index]);
    return text ? h("figcaption", {className: "media-caption"}, text) : null;
  }

  function openMenu(event, {kind, tag, run, at, facts, among}) {
    const name = fileName(run.title, tag, at.step, facts);
    const items = [
      kind === "image" ? {label: "Look closely, compare …", run: () => tb.lightbox({tag, run: run.name, runs: among, step: String(at.step)})} : null,
      {label: "Save the file", hint: name, run: () => tb.el("a", {href: address(facts.sha256), download: name}).click()},
      {label: "Open the file in a new tab", run: () => window.open(address(facts.sha256), "_blank", "noopener")},
      {label: "Show this step on all cards", run: () => tb.view.set({step: String(at.step)})},
      {label: "Only this tag", run: () => tb.view.set({tagFilter: "^" + tag.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") + "$"})},
    ];
    tb.kit.menu(event.currentTarget, items.filter(Boolean), {align: "end"});
  }

  function MediaCard({kind, tag, name, run, among, titled}) {
    const {useRef} = React;
    const ref = useRef(null);
    const [near, seen] = tb.useInSight(ref);
    const series = tb.steps.useSeries(kind, run.name, tag, seen);
    const at = tb.steps.useCardStep(series);
    const facts = series && at.index >= 0 ? tb.steps.factsAt(series, at.index) : null;
    // While the facts of another step are fetched, what stood there goes on standing.
    const last = useRef(null);
    if (facts) last.current = {facts, step: at.step};
    const held = at.index < 0 && series && series.loaded ? null : last.current;
    const Content = tb.mediaKinds[kind];
    const own = tb.runs.series(kind).get(tag)?.get(run.name);
    return h("figure", {ref, className: `media-card media-${kind}`, "aria-label": `${tag}, run ${run.title}`},
      h("header", null,
        titled === "run" ? null : h("h3", {title: tag}, name),
        titled === "tag" ? null : h(tb.tags.RunName, {run}),
        facts
          ? h("button", {
              type: "button", className: "card-button", title: "Save, open, compare", "aria-label": `More about ${tag}, run ${run.title}`, "aria-haspopup": "menu",
              onClick: (event) => openMenu(event, {kind, tag, run, at, facts, among}),
            }, "⋯")
          : null),
      h("div", {className: "media-content"},
        series && series.error ? h("p", {className: "media-message", role: "alert"}, series.error) : null,
        held
          ? h(Content, {...held, near, tag, run, among})
          : h("p", {className: "media-message"}, series && series.loaded ? "nothing here yet" : own ? "reading …" : "")),
      h(Caption, {run: run.name, tag, step: at.step}),
      h(tb.steps.CardStep, {series, at}, facts ? h("span", {className: "media-size-of"}, size(facts, kind)) : null));
  }

  Object.assign(tb, {MediaCard: React.memo(MediaCard, (a, b) =>
    a.kind === b.kind && a.tag === b.tag && a.run === b.run && a.titled === b.titled && a.among.length === b.among.length)});
  tb.media = {address, fileName};
})();
