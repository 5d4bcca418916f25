/* What the cells of the run table show. All of it is text: names and settings are users'. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const marks = {running: "●", finished: "✓", failed: "✕", crashed: "!"};

  /** A cell component of AG Grid from a function that fills its node; `params` are the grid's. */
  function cell(draw, className = "cell") {
    return class {
      init(params) {
        this.node = el("div", {class: className});
        draw(this.node, params);
      }
      getGui() {
        return this.node;
      }
      refresh(params) {
        draw(this.node, params);
        return true;
      }
    };
  }

  const runOf = (params) => params.data && tb.runs.get(params.data.name);

  function ago(seconds) {
    const past = Math.max(0, Date.now() / 1000 - seconds);
    if (past < 60) return `${Math.round(past)}s ago`;
    if (past < 3600) return `${Math.round(past / 60)}m ago`;
    return past < 172800 ? `${Math.round(past / 3600)}h ago` : `${Math.round(past / 86400)}d ago`;
  }

  function name(node, params) {
    const run = runOf(params);
    if (!run) return node.replaceChildren();
    const color = tb.runs.color(run.name);
    const box = el("input", {type: "checkbox", "aria-label": `Show ${run.title}`, checked: tb.runs.isSelected(run.name), tabindex: "-1"});
    box.style.accentColor = color;
    box.addEventListener("change", () => tb.runs.select([run.name], box.checked));
    const swatch = el("span", {class: "swatch"});
    swatch.style.background = color;
    const link = el("a", {class: "cell-name", href: tb.http.url("/run?" + new URLSearchParams({run: run.name})), title: run.name, tabindex: "-1"}, run.title);
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      tb.go("/run", {detail: run.name});
    });
    const more = el("button", {type: "button", class: "more", "aria-label": `Actions on ${run.title}`, "aria-haspopup": "menu", tabindex: "-1"}, "⋯");
    more.addEventListener("click", () => tb.runActions.menu(more, [run.name]));
    node.replaceChildren(box, swatch, link, ...(tb.view.get().baseline === run.name ? [el("span", {class: "baseline-mark"}, "base")] : []), more);
  }

  function status(node, params) {
    const run = runOf(params);
    if (!run) return node.replaceChildren();
    const beat = run.status === "running" ? tb.pulse?.of(run.name) : null;
    const ended = run.status !== "running" && tb.records.get(run.name)?.ended;
    node.replaceChildren(
      el("span", {class: `status-mark ${run.status}`, "aria-hidden": "true"}, marks[run.status] || "?"),
      el("span", {class: "status-text"}, run.status),
      ...(beat ? [el("span", {class: "cell-quiet", title: "Last sign of life"}, ago(beat))] : [])
    );
    node.title = beat ? `Last sign of life ${tb.format.time(beat)}` : ended ? `Last logged ${tb.format.time(ended)}` : "";
  }

  function chips(node, params) {
    const labels = runOf(params)?.labels || [];
    node.replaceChildren(...labels.map((label) => el("span", {class: "tag-chip"}, label)));
    node.title = labels.join(", ");
  }

  const minute = (seconds) => new Date(seconds * 1000).toLocaleString(undefined, {month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false});

  function time(node, {value}) {
    node.textContent = value ? minute(value) : "";
    node.title = value ? `${new Date(value * 1000).toLocaleString()}, ${ago(value)}` : "";
  }

  const signed = (value) => (value > 0 ? "+" : "") + tb.format.value(value);
  const percent = (value) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value) < 9.95 ? Math.abs(value).toFixed(1) : Math.round(Math.abs(value)).toLocaleString("en-US")} %`;

  /** A number, and how it stands to the baseline's where there is one. */
  function metric(node, params) {
    const {value, data, colDef} = params;
    const {tag, aggregate} = tb.runColumns.metricOf(colDef.colId);
    const isStep = ["argmin", "argmax", "step", "n"].includes(aggregate);
    node.replaceChildren(el("span", {}, value === null || value === undefined ? "" : isStep ? tb.format.step(value) : tb.format.value(value)));
    const {baseline} = tb.view.get();
    const base = tb.runs.get(baseline);
    if (isStep || !base || !data || data.name === baseline) return;
    const found = tb.goals.delta(tag, value, tb.runColumns.valueOf(base, colDef.colId));
    if (!found) return;
    const [absolute, relative] = [signed(found.delta), found.percent === null ? "" : percent(found.percent)];
    const told = tb.view.get().deltas === "absolute" ? absolute : relative || absolute;
    node.append(el("span", {class: "delta " + found.sense, title: `${absolute}${relative && `, ${relative},`} against the baseline “${base.title}”`}, told));
  }

  function setting(node, {value}) {
    const text = value === null || value === undefined ? "" : typeof value === "number" ? String(value) : value;
    node.textContent = text;
    node.title = text.length > 20 ? text : "";
  }

  function plain(node, {value}) {
    node.textContent = value ?? "";
    node.title = value ?? "";
  }

  function renderer(id) {
    if (tb.runColumns.metricOf(id)) return cell(metric, "cell cell-number");
    if (tb.runColumns.OWN[id]?.isTime) return cell(time);
    const own = {name: cell(name, "cell cell-run"), status: cell(status, "cell cell-status"), tags: cell(chips, "cell cell-chips")};
    if (own[id]) return own[id];
    if (id === "duration") return cell((node, {value}) => (node.textContent = value === null ? "" : tb.format.duration(value)), "cell cell-number");
    return id in tb.runColumns.OWN ? cell(plain) : cell(setting);
  }

  /** The heading of a column: what it is, and quietly which part or which value of the metric. */
  class Heading {
    init(params) {
      this.params = params;
      const {title, part} = tb.runColumns.titleOf(params.column.getColId());
      this.arrow = el("span", {class: "head-arrow", "aria-hidden": "true"});
      this.node = el("div", {class: "head-cell", title: part ? `${title} (${part})` : title},
        el("span", {class: "head-title"}, el("bdi", {}, title)), part ? el("span", {class: "head-part"}, part) : null, this.arrow);
      this.node.addEventListener("click", (event) => params.progressSort(event.shiftKey));
      this.sorted = () => (this.arrow.textContent = {asc: "↑", desc: "↓"}[params.column.getSort()] || "");
      params.column.addEventListener("sortChanged", this.sorted);
      this.sorted();
    }
    getGui() {
      return this.node;
    }
    refresh() {
      this.sorted();
      return true;
    }
    destroy() {
      this.params.column.removeEventListener("sortChanged", this.sorted);
    }
  }

  tb.runCells = {renderer, Heading, ago, signed, percent, marks};
})();
