/* The head of a shared file: what the drawing scripts expect of a page that has a server. */
(function () {
  "use strict";
  const tb = window.trainboard;
  tb.view = {declare: () => {}, get: () => ({partition: true})};
  tb.data = JSON.parse(document.getElementById("shared-data").textContent);
  tb.theme.apply(tb.data.theme);
})();
