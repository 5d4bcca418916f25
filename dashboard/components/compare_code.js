/* What the compared runs ran, and where: commits, uncommitted changes against each other, packages, machine. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  tb.view.declare("cmpCode", "", {param: "compare-code", pages: ["/compare"]});
  const STANDING = {same: "the same change in both", only_a: "only in the first", only_b: "only in the second", differs: "changed differently"};
  const TITLES = {git: "Git", process: "Process", machine: "Machine", packages: "Packages that differ"};

  class CodePanel {
    constructor() {
      this.table = el("table", {class: "data-table compare-table"});
      this.other = el("select", {class: "field", "aria-label": "Run whose changes are compared with the baseline's", onchange: () => tb.view.set({cmpCode: this.other.value})});
      this.diff = el("div", {class: "code-diff"});
      this.node = el("div", {},
        el("section", {class: "panel", "aria-label": "Code and environment"}, el("header", {class: "panel-head"}, el("h2", {}, "Code and environment")),
          el("div", {class: "panel-scroll", tabindex: "0", "aria-label": "Code and environment"}, this.table)),
        (this.panel = el("section", {class: "panel", "aria-label": "Uncommitted changes"},
          el("header", {class: "panel-head"}, el("h2", {}, "Uncommitted changes"), (this.label = el("span", {class: "panel-hint"})), this.other), this.diff)));
    }

    update({names, baseline, all}) {
      this.shown = {names, baseline, all};
      const question = new URLSearchParams(names.map((name) => ["run", name])).toString();
      if (question !== this.question) this.ask(question);
      else this.draw();
      const others = names.filter((_, i) => i !== baseline);
      tb.selectOptions(this.other, others.map((name) => [name, tb.runs.get(name)?.title ?? name]), others.includes(tb.view.get().cmpCode) ? tb.view.get().cmpCode : others[0] ?? "");
      this.panel.hidden = !others.length;
      this.label.textContent = `${tb.runs.get(names[baseline])?.title ?? names[baseline]} against`;
      if (others.length) this.compare(names[baseline], this.other.value);
    }

    async ask(question) {
      this.question = question;
      try {
        const {rows} = await tb.http.json("/api/compare/surroundings?" + question, undefined, {quiet: true});
        if (question !== this.question) return;
        this.rows = rows;
        this.draw();
      } catch (error) {
        this.question = null;
        this.table.replaceChildren(el("caption", {class: "quiet"}, error.message));
      }
    }

    draw() {
      const {names, baseline, all} = this.shown;
      if (!this.rows || (this.rows[0] && this.rows[0].values.length !== names.length)) return;
      const groups = Object.entries(TITLES).map(([group, title]) => [title, this.rows.filter((row) => row.group === group).map(readable)]);
      this.table.replaceChildren(
        tb.compareTables.head(names, baseline, "Fact"), ...groups.map(([title, rows]) => tb.compareTables.section(title, rows, baseline, all)).filter(Boolean),
        ...(this.rows.length ? [] : [el("caption", {class: "quiet"}, "Nothing was recorded of what surrounded these runs: `summaries.init` does, event files do not have it.")])
      );
    }

    async compare(a, b) {
      const question = new URLSearchParams([["run", a], ["run", b]]).toString();
      if (question === this.asked) return;
      this.asked = question;
      try {
        const {files} = await tb.http.json("/api/compare/diff?" + question, undefined, {quiet: true});
        if (question === this.asked) this.diff.replaceChildren(...(files.length ? files.map(fileNode) : [el("p", {class: "quiet"}, "Neither run had uncommitted changes.")]));
      } catch (error) {
        this.asked = null;
        this.diff.replaceChildren(el("p", {class: "quiet"}, error.message));
      }
    }
  }

  const readable = ({name, values}) => ({name, values: values.map((value) => (name === "memory_bytes" && value ? `${(value / 2 ** 30).toFixed(1)} GiB` : value))});

  function fileNode({path, standing, lines}) {
    const body = el("pre", {class: "diff-lines", tabindex: "0", "aria-label": `Changes of ${path}`}, ...lines.map(([kind, text]) => el("span", {class: "diff-line " + kind}, text + "\n")));
    return el(
      "details", {class: "diff-file", open: standing !== "same"},
      el("summary", {}, el("code", {}, path), el("span", {class: "diff-standing " + standing}, STANDING[standing])), body
    );
  }

  tb.CodePanel = CodePanel;
})();
