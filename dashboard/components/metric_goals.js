/* Whether a metric is better low or high: as the script said, else as its name says. */
(function () {
  "use strict";
  const tb = window.trainboard;
  // Whole words of the name, so that "placc" or "scoreless" tell nothing.
  const LOW = /(^|[^a-z])(loss(es)?|err(or)?s?|rate_error|mse|mae|rmse|nll|bce|ce|kl|perplexity|ppl|wer|cer|fid|regret|latency|cost|energy|residual|divergence)([^a-z]|$)/i;
  const HIGH = /(^|[^a-z])(acc(uracy)?\d*|top\d+|auc|auroc|auprc|ap|map|f1|precision|recall|bleu|rouge|meteor|reward|return|score|r2|iou|miou|dice|psnr|ssim|success|wins?|throughput|likelihood|elo)([^a-z]|$)/i;

  const asGlob = (name) => new RegExp("^" + name.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*") + "$");

  /** What one run's `define_metric` says of the tag: "min", "max" or null. */
  function declared(axes, tag) {
    for (const [name, rule] of Object.entries(axes || {})) {
      if (name !== tag && !(name.includes("*") && asGlob(name).test(tag))) continue;
      const goal = String(rule.goal || "");
      if (goal.startsWith("min")) return "min";
      if (goal.startsWith("max")) return "max";
      const rules = String(rule.summary || "").split(",");
      if (rules.includes("min") !== rules.includes("max")) return rules.includes("min") ? "min" : "max";
    }
    return null;
  }

  function byName(tag) {
    const parts = tag.split("/");
    // The last part names the metric; the others the data it is of.
    for (const text of [parts.at(-1), tag]) {
      const [low, high] = [LOW.test(text), HIGH.test(text)];
      if (low !== high) return low ? "min" : "max";
    }
    return null;
  }

  let known = new Map();
  tb.records.subscribe(() => (known = new Map()));

  tb.goals = {
    declared,
    byName,
    /** "min" where low values of the tag are good, "max" where high ones are, null if nothing tells. */
    of(tag) {
      if (!known.has(tag)) {
        let said = null;
        for (const run of tb.runs.series("scalar").get(tag)?.keys() || []) {
          said = declared(tb.records.get(run)?.axes, tag);
          if (said) break;
        }
        known.set(tag, said || byName(tag));
      }
      return known.get(tag);
    },
    /** How `value` stands to `base`: {delta, percent (null without one), sense: "good", "bad" or ""}. */
    delta(tag, value, base) {
      if (!Number.isFinite(value) || !Number.isFinite(base)) return null;
      const delta = value - base;
      const goal = tb.goals.of(tag);
      const sense = delta === 0 || !goal ? "" : delta < 0 === (goal === "min") ? "good" : "bad";
      return {delta, percent: base === 0 ? null : (delta / Math.abs(base)) * 100, sense};
    },
  };
})();
