/* The scales of a card: which of its axes are logarithmic, and from data to pixels and back. */
(function () {
  "use strict";
  const tb = window.trainboard;

  tb.view.declare("logX", false, {param: "logx"});
  tb.view.declare("logXTags", [], {param: "logxtags"});
  tb.view.declare("outliers", false, {remember: true});
  tb.view.declare("outlierTags", [], {param: "outliertags"});

  /** A switch for all cards that single cards have the other way round. */
  const switched = (all, others, tag) => (tb.view.get()[others].includes(tag) ? !tb.view.get()[all] : tb.view.get()[all]);

  tb.cardScale = {
    /** Whether x is logarithmic; a clock has no zero to count from. */
    logX: (card) => card.axis !== "wall" && switched("logX", "logXTags", card.tag),
    /** Whether outliers of the card are clipped. */
    clips: (card) => switched("outliers", "outlierTags", card.tag),
    /** Turns a switch for one card only. */
    toggle(others, tag) {
      const list = tb.view.get()[others];
      tb.view.set({[others]: list.includes(tag) ? list.filter((t) => t !== tag) : [...list, tag]});
    },
    toX: (view) => tb.lines.scale(view.xRange, view.width, {log: view.logX}),
    toY: (view) => tb.lines.scale(view.yRange, view.height, {log: view.logY, flip: true}),
    /** The x at a pixel. */
    fromX: ({xRange, width, logX}, pixel) => between(xRange, pixel / width, logX),
    /** The y at a pixel from the top. */
    fromY: ({yRange, height, logY}, pixel) => between(yRange, 1 - pixel / height, logY),
    between,
  };

  /** What lies at `part` (0 to 1, or beyond) of a range. */
  function between([low, high], part, log) {
    return log ? low * Math.pow(high / low, part) : low + part * (high - low);
  }
})();
