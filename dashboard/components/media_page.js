/* The media page: images, sounds, videos and pages of the shown runs, side by side at one step. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const h = (...args) => React.createElement(...args);
  const {Group, Segments, TagFilter, grouped, nothing} = tb.tags;
  const RUNS_AT_FIRST = 12;
  const ROWS_AT_FIRST = 24;
  const pages = ["/media"];
  const KINDS = [["image", "Images"], ["video", "Videos"], ["audio", "Audio"], ["html", "Figures, HTML"]];

  tb.view.declare("mediaKind", "all", {param: "kind", pages, valid: (v) => v === "all" || KINDS.some(([kind]) => kind === v)});
  tb.view.declare("mediaSize", 240, {param: "size", remember: true, pages, valid: (v) => v >= 80 && v <= 1200});
  tb.view.declare("mediaShape", "auto", {param: "arrange", remember: true, pages, valid: (v) => ["auto", "runs", "gallery"].includes(v)});
  tb.view.declare("mediaActual", false, {param: "actual", pages});
  tb.view.declare("mediaBright", 1, {param: "bright", pages, valid: (v) => v >= 0 && v <= 4});
  tb.view.declare("mediaContrast", 1, {param: "contrast", pages, valid: (v) => v >= 0 && v <= 4});
  tb.view.declare("mediaTogether", true, {param: "together", remember: true, pages});
  tb.view.declare("mediaClosed", [], {param: "folded-media", pages});
  const KEYS = ["mediaKind", "mediaSize", "mediaShape", "mediaActual", "mediaBright", "mediaContrast", "mediaTogether", "mediaClosed", "tagFilter"];

  function example() {
    return (
      `from summaries import SummaryWriter\n\nwith SummaryWriter(${tb.exampleRun()}) as writer:\n` +
      '    writer.add_image("samples/0", picture, step)      # [3, height, width], 0 to 1\n' +
      '    writer.add_audio("speech", sound, step, sample_rate=16000)\n' +
      '    writer.add_video("rollout", frames, step, fps=8)  # [1, frames, 3, height, width]\n' +
      '    writer.add_figure("fit", figure, step)            # of matplotlib'
    );
  }

  function Adjust() {
    const {mediaBright, mediaContrast} = tb.view.get();
    const changed = mediaBright !== 1 || mediaContrast !== 1;
    const slider = (key, title, value) =>
      h("label", {key}, title, h("input", {
        type: "range", min: 0, max: 3, step: 0.05, value, "aria-label": title, "aria-valuetext": `${Math.round(value * 100)} %`,
        onChange: (event) => tb.view.set({[key]: Number(event.target.value)}),
      }));
    return h("details", {className: "media-adjust"},
      h("summary", {className: "button", title: "Brightness and contrast of all images"}, changed ? "Adjusted ◐" : "Adjust ◐"),
      h("div", {className: "media-adjust-panel"},
        slider("mediaBright", "Brightness", mediaBright), slider("mediaContrast", "Contrast", mediaContrast),
        h("button", {type: "button", className: "button", disabled: !changed, onClick: () => tb.view.set({mediaBright: 1, mediaContrast: 1})}, "Reset")));
  }

  function Controls({kinds, shape}) {
    const state = tb.view.get();
    const images = kinds.some((kind) => kind === "image" || kind === "video");
    const plays = kinds.some((kind) => kind === "audio" || kind === "video");
    const logged = KINDS.filter(([kind]) => tb.runs.series(kind).size);
    return h("div", {className: "media-bar"},
      h(TagFilter),
      logged.length > 1
        ? h(Segments, {
            name: "media-kind", title: "What is shown", choices: [["all", "All"], ...logged], value: state.mediaKind,
            choose: (mediaKind) => tb.view.set({mediaKind}),
          })
        : null,
      h(Segments, {
        name: "media-shape", title: "Arrangement", value: shape, choose: (mediaShape) => tb.view.set({mediaShape}),
        choices: [["runs", "By run", "A row for each tag, a column for each run"], ["gallery", "Gallery", "All cards one after the other"]],
      }),
      h("label", {className: "media-size", title: "Size of the cards"}, "Size",
        h("input", {
          type: "range", min: 80, max: 800, step: 20, value: state.mediaSize, "aria-label": "Size of the cards",
          onChange: (event) => tb.view.set({mediaSize: Number(event.target.value)}),
        })),
      images
        ? h("button", {
            type: "button", className: "button", "aria-pressed": state.mediaActual, title: "One pixel of the image on one of the screen",
            onClick: () => tb.view.set({mediaActual: !state.mediaActual}),
          }, "1 : 1")
        : null,
      images ? h(Adjust) : null,
      plays
        ? h("button", {
            type: "button", className: "button", "aria-pressed": state.mediaTogether, title: "Playing, pausing and seeking one does it to all in sight",
            onClick: () => tb.view.set({mediaTogether: !state.mediaTogether}),
          }, "Play together")
        : null,
      h(tb.steps.StepBar));
  }

  function more(n, what, show) {
    return h("button", {type: "button", className: "button media-more", onClick: show}, `Show ${n} more ${what}`);
  }

  /* Tags that most of the runs have stand in common columns; one that few have would be mostly gaps. */
  function blocks(entries) {
    const common = new Set(entries.flatMap((entry) => entry.runs)).size;
    const found = [];
    const byRuns = new Map();
    for (const entry of entries) {
      const key = entry.runs.length * 2 >= common ? "" : entry.runs.map((run) => run.name).join("\n");
      if (!byRuns.has(key)) {
        byRuns.set(key, []);
        found.push([key, byRuns.get(key)]);
      }
      byRuns.get(key).push(entry);
    }
    return found;
  }

  /* A row a tag, its runs side by side: the columns of all rows of a block stand under each other. */
  function Block({entries, size}) {
    const {useState} = React;
    const [columns, setColumns] = useState(RUNS_AT_FIRST);
    const [rows, setRows] = useState(ROWS_AT_FIRST);
    const logged = new Set(entries.flatMap((entry) => entry.runs));
    const all = tb.runs.shown().filter((run) => logged.has(run));
    const runs = all.slice(0, columns);
    const style = {gridTemplateColumns: `repeat(${runs.length}, min(${size}px, 84vw))`};
    return h("div", {className: "media-by-run"},
      h("div", {className: "media-scroll", tabIndex: 0, role: "region", "aria-label": `Runs side by side: ${entries[0].tag}`},
        h("div", {className: "media-columns", style},
          entries.slice(0, rows).map((entry) =>
            h(React.Fragment, {key: entry.kind + entry.tag},
              h("h3", {className: "media-row-title", title: entry.tag}, h("span", null, entry.name)),
              runs.map((run) =>
                entry.runs.includes(run)
                  ? h(tb.MediaCard, {key: run.name, ...entry, run, among: entry.runs, titled: "run"})
                  : h("div", {key: run.name, className: "media-none"}, "not logged")))))),
      all.length > columns ? more(all.length - columns, "runs", () => setColumns(columns + RUNS_AT_FIRST)) : null,
      entries.length > rows ? more(entries.length - rows, "tags", () => setRows(rows + ROWS_AT_FIRST)) : null);
  }

  /* Of one run alone, columns would leave the page empty. */
  const ByRun = ({entries, size}) =>
    blocks(entries).map(([key, block]) =>
      h(block.every((entry) => entry.runs.length === 1 && entry.runs[0] === block[0].runs[0]) ? Gallery : Block, {key, entries: block, size}));

  function Gallery({entries, size}) {
    const {useState} = React;
    const [most, setMost] = useState(120);
    const cards = entries.flatMap((entry) => entry.runs.map((run) => ({...entry, run, among: entry.runs})));
    const several = new Set(cards.map((card) => card.run)).size > 1;
    return h("div", null,
      h("div", {className: "media-gallery", style: {gridTemplateColumns: `repeat(auto-fill, minmax(min(${size}px, 100%), 1fr))`}},
        cards.slice(0, most).map((card) =>
          h(tb.MediaCard, {key: card.kind + "\n" + card.tag + "\n" + card.run.name, ...card, titled: several || tb.runs.shown().length > 1 ? "both" : "tag"}))),
      cards.length > most ? more(cards.length - most, "cards", () => setMost(most + 120)) : null);
  }

  tb.MediaView = function () {
    tb.useUpdates((news, changed) =>
      Boolean(news.runs || news.shown || news.theme || KEYS.some((key) => changed.has(key)) ||
        (news.series && [...news.series].some((key) => KINDS.some(([kind]) => key.startsWith(kind + "\n"))))));
    React.useEffect(() => void tb.runs.ready.then(tb.lightbox.fromView), []);
    const state = tb.view.get();
    const kinds = KINDS.map(([kind]) => kind).filter((kind) => state.mediaKind === "all" || state.mediaKind === kind);
    const shown = tb.runs.shown();
    const groups = grouped(kinds, shown, state.tagFilter);
    const empty = nothing({kinds: KINDS.map(([kind]) => kind), what: "images, sounds, videos or figures", shown, groups, code: example});
    if (empty && !state.tagFilter && state.mediaKind === "all") return empty;
    const several = new Set([...groups.values()].flat().flatMap((entry) => entry.runs)).size > 1;
    const shape = state.mediaShape === "auto" ? (several ? "runs" : "gallery") : state.mediaShape;
    const style = {"--media-filter": state.mediaBright === 1 && state.mediaContrast === 1 ? "none" : `brightness(${state.mediaBright}) contrast(${state.mediaContrast})`};
    const Body = shape === "runs" ? ByRun : Gallery;
    return h("div", {className: "media-view", style},
      h(Controls, {kinds: [...new Set([...groups.values()].flat().map((entry) => entry.kind))], shape}),
      empty || [...groups].map(([prefix, entries]) =>
        h(Group, {key: prefix, prefix, count: entries.reduce((n, entry) => n + entry.runs.length, 0), closedKey: "mediaClosed"}, () =>
          h(Body, {entries, size: state.mediaSize}))));
  };
})();
