/* The dialog that makes and edits a chart: metrics to pick, expressions checked while they are typed. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const OFFERED = 200; // metrics in the list at a time; the filter finds the rest

  /** A line of a chart as the text that a person edits. */
  function textOf(line) {
    if (typeof line === "string") return line;
    return line.tag !== undefined ? tb.expressions.quote(line.tag) : line.y;
  }

  class Editor {
    constructor(chart) {
      this.chart = chart || {id: tb.charts.fresh(), title: "", lines: []};
      this.isNew = !tb.charts.get(this.chart.id);
      this.tags = [...tb.runs.series("scalar").keys()].sort(tb.naturally);
      this.known = new Set(this.tags);
      this.title = el("input", {
        type: "text", class: "field", id: "chart-title", placeholder: "Named after its lines if left empty", value: this.chart.title, spellcheck: "false",
      });
      this.rows = el("div", {class: "editor-lines", role: "list", "aria-label": "Lines of the chart"});
      this.filter = el("input", {
        type: "search", class: "field", placeholder: "Find a metric", "aria-label": "Find a metric", spellcheck: "false",
        oninput: () => this.offer(),
      });
      this.list = el("div", {class: "editor-tags", role: "group", "aria-label": "Metrics"});
      this.body = el(
        "div", {class: "chart-editor"},
        el("div", {class: "editor-main"},
          el("label", {for: "chart-title"}, "Title"), this.title,
          el("h3", {}, "Lines"), this.rows,
          el("button", {type: "button", class: "button", onclick: () => this.addRow("").focus()}, "+ Line"),
          help()
        ),
        el("div", {class: "editor-side"}, el("h3", {}, "Metrics"), this.filter, this.list)
      );
      const lines = this.chart.lines.length ? this.chart.lines : [""];
      lines.forEach((line) => this.addRow(textOf(line), typeof line === "object" ? line : null));
      this.offer();
      this.dialog = tb.kit.dialog({
        title: this.isNew ? "New chart" : "Edit chart", body: this.body, wide: true,
        actions: [{label: "Cancel"}, {label: this.isNew ? "Add chart" : "Save", primary: true, run: () => this.save()}],
      });
      this.submit = this.dialog.node.querySelector(".dialog-actions .primary");
      this.check();
      this.rows.querySelector("input").focus();
    }

    addRow(text, from = null) {
      const id = `chart-line-${(this.serial = (this.serial || 0) + 1)}`;
      const input = el("input", {
        type: "text", class: "field editor-expression", value: text, spellcheck: "false", autocomplete: "off",
        placeholder: "train/loss - val/loss", "aria-label": "Metric or expression", "aria-describedby": id,
        oninput: () => this.check(), onfocus: () => (this.active = row),
        onkeydown: (event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          if (this.check() && this.save() !== false) this.dialog.close();
        },
      });
      const message = el("p", {class: "editor-message", id, "aria-live": "polite"});
      const remove = el("button", {type: "button", class: "card-button", "aria-label": "Remove this line", title: "Remove this line", onclick: () => {
        row.node.remove();
        this.lines = this.lines.filter((other) => other !== row);
        if (!this.lines.length) this.addRow("");
        this.check();
      }}, "✕");
      const row = {input, message, from, node: el("div", {class: "editor-line", role: "listitem"}, input, remove, message)};
      this.lines = [...(this.lines || []), row];
      this.rows.append(row.node);
      return input;
    }

    /** Parses every line, says what is wrong with which; whether the chart can be saved. */
    check() {
      let good = 0;
      let bad = 0;
      for (const row of this.lines) {
        const text = row.input.value.trim();
        row.line = null;
        row.message.textContent = "";
        row.message.classList.remove("bad");
        row.input.classList.remove("bad");
        if (!text) continue;
        try {
          const {ast, tags} = tb.expressions.parse(text, this.known);
          row.line = tb.expressions.print(ast);
          row.plain = tb.expressions.print(ast, {plain: true});
          const runs = tb.computed.having(tb.computed.keyOf({y: ast}), tb.runs.all().map((run) => run.name)).length;
          row.message.textContent = ast[0] === "tag" ? `${runs} runs` : `${row.plain}: ${runs} runs have ${tags.length > 1 ? "all of it" : "it"}`;
          good++;
        } catch (error) {
          row.message.textContent = error.message;
          row.message.classList.add("bad");
          row.input.classList.add("bad");
          bad++;
        }
      }
      if (this.submit) this.submit.disabled = good === 0 || bad > 0;
      return good > 0 && bad === 0;
    }

    /** The metrics that fit the filter; one that is picked goes into the line last edited. */
    offer() {
      const {regex} = tb.pattern(this.filter.value);
      const fitting = this.tags.filter((tag) => (regex ? regex.test(tag) : tag.includes(this.filter.value)));
      const shown = fitting.slice(0, OFFERED).map((tag) => el("button", {type: "button", class: "editor-tag", title: tag, onclick: () => this.pick(tag)}, tag));
      if (fitting.length > OFFERED) shown.push(el("p", {class: "quiet"}, `and ${fitting.length - OFFERED} more`));
      if (!fitting.length) shown.push(el("p", {class: "quiet"}, this.tags.length ? "No metric fits." : "No metric has been logged yet."));
      this.list.replaceChildren(...shown);
    }

    pick(tag) {
      const name = tb.expressions.quote(tag);
      const row = this.lines.includes(this.active) ? this.active : this.lines.at(-1);
      const {input} = row;
      const open = /[-+*/%^(,]\s*$/.test(input.value.slice(0, input.selectionStart ?? undefined));
      if (!input.value.trim()) input.value = name;
      else if (open) input.setRangeText(name, input.selectionStart, input.selectionEnd, "end");
      else this.addRow(name);
      this.check();
    }

    save() {
      if (!this.check()) return false;
      const rows = this.lines.filter((row) => row.line);
      const lines = rows.map((row) => (row.from && row.from.y !== undefined ? {...row.from, y: row.line} : row.line));
      const title = this.title.value.trim() || rows.map((row) => row.plain).join(", ");
      tb.charts.save({...this.chart, title, lines});
      if (this.isNew) tb.kit.toast(`Chart "${title}" stands on top, under Charts`, {seconds: 4});
      return true;
    }
  }

  function help() {
    const names = Object.entries(tb.expressions.FUNCTIONS).map(([name, [, , text]]) => el("span", {title: text}, el("code", {}, name + "()"), " "));
    return el(
      "details", {class: "editor-help"},
      el("summary", {}, "What can stand in a line"),
      el("p", {}, "A metric, or an expression over metrics: ", el("code", {}, "train/loss - val/loss"), ", ", el("code", {}, "log(a / b)"), ", ",
        el("code", {}, "ema(loss, 0.9) * 100"), ". Operators + - * / % ^, brackets, numbers, ", el("code", {}, "step"), ". Names with unusual signs stand in backticks."),
      el("p", {}, ...names),
      el("p", {}, "Computed on every point. Metrics that were logged at different steps: the last value of each is carried forward.")
    );
  }

  tb.chartEditor = {open: (chart) => new Editor(chart)};
})();
