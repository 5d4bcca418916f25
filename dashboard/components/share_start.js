/* The head of a shared file: what the drawing scripts expect of a page that has a server. */
(function () {
  "use strict";
  const tb = window.trainboard;
  tb.data = JSON.parse(document.getElementById("shared-data").textContent);
  const {kind, amount} = tb.data.smoothing;
  const state = {partition: true, smoothKind: kind, smoothing: kind === "ema" ? amount : 0.6, smoothPoints: kind === "gaussian" || kind === "mean" ? amount : 10};
  tb.view = {declare: () => {}, get: () => state, set: (patch) => Object.assign(state, patch)};
  tb.theme.apply(tb.data.theme);
})();
