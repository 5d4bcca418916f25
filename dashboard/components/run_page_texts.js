/* Texts on a run's page: its notes, the changes it was started with, the end of its output. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {createElement: h, useEffect, useRef, useState} = React;
  const LINES = 200;
  const CONSOLE_MS = 4000; // between two looks at the output of a run that goes on
  const DIFF_LINES = 4000; // drawn; all of it can be copied

  function Notes({run, text, reason}) {
    const [draft, setDraft] = useState(null); // null: shown, not edited
    const shown = useRef(null);
    useEffect(() => {
      if (draft === null && text) tb.markdown.into(shown.current, text);
    }, [draft, text]);
    const save = async () => {
      if ((await tb.editing.change([run], {notes: draft})).length) setDraft(null);
    };
    const keys = (event) => {
      if (event.key === "Escape") setDraft(null);
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
    };
    const edit = h("button", {type: "button", className: "button small", disabled: Boolean(reason), title: reason ? `Cannot be changed: ${reason}` : null, onClick: () => setDraft(text)}, text ? "Edit" : "Write");
    return h(
      tb.runParts.Card, {title: "Notes", tools: draft === null && edit},
      draft !== null
        ? h("div", null,
            h("textarea", {className: "field notes-field run-notes-field", autoFocus: true, value: draft, rows: 8, "aria-label": "Notes in markdown", placeholder: "Markdown: what was tried, what came of it",
              onChange: (event) => setDraft(event.target.value), onKeyDown: keys}),
            h("div", {className: "run-buttons"}, h("button", {type: "button", className: "button primary", onClick: save}, "Save"), h("button", {type: "button", className: "button", onClick: () => setDraft(null)}, "Cancel")))
        : text ? h("div", {ref: shown, className: "markdown"}) : h("p", {className: "run-quiet"}, "No notes yet.")
    );
  }

  function lineKind(line) {
    if (/^(diff |index |--- |\+\+\+ |new file|deleted file|rename |similarity )/.test(line)) return "file";
    if (line.startsWith("@@")) return "hunk";
    return line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "";
  }

  /** A diff as lines in the colours of what they are. */
  function Diff({text}) {
    const lines = text.split("\n");
    return h(
      "div", {className: "diff", tabIndex: 0, role: "group", "aria-label": "Uncommitted changes"},
      lines.slice(0, DIFF_LINES).map((line, i) => h("div", {key: i, className: "diff-line " + lineKind(line)}, line || " ")),
      lines.length > DIFF_LINES && h("p", {className: "run-quiet"}, `${(lines.length - DIFF_LINES).toLocaleString("en-US")} more lines: copy it to see them`)
    );
  }

  function Git({run, git, hasDiff}) {
    const [diff, setDiff] = useState(null);
    const [error, setError] = useState(null);
    useEffect(() => setDiff(null), [run]);
    if (!git && !hasDiff) return null;
    const show = async () => {
      try {
        setDiff((await tb.http.json("/api/run/diff?" + new URLSearchParams({run}))).diff);
        setError(null);
      } catch (problem) {
        setError(problem.message);
      }
    };
    const {commit, branch, remote, root, dirty, untracked} = git || {};
    const copy = commit && h("button", {type: "button", className: "run-copy", title: "Copy the commit", "aria-label": "Copy the commit", onClick: () => tb.kit.copy(commit, "Commit copied")}, "copy");
    const hasLink = /^https?:\/\//.test(remote || "");
    const where = hasLink ? h("a", {href: remote, target: "_blank", rel: "noopener noreferrer"}, remote) : remote;
    return h(
      tb.runParts.Card, {title: "Git", className: diff === null ? "" : "wide", tools: hasDiff && h("button", {type: "button", className: "button small", "aria-expanded": diff !== null, onClick: () => (diff === null ? show() : setDiff(null))}, diff === null ? "Show changes" : "Hide changes"),},
      h(tb.runParts.Facts, {rows: [
        ["Commit", commit && h("span", null, h("code", null, commit.slice(0, 12)), " ", copy)], ["Branch", branch], ["Remote", where], ["Directory", root],
        ["State", dirty === undefined ? null : dirty ? "with uncommitted changes" : "clean"], ["Untracked", untracked && h("span", {title: untracked.join("\n")}, `${untracked.length} files`)],
      ]}),
      error && h("p", {className: "warning", role: "alert"}, error),
      diff !== null && h("div", null, h("div", {className: "run-buttons"}, h("button", {type: "button", className: "button small", onClick: () => tb.kit.copy(diff, "Diff copied")}, "Copy"),
        h("button", {type: "button", className: "button small", onClick: () => tb.kit.download("changes.diff", diff)}, "Download")), h(Diff, {text: diff}))
    );
  }

  function Console({run, status}) {
    const [lines, setLines] = useState(null);
    const [error, setError] = useState(null);
    const box = useRef(null);
    useEffect(() => {
      let timer = null;
      let gone = false;
      const look = async () => {
        try {
          const answer = await tb.http.json("/api/run/console?" + new URLSearchParams({run, lines: String(LINES)}), undefined, {quiet: true});
          if (!gone) setLines(answer.lines);
          if (!gone) setError(null);
        } catch (problem) {
          if (!gone) setError(problem.message);
        }
        if (!gone && status === "running") timer = setTimeout(look, document.hidden ? 4 * CONSOLE_MS : CONSOLE_MS);
      };
      look();
      return () => {
        gone = true;
        clearTimeout(timer);
      };
    }, [run, status]);
    const count = lines ? lines.length : 0;
    useEffect(() => {
      if (box.current) box.current.scrollTop = box.current.scrollHeight;
    }, [count]);
    if (!count && !error) return null;
    const all = document.querySelector('#shell-nav a[href$="/console"]');
    return h(
      tb.runParts.Card, {title: "Console", tools: all && h("button", {type: "button", className: "button small", onClick: () => tb.go("/console", {selection: {only: [run]}, runFilter: ""})}, "Open all")},
      error && h("p", {className: "warning", role: "alert"}, error),
      h("div", {className: "run-console", ref: box, tabIndex: 0, role: "log", "aria-label": "The end of the run's output"}, (lines || []).map((line, i) =>
        h("div", {key: i, className: "console-line " + line.stream, title: tb.format.time(line.time)}, line.text || " ")))
    );
  }

  tb.runTexts = {Notes, Git, Console, Diff, lineKind};
})();
