/* Every value that a card's curves were computed to, as a file: expressions, other axes, means of groups. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const cell = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  /**
   * The blocks of an answer of /api/computed as CSV text, a row a point. `labelOf(key)` names a curve,
   * `titleOf(unit)` its run or group. Only columns that some block has are written.
   */
  function csv({blocks, arrays}, labelOf, titleOf) {
    const numbers = ["step", "x", "value", "low", "high", "members"].filter((name) => blocks.some(({columns}) => name in columns));
    const rows = [["curve", "of", ...numbers].join()];
    for (const {tag, run, columns} of blocks) {
      const names = `${cell(labelOf(tag))},${cell(titleOf(run))}`;
      const taken = numbers.map((name) => (name in columns ? arrays[columns[name]] : null));
      const n = arrays[columns.step].length;
      for (let i = 0; i < n; i++) rows.push(`${names},${taken.map((column) => (column ? column[i] : "")).join()}`);
    }
    return rows.join("\n") + "\n";
  }

  async function save(card) {
    const sources = card.sources().filter(({key, member}) => tb.computed.isComputed(key) && !member);
    const labels = new Map(sources.map(({key, label}) => [key, label]));
    try {
      const items = sources.map(({key, units}) => ({tag: key, runs: units}));
      const answer = await tb.computed.fetch({items, exact: true});
      const text = csv(answer, (key) => labels.get(key), (unit) => tb.computed.group(unit)?.title || unit);
      const name = card.chart.title.replace(/[^\p{L}\p{N}.=+-]+/gu, "_").slice(0, 120) || "chart";
      tb.kit.download(`${name}-computed.csv`, text, "text/csv");
    } catch (error) {
      tb.kit.toast(`The values could not be computed: ${error.message}`, {bad: true});
    }
  }

  tb.cardMenu.add((card) =>
    card.keys().some(tb.computed.isComputed)
      ? [{label: "Computed values, CSV", hint: "Every point of the curves of this card, as they were computed", run: () => save(card)}]
      : []
  );

  tb.chartExport = {csv, save};
})();
