/* The grid of scalar cards. */
(function () {
  "use strict";
  const tb = window.trainboard;
  tb.MetricGrid = function () {
    return React.createElement("div", {className: "metric-grid"});
  };
})();
