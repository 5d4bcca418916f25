/* What the pages about the whole logdir share: links to runs, small curves, "3 minutes ago". */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {createElement: h} = React;
  const STATUS = {running: "running", finished: "finished", failed: "failed", crashed: "crashed"};

  const number = (value) => (typeof value === "string" ? Number(value) : value);
  const titleOf = (name) => tb.runs.get(name)?.title || name;

  /** Follows a link by the page's own ways, unless another tab or window is wanted. */
  function follow(event, act) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    act();
  }

  function RunLink({name, dot = true}) {
    const address = tb.http.url("/run?" + new URLSearchParams({run: name}));
    const known = "detail" in tb.view.get();
    return h(
      "a", {className: "home-run", href: address, title: name, onClick: known ? (event) => follow(event, () => tb.go("/run", {detail: name})) : undefined},
      dot && h("span", {className: "swatch", style: {background: tb.runs.color(name)}, "aria-hidden": true}),
      h("span", {className: "home-run-name"}, titleOf(name))
    );
  }

  /** A link that shows one metric of all runs, at a step if one is given. */
  function MetricLink({tag, step, children}) {
    const exactly = "^" + tag.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") + "$";
    const patch = {tagFilter: exactly, ...(step === undefined || step === null ? {} : {step: String(step)})};
    const query = new URLSearchParams({tags: exactly, ...(patch.step ? {step: patch.step} : {})});
    return h("a", {className: "home-metric", href: tb.http.url("/scalars?" + query), title: tag, onClick: (event) => follow(event, () => tb.go("/scalars", patch))}, children || tag);
  }

  const Status = ({status}) => h("span", {className: "home-status " + status}, STATUS[status] || status);

  /** A curve without axes, over its whole width; gaps where values are not finite. */
  function Spark({values, color, label}) {
    const finite = values.map(number).filter(Number.isFinite);
    if (finite.length < 2) return h("div", {className: "home-spark"});
    const [low, high] = [Math.min(...finite), Math.max(...finite)];
    const y = (v) => (high === low ? 20 : 37 - (34 * (v - low)) / (high - low));
    let pen = "M";
    const path = values.map(number).map((v, i) => {
      if (!Number.isFinite(v)) {
        pen = "M";
        return "";
      }
      const part = `${pen}${((200 * i) / (values.length - 1)).toFixed(1)} ${y(v).toFixed(1)}`;
      pen = "L";
      return part;
    });
    return h(
      "svg", {className: "home-spark", viewBox: "0 0 200 40", preserveAspectRatio: "none", role: "img", "aria-label": label},
      h("path", {d: path.join(""), fill: "none", stroke: color, strokeWidth: 1.6, vectorEffect: "non-scaling-stroke", strokeLinejoin: "round"})
    );
  }

  function ago(seconds) {
    const s = Math.max(0, Date.now() / 1000 - seconds);
    if (s < 45) return "just now";
    if (s < 5400) return `${Math.round(s / 60)} min ago`;
    if (s < 129600) return `${Math.round(s / 3600)} h ago`;
    return `${Math.round(s / 86400)} days ago`;
  }

  const Ago = ({time}) => h("time", {dateTime: new Date(time * 1000).toISOString(), title: tb.format.time(time)}, ago(time));

  function bytes(n) {
    if (n === null || n === undefined) return "";
    const units = ["B", "kB", "MB", "GB", "TB"];
    let at = 0;
    while (n >= 1000 && at < units.length - 1) {
      n /= 1000;
      at++;
    }
    return `${at === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[at]}`;
  }

  /** The answer of a route, asked again at most every `everyMs` while news come, and now and then without. */
  function usePolled(url, {everyMs = 2500, restMs = 15000, wanted = () => true} = {}) {
    const [state, setState] = React.useState({answer: null, error: null});
    React.useEffect(() => {
      let timer = null;
      let asking = false;
      let askedAt = 0;
      let gone = false;
      const ask = async () => {
        clearTimeout(timer);
        asking = true;
        const first = askedAt === 0;
        askedAt = performance.now();
        try {
          const answer = await tb.http.json(url, undefined, {quiet: !first});
          if (!gone) setState({answer, error: null});
        } catch (error) {
          if (!gone) setState((before) => ({answer: before.answer, error: error.message}));
        }
        asking = false;
        if (!gone) timer = setTimeout(next, restMs);
      };
      const next = () => (document.hidden ? (timer = setTimeout(next, restMs)) : ask());
      const soon = (news) => {
        if (gone || asking || !(news.runs || news.status || news.series.size) || !wanted(news)) return;
        clearTimeout(timer);
        timer = setTimeout(next, Math.max(0, askedAt + everyMs - performance.now()));
      };
      const off = tb.runs.subscribe(soon);
      ask();
      return () => {
        gone = true;
        clearTimeout(timer);
        off();
      };
    }, [url]);
    return state;
  }

  tb.home = {number, titleOf, follow, RunLink, MetricLink, Status, Spark, Ago, ago, bytes, usePolled};
})();
