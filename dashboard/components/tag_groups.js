/* What pages of cards by tag have in common: tags in groups that fold, cards that wake when in sight. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const h = (...args) => React.createElement(...args);
  const MARGIN = "300px";

  const watched = new Map();
  let observer = null;
  function watch(element, listener) {
    observer = observer || new IntersectionObserver(
      (entries) => entries.forEach((entry) => watched.get(entry.target)?.(entry.isIntersecting)),
      {rootMargin: MARGIN}
    );
    watched.set(element, listener);
    observer.observe(element);
    return () => {
      watched.delete(element);
      observer.unobserve(element);
    };
  }

  /** `[near, seen]`: whether the element of the ref is near the screen, and whether it ever was. */
  tb.useInSight = function (ref) {
    const {useEffect, useState} = React;
    const [near, setNear] = useState(false);
    const [seen, setSeen] = useState(false);
    useEffect(() => watch(ref.current, (now) => {
      setNear(now);
      if (now) setSeen(true);
    }), []);
    return [near, seen];
  };

  /** Everything before the last "/": "val/img/0" -> ["val/img", "0"]. */
  const splitLast = (tag) => {
    const cut = tag.lastIndexOf("/");
    return cut > 0 ? [tag.slice(0, cut), tag.slice(cut + 1)] : ["", tag];
  };

  /**
   * Tags of the kinds that pass the filter and that a shown run has, by what stands before the last "/":
   * Map prefix -> [{kind, tag, name, runs}], in natural order.
   */
  function grouped(kinds, shown, filter) {
    const {regex, error} = tb.pattern(filter);
    // Half-typed: as plain text it may still find something.
    const fits = (tag) => (error ? tag.toLowerCase().includes(filter.toLowerCase()) : !regex || regex.test(tag));
    const found = [];
    for (const kind of kinds) {
      for (const [tag, byRun] of tb.runs.series(kind)) {
        if (!fits(tag)) continue;
        const runs = shown.filter((run) => byRun.has(run.name));
        if (runs.length) found.push({kind, tag, runs, prefix: splitLast(tag)[0], name: splitLast(tag)[1]});
      }
    }
    found.sort((a, b) => tb.naturally(a.tag, b.tag));
    const groups = new Map();
    // Tags without a prefix come behind the others.
    for (const one of [...found.filter((f) => f.prefix), ...found.filter((f) => !f.prefix)]) {
      if (!groups.has(one.prefix)) groups.set(one.prefix, []);
      groups.get(one.prefix).push(one);
    }
    return groups;
  }

  /** A group that folds; `closedKey` is the key of the view that has the folded ones. */
  function Group({prefix, count, closedKey, children}) {
    const closed = tb.view.get()[closedKey];
    const folded = closed.includes(prefix);
    const toggle = () => tb.view.set({[closedKey]: folded ? closed.filter((name) => name !== prefix) : [...closed, prefix]});
    return h(
      "section", {className: "group"},
      h("h2", null,
        h("button", {type: "button", className: "group-head", "aria-expanded": !folded, onClick: toggle},
          h("span", {className: "chevron", "aria-hidden": true}), prefix || "other tags", h("span", {className: "group-count"}, count))),
      folded ? null : children()
    );
  }

  function TagFilter() {
    const {tagFilter} = tb.view.get();
    const {error} = tb.pattern(tagFilter);
    return h("div", {className: "filter-box"},
      h("input", {
        type: "search", className: error ? "field tag-filter bad" : "field tag-filter", placeholder: "Filter tags (regex)", spellCheck: false,
        "aria-label": "Filter tags by a regular expression", value: tagFilter, onChange: (event) => tb.view.set({tagFilter: event.target.value}),
      }),
      error ? h("p", {className: "field-error", role: "alert"}, "Not a regular expression: " + error) : null);
  }

  /** Radio buttons in one row: `choices` are [value, text, title]. */
  function Segments({name, title, choices, value, choose}) {
    return h("div", {className: "segments", role: "radiogroup", "aria-label": title},
      choices.map(([key, text, hint]) =>
        h("label", {key, title: hint}, h("input", {type: "radio", name, value: key, checked: key === value, onChange: () => choose(key)}), text)));
  }

  const Notice = ({title, children}) => h("div", {className: "notice"}, h("h2", null, title), children);

  /** What stands in place of the cards where there are none; null where there are some. */
  function nothing({kinds, what, shown, groups, code}) {
    if (!tb.runs.loaded) return h("p", {className: "quiet", role: "status"}, tb.runs.error || "Reading the logdir …");
    if (!kinds.some((kind) => tb.runs.series(kind).size)) {
      return h(Notice, {title: `No ${what} were logged yet`},
        h("p", null, "Log some, as often as you like:"), h("pre", {tabIndex: 0}, h("code", null, code())), h("p", null, "They show up here within two seconds."));
    }
    if (!shown.length) return h(Notice, {title: "No run is selected"}, h("p", null, `Select a run in the list to see its ${what}.`));
    if (groups.size) return null;
    return tb.view.get().tagFilter
      ? h(Notice, {title: "No tag matches"}, h("p", null, `No tag of the selected runs is like "${tb.view.get().tagFilter}".`))
      : h(Notice, {title: `The selected runs logged no ${what}`}, h("p", null, "Other runs did: select one of them in the list."));
  }

  /* A long name gives way in its directories: what tells the runs of a sweep apart is at the end. */
  function ShortName({title}) {
    const cut = title.lastIndexOf("/", title.length - 2) + 1;
    return h("span", {className: "run-name"},
      cut > 0 ? h("span", {className: "run-directory"}, title.slice(0, cut)) : null, h("span", {className: "run-base"}, title.slice(cut)));
  }

  /** The run of a card: colour and title. */
  function RunName({run}) {
    tb.useUpdates((news) => Boolean(news.theme || news.shown));
    return h("span", {className: "run-of-card", title: run.name},
      h("i", {className: "swatch", style: {background: tb.runs.color(run.name)}}), h(ShortName, {title: run.title}));
  }

  /** What a page holds its values against: nothing (called `plain`), the step before, or the run chosen beside it. */
  function Against({name, plain, value, choose, reference}) {
    return h(React.Fragment, null,
      h(Segments, {
        name, title: "Differences", value, choose,
        choices: [["", plain], ["step", "Changes by step", "What changed since the step before"], ["run", "Changes to a run", "What differs from another run at that step"]],
      }),
      value === "run"
        ? h("select", {
            className: "field text-run", "aria-label": "Run that the others are compared with", value: reference || "",
            onChange: (event) => tb.view.set({baseline: event.target.value}),
          }, tb.runs.shown().map((run) => h("option", {key: run.name, value: run.name}, run.title)))
        : null);
  }

  tb.tags = {Against, Group, Notice, RunName, Segments, TagFilter, grouped, nothing, splitLast};
})();
