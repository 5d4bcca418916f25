/* The precision-recall page: cards of tags with the curves of all shown runs at the linked step. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {concerns, groupsOf, whyEmpty, Example, Group, Segments, TagFilter} = tb.cardGroups;
  const h = (...args) => React.createElement(...args);
  const MODES = [
    ["pr", "Precision–recall", "Precision against recall"],
    ["roc", "ROC", "True positive rate against false positive rate"],
  ];
  const pages = ["/pr"];

  tb.view.declare("prMode", "pr", {param: "curve", pages, valid: (v) => MODES.some(([name]) => name === v)});
  tb.view.declare("prClosed", [], {param: "prclosed", pages});

  function PrView() {
    tb.useUpdates(concerns("pr_curve"));
    if (!tb.runs.loaded) return h("p", {className: "quiet", role: "status"}, tb.runs.error || "Reading the logdir …");
    if (!tb.runs.series("pr_curve").size) {
      return h(Example, {
        title: "No precision-recall curves were logged yet",
        intro: "Log the labels and the predicted probabilities of a classifier, as often as you like:",
        lines: ['writer.add_pr_curve("val/cat", labels, predictions, step)'],
      });
    }
    const groups = groupsOf("pr_curve");
    const {prMode} = tb.view.get();
    const theme = tb.theme.current();
    return h(
      React.Fragment,
      null,
      h(
        "div",
        {className: "page-bar"},
        h(TagFilter),
        h(Segments, {name: "pr-mode", label: "Curve", choices: MODES, value: prMode, onChoose: (value) => tb.view.set({prMode: value})}),
        h(tb.steps.StepBar)
      ),
      whyEmpty(groups, "precision-recall curves") ||
        [...groups].map(([prefix, entries]) =>
          h(
            Group,
            {key: prefix, prefix, count: entries.length, closed: "prClosed"},
            h("div", {className: "cards pr-cards"}, entries.map((entry) => h(tb.PrCard, {key: entry.tag, ...entry, mode: prMode, theme})))
          )
        )
    );
  }

  tb.PrView = PrView;
})();
