/* From a layout as a script logged it to charts of a grid: patterns become the tags there are. No DOM. */
(function () {
  "use strict";
  const tb = window.trainboard;

  /**
   * The tags that a text of a Multiline chart means: those it matches from their start on, as TensorBoard
   * takes it; the tag of just that name if it matches none (`loss(avg)` is a name, not a pattern).
   */
  function tagsOf(text, known) {
    let regex = null;
    try {
      regex = new RegExp("^(?:" + text.replace(/\(\?P</g, "(?<") + ")", "u");
    } catch (error) {
      return {tags: known.includes(text) ? [text] : [], error: known.includes(text) ? "" : `“${text}” is no regular expression`};
    }
    const tags = known.filter((tag) => regex.test(tag));
    return {tags: tags.length || !known.includes(text) ? tags : [text], error: ""};
  }

  /** The lines of a chart {type, tags}, what its texts are, and what is wrong with them. */
  function linesOf({type, tags}, known) {
    if (type === "Margin") {
      const {quote} = tb.expressions;
      const [value, low, high] = tags;
      return {lines: [{y: quote(value), title: value, low: quote(low), high: quote(high)}], errors: []};
    }
    const found = tags.map((text) => tagsOf(text, known));
    const wanted = [...new Set(found.flatMap((one) => one.tags))];
    return {lines: wanted.map((tag) => ({tag})), errors: found.map(({error}) => error).filter(Boolean)};
  }

  /**
   * {charts, errors, without} for a grid: charts of the categories that pass `fits`, each with the tags of
   * `known`; `without` are the titles of those that none of the tags belongs to.
   */
  function chartsOf(categories, known, fits) {
    const [charts, errors, without] = [[], [], []];
    const sorted = [...known].sort(tb.naturally);
    for (const {title: section, charts: listed} of categories) {
      const seen = new Map();
      for (const chart of listed) {
        const {lines, errors: wrong} = linesOf(chart, sorted);
        errors.push(...wrong.map((error) => `${chart.title}: ${error}`));
        // Runs may give one title to charts that differ.
        const nth = seen.get(chart.title) || 0;
        seen.set(chart.title, nth + 1);
        const id = `:layout/${section}/${chart.title}` + (nth ? `/${nth + 1}` : "");
        if (!lines.length) without.push(chart.title);
        else if (fits(chart.title) || chart.tags.some(fits) || lines.some(({tag}) => tag && fits(tag))) {
          charts.push({id, title: chart.title, section, lines});
        }
      }
    }
    return {charts, errors, without};
  }

  tb.customCharts = {tagsOf, linesOf, chartsOf};
})();
