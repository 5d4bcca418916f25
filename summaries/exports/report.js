// Draws the report from the data beside it. Plain canvas: a page of thousands of lines stays light.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const LIGHT = ["#3b5bdb", "#e8590c", "#2b8a3e", "#c2255c", "#0b7285", "#9c36b5", "#b7791f", "#1098ad", "#5c940d", "#d6336c", "#495057", "#7048e8"];
  const DARK = ["#7c97ff", "#ffa94d", "#69db7c", "#f783ac", "#3bc9db", "#da77f2", "#ffd43b", "#66d9e8", "#a9e34b", "#faa2c1", "#ced4da", "#b197fc"];
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const $ = id => document.getElementById(id);
  const shown = data.runs.map(() => true);
  const colour = run => (dark.matches ? DARK : LIGHT)[run % LIGHT.length];
  const cssOf = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  let smoothing = 0, logarithmic = false, emphasised = -1;

  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (key === "class") node.className = value;
      else node.setAttribute(key, value);
    }
    node.append(...children);
    return node;
  };
  const number = value => {
    if (value === null || value === undefined) return "";
    if (typeof value !== "number") return String(value);
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size >= 1e6 || size < 1e-4) return value.toExponential(3).replace(/\.?0+e/, "e");
    return String(+value.toPrecision(5));
  };
  const seconds = s => {
    if (s === null) return "";
    if (s < 90) return `${+s.toFixed(1)} s`;
    if (s < 5400) return `${(s / 60).toFixed(1)} min`;
    return s < 172800 ? `${(s / 3600).toFixed(1)} h` : `${(s / 86400).toFixed(1)} d`;
  };
  const plural = (n, what) => `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;

  // -- run table ------------------------------------------------------------------------------
  const keys = [...new Set(data.runs.flatMap(run => Object.keys(run.settings)))];
  const text = value => value === undefined ? "" : JSON.stringify(value);
  const varying = keys.filter(key => new Set(data.runs.map(run => text(run.settings[key]))).size > 1);
  const common = data.runs.length > 1 ? keys.filter(key => !varying.includes(key)) : [];
  const settingsShown = data.runs.length > 1 ? varying : keys;
  const counts = {};
  for (const run of data.runs) for (const tag of Object.keys(run.last)) counts[tag] = (counts[tag] || 0) + 1;
  const metrics = Object.keys(counts).filter(tag => !tag.startsWith("system/"))
    .sort((a, b) => counts[b] - counts[a] || (a < b ? -1 : 1)).slice(0, 8);
  const columns = [
    {title: "Run", of: run => run.name},
    {title: "Status", of: run => run.status, style: run => run.status},
    {title: "Duration", of: run => run.seconds, show: run => seconds(run.seconds), number: true},
    ...(data.runs.some(run => run.group) ? [{title: "Group", of: run => run.group}] : []),
    ...(data.runs.some(run => run.labels.length) ? [{title: "Tags", of: run => run.labels.join(", ")}] : []),
    ...(data.runs.some(run => run.notes) ? [{title: "Notes", of: run => run.notes.slice(0, 80)}] : []),
    ...settingsShown.map(key => ({title: key, of: run => run.settings[key]})),
    ...metrics.map(tag => ({title: tag, of: run => run.last[tag], number: true, hint: `last value of ${tag}`})),
  ];
  for (const column of columns) {
    column.number ??= data.runs.some(run => typeof column.of(run) === "number");
    column.show ??= run => typeof column.of(run) === "number" ? number(column.of(run)) : String(column.of(run) ?? "");
  }
  let sorted = {column: null, up: true};
  const drawTable = () => {
    const order = data.runs.map((_, at) => at);
    if (sorted.column) {
      const {of} = sorted.column;
      order.sort((a, b) => {
        const x = of(data.runs[a]) ?? null, y = of(data.runs[b]) ?? null;
        if (x === null || y === null) return (x === null) - (y === null);
        const less = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", {numeric: true});
        return sorted.up ? less : -less;
      });
    }
    const head = make("tr", {}, ...columns.map(column => {
      const active = sorted.column === column;
      return make("th", {class: column.number ? "number" : "", title: column.hint || column.title, "aria-sort": active ? (sorted.up ? "ascending" : "descending") : "none"},
        make("button", {type: "button", onclick: () => { sorted = {column, up: active ? !sorted.up : true}; drawTable(); }},
          column.title + (active ? (sorted.up ? " ↑" : " ↓") : "")));
    }));
    const rows = order.map(at => {
      const run = data.runs[at];
      const box = make("input", {type: "checkbox", onchange: event => { shown[at] = event.target.checked; row.className = shown[at] ? "" : "off"; redraw(); }});
      box.checked = shown[at];
      const dot = make("span", {class: "dot"});
      dot.style.background = colour(at);
      const row = make("tr", {class: shown[at] ? "" : "off", onmouseenter: () => { emphasised = at; redraw(); }, onmouseleave: () => { emphasised = -1; redraw(); }},
        ...columns.map((column, c) => c
          ? make("td", {class: column.number ? "number" : column.style ? column.style(run) : ""}, column.show(run))
          : make("td", {title: run.name}, make("label", {}, box, dot, run.name))));
      return row;
    });
    $("runs").replaceChildren(make("thead", {}, head), make("tbody", {}, ...rows));
  };

  // -- charts ---------------------------------------------------------------------------------
  const charts = data.charts.map(chart => ({...chart, zoom: null, seen: false, stale: true}));
  const smoothed = line => {
    if (!smoothing) return line.mean;
    if (line.at === smoothing) return line.kept;
    let last = 0, n = 0;
    line.kept = line.mean.map(y => {
      if (y === null) return null;
      last = last * smoothing + (1 - smoothing) * y;
      n += 1;
      return last / (1 - smoothing ** n);
    });
    line.at = smoothing;
    return line.kept;
  };
  const ticks = (low, high, most) => {
    const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find(m => m * power >= rough) * power;
    const found = [];
    for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9 && found.length < 50; at += step) found.push(Math.abs(at) < step * 1e-9 ? 0 : at);
    return found;
  };
  const short = value => {
    const size = Math.abs(value);
    for (const [unit, name] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) if (size >= unit * (unit === 1e3 ? 10 : 1)) return `${+(value / unit).toPrecision(4)}${name}`;
    return number(value);
  };
  const extent = chart => {
    let x0 = Infinity, x1 = -Infinity, y0 = Infinity, y1 = -Infinity;
    for (const line of chart.lines) {
      if (!shown[line.run]) continue;
      const low = line.min || line.mean, high = line.max || line.mean;
      for (let i = 0; i < line.step.length; i++) {
        const x = line.step[i];
        if (chart.zoom && (x < chart.zoom[0] || x > chart.zoom[1])) continue;
        if (x < x0) x0 = x;
        if (x > x1) x1 = x;
        for (const y of [low[i], high[i]]) {
          if (y === null || (logarithmic && y <= 0)) continue;
          if (y < y0) y0 = y;
          if (y > y1) y1 = y;
        }
      }
    }
    return {x0, x1, y0, y1};
  };
  const draw = chart => {
    chart.stale = false;
    const canvas = chart.canvas, ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const g = canvas.getContext("2d");
    g.scale(ratio, ratio);
    g.clearRect(0, 0, width, height);
    let {x0, x1, y0, y1} = extent(chart);
    if (chart.zoom) [x0, x1] = chart.zoom;
    chart.scale = null;
    g.font = "11px system-ui, sans-serif";
    g.fillStyle = cssOf("--muted");
    if (!(x1 >= x0) || !(y1 >= y0)) {
      g.textAlign = "center";
      g.fillText(logarithmic ? "no positive values" : "no finite values", width / 2, height / 2);
      return;
    }
    if (x0 === x1) { x0 -= 1; x1 += 1; }
    const fy = logarithmic ? Math.log10 : y => y;
    let v0 = fy(y0), v1 = fy(y1);
    if (v0 === v1) { const pad = Math.abs(v0) * .1 || 1; v0 -= pad; v1 += pad; } else { const pad = (v1 - v0) * .05; v0 -= pad; v1 += pad; }
    const marksY = ticks(v0, v1, 5), label = v => logarithmic ? number(10 ** v) : short(v);
    const left = Math.min(90, 10 + Math.max(...marksY.map(v => g.measureText(label(v)).width))), right = 8, top = 6, bottom = 20;
    const px = x => left + (x - x0) / (x1 - x0) * (width - left - right);
    const py = y => height - bottom - (fy(y) - v0) / (v1 - v0) * (height - top - bottom);
    g.strokeStyle = cssOf("--grid");
    g.lineWidth = 1;
    g.textAlign = "right";
    g.textBaseline = "middle";
    for (const v of marksY) {
      const y = Math.round(height - bottom - (v - v0) / (v1 - v0) * (height - top - bottom)) + .5;
      g.beginPath(); g.moveTo(left, y); g.lineTo(width - right, y); g.stroke();
      g.fillText(label(v), left - 5, y);
    }
    g.textBaseline = "alphabetic";
    for (const x of ticks(x0, x1, Math.max(2, width / 90))) {
      const at = px(x), name = short(x), half = g.measureText(name).width / 2;
      g.textAlign = at + half > width ? "right" : "center";
      g.fillText(name, Math.min(at, width - (at + half > width ? 2 : 0)), height - 5);
    }
    g.save();
    g.beginPath(); g.rect(left, 0, width - left - right + 3, height - bottom + 2); g.clip();
    const order = chart.lines.filter(line => shown[line.run]).sort((a, b) => (a.run === emphasised) - (b.run === emphasised));
    for (const line of order) {
      const faint = emphasised >= 0 && line.run !== emphasised && chart.lines.some(l => l.run === emphasised);
      if (line.min || smoothing) band(g, line, px, py, colour(line.run), faint);
      path(g, line.step, smoothed(line), px, py, colour(line.run), faint ? .25 : 1, line.run === emphasised ? 2.4 : 1.5);
    }
    g.restore();
    chart.scale = {px, py, x0, x1, left, right: width - right};
  };
  const usable = y => y !== null && (!logarithmic || y > 0);
  const band = (g, line, px, py, stroke, faint) => {
    if (!line.min) { path(g, line.step, line.mean, px, py, stroke, faint ? .06 : .22, 1); return; }
    g.globalAlpha = faint ? .05 : .2;
    g.fillStyle = stroke;
    let run = [];
    const fill = () => {
      if (run.length) {
        g.beginPath();
        run.forEach((i, k) => g[k ? "lineTo" : "moveTo"](px(line.step[i]), py(line.max[i])));
        for (const i of run.reverse()) g.lineTo(px(line.step[i]), Math.max(py(line.min[i]), py(line.max[i]) + 1));
        g.fill();
      }
      run = [];
    };
    for (let i = 0; i < line.step.length; i++) {
      if (!usable(line.min[i]) || !usable(line.max[i])) { fill(); continue; }
      if (i && line.step[i] < line.step[i - 1]) fill();
      run.push(i);
    }
    fill();
    g.globalAlpha = 1;
    // The edges, thin: a spike that is one bin wide would else be a line of a fifth of its colour.
    for (const edge of [line.min, line.max]) path(g, line.step, edge, px, py, stroke, faint ? .06 : .35, .8);
  };
  const path = (g, steps, values, px, py, stroke, alpha, width) => {
    g.globalAlpha = alpha;
    g.strokeStyle = g.fillStyle = stroke;
    g.lineWidth = width;
    g.lineJoin = "round";
    g.beginPath();
    let open = false, alone = [];
    for (let i = 0; i < steps.length; i++) {
      if (!usable(values[i])) { open = false; continue; }
      const x = px(steps[i]), y = py(values[i]);
      const last = i + 1 >= steps.length || !usable(values[i + 1]);
      if (!open && last) alone.push([x, y]);
      g[open ? "lineTo" : "moveTo"](x, y);
      open = true;
    }
    g.stroke();
    for (const [x, y] of alone) { g.beginPath(); g.arc(x, y, 2.5, 0, 7); g.fill(); }
    g.globalAlpha = 1;
  };
  const nearest = (steps, x) => {
    let best = 0;
    for (let i = 1; i < steps.length; i++) if (Math.abs(steps[i] - x) <= Math.abs(steps[best] - x)) best = i;
    return best;
  };
  const hover = (chart, event) => {
    const s = chart.scale;
    if (!s) return;
    const box = chart.canvas.getBoundingClientRect(), at = event.clientX - box.left;
    const x = s.x0 + (at - s.left) / (s.right - s.left) * (s.x1 - s.x0);
    draw(chart);
    const g = chart.canvas.getContext("2d"), height = chart.canvas.clientHeight;
    const found = [];
    for (const line of chart.lines) {
      if (!shown[line.run]) continue;
      const i = nearest(line.step, x), y = smoothed(line)[i];
      if (line.step[i] < s.x0 || line.step[i] > s.x1) continue;
      found.push({line, i, y, far: usable(y) ? Math.abs(s.py(y) - (event.clientY - box.top)) : 1e9});
    }
    if (!found.length) return;
    found.sort((a, b) => a.far - b.far);
    const mark = s.px(found[0].line.step[found[0].i]);
    g.strokeStyle = cssOf("--muted");
    g.setLineDash([3, 3]);
    g.beginPath(); g.moveTo(mark, 4); g.lineTo(mark, height - 20); g.stroke();
    g.setLineDash([]);
    for (const {line, i, y} of found) if (usable(y)) { g.fillStyle = colour(line.run); g.beginPath(); g.arc(s.px(line.step[i]), s.py(y), 3.2, 0, 7); g.fill(); }
    const rows = found.slice(0, 12).map(({line, i, y}, k) => {
      const dot = make("span", {class: "dot"});
      dot.style.background = colour(line.run);
      dot.style.display = "inline-block";
      const name = data.runs[line.run].name, range = line.min && line.min[i] !== line.max[i] ? `${number(line.min[i])} … ${number(line.max[i])}` : "";
      return make("tr", {}, make("td", {}, dot), make("td", {}, k ? name : make("b", {}, name)),
        make("td", {class: "number"}, y === null ? "not finite" : number(y)), make("td", {class: "number muted"}, range), make("td", {class: "number muted"}, `step ${line.step[i].toLocaleString("en")}`));
    });
    const more = found.length > 12 ? [make("p", {class: "muted"}, `and ${found.length - 12} more`)] : [];
    const tip = $("tip");
    tip.replaceChildren(make("table", {}, make("tbody", {}, ...rows)), ...more);
    tip.hidden = false;
    const wide = tip.offsetWidth, tall = tip.offsetHeight;
    tip.style.left = `${Math.max(4, event.clientX + 16 + wide > innerWidth ? event.clientX - wide - 16 : event.clientX + 16)}px`;
    tip.style.top = `${Math.max(4, Math.min(event.clientY + 14, innerHeight - tall - 8))}px`;
  };
  const leave = chart => { $("tip").hidden = true; draw(chart); };
  const drag = (chart, down) => {
    const s = chart.scale;
    if (!s || down.button) return;
    const of = event => Math.max(s.left, Math.min(s.right, event.clientX - chart.canvas.getBoundingClientRect().left));
    const start = of(down);
    const move = event => {
      draw(chart);
      const g = chart.canvas.getContext("2d");
      g.globalAlpha = .15; g.fillStyle = cssOf("--accent");
      g.fillRect(Math.min(start, of(event)), 0, Math.abs(of(event) - start), chart.canvas.clientHeight - 20);
      g.globalAlpha = 1;
    };
    const up = event => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", up);
      const [a, b] = [start, of(event)].sort((p, q) => p - q);
      if (b - a > 6) chart.zoom = [a, b].map(p => s.x0 + (p - s.left) / (s.right - s.left) * (s.x1 - s.x0));
      draw(chart);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", up);
  };
  const watcher = new IntersectionObserver(entries => {
    for (const entry of entries) {
      const chart = charts[entry.target.dataset.chart];
      chart.seen = entry.isIntersecting;
      if (chart.seen && chart.stale) draw(chart);
    }
  }, {rootMargin: "200px"});
  let pending = false;
  const redraw = () => {
    for (const chart of charts) chart.stale = true;
    if (pending) return;
    pending = true;
    requestAnimationFrame(() => { pending = false; for (const chart of charts) if (chart.seen && chart.stale) draw(chart); });
  };
  const layOut = () => {
    const groups = new Map();
    charts.forEach((chart, at) => {
      const group = chart.tag.includes("/") ? chart.tag.slice(0, chart.tag.indexOf("/")) : "";
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(at);
    });
    for (const [group, members] of groups) {
      const grid = make("div", {class: "grid"});
      for (const at of members) {
        const chart = charts[at];
        const canvas = chart.canvas = make("canvas", {"data-chart": at, role: "img", "aria-label": `${chart.tag}: ${plural(chart.lines.length, "run")}`,
          onpointermove: event => { if (!event.buttons) hover(chart, event); }, onpointerleave: () => leave(chart),
          onpointerdown: event => drag(chart, event), ondblclick: () => { chart.zoom = null; draw(chart); }});
        const odd = chart.lines.reduce((sum, line) => sum + (line.nonfinite || 0), 0);
        const n = chart.lines.reduce((sum, line) => sum + line.n, 0);
        const card = chart.card = make("article", {class: "card"}, make("header", {}, make("h3", {}, chart.tag),
          make("small", {title: "drag to zoom, double-click to go back"}, plural(n, "point") + (odd ? `, ${odd.toLocaleString("en")} not finite` : ""))), canvas);
        grid.append(card);
        watcher.observe(canvas);
      }
      $("charts").append(make("section", {}, make("h2", {}, group || "Metrics"), grid));
    }
  };
  const filter = () => {
    const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const chart of charts) chart.card.hidden = !words.every(word => chart.tag.toLowerCase().includes(word));
    for (const section of $("charts").children) section.hidden = [...section.querySelectorAll(".card")].every(card => card.hidden);
  };

  // -- the page -------------------------------------------------------------------------------
  const points = data.runs.reduce((sum, run) => sum + run.points, 0);
  $("title").textContent = data.title;
  $("subtitle").textContent = `${plural(data.runs.length, "run")}, ${plural(charts.length, "metric")}, ${plural(points, "point")} · ${new Date(data.made * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  $("shared").textContent = common.length ? `Same in all runs: ${common.map(key => `${key} = ${number(data.runs[0].settings[key])}`).join(", ")}` : "";
  drawTable();
  layOut();
  for (const {run, tag, kind, step, source} of data.media) {
    const item = kind === "image" ? make("img", {src: source, alt: `${tag} of ${data.runs[run].name}`, onload: event => { if (event.target.naturalWidth < 128) event.target.className = "small"; }})
      : make(kind, {src: source, controls: ""});
    $("media").append(make("figure", {}, item, make("figcaption", {}, `${tag} · ${data.runs[run].name} · step ${step.toLocaleString("en")}`)));
  }
  $("media-section").hidden = !data.media.length;
  for (const {run, tag, step, text: body} of data.texts) $("texts").append(make("article", {class: "text"}, make("h3", {}, tag), make("span", {class: "muted"}, `${data.runs[run].name} · step ${step.toLocaleString("en")}`), make("pre", {}, body)));
  $("texts-section").hidden = !data.texts.length;
  for (const line of data.left_out) $("left").append(make("li", {}, line));
  $("left-section").hidden = !data.left_out.length;
  $("filter").addEventListener("input", filter);
  $("smoothing").addEventListener("input", event => { smoothing = +event.target.value; $("smoothing-value").textContent = smoothing; redraw(); });
  $("log").addEventListener("change", event => { logarithmic = event.target.checked; redraw(); });
  addEventListener("resize", redraw);
  dark.addEventListener("change", () => { drawTable(); redraw(); });
})();
