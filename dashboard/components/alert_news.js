/* Alerts that nobody has looked at yet: how many, on the navigation; and, if wanted, as notifications. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const DAY = 86400;
  const COUNTED = 100; // more than these are "99+"
  const LIVE_MS = 3000; // between two looks while news come
  const HIDDEN_MS = 30000; // and while the tab is hidden, where the stream is closed
  const store = (name) => `trainboard.alerts.${name}:${tb.config.logdir || ""}`;
  const listeners = new Set();

  function stored(name, otherwise) {
    try {
      const text = localStorage.getItem(store(name));
      return text === null ? otherwise : JSON.parse(text);
    } catch (error) {
      return otherwise; // storage is switched off, or holds what is not ours
    }
  }

  function keep(name, value) {
    try {
      localStorage.setItem(store(name), JSON.stringify(value));
    } catch (error) {
      // Without storage the choice lasts as long as the page.
    }
  }

  // Who comes here for the first time has not missed what happened last year.
  const state = {seen: stored("seen", null), notify: stored("notify", false), unseen: [], error: null};
  if (!Number.isFinite(state.seen)) {
    state.seen = Date.now() / 1000 - DAY;
    keep("seen", state.seen);
  }
  let told = null; // time of the newest alert that was notified, or was there when the page opened
  let askedAt = -1e9;
  let asking = false;
  let timer = null;

  const hasAny = () => tb.runs.series("alert").size > 0 || tb.runs.all().some(({status}) => status === "crashed");

  /** Puts the number on the navigation, which is drawn anew with every page. */
  function badge() {
    const link = document.querySelector('#shell-nav a[href$="/alerts"]');
    if (!link) return;
    const n = state.unseen.length;
    const text = n === 0 ? null : n >= COUNTED ? "99+" : String(n);
    if ((link.dataset.badge || null) === text) return;
    if (text) {
      link.dataset.badge = text;
      link.setAttribute("aria-label", `Alerts, ${text} unseen`);
    } else {
      delete link.dataset.badge;
      link.removeAttribute("aria-label");
    }
  }

  function changed() {
    badge();
    for (const listener of [...listeners]) listener();
  }

  function notify(alerts) {
    if (!state.notify || !("Notification" in window) || Notification.permission !== "granted") return;
    for (const alert of alerts.slice(0, 3)) {
      const note = new Notification(`${alert.title}`, {body: `${tb.runs.get(alert.run)?.title || alert.run}\n${alert.text}`.slice(0, 300), tag: `${alert.run}\n${alert.time}`});
      note.onclick = () => {
        window.focus();
        tb.go("/alerts");
      };
    }
  }

  async function look() {
    clearTimeout(timer);
    timer = null;
    if (asking) return;
    asking = true;
    askedAt = performance.now();
    try {
      const {alerts} = await tb.http.json(`/api/alerts?most=${COUNTED}&since=${state.seen}`, undefined, {quiet: true});
      const newest = alerts.length ? alerts[0].time : state.seen;
      if (told !== null) notify(alerts.filter(({time}) => time > told));
      told = Math.max(told === null ? -Infinity : told, newest);
      state.unseen = alerts.filter(({time}) => time > state.seen);
      state.error = null;
    } catch (error) {
      state.error = error.message; // the shell says that the server is away; the next news ask again
    }
    asking = false;
    changed();
  }

  function soon() {
    if (timer !== null) return;
    timer = setTimeout(look, Math.max(0, askedAt + LIVE_MS - performance.now()));
  }

  tb.runs.subscribe((news) => {
    const isNews = news.runs || [...news.series].some((name) => name.startsWith("alert\n"));
    if (isNews && (hasAny() || state.unseen.length)) soon();
  });
  window.addEventListener("trainboard-navigation", badge);
  setInterval(() => {
    if (document.hidden && state.notify) look();
  }, HIDDEN_MS);
  // Another tab marked them as seen.
  window.addEventListener("storage", (event) => {
    if (event.key !== store("seen")) return;
    state.seen = stored("seen", state.seen);
    soon();
  });

  tb.alerts = {
    state,
    isUnseen: (alert) => alert.time > state.seen,
    /** Alerts up to that time, in seconds, count as seen from now on. */
    markSeen(time) {
      state.seen = Math.max(state.seen, time);
      keep("seen", state.seen);
      state.unseen = state.unseen.filter(({time: at}) => at > state.seen);
      changed();
    },
    /** Switches desktop notifications; asks the browser for leave first. Returns why not, or null. */
    async setNotify(on) {
      let reason = null;
      if (on && !("Notification" in window)) reason = "This browser shows no notifications to pages that came over plain http from another machine.";
      else if (on && (await Notification.requestPermission()) !== "granted") reason = "The browser does not allow this page notifications; its site settings can.";
      state.notify = on && reason === null;
      keep("notify", state.notify);
      changed();
      return reason;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
})();
