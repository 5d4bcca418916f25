/* Parts of a run's page: cards, facts, searchable settings, what was logged, alerts. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {createElement: h, useRef, useState} = React;
  const SHOWN = 200; // rows before the rest is asked for

  function Card({title, count = null, tools = null, className = "", children}) {
    return h(
      "section", {className: "run-card " + className, "aria-label": title},
      h("header", null, h("h2", null, title), count !== null && h("span", {className: "run-card-n"}, count), h("span", {className: "run-card-tools"}, tools)),
      children
    );
  }

  const shownValue = (value) => (typeof value === "string" ? value : typeof value === "number" ? String(value) : JSON.stringify(value));

  /** Rows of a name and what it is; what is empty is left out. */
  function Facts({rows}) {
    const known = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
    return h("dl", {className: "run-facts"}, known.map(([name, value]) => h(React.Fragment, {key: name}, h("dt", null, name), h("dd", null, value))));
  }

  function CopyAs({value}) {
    const anchor = useRef(null);
    const as = (label, text) => ({label: `Copy as ${label}`, run: () => tb.kit.copy(text(value), `Copied as ${label}`)});
    const open = () => tb.kit.menu(anchor.current, [as("YAML", tb.configText.yaml), as("JSON", tb.configText.json), as("Python", tb.configText.python)], {align: "end"});
    return h("button", {type: "button", className: "button small", ref: anchor, "aria-haspopup": "menu", onClick: open}, "Copy ▾");
  }

  /** Settings with dotted names, searchable; those that differ from the baseline's are marked. */
  function Settings({title, value, empty, base = null}) {
    const [wanted, setWanted] = useState("");
    const [all, setAll] = useState(false);
    const rows = tb.configText.flat(value || {});
    const found = rows.filter(([key, one]) => (key + " " + shownValue(one)).toLowerCase().includes(wanted.toLowerCase()));
    const shown = all ? found : found.slice(0, SHOWN);
    const other = (key) => (base && key in base && shownValue(base[key]) !== shownValue(Object.fromEntries(rows)[key]) ? shownValue(base[key]) : null);
    if (rows.length === 0 && !empty) return null;
    return h(
      Card, {title, count: rows.length || null, tools: rows.length > 0 && h(CopyAs, {value})},
      rows.length === 0 && h("p", {className: "run-quiet"}, empty),
      rows.length > 8 && h("input", {type: "search", className: "field run-search", placeholder: "Find a key or value", "aria-label": `Find in ${title.toLowerCase()}`, value: wanted, onChange: (event) => setWanted(event.target.value)}),
      rows.length > 0 && h("dl", {className: "run-settings"}, shown.map(([key, one]) =>
        h(React.Fragment, {key}, h("dt", {title: key}, key), h("dd", null, shownValue(one), other(key) !== null && h("span", {className: "run-other", title: "The baseline's value"}, "base: " + other(key)))))),
      shown.length < found.length && h("button", {type: "button", className: "link-button", onClick: () => setAll(true)}, `Show all ${found.length.toLocaleString("en-US")}`)
    );
  }

  const PLACES = {
    scalar: ["/scalars", "scalars"], histogram: ["/histograms", "histograms"], image: ["/media", "images"], audio: ["/media", "audio"], video: ["/media", "videos"],
    html: ["/media", "pages and figures"], text: ["/text", "texts"], table: ["/tables", "tables"], pr_curve: ["/pr", "PR curves"], mesh: ["/meshes", "meshes"],
    embedding: ["/embeddings", "embeddings"], graph: ["/graphs", "graph"], console: ["/console", "console output"], alert: ["/alerts", "alerts"],
    layout: ["/custom", "chart layouts"], tensor: [null, "tensors"],
  };

  /** The kinds that were logged, each with a link to its page, where the run alone is shown then. */
  function Logged({run, kinds}) {
    const row = ({kind, tags, values}) => {
      const [path, label] = PLACES[kind] || [null, kind];
      const told = `${values.toLocaleString("en-US")} in ${tags.toLocaleString("en-US")} tag${tags === 1 ? "" : "s"}`;
      const isThere = path && document.querySelector(`#shell-nav a[href$="${path}"]`);
      return h("li", {key: kind},
        isThere ? h("button", {type: "button", className: "run-link", onClick: () => tb.go(path, {selection: {only: [run]}, runFilter: ""})}, label) : h("span", null, label),
        h("span", {className: "run-quiet"}, told));
    };
    return h(Card, {title: "Logged"}, kinds.length ? h("ul", {className: "run-list-plain"}, kinds.map(row)) : h("p", {className: "run-quiet"}, "Nothing yet."));
  }

  function Alerts({alerts, total}) {
    const levels = {error: "✕", warn: "!", info: "i"};
    const row = (alert, i) => h(
      "li", {key: i, className: "run-alert " + alert.level},
      h("span", {className: "run-alert-mark", role: "img", "aria-label": alert.level}, levels[alert.level] || "?"),
      h("div", null, h("b", null, alert.title), alert.text && h("p", null, alert.text),
        h("span", {className: "run-quiet"}, [alert.about, alert.step >= 0 ? `step ${tb.format.step(alert.step)}` : "", tb.format.time(alert.time)].filter(Boolean).join(" · ")))
    );
    return h(Card, {title: "Health and alerts", count: total || null},
      total ? h("ul", {className: "run-alerts"}, alerts.map(row)) : h("p", {className: "run-quiet"}, "Nothing unusual was seen."),
      total > alerts.length && h("p", {className: "run-quiet"}, `The newest ${alerts.length} of ${total}.`));
  }

  function Replaced({rewinds}) {
    if (rewinds.length === 0) return null;
    const row = (one, i) => h("li", {key: i}, h("span", null, `From step ${tb.format.step(one.step)}: ${one.values.toLocaleString("en-US")} values`),
      h("span", {className: "run-quiet", title: one.tags.join("\n")}, `${one.tags.length} tags · ${tb.format.time(one.time)}`));
    return h(Card, {title: "Replaced by rewinds", count: rewinds.length}, h("ul", {className: "run-list-plain"}, rewinds.map(row)));
  }

  function Packages({packages}) {
    const [wanted, setWanted] = useState("");
    const all = Object.entries(packages || {});
    if (all.length === 0) return null;
    const found = all.filter(([name]) => name.toLowerCase().includes(wanted.toLowerCase()));
    const text = () => all.map(([name, version]) => `${name}==${version}`).join("\n");
    return h(
      Card, {title: "Packages", count: all.length, tools: h("button", {type: "button", className: "button small", onClick: () => tb.kit.copy(text(), "Copied as requirements")}, "Copy")},
      h("input", {type: "search", className: "field run-search", placeholder: "Find a package", "aria-label": "Find a package", value: wanted, onChange: (event) => setWanted(event.target.value)}),
      h("div", {className: "run-packages", tabIndex: 0, role: "group", "aria-label": "All packages"},
        h("dl", {className: "run-settings"}, found.map(([name, version]) => h(React.Fragment, {key: name}, h("dt", null, name), h("dd", null, version)))))
    );
  }

  tb.runParts = {Card, Facts, Settings, Logged, Alerts, Replaced, Packages, shownValue};
})();
