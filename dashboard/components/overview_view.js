/* The home page: what runs, what failed, what improved, and how to begin where there is nothing yet. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {createElement: h} = React;
  const DAY = 86400;
  const {number, RunLink, MetricLink, Status, Spark, Ago} = tb.home;
  const {format} = tb;
  const whole = (n) => n.toLocaleString("en-US");

  function Section({title, count, aside, className = "", children}) {
    return h(
      "section", {className: "home-section " + className, "aria-label": title},
      h("div", {className: "home-section-head"}, h("h2", null, title, count !== undefined && h("span", {className: "group-count"}, count)), aside),
      children
    );
  }

  const PageLink = ({path, patch = {}, children}) =>
    h("a", {className: "home-more", href: tb.http.url(path), onClick: (event) => tb.home.follow(event, () => tb.go(path, patch))}, children);

  function Tiles({data}) {
    const {n_status: status, disk} = data;
    const bad = (status.failed || 0) + (status.crashed || 0);
    const tiles = [
      ["Runs", whole(data.n_runs), [status.running && `${whole(status.running)} running`, bad && `${whole(bad)} failed`].filter(Boolean).join(" · ")],
      ["Points", whole(data.n_points), `${whole(data.n_metrics)} ${data.n_metrics === 1 ? "metric" : "metrics"}`],
    ];
    if (disk.used !== null) tiles.push(["On disk", tb.home.bytes(disk.used), `${tb.home.bytes(disk.free)} free`]);
    return h("dl", {className: "home-tiles"}, tiles.map(([name, value, note]) => h("div", {key: name}, h("dt", null, name), h("dd", null, value, note && h("small", null, note)))));
  }

  function HealthChip({health}) {
    if (health.level === "ok") return h("span", {className: "home-chip ok", title: "No alert stands"}, "healthy");
    return h("span", {className: "home-chip " + health.level, title: health.title}, health.title);
  }

  function Running({one}) {
    const {progress, rate, eta, metric} = one;
    const done = progress.total ? Math.min(1, progress.done / progress.total) : null;
    const inSteps = progress.done === progress.step;
    const facts = [
      progress.step !== null && (done !== null && inSteps ? `step ${format.step(progress.step)} of ${format.step(progress.total)}` : `step ${format.step(progress.step)}`),
      done !== null && !inSteps && `epoch ${format.value(progress.done)} of ${format.step(progress.total)}`,
      rate && `${format.value(rate)} steps/s`,
      eta !== null && `about ${format.duration(eta)} left`,
      `for ${format.duration(Math.max(1, Date.now() / 1000 - one.created))}`,
    ].filter(Boolean);
    const value = number(one.last_value);
    return h(
      "article", {className: "home-running"},
      h("header", null, h(RunLink, {name: one.run}), h(HealthChip, {health: one.health})),
      metric && h("div", {className: "home-running-metric"}, h(MetricLink, {tag: metric}), h("strong", null, format.value(value))),
      one.curve && h(Spark, {values: one.curve, color: tb.runs.color(one.run), label: `${metric} of ${tb.home.titleOf(one.run)}`}),
      done !== null && h("div", {className: "home-progress", role: "progressbar", "aria-label": `Progress by ${progress.total_key}`, "aria-valuenow": Math.round(done * 100), "aria-valuemin": 0, "aria-valuemax": 100, title: `${progress.total_key}: ${format.step(progress.total)}`},
        h("div", {style: {width: done * 100 + "%"}})),
      h("p", {className: "home-facts"}, facts.join(" · "))
    );
  }

  function Bests({bests}) {
    if (!bests.length) return h("p", {className: "quiet"}, "No metric whose name or define_metric(goal=) tells which way is better.");
    return h(
      "table", {className: "home-table"},
      h("thead", null, h("tr", null, ["Metric", "Best", "Run", "When"].map((name) => h("th", {key: name, scope: "col"}, name)))),
      h("tbody", null, bests.map((best) => {
        const isNew = best.when !== null && Date.now() / 1000 - best.when < DAY && best.previous;
        const better = best.previous && (best.goal === "min" ? best.value < best.previous[1] : best.value > best.previous[1]);
        return h(
          "tr", {key: best.tag},
          h("th", {scope: "row"}, h(MetricLink, {tag: best.tag}), h("small", {title: best.is_declared ? "as define_metric says" : "guessed from the name"}, best.goal === "min" ? "lowest" : "highest")),
          h("td", {className: "home-number"}, h(MetricLink, {tag: best.tag, step: best.step}, format.value(best.value)),
            isNew && better && h("span", {className: "home-chip ok"}, "new best"),
            best.previous && h("small", {title: tb.home.titleOf(best.previous[0])}, `${better ? "was" : "as"} ${format.value(best.previous[1])}`)),
          h("td", null, h(RunLink, {name: best.run}), h("small", null, `of ${whole(best.n_runs)} ${best.n_runs === 1 ? "run" : "runs"}`)),
          h("td", null, best.when !== null ? h(Ago, {time: best.when}) : "", h("small", null, `step ${format.step(best.step)}`))
        );
      }))
    );
  }

  function Troubled({one}) {
    return h(
      "li", {className: "home-troubled"},
      h("div", {className: "home-line"}, h(RunLink, {name: one.run}), h(Status, {status: one.status}), h("span", {className: "home-when"}, h(Ago, {time: one.updated}))),
      h("p", {className: "home-facts"}, [
        one.progress.step !== null && `at step ${format.step(one.progress.step)}`,
        `after ${format.duration(Math.max(0, one.updated - one.created))}`,
        one.status === "crashed" && `process ${one.pid} on ${one.host} is gone`,
      ].filter(Boolean).join(" · ")),
      one.alert && h("p", {className: "home-troubled-alert"}, one.alert.title),
      one.lines.length > 0 && h("pre", {className: "home-words", tabIndex: 0}, one.lines.map(tb.ansi.plain).join("\n"))
    );
  }

  function AlertRow({alert}) {
    return h(
      "li", {className: "home-alert " + alert.level},
      h("div", {className: "home-line"}, h("span", {className: "home-alert-title", title: alert.text}, alert.title), h("span", {className: "home-when"}, h(Ago, {time: alert.time}))),
      h("div", {className: "home-line"}, h(RunLink, {name: alert.run}), alert.about && h(MetricLink, {tag: alert.about, step: alert.step}, `step ${format.step(alert.step)}`))
    );
  }

  function Latest({runs}) {
    return h(
      "table", {className: "home-table"},
      h("thead", null, h("tr", null, ["Run", "Status", "Last value", "Took", "When"].map((name) => h("th", {key: name, scope: "col"}, name)))),
      h("tbody", null, runs.map((one) => h(
        "tr", {key: one.run},
        h("th", {scope: "row"}, h(RunLink, {name: one.run})),
        h("td", null, h(Status, {status: one.status})),
        h("td", {className: "home-number"}, one.metric ? format.value(number(one.last_value)) : "", one.metric && h("small", null, one.metric)),
        h("td", null, format.duration(Math.max(0, one.updated - one.created))),
        h("td", null, h(Ago, {time: one.updated}))
      )))
    );
  }

  function Problems({problems}) {
    if (!problems.length) return null;
    const what = problems.length === 1 ? "One file cannot be read" : `${whole(problems.length)} files cannot be read`;
    return h("details", {className: "warning home-problems", open: problems.length <= 2}, h("summary", null, what + "; the rest is shown"),
      h("ul", null, problems.slice(0, 20).map((p, i) => h("li", {key: i}, `${p.path}: ${p.message}`))));
  }

  function Content({data}) {
    const {n_status: status} = data;
    const more = (status.running || 0) - data.running.length;
    // Where nothing went wrong, the second column is free for what ended.
    const isQuiet = data.troubled.length + data.alerts.length === 0;
    const latest = data.latest.length > 0 && h(Section, {title: "Ended last", aside: h(PageLink, {path: "/runs"}, "All runs")}, h(Latest, {runs: data.latest}));
    return h(
      React.Fragment, null,
      h(Tiles, {data}),
      h(Problems, {problems: data.problems}),
      data.running.length > 0 && h(Section, {title: "Running now", count: whole(status.running), aside: more > 0 && h("span", {className: "home-more"}, `the newest ${data.running.length} are shown`)},
        h("div", {className: "home-runnings"}, data.running.map((one) => h(Running, {key: one.run, one})))),
      h("div", {className: "home-columns"},
        h("div", {className: "home-column"},
          h(Section, {title: "Best so far", aside: h(PageLink, {path: "/scalars"}, "All metrics")}, h(Bests, {bests: data.bests})),
          !isQuiet && latest),
        h("div", {className: "home-column"},
          isQuiet && latest,
          data.troubled.length > 0 && h(Section, {title: "Failed lately", count: whole((status.failed || 0) + (status.crashed || 0))}, h("ul", {className: "home-list"}, data.troubled.map((one) => h(Troubled, {key: one.run, one})))),
          data.alerts.length > 0 && h(Section, {title: "Alerts", aside: h(PageLink, {path: "/alerts"}, "All alerts")},
            h("ul", {className: "home-list"}, data.alerts.map((alert, i) => h(AlertRow, {key: i, alert}))))))
    );
  }

  tb.Overview = function ({id}) {
    const {answer, error} = tb.home.usePolled("/api/overview");
    tb.useUpdates((news) => news.theme || news.runs || news.shown);
    const [, tick] = React.useReducer((n) => n + 1, 0);
    React.useEffect(() => {
      const timer = setInterval(tick, 5000);
      return () => clearInterval(timer);
    }, []);
    const logdir = tb.config.logdir || "";
    let body = h("p", {className: "quiet"}, "Reading the listing…");
    if (answer && answer.n_runs === 0) body = h(React.Fragment, null, h(Problems, {problems: answer.problems}), h(tb.FirstLines, {}));
    else if (answer) body = h(Content, {data: answer});
    else if (error) body = null;
    return h(
      "div", {id, className: "home"},
      h("header", {className: "home-head"}, h("h1", null, logdir.split(/[\\/]/).filter(Boolean).at(-1) || "trainboard"), h("p", null, logdir)),
      error && h("p", {className: "warning", role: "alert"}, error),
      body
    );
  };
})();
