/* The alerts page: what went wrong in any run, newest first, and the way to the place in the chart. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {createElement: h} = React;
  const {RunLink, MetricLink} = tb.home;
  const PAGES = ["/alerts"];
  const A_PAGE = 300;
  const MOST = 2000;
  const LEVELS = [["info", "All"], ["warn", "Warnings and errors"], ["error", "Errors"]];
  const SOURCES = [["", "Any source"], ["health", "Health watch"], ["user", "Script"]];
  const RANK = {info: 0, warn: 1, error: 2};
  const GLYPHS = {info: "i", warn: "!", error: "✕"};
  const WORDS = {info: "Information", warn: "Warning", error: "Error"};
  tb.view.declare("alertLevel", "info", {param: "level", pages: PAGES, valid: (v) => v in RANK});
  tb.view.declare("alertSource", "", {param: "source", pages: PAGES, valid: (v) => SOURCES.some(([name]) => name === v)});
  tb.view.declare("alertFilter", "", {param: "find", pages: PAGES});

  const day = (time) => new Date(time * 1000).toLocaleDateString(undefined, {weekday: "long", year: "numeric", month: "long", day: "numeric"});

  /** Those that the view lets through. */
  function chosen(alerts, {alertLevel, alertSource, alertFilter}) {
    const words = alertFilter.toLowerCase().split(/\s+/).filter(Boolean);
    return alerts.filter((alert) => {
      if (RANK[alert.level] < RANK[alertLevel] || (alertSource && alert.source !== alertSource)) return false;
      const text = [alert.title, alert.text, alert.about || "", alert.run, tb.home.titleOf(alert.run)].join("\n").toLowerCase();
      return words.every((word) => text.includes(word));
    });
  }

  function Row({alert}) {
    const unseen = tb.alerts.isUnseen(alert);
    const long = alert.text.length > 240 || alert.text.split("\n").length > 3;
    return h(
      "li", {className: `alert-row ${alert.level}${unseen ? " unseen" : ""}`},
      h("span", {className: "alert-glyph", role: "img", "aria-label": WORDS[alert.level], title: WORDS[alert.level]}, GLYPHS[alert.level]),
      h("div", {className: "alert-body"},
        h("h3", null, alert.title, unseen && h("span", {className: "alert-new"}, "new")),
        alert.text && (long ? h("details", null, h("summary", null, alert.text.slice(0, 160).split("\n")[0] + " …"), h("pre", null, alert.text)) : h("p", {className: "alert-text"}, alert.text)),
        h("p", {className: "alert-where"}, h(RunLink, {name: alert.run}),
          alert.about ? h(MetricLink, {tag: alert.about, step: alert.step}, `${alert.about} at step ${tb.format.step(alert.step)} →`) : alert.step > 0 && h("span", null, `step ${tb.format.step(alert.step)}`),
          alert.rank > 0 && h("span", null, `rank ${alert.rank}`), h("span", null, alert.source === "health" ? "health watch" : "script"))),
      h("time", {dateTime: new Date(alert.time * 1000).toISOString(), title: tb.format.time(alert.time)}, new Date(alert.time * 1000).toLocaleTimeString(undefined, {hour: "2-digit", minute: "2-digit", second: "2-digit"}), h("small", null, tb.home.ago(alert.time)))
    );
  }

  function Controls({alerts, n}) {
    const {alertLevel, alertSource, alertFilter} = tb.view.get();
    const {notify, unseen} = tb.alerts.state;
    const newest = alerts.length ? alerts[0].time : 0;
    const switchNotify = async () => {
      const reason = await tb.alerts.setNotify(!notify);
      if (reason) tb.kit.toast(reason, {bad: true});
    };
    return h(
      "div", {className: "alert-controls"},
      h("input", {type: "search", className: "field", placeholder: "Search title, text, run, metric", "aria-label": "Search the alerts", value: alertFilter, onChange: (event) => tb.view.set({alertFilter: event.target.value})}),
      h("div", {className: "segments", role: "radiogroup", "aria-label": "Level"}, LEVELS.map(([value, text]) =>
        h("label", {key: value}, h("input", {type: "radio", name: "alert-level", checked: alertLevel === value, onChange: () => tb.view.set({alertLevel: value})}), text))),
      h("select", {className: "field", "aria-label": "Source", value: alertSource, onChange: (event) => tb.view.set({alertSource: event.target.value})},
        SOURCES.map(([value, text]) => h("option", {key: value, value}, text))),
      h("span", {className: "alert-count", role: "status"}, `${n.toLocaleString("en-US")} ${n === 1 ? "alert" : "alerts"}`),
      h("button", {type: "button", className: "button", "aria-pressed": notify, title: "A notification of the desktop for each new alert, also while another tab is shown", onClick: switchNotify}, notify ? "Notifications on" : "Notify me"),
      h("button", {type: "button", className: "button", disabled: unseen.length === 0 && !alerts.some(tb.alerts.isUnseen), onClick: () => tb.alerts.markSeen(newest)}, "Mark all as seen")
    );
  }

  function List({alerts}) {
    const days = new Map();
    for (const alert of alerts) {
      const name = day(alert.time);
      if (!days.has(name)) days.set(name, []);
      days.get(name).push(alert);
    }
    return [...days].map(([name, own]) =>
      h("section", {key: name, "aria-label": name}, h("h2", {className: "alert-day"}, name), h("ul", {className: "alert-list"}, own.map((alert, i) => h(Row, {key: `${alert.run}\n${alert.time}\n${i}`, alert})))));
  }

  tb.Alerts = function ({id}) {
    const [most, setMost] = React.useState(A_PAGE);
    const isNews = (news) => news.runs || [...news.series].some((name) => name.startsWith("alert\n"));
    const {answer, error} = tb.home.usePolled("/api/alerts?most=" + most, {wanted: isNews});
    const [, redraw] = React.useReducer((n) => n + 1, 0);
    React.useEffect(() => tb.alerts.subscribe(redraw), []);
    tb.useUpdates((news, changed) => news.theme || news.runs || ["alertLevel", "alertSource", "alertFilter"].some((key) => changed.has(key)));
    const all = answer ? answer.alerts : [];
    const shown = chosen(all, tb.view.get());
    let body = null;
    if (!answer && !error) body = h("p", {className: "quiet"}, "Reading the alerts…");
    else if (answer && all.length === 0) {
      body = h("div", {className: "notice"}, h("h2", null, "All is quiet"),
        h("p", null, "No run has a NaN, a spike, a loss that stands still or a dead process. A script can raise alerts of its own:"),
        h("pre", null, 'run.alert("accuracy fell", "0.91 to 0.64 since the last epoch", level="warn")'));
    } else if (answer && shown.length === 0) body = h("p", {className: "quiet"}, "No alert fits.");
    else body = h(List, {alerts: shown});
    return h(
      "div", {id, className: "alerts"},
      h("h1", {className: "page-title"}, "Alerts"),
      h(Controls, {alerts: all, n: shown.length}),
      error && h("p", {className: "warning", role: "alert"}, error),
      body,
      answer && all.length >= most && (most < MOST
        ? h("button", {type: "button", className: "button alert-more", onClick: () => setMost(Math.min(MOST, most + A_PAGE))}, "Show older ones")
        : h("p", {className: "quiet"}, `The newest ${MOST.toLocaleString("en-US")} are listed; a run's page has all of its own.`))
    );
  };
  tb.alertsChosen = chosen;
})();
