/* The page of a shared file: bar, runs, charts by section, settings. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el, data} = tb;
  const $ = (id) => document.getElementById(id);
  const hidden = new Set(); // runs that were unticked
  let later = null;

  const page = {
    state: {smoothing: data.smoothing, logY: data.logY},
    emphasised: null,
    /** A curve of several runs stays while one of them is shown. */
    isShown: (line) => line.runs.length === 0 || line.runs.some((run) => !hidden.has(run)),
    hoverAll(chart, x, py, event) {
      for (const other of charts) if (other.seen && other.data.axis === chart.data.axis) other.crosshair(x);
      const rows = chart.rowsAt(x, py);
      const tip = $("shared-tip");
      tip.hidden = rows.length === 0;
      if (!rows.length) return;
      tip.replaceChildren(...chart.table(rows));
      const {offsetWidth: width, offsetHeight: height} = tip;
      const left = event.clientX + 18 + width < innerWidth ? event.clientX + 18 : Math.max(4, event.clientX - 18 - width);
      tip.style.transform = `translate(${left}px, ${Math.max(4, Math.min(event.clientY + 14, innerHeight - height - 6))}px)`;
    },
    unhoverAll() {
      $("shared-tip").hidden = true;
      for (const chart of charts) if (chart.seen) chart.crosshair(null);
    },
  };
  const charts = data.charts.map((chart) => new tb.SharedChart(chart, page));

  function redraw() {
    for (const chart of charts) chart.stale = true;
    later = later || requestAnimationFrame(() => {
      later = null;
      for (const chart of charts) if (chart.seen) fresh(chart);
    });
  }

  function fresh(chart) {
    chart.stale = false;
    chart.draw();
  }

  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const chart = charts.find((one) => one.node === entry.target);
      chart.seen = entry.isIntersecting;
      if (chart.seen && chart.stale !== false) fresh(chart);
    }
  }, {rootMargin: "200px"});

  function layOut() {
    const sections = new Map();
    for (const chart of charts) {
      if (!sections.has(chart.data.section)) sections.set(chart.data.section, el("div", {class: "shared-cards"}));
      sections.get(chart.data.section).append(chart.node);
      watcher.observe(chart.node);
    }
    for (const [name, node] of sections) $("shared-charts").append(el("section", {}, ...(name ? [el("h2", {}, name)] : []), node));
  }

  function listRuns() {
    const dark = tb.theme.current() === "dark" ? 1 : 0;
    $("shared-runs").replaceChildren(...data.runs.map((run, at) => {
      const box = el("input", {type: "checkbox", checked: !hidden.has(at), onchange: () => {
        if (box.checked) hidden.delete(at);
        else hidden.add(at);
        redraw();
      }});
      return el(
        "label", {class: "shared-run", title: `${run.name}\n${run.status}`,
          onpointerenter: () => emphasise(at), onpointerleave: () => emphasise(null)},
        box, el("span", {class: "swatch", style: `background:${run.colors[dark]}`}), el("span", {}, run.title)
      );
    }));
  }

  function emphasise(run) {
    page.emphasised = run;
    redraw();
  }

  // -- settings -------------------------------------------------------------------------------
  let sorted = {key: null, down: false};
  const told = (value) => (value === undefined ? "–" : typeof value === "string" ? value : typeof value === "number" ? String(Number(value.toPrecision(6))) : JSON.stringify(value));

  function settings() {
    const keys = [...new Set(data.runs.flatMap((run) => Object.keys(run.settings)))].sort(tb.naturally);
    const differ = keys.filter((key) => new Set(data.runs.map((run) => JSON.stringify(run.settings[key]))).size > 1);
    const shown = $("shared-all").checked || data.runs.length < 2 ? keys : differ;
    const value = (run) => (sorted.key === "" ? run.title : run.settings[sorted.key]);
    const compare = (a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
      const way = typeof x === "number" && typeof y === "number" ? x - y : tb.naturally(told(x), told(y));
      return sorted.down ? -way : way;
    };
    const rows = sorted.key === null ? data.runs : [...data.runs].sort(compare);
    const isNumber = (key) => data.runs.some((run) => typeof run.settings[key] === "number");
    const head = (key, text) => el("th", {class: isNumber(key) ? "number" : null, "aria-sort": sorted.key !== key ? "none" : sorted.down ? "descending" : "ascending"}, el("button", {type: "button", class: "sort", onclick: () => {
      sorted = {key, down: sorted.key === key && !sorted.down};
      settings();
    }}, text + (sorted.key !== key ? "" : sorted.down ? " ↓" : " ↑")));
    $("shared-settings").replaceChildren(
      el("thead", {}, el("tr", {}, head("", "Run"), ...shown.map((key) => head(key, key)))),
      el("tbody", {}, ...rows.map((run) => el("tr", {}, el("td", {}, run.title), ...shown.map((key) => el("td", {class: typeof run.settings[key] === "number" ? "number" : ""}, told(run.settings[key]))))))
    );
    $("shared-settings-section").hidden = keys.length === 0;
    $("shared-same").hidden = data.runs.length < 2 || keys.length === differ.length;
  }

  // -- the bar --------------------------------------------------------------------------------
  function filter() {
    const words = $("shared-filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const chart of charts) chart.node.hidden = !words.every((word) => chart.data.title.toLowerCase().includes(word));
    for (const section of $("shared-charts").children) section.hidden = [...section.querySelectorAll(".shared-card")].every((card) => card.hidden);
  }

  function smooth(value) {
    page.state.smoothing = Math.min(0.999, Math.max(0, Number(value) || 0));
    $("shared-smoothing").value = $("shared-weight").value = page.state.smoothing;
    redraw();
  }

  function turnTheme() {
    tb.theme.apply(tb.theme.current() === "dark" ? "light" : "dark");
    listRuns();
    redraw();
  }

  document.title = data.title;
  $("shared-title").textContent = data.title;
  const made = new Date(data.made * 1000).toISOString().slice(0, 16).replace("T", " ");
  $("shared-subtitle").textContent = `${data.runs.length} runs, ${charts.length} charts · ${data.logdir ? data.logdir + " · " : ""}${made} UTC`;
  const cut = data.charts.some((chart) => chart.lines.some((line) => line.low));
  $("shared-limit").textContent = cut
    ? `Curves of more than ${tb.format.step(data.full)} points are here as the least, mean and greatest value of equal stretches; all others have every point.`
    : "Every point of every curve is in this file.";
  $("shared-filter").addEventListener("input", filter);
  $("shared-smoothing").addEventListener("input", (event) => smooth(event.target.value));
  $("shared-weight").addEventListener("change", (event) => smooth(event.target.value));
  $("shared-log").checked = page.state.logY;
  $("shared-log").addEventListener("change", (event) => {
    page.state.logY = event.target.checked;
    redraw();
  });
  $("shared-theme").addEventListener("click", turnTheme);
  $("shared-all").addEventListener("change", settings);
  $("shared-none").addEventListener("click", () => {
    if (hidden.size) hidden.clear();
    else data.runs.forEach((_, at) => hidden.add(at));
    listRuns();
    redraw();
  });
  window.addEventListener("resize", redraw);
  $("shared-smoothing").value = $("shared-weight").value = data.smoothing;
  listRuns();
  settings();
  layOut();
})();
