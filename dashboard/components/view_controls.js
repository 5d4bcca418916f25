/* The header's right end: whether the page is live, the theme, and on narrow screens the run list. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {createElement: h, useEffect, useReducer} = React;

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

  tb.ViewControls = function () {
    tb.useUpdates((news, changed) => news.status || changed.has("theme"));
    const [label, hint] = states[tb.runs.connection];
    const [glyph, title, next] = themes[tb.view.get().theme];
    const toggleSide = () => document.querySelector(".shell").classList.toggle("side-open");
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
      h("button", {type: "button", className: "button side-button", onClick: toggleSide}, "Runs")
    );
  };
})();
