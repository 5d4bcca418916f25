/* One card of the text page: the text of a run at the step that is shown, or what changed of it. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const h = (...args) => React.createElement(...args);
  const KEPT = 300;
  const PARSED = 200_000; // characters; the server takes longer texts as they are
  const CONTEXT = 2; // equal lines shown around those that differ
  const cache = new Map(); // address -> Promise of the answer

  function fetched(path) {
    if (!cache.has(path)) {
      const answer = tb.http.json(path);
      answer.catch(() => cache.delete(path));
      cache.set(path, answer);
      if (cache.size > KEPT) cache.delete(cache.keys().next().value);
    }
    return cache.get(path);
  }

  /* A value never changes in its place but by a rewind, or in another run of that name: `identity` tells. */
  const place = (series, index) => [["run", series.run], ["tag", series.tag], ["at", index]];
  const address = (path, pairs, series) => `${path}?${new URLSearchParams([...pairs, ["of", series.identity]])}`;

  /** The answer of a path: {data, error}; what was there stands until the next one came. */
  function useAnswer(path) {
    const {useEffect, useState} = React;
    const [state, setState] = useState({path: "", data: null, error: ""});
    useEffect(() => {
      if (!path) return undefined;
      let current = true;
      fetched(path).then(
        (data) => current && setState({path, data, error: ""}),
        (error) => current && setState({path, data: null, error: error.message})
      );
      return () => void (current = false);
    }, [path]);
    return path ? state : {path: "", data: null, error: ""};
  }

  /* Marks what is searched for, without touching the text: the browser paints ranges. */
  const ranges = new Map(); // node -> [Range]
  function mark(node, query) {
    if (!window.Highlight || !CSS.highlights) return;
    const found = [];
    if (query && node) {
      const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
      const wanted = query.toLowerCase();
      while (walker.nextNode() && found.length < 500) {
        const text = walker.currentNode.data.toLowerCase();
        for (let at = text.indexOf(wanted); at >= 0 && found.length < 500; at = text.indexOf(wanted, at + wanted.length)) {
          if (at + wanted.length > walker.currentNode.length) break;
          const range = new Range();
          range.setStart(walker.currentNode, at);
          range.setEnd(walker.currentNode, at + wanted.length);
          found.push(range);
        }
      }
    }
    if (found.length) ranges.set(node, found);
    else ranges.delete(node);
    CSS.highlights.set("text-found", new Highlight(...[...ranges.values()].flat()));
  }

  function Words({text, raw, query}) {
    const {useEffect, useRef} = React;
    const ref = useRef(null);
    useEffect(() => {
      const node = ref.current;
      let current = true;
      if (raw || text.length > PARSED) {
        node.classList.remove("markdown");
        node.markdownText = null;
        node.textContent = text;
        mark(node, query);
      } else tb.markdown.into(node, text).then(() => current && mark(node, query));
      return () => void (current = false);
    }, [text, raw, query]);
    useEffect(() => {
      const node = ref.current;
      return () => mark(node, "");
    }, []);
    return h("div", {ref, className: raw || text.length > PARSED ? "text-body text-raw" : "text-body"});
  }

  function Whole({series, at, raw, query}) {
    const {useState} = React;
    const [all, setAll] = useState(false);
    const path = at.index < 0 ? "" : address("/api/text", [...place(series, at.index), ...(all ? [["all", 1]] : [])], series);
    const {data, error} = useAnswer(path);
    if (error) return h("p", {className: "media-message", role: "alert"}, error);
    if (!data) return h("p", {className: "media-message"}, at.index < 0 ? "nothing here yet" : "reading …");
    const rest = data.characters - data.text.length;
    return h(React.Fragment, null,
      h(Words, {text: data.text, raw, query}),
      data.text === "" ? h("p", {className: "media-message"}, "an empty text") : null,
      rest > 0
        ? h("p", {className: "text-rest"}, `${tb.format.step(rest)} more characters. `,
            h("button", {type: "button", className: "button", onClick: () => setAll(true)}, "Show all"))
        : null);
  }

  /* Equal lines far from any difference fold into one that says how many. */
  function folded(rows) {
    const near = new Uint8Array(rows.length);
    rows.forEach((row, i) => row.kind !== "same" && near.fill(1, Math.max(0, i - CONTEXT), i + CONTEXT + 1));
    const out = [];
    rows.forEach((row, i) => {
      if (near[i]) out.push(row);
      else if (out.length && out[out.length - 1].kind === "folded") out[out.length - 1].n++;
      else out.push({kind: "folded", n: 1});
    });
    return out;
  }

  const parts = (side) => side.map(([text, own], i) => (own ? h("mark", {key: i}, text) : text));

  function Line({row}) {
    if (row.kind === "folded") return h("div", {className: "diff-line diff-folded"}, `… ${row.n} equal ${row.n === 1 ? "line" : "lines"}`);
    if (row.kind === "same") return h("div", {className: "diff-line"}, row.a[0][0] || " ");
    return h(React.Fragment, null,
      row.a ? h("div", {className: "diff-line diff-gone"}, h("span", {className: "diff-sign", "aria-label": "before: "}, "−"), parts(row.a)) : null,
      row.b ? h("div", {className: "diff-line diff-new"}, h("span", {className: "diff-sign", "aria-label": "after: "}, "+"), parts(row.b)) : null);
  }

  /** What changed from another value, {series, index, title}, to the one that is shown. */
  function Difference({series, at, other}) {
    const able = at.index >= 0 && other && other.index >= 0;
    const path = able ? address("/api/text-diff", [...place(other.series, other.index), ...place(series, at.index)], series) : "";
    const {data, error} = useAnswer(path);
    if (at.index < 0) return h("p", {className: "media-message"}, "nothing here yet");
    if (!other) return h("p", {className: "media-message"}, "nothing to compare it with");
    if (other.index < 0) return h("p", {className: "media-message"}, other.series === series ? "the first of its steps" : `${other.title}: nothing there`);
    if (error) return h("p", {className: "media-message", role: "alert"}, error);
    if (!data) return h("p", {className: "media-message"}, "comparing …");
    const equal = data.rows.every((row) => row.kind === "same");
    return h("div", {className: "text-diff"},
      h("p", {className: "diff-head"}, equal ? `equal to ${other.title}` : `changed from ${other.title}`),
      equal ? null : folded(data.rows).map((row, i) => h(Line, {key: i, row})));
  }

  tb.TextCard = function ({tag, name, run, titled, raw, against, reference, query}) {
    const {useRef} = React;
    const ref = useRef(null);
    const [, seen] = tb.useInSight(ref);
    const series = tb.steps.useSeries("text", run.name, tag, seen);
    const at = tb.steps.useCardStep(series);
    const isReference = against === "run" && reference === run.name;
    const compare = against !== "" && !isReference;
    const other = tb.steps.useOther(series, at, "text", tag, compare ? against : "", reference);
    const path = series && at.index >= 0 ? address("/api/text", [...place(series, at.index), ["all", 1]], series) : "";
    const copy = () => fetched(path).then(({text}) => tb.kit.copy(text), (error) => tb.kit.toast(error.message, {bad: true}));
    return h("article", {ref, className: "media-card text-card", "data-place": run.name + "\n" + tag, "aria-label": `${tag}, run ${run.title}`},
      h("header", null,
        titled === "run" ? null : h("h3", {title: tag}, name),
        titled === "tag" ? null : h(tb.tags.RunName, {run}),
        isReference ? h("small", {className: "text-reference"}, "compared with") : null,
        path ? h("button", {type: "button", className: "card-button", title: "Copy the text", "aria-label": `Copy ${tag}, run ${run.title}`, onClick: copy}, "copy") : null),
      h("div", {className: "text-scroll", tabIndex: 0, role: "region", "aria-label": `Text of ${tag}, run ${run.title}`},
        series && series.error
          ? h("p", {className: "media-message", role: "alert"}, series.error)
          : !series || !series.loaded
            ? h("p", {className: "media-message"}, "reading …")
            : compare
              ? h(Difference, {series, at, other})
              : h(Whole, {key: series.identity + at.index, series, at, raw, query})),
      h(tb.steps.CardStep, {series, at}));
  };
  tb.texts = {folded};
})();
