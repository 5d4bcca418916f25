/* Which settings go along with the objective: a forest's permutation importance, and rank correlation. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const DELAY = 500; // ms that the selection rests before the server is asked

  class ImportancePanel {
    constructor() {
      this.list = el("div", {class: "importance-list"});
      this.notes = el("ul", {class: "importance-notes"});
      this.node = el(
        "section", {class: "panel importance", "aria-label": "Importance"},
        el("header", {class: "panel-head"}, (this.title = el("h2", {}, "Importance"))), this.list, this.notes
      );
      this.say("Looking at the runs…");
    }

    say(text) {
      this.list.replaceChildren(el("p", {class: "quiet"}, text));
      this.notes.replaceChildren();
    }

    /** Asks anew where the runs that are on, or what they have, are others now. */
    update({names, on, objective}) {
      const columns = tb.hparams.differing();
      if (!objective) return this.say("No metric has been logged yet.");
      if (!columns.length) return this.say("All runs have the same settings.");
      const rows = names.filter((_, i) => on[i]);
      const question = {
        target: rows.map((name) => number(objective.column.value(name))),
        columns: columns.map((one) => ({name: one.title, numeric: one.numeric, values: rows.map((name) => plain(one, name))})),
      };
      this.title.textContent = `Importance for ${objective.title}`;
      const signature = JSON.stringify(question);
      if (signature === this.signature) return undefined;
      this.signature = signature;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(question, signature), this.answered ? DELAY : 0);
      return undefined;
    }

    async ask(question, signature) {
      try {
        const answer = await tb.http.json("/api/importance", question, {quiet: Boolean(this.answered)});
        if (signature !== this.signature) return;
        this.answered = true;
        this.show(answer);
      } catch (error) {
        if (signature !== this.signature) return;
        this.signature = null;
        this.say(error.message);
      }
    }

    show({runs, settings, forest, caveats}) {
      if (!settings.length) this.list.replaceChildren();
      else {
        const most = Math.max(1e-9, ...settings.map((one) => one.importance ?? 0));
        this.list.replaceChildren(el(
          "table", {class: "data-table importance-table"},
          el("thead", {}, el("tr", {}, el("th", {}, "Setting"),
            forest ? el("th", {title: "How much of the held-out R² is lost when this setting is shuffled among the runs, mean ± standard deviation"}, "Permutation") : null,
            el("th", {title: "Spearman's rank correlation with the objective; for names the correlation ratio η of its ranks, which has no sign"}, "Rank corr."))),
          el("tbody", {}, ...settings.map((one) => el(
            "tr", {}, el("td", {title: one.name, class: "importance-name"}, one.name),
            forest ? el("td", {}, meter(one.importance / most, "", `${signed(one.importance, false)} ± ${one.spread.toFixed(2)}`)) : null,
            el("td", {class: one.beyond_chance ? "" : "faint", title: one.beyond_chance ? `${one.n} runs` : `${one.n} runs: as far from 0 as chance alone often is`}, correlation(one))
          )))
        ));
      }
      const lines = [forest ? `Permutation importance: a random forest over ${forest.runs} runs, held-out R² of the ranks ${signed(forest.r2, false)}.` : null, `Rank correlation (Spearman; η for names) over ${runs} runs; pale: within chance (95 %).`, ...caveats];
      this.notes.replaceChildren(...lines.filter(Boolean).map((text) => el("li", {}, text)));
    }

    destroy() {
      clearTimeout(this.timer);
    }
  }

  const number = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);

  function plain(column, name) {
    const value = column.value(name);
    if (column.numeric) return number(value);
    return value === undefined || value === null ? null : tb.hparams.asText(value);
  }

  const signed = (v, plus = true) => (v > 0 && plus ? "+" : "") + v.toFixed(2).replace("-", "−");

  function correlation(one) {
    if (one.correlation === null) return "–";
    const text = one.measure === "eta" ? `η ${one.correlation.toFixed(2)}` : signed(one.correlation);
    return meter(Math.abs(one.correlation), one.measure === "eta" ? "plain" : one.correlation < 0 ? "minus" : "plus", text);
  }

  function meter(part, kind, text) {
    return el(
      "span", {class: "meter"},
      el("span", {class: "meter-track"}, el("span", {class: "meter-bar " + kind, style: `width:${Math.max(0, Math.min(1, part)) * 100}%`})), el("span", {class: "meter-text"}, text)
    );
  }

  tb.ImportancePanel = ImportancePanel;
})();
