/* The header's right end: whether the page is live, the theme, and on narrow screens the run list. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {createElement: h, useEffect, useReducer, useState} = React;

  const states = {
    live: ["live", "New points are drawn as they are logged"],
    connecting: ["connecting", "Waiting for the server"],
    paused: ["paused", "Paused while the tab was hidden"],
    lost: ["offline", "The server does not answer; trying again every 2 seconds"],
  };
  const themes = {
    system: ["◐", "Theme: as the system", "light"],
    light: ["☀", "Theme: light", "dark"],
    dark: ["☾", "Theme: dark", "system"],
  };

  /** Draws a component again whenever the runs or the view say so. */
  tb.useUpdates = function (wanted) {
    const [, redraw] = useReducer((n) => n + 1, 0);
    useEffect(() => {
      const offRuns = tb.runs.subscribe((news) => wanted(news, new Set()) && redraw());
      const offView = tb.view.subscribe((state, changed) => wanted({}, changed) && redraw());
      redraw();
      return () => {
        offRuns();
        offView();
      };
    }, []);
  };

  let wasLost = false;
  /** A page chosen while the server was away never came, and Dash does not ask for it again. */
  tb.runs.subscribe(() => {
    const {connection} = tb.runs;
    if (connection === "live" && wasLost) {
      const links = [...document.querySelectorAll("#shell-nav a")];
      const shown = links.findIndex((link) => link.classList.contains("current"));
      const atRoot = location.pathname === tb.http.url("/");
      const isChosen = (link) => (atRoot ? link.parentNode.dataset.start === "True" : link.pathname === location.pathname);
      const chosen = links.findIndex(isChosen);
      if (shown !== chosen) location.reload();
    }
    wasLost = connection === "lost" || (wasLost && connection !== "live");
  });

  /** Whether the run list lies over a narrow page, and how to change it; a tap beside it or Escape closes it. */
  function useDrawer() {
    const [open, setOpen] = useState(false);
    useEffect(() => {
      document.querySelector(".shell").classList.toggle("side-open", open);
      if (!open) return undefined;
      const tapped = (event) => event.target.closest("#shell-side, .side-button") || setOpen(false);
      const pressed = (event) => event.key === "Escape" && setOpen(false);
      document.addEventListener("pointerdown", tapped);
      document.addEventListener("keydown", pressed);
      return () => {
        document.removeEventListener("pointerdown", tapped);
        document.removeEventListener("keydown", pressed);
      };
    }, [open]);
    return [open, setOpen];
  }

  tb.ViewControls = function () {
    tb.useUpdates((news, changed) => news.status || changed.has("theme"));
    const [open, setOpen] = useDrawer();
    const [label, hint] = states[tb.runs.connection];
    const [glyph, title, next] = themes[tb.view.get().theme];
    return h(
      "div",
      {className: "view-controls"},
      h("span", {className: "live live-" + tb.runs.connection, title: hint, role: "status"}, label),
      h(
        "button",
        {type: "button", className: "button icon-button theme-button", title, "aria-label": title,
          onClick: () => tb.view.set({theme: next})},
        glyph
      ),
      h(
        "button",
        {type: "button", className: "button side-button", "aria-expanded": open, onClick: () => setOpen(!open)},
        "Runs"
      )
    );
  };
})();
