/* The text page: texts of the shown runs at one step, their differences, and a search through all. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const h = (...args) => React.createElement(...args);
  const {Against, Group, Segments, TagFilter, grouped, nothing} = tb.tags;
  const pages = ["/text"];
  const RUNS_AT_FIRST = 8;
  const ROWS_AT_FIRST = 20;
  const SEARCH_MS = 350; // after the last key

  tb.view.declare("textRaw", false, {param: "raw", remember: true, pages});
  tb.view.declare("textAgainst", "", {param: "against", pages, valid: (v) => ["", "step", "run"].includes(v)});
  tb.view.declare("textQuery", "", {param: "q", pages});
  tb.view.declare("textClosed", [], {param: "folded-texts", pages});
  const KEYS = ["textRaw", "textAgainst", "textQuery", "textClosed", "tagFilter", "baseline"];

  const example = () =>
    `from summaries import SummaryWriter\n\nwith SummaryWriter(${tb.exampleRun()}) as writer:\n` +
    '    writer.add_text("samples/prompt", "the **first** try", step)  # markdown';

  /* Texts of the shown runs that contain the query, wherever they stand. */
  function Found({query, groups}) {
    const {useEffect, useState} = React;
    const [answer, setAnswer] = useState(null);
    const items = [...groups.values()].flat().flatMap((entry) => entry.runs.map((run) => [run.name, entry.tag]));
    const key = JSON.stringify(items.slice(0, 2000));
    useEffect(() => {
      if (!query) return setAnswer(null);
      let current = true;
      const timer = setTimeout(() => {
        tb.http.json("/api/text-search", {query, items: items.slice(0, 2000)}).then(
          (found) => current && setAnswer(found),
          (error) => current && setAnswer({error: error.message})
        );
      }, SEARCH_MS);
      return () => {
        current = false;
        clearTimeout(timer);
      };
    }, [query, key]);
    if (!query || !answer) return null;
    if (answer.error) return h("p", {className: "text-found", role: "alert"}, answer.error);
    const show = (one) => {
      tb.view.set({step: String(one.step)});
      const card = [...document.querySelectorAll(".text-card")].find((node) => node.dataset.place === one.run + "\n" + one.tag);
      if (card) card.scrollIntoView({block: "center"});
    };
    const n = answer.found.length;
    return h("details", {className: "text-found", open: true},
      h("summary", null, h("span", {role: "status"}, n ? `${n}${answer.complete ? "" : " or more"} ${n === 1 ? "text has" : "texts have"} it` : answer.complete ? "no text has it" : "nothing found in the time there is")),
      h("ul", null, answer.found.map((one) =>
        h("li", {key: `${one.run}\n${one.tag}\n${one.at}`},
          h("button", {type: "button", onClick: () => show(one)},
            h("b", null, one.tag), h("span", {className: "text-found-where"}, `${tb.runs.get(one.run)?.title || one.run}, step ${tb.format.step(one.step)}`),
            h("span", {className: "text-found-words"}, one.before, h("mark", null, one.hit), one.after))))));
  }

  function Controls({reference}) {
    const state = tb.view.get();
    return h("div", {className: "media-bar"},
      h(TagFilter),
      h("input", {
        type: "search", className: "field text-query", placeholder: "Search in the texts", "aria-label": "Search in the texts", value: state.textQuery,
        onChange: (event) => tb.view.set({textQuery: event.target.value}),
      }),
      h(Segments, {
        name: "text-raw", title: "How texts are shown", value: state.textRaw ? "raw" : "markdown", choices: [["markdown", "Markdown"], ["raw", "As written"]],
        choose: (value) => tb.view.set({textRaw: value === "raw"}),
      }),
      h(Against, {name: "text-against", plain: "Texts", value: state.textAgainst, choose: (textAgainst) => tb.view.set({textAgainst}), reference}),
      h(tb.steps.StepBar));
  }

  function Row({entry, several, state, reference}) {
    const {useState} = React;
    const [most, setMost] = useState(RUNS_AT_FIRST);
    // The run that the others are compared with stands first.
    const runs = state.textAgainst === "run" ? [...entry.runs].sort((a, b) => (b.name === reference) - (a.name === reference)) : entry.runs;
    return h(React.Fragment, null,
      several ? h("h3", {className: "media-row-title", title: entry.tag}, h("span", null, entry.name)) : null,
      h("div", {className: "text-row"},
        runs.slice(0, most).map((run) =>
          h("div", {key: run.name, className: "text-place"},
            h(tb.TextCard, {
              ...entry, run, titled: several ? "run" : "tag", raw: state.textRaw, against: state.textAgainst, reference, query: state.textQuery,
            })))),
      runs.length > most
        ? h("button", {type: "button", className: "button media-more", onClick: () => setMost(most + RUNS_AT_FIRST)}, `Show ${runs.length - most} more runs`)
        : null);
  }

  function Rows({entries, several, state, reference}) {
    const {useState} = React;
    const [most, setMost] = useState(ROWS_AT_FIRST);
    return h("div", {className: several ? "" : "text-row"},
      entries.slice(0, most).map((entry) =>
        several
          ? h(Row, {key: entry.tag, entry, several, state, reference})
          : h("div", {key: entry.tag, className: "text-place"},
              h(tb.TextCard, {...entry, run: entry.runs[0], titled: "tag", raw: state.textRaw, against: state.textAgainst, reference, query: state.textQuery}))),
      entries.length > most
        ? h("button", {type: "button", className: "button media-more", onClick: () => setMost(most + ROWS_AT_FIRST)}, `Show ${entries.length - most} more tags`)
        : null);
  }

  tb.TextView = function () {
    tb.useUpdates((news, changed) =>
      Boolean(news.runs || news.shown || news.theme || KEYS.some((key) => changed.has(key)) || (news.series && [...news.series].some((key) => key.startsWith("text\n")))));
    const state = {...tb.view.get()};
    const shown = tb.runs.shown();
    const groups = grouped(["text"], shown, state.tagFilter);
    const empty = nothing({kinds: ["text"], what: "texts", shown, groups, code: example});
    if (empty && !state.tagFilter) return empty;
    const several = new Set([...groups.values()].flat().flatMap((entry) => entry.runs)).size > 1;
    const reference = shown.some((run) => run.name === state.baseline) ? state.baseline : shown.length ? shown[0].name : null;
    return h("div", {className: "text-view"},
      h(Controls, {reference}),
      h(Found, {query: state.textQuery, groups}),
      empty || [...groups].map(([prefix, entries]) =>
        h(Group, {key: prefix, prefix, count: entries.reduce((n, entry) => n + entry.runs.length, 0), closedKey: "textClosed"}, () =>
          h(Rows, {entries, several, state, reference}))));
  };
})();
