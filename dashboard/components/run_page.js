/* The page of one run: its head with what can be done, and the cards below. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {createElement: h, useEffect, useRef, useState} = React;
  const {Card, Facts, Settings, Logged, Alerts, Replaced, Packages} = tb.runParts;
  const REFRESH_MS = 1000;
  const TICK_MS = 5000;
  const HARDWARE = ["cpu", "cpu_count", "machine", "memory_bytes", "gpus", "gpu_driver", "cuda_driver"];
  const TOLD = new Set([...HARDWARE, "packages", "git", "command", "python", "platform", "cwd"]);

  tb.view.declare("detail", "", {param: "run", pages: ["/run"]});

  const gigabytes = (bytes) => (bytes ? `${(bytes / 2 ** 30).toFixed(bytes < 10 * 2 ** 30 ? 1 : 0)} GiB` : null);

  /** The run's detail: {detail, error, missing}; asked anew after what changed of it. */
  function useDetail(name) {
    const [state, setState] = useState({detail: null, error: null, missing: false});
    const stamp = tb.runs.get(name)?.record;
    const status = tb.runs.get(name)?.status;
    const isThere = Boolean(tb.runs.get(name));
    useEffect(() => {
      if (!name || !tb.runs.loaded) return undefined;
      let gone = false;
      const ask = async () => {
        try {
          const detail = await tb.http.json("/api/run?" + new URLSearchParams({run: name}));
          if (!gone) setState({detail, error: null, missing: false});
        } catch (error) {
          if (!gone) setState((before) => (error.status === 404 ? {detail: null, error: null, missing: true} : {...before, error: error.message}));
        }
      };
      const timer = setTimeout(ask, state.detail && state.detail.name === name ? REFRESH_MS : 0);
      return () => {
        gone = true;
        clearTimeout(timer);
      };
    }, [name, stamp, status, isThere, tb.runs.loaded, tb.runs.connection === "live"]);
    return state.detail && state.detail.name !== name ? {detail: null, error: state.error, missing: false} : state;
  }

  /** Draws again every few seconds while the run goes on, and asks for its sign of life. */
  function useTicking(running) {
    const [, tick] = useState(0);
    useEffect(() => {
      if (!running) return undefined;
      const look = () => !document.hidden && tb.pulse.load().then(() => tick((n) => n + 1), () => {});
      look();
      const timer = setInterval(look, TICK_MS);
      return () => clearInterval(timer);
    }, [running]);
  }

  function Status({run, detail}) {
    const beat = tb.pulse.of(run.name) ?? detail.heartbeat;
    const told = run.status === "running" ? `last heard of ${tb.runCells.ago(beat)}` : `ended ${tb.runCells.ago(detail.updated)}`;
    return h("span", {className: "run-state " + run.status, title: tb.format.time(run.status === "running" ? beat : detail.updated)},
      h("span", {"aria-hidden": true}, tb.runCells.marks[run.status]), " ", run.status, h("small", null, told));
  }

  function Tags({run, reason}) {
    return h("span", {className: "run-tags"}, run.labels.map((label) => h("span", {key: label, className: "tag-chip"}, label)),
      h("button", {type: "button", className: "run-copy", disabled: Boolean(reason), title: reason ? `Cannot be changed: ${reason}` : "Edit tags", "aria-label": "Edit tags", onClick: () => tb.runActions.labels([run.name])}, run.labels.length ? "✎" : "+ tag"));
  }

  function compareWith(anchor, name) {
    const {baseline} = tb.view.get();
    const others = tb.runs.all().filter((run) => run.name !== name);
    const selected = others.filter((run) => tb.runs.isSelected(run.name));
    const go = (names) => tb.go("/compare", {selection: {only: [name, ...names]}, runFilter: ""});
    const items = [];
    if (baseline && baseline !== name && tb.runs.get(baseline)) items.push({label: "The baseline", hint: tb.runActions.titleOf(baseline), run: () => go([baseline])});
    if (selected.length && selected.length < others.length && selected.length <= 20) items.push({label: `The ${tb.editing.counted(selected.length, "selected run")}`, run: () => go(selected.map((run) => run.name))});
    items.push({header: "One run"}, ...others.slice(-30).reverse().map((run) => ({label: run.title, run: () => go([run.name])})));
    tb.kit.menu(anchor, others.length ? items : [{header: "There is no other run"}], {align: "end"});
  }

  function Head({run, detail, reason}) {
    const more = useRef(null);
    const compare = useRef(null);
    const {name} = run;
    const isBaseline = tb.view.get().baseline === name;
    const end = run.status === "running" ? Date.now() / 1000 : detail.updated;
    return h(
      "header", {className: "run-head-bar"},
      h("div", {className: "run-head-line"},
        h("span", {className: "swatch", style: {background: tb.runs.color(name)}}),
        h("h1", {title: name}, run.title),
        h("button", {type: "button", className: "run-copy", disabled: Boolean(reason), title: reason ? `Cannot be changed: ${reason}` : "Rename", "aria-label": "Rename", onClick: () => tb.runActions.rename(name)}, "✎"),
        isBaseline && h("span", {className: "baseline-mark"}, "base"),
        run.archived && h("span", {className: "run-state"}, "archived")),
      h("div", {className: "run-head-actions"},
        h("button", {type: "button", className: "button", "aria-pressed": isBaseline, onClick: () => tb.view.set({baseline: isBaseline ? "" : name})}, isBaseline ? "Is the baseline" : "Set as baseline"),
        h("button", {type: "button", className: "button", ref: compare, "aria-haspopup": "menu", onClick: () => compareWith(compare.current, name)}, "Compare with ▾"),
        h("button", {type: "button", className: "button icon-button", ref: more, "aria-haspopup": "menu", "aria-label": "More", title: "More", onClick: () => tb.runActions.menu(more.current, [name])}, "⋯")),
      h("div", {className: "run-head-sub"},
        h(Status, {run, detail}), h("span", null, `started ${tb.format.time(detail.created)}`), h("span", null, `ran ${tb.format.duration(Math.max(0, end - detail.created))}`), detail.host && h("span", null, `on ${detail.host}`), h(Tags, {run, reason}))
    );
  }

  const runLink = (name) => h("button", {type: "button", className: "run-link", onClick: () => tb.view.set({detail: name})}, tb.runActions.titleOf(name));

  function Overview({detail}) {
    const {environment: env, children} = detail;
    const command = Array.isArray(env.command) ? env.command.join(" ") : env.command;
    const ranks = detail.ranks.length > 1 ? `${detail.ranks.length} (${detail.ranks[0]} to ${detail.ranks.at(-1)})` : null;
    const copy = h("button", {type: "button", className: "run-copy", title: "Copy the id", "aria-label": "Copy the id", onClick: () => tb.kit.copy(detail.key, "Id copied")}, "copy");
    return h(Card, {title: "Overview"}, h(Facts, {rows: [
      ["Name", h("code", null, detail.name)], ["Id", detail.key && h("span", null, h("code", null, detail.key), " ", copy)], ["Group", detail.group], ["Job type", detail.job_type],
      ["Command", command && h("code", {className: "run-command"}, command)], ["Directory", env.cwd], ["Python", env.python], ["System", env.platform], ["Host", detail.host && `${detail.host}, process ${detail.pid}`], ["Ranks", ranks],
      ["Forked from", detail.parent && h("span", null, runLink(detail.parent), ` at step ${tb.format.step(detail.fork_step)}`)],
      ["Forks", children.length ? h("span", {className: "run-forks"}, children.map((one) => h("span", {key: one.name}, runLink(one.name), ` at ${tb.format.step(one.fork_step)}`))) : null],
    ]}));
  }

  function Hardware({env}) {
    const gpus = (env.gpus || []).map((gpu) => [gpu.name, gigabytes(gpu.memory_bytes)].filter(Boolean).join(", "));
    const rows = [
      ["Processor", env.cpu && `${env.cpu}${env.cpu_count ? `, ${env.cpu_count} cores` : ""}`], ["Machine", env.machine], ["Memory", gigabytes(env.memory_bytes)],
      ["GPUs", gpus.length ? h("span", null, gpus.map((gpu, i) => h("div", {key: i}, gpu))) : null], ["Driver", env.gpu_driver && `${env.gpu_driver}${env.cuda_driver ? `, CUDA ${env.cuda_driver}` : ""}`],
    ];
    return rows.some(([, value]) => value) ? h(Card, {title: "Hardware"}, h(Facts, {rows})) : null;
  }

  function Cards({run, detail, reason}) {
    const {environment: env} = detail;
    const rest = Object.fromEntries(Object.entries(env).filter(([key]) => !TOLD.has(key)));
    const {baseline} = tb.view.get();
    const base = baseline && baseline !== run.name ? tb.records.get(baseline) : null;
    return h(
      "div", {className: "run-cards"},
      h("div", {className: "run-column"},
        h(tb.runTexts.Notes, {run: run.name, text: detail.notes, reason}),
        h(tb.RunMetrics, {run: run.name}),
        h(Settings, {title: "Config", value: detail.config, base: base?.config, empty: "No settings were logged: init(…, config={…})"}),
        h(Settings, {title: "Hyperparameters", value: detail.hparams, base: base?.hparams}),
        h(Settings, {title: "Results", value: detail.summary, base: null})),
      h("div", {className: "run-column"},
        h(Alerts, {alerts: detail.alerts, total: detail.n_alerts}), h(Overview, {detail}), h(Logged, {run: run.name, kinds: detail.kinds}),
        h(tb.runTexts.Git, {run: run.name, git: env.git, hasDiff: detail.has_diff}), h(tb.runTexts.Console, {run: run.name, status: run.status}),
        h(Hardware, {env}), h(Settings, {title: "Environment", value: rest}), h(Replaced, {rewinds: detail.replaced}), h(Packages, {packages: env.packages}))
    );
  }

  function Notice({title, children}) {
    return h("div", {className: "notice"}, h("h2", null, title), children, h("p", null, h("button", {type: "button", className: "button", onClick: () => tb.go("/runs")}, "All runs")));
  }

  function Deleted({name}) {
    return h(Notice, {title: `“${name}” is in the trash`}, h("p", null, "It keeps all it has until the trash is emptied."),
      h("p", null, h("button", {type: "button", className: "button primary", onClick: () => tb.editing.change([name], {deleted: false})}, "Restore it")));
  }

  tb.RunPageView = function ({id}) {
    tb.useUpdates((news, changed) => news.runs || news.shown || news.theme || news.status || (news.series && news.series.size > 0) || changed.has("detail") || changed.has("baseline"));
    const [, loaded] = useState(0);
    const name = tb.view.get().detail;
    const run = tb.runs.get(name);
    const {detail, error, missing} = useDetail(name);
    useTicking(run?.status === "running");
    useEffect(() => {
      Promise.all([tb.editing.load(), tb.records.load()]).then(() => loaded((n) => n + 1), () => {}); // what they lack only closes buttons
    }, [name]);
    let body;
    if (!name) body = h(Notice, {title: "Which run?"}, h("p", null, "Choose one in the table of runs, or by Ctrl+K."));
    else if (detail && detail.deleted && !run) body = h(Deleted, {name});
    else if (missing || (tb.runs.loaded && !run && detail)) body = h(Notice, {title: `There is no run “${name}”`}, h("p", null, "It was deleted or renamed, or the link is of another logdir."));
    else if (run && detail) {
      const reason = tb.editing.why([name]);
      body = h(React.Fragment, null, h(Head, {run, detail, reason}), h(Cards, {run, detail, reason}));
    } else body = error ? h("p", {className: "warning", role: "alert"}, error) : h("p", {className: "quiet"}, "Loading…");
    return h("div", {id, className: "run-page"}, body);
  };
})();
