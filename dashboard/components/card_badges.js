/* The small marks in a card's corner: how much of the data lies outside of what it shows. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;

  const count = (n) => tb.format.step(n);
  const where = ({value, line, at}) =>
    `${tb.format.value(value)} (${line.title ?? tb.runs.get(line.series.run)?.title ?? line.series.run}, step ${tb.format.step(line.series.step[at])})`;

  /** Whether a card's range may leave something out at all: if not, nothing is counted. */
  const leavesOut = (card) =>
    card.logY || card.view.logX || tb.cardScale.clips(card) || Boolean(tb.view.get().yRanges[card.tag]) || Boolean(card.zoomed?.y);

  /** [{text, hint, undo}] of a card that is drawn. */
  function of(card) {
    if (!leavesOut(card)) return [];
    const found = tb.cardRanges.outside(card.lines, card.view);
    const least = found.exact ? "" : "at least ";
    const badges = [];
    if (found.above || found.below) {
      const parts = [found.above && `▲ ${count(found.above)}`, found.below && `▼ ${count(found.below)}`].filter(Boolean);
      const told = [
        `Outside of the y range: ${least}${count(found.above + found.below)} values.`,
        found.highest && `Highest: ${where(found.highest)}.`, found.lowest && `Lowest: ${where(found.lowest)}.`,
        "Click to show them all.",
      ];
      badges.push({text: parts.join(" "), hint: told.filter(Boolean).join("\n"), undo: () => showAll(card)});
    }
    if (found.notPositive) {
      badges.push({
        text: `${count(found.notPositive)} ≤ 0`,
        hint: `A logarithmic axis has no place for ${least}${count(found.notPositive)} values at or below 0.\nClick for a linear one.`,
        undo: () => card.grid.toggle("logTags", card.tag),
      });
    }
    if (found.beforeOne) {
      badges.push({
        text: `${count(found.beforeOne)} at x ≤ 0`,
        hint: `A logarithmic axis has no place for ${count(found.beforeOne)} points at x ≤ 0.\nClick for a linear one.`,
        undo: () => tb.cardScale.toggle("logXTags", card.tag),
      });
    }
    return badges;
  }

  /** Takes away whatever cuts the card's y axis. */
  function showAll(card) {
    const {[card.tag]: gone, ...yRanges} = tb.view.get().yRanges;
    tb.view.set({yRanges});
    if (card.zoomed?.y) tb.cardZoom.set(card, {x: card.zoomed.x, y: null});
    if (tb.cardScale.clips(card)) tb.cardScale.toggle("outlierTags", card.tag);
  }

  /** Puts the badges of a card into `node`. */
  function show(card, node) {
    const badges = of(card);
    const told = JSON.stringify(badges);
    if (told === node.dataset.told) return;
    node.dataset.told = told;
    node.replaceChildren(
      ...badges.map(({text, hint, undo}) =>
        el("button", {type: "button", class: "card-badge", title: hint, "aria-label": `${text}: ${hint}`, onclick: undo}, text)
      )
    );
  }

  tb.cardBadges = {of, show};
})();
