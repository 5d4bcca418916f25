/* What pages with cards by tag share beside tag_groups.js: tags by their first part, examples to paste, folding. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {Notice, TagFilter} = tb.tags;
  const h = (...args) => React.createElement(...args);

  /** Whether the element of the ref is near the screen. */
  const useVisible = (ref) => tb.useInSight(ref)[0];

  /** One choice of several, as a row of buttons: `choices` are [value, text, hint]. */
  const Segments = ({label, onChoose, ...rest}) => h(tb.tags.Segments, {title: label, choose: onChoose, ...rest});

  /** Counts up when there is news from the server while something is amiss: a reason to ask again. */
  function useRecovery(isAmiss) {
    const [count, more] = React.useReducer((n) => n + 1, 0);
    React.useEffect(() => {
      if (!isAmiss) return undefined;
      return tb.runs.subscribe(() => tb.runs.connection === "live" && more());
    }, [isAmiss]);
    return count;
  }

  /** Counts up when the element's size changes. */
  function useSize(ref) {
    const [size, resized] = React.useReducer((n) => n + 1, 0);
    React.useEffect(() => {
      const sizes = new ResizeObserver(resized);
      sizes.observe(ref.current);
      return () => sizes.disconnect();
    }, []);
    return size;
  }

  /** "layer1/weights" -> ["layer1", "weights"]; a tag without a slash has no prefix. */
  function splitTag(tag) {
    const cut = tag.indexOf("/");
    return cut > 0 && cut < tag.length - 1 ? [tag.slice(0, cut), tag.slice(cut + 1)] : ["", tag];
  }

  /** Prefix -> [{tag, name, runs}]: tags of the kind that pass the filter, each with the shown runs that have it. */
  function groupsOf(kind) {
    const series = tb.runs.series(kind);
    const {regex} = tb.pattern(tb.view.get().tagFilter);
    const shown = tb.runs.shown();
    const groups = new Map();
    for (const tag of [...series.keys()].sort(tb.naturally)) {
      if (regex && !regex.test(tag)) continue;
      const having = series.get(tag);
      const runs = shown.filter((run) => having.has(run.name));
      if (!runs.length) continue;
      const [prefix, name] = splitTag(tag);
      if (!groups.has(prefix)) groups.set(prefix, []);
      groups.get(prefix).push({tag, name, runs});
    }
    return groups;
  }

  /** True for news that concern a page of this kind. */
  const concerns = (kind) => (news, changed) =>
    Boolean(
      news.runs || news.shown || news.theme || changed.size ||
        (news.series && [...news.series].some((key) => key.startsWith(kind + "\n")))
    );

  function Check({label, hint, checked, onChange}) {
    return h(
      "label",
      {className: "group-check", title: hint},
      h("input", {type: "checkbox", checked, onChange: (event) => onChange(event.target.checked)}),
      label
    );
  }

  /** What stands where nothing of the kind was logged: how to log it, ready to paste. */
  function Example({title, intro, lines}) {
    const code = [
      "from summaries import SummaryWriter", "", `with SummaryWriter(${tb.exampleRun()}) as writer:`, ...lines.map((line) => "    " + line),
    ].join("\n");
    return h(
      Notice,
      {title},
      h("p", null, intro),
      h("pre", {tabIndex: 0}, h("code", null, code)),
      h("button", {type: "button", className: "button", onClick: () => tb.kit.copy(code)}, "Copy"),
      h("p", {className: "group-after"}, "What you log shows up here within two seconds.")
    );
  }

  /** Why there are no cards though something of the kind was logged; null if there are. */
  function whyEmpty(groups, what) {
    if (groups.size) return null;
    const {tagFilter} = tb.view.get();
    if (!tb.runs.shown().length) {
      return h(Notice, {title: "No run is selected"}, h("p", null, `Select a run in the list to see its ${what}.`));
    }
    if (tagFilter) {
      return h(
        Notice,
        {title: "No tag matches"},
        h("p", null, `No ${what} of the selected runs have a tag like “${tagFilter}”.`),
        h("button", {type: "button", className: "button", onClick: () => tb.view.set({tagFilter: ""})}, "Clear the filter")
      );
    }
    return h(Notice, {title: `The selected runs logged no ${what}`}, h("p", null, "Other runs did: select one of them in the list."));
  }

  /** A group of cards that folds; `closed` is the view's key with the prefixes of the folded ones. */
  function Group({prefix, count, closed, children}) {
    const folded = tb.view.get()[closed];
    const isFolded = folded.includes(prefix);
    const toggle = () => tb.view.set({[closed]: isFolded ? folded.filter((name) => name !== prefix) : [...folded, prefix]});
    return h(
      "section",
      {className: "group"},
      h(
        "h2",
        null,
        h(
          "button",
          {type: "button", className: "group-head", "aria-expanded": !isFolded, onClick: toggle},
          h("span", {className: "chevron", "aria-hidden": true}),
          h("span", null, prefix || "general"),
          h("span", {className: "group-count"}, count)
        )
      ),
      isFolded ? null : children
    );
  }

  tb.cardGroups = {useVisible, useSize, useRecovery, splitTag, groupsOf, concerns, TagFilter, Segments, Check, Notice, Example, whyEmpty, Group};
})();
