/* Zoom of the cards: x for all together or each its own, by box, wheel, drag and keys. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const WHEEL = 1.0015; // a notch of 100 zooms by 16 %
  const KEY = 1.5;

  tb.view.declare("linkZoom", true, {param: "linkzoom", remember: true});
  tb.view.declare("xWindow", {}, {param: "xzoom"}); // {axis, x: [from, to]} of all cards; null: automatic

  let latest = null; // the card that was zoomed last

  const isPair = (x) => Array.isArray(x) && x.length === 2;

  /** {axis, x, y} of the card's window on this axis, x or y null where it is automatic; null: all is. */
  function of({tag, axis}) {
    const {zoom, linkZoom, xWindow} = tb.view.get();
    const own = zoom[tag] && zoom[tag].axis === axis ? zoom[tag] : {};
    const all = linkZoom && xWindow.axis === axis && isPair(xWindow.x) ? xWindow.x : null;
    const [x, y] = [isPair(own.x) ? own.x : all, isPair(own.y) ? own.y : null];
    return x || y ? {axis, x, y} : null;
  }

  /** Shows this window on the card; with linked zoom all cards with the same axis show the same x. */
  function set(card, {x, y}) {
    const {tag, axis} = card;
    latest = card;
    const {zoom, linkZoom} = tb.view.get();
    const next = {};
    for (const [other, window] of Object.entries(zoom)) {
      if (other === tag) continue;
      const {x: theirs, ...rest} = window;
      if (!linkZoom || window.axis !== axis) next[other] = window;
      else if (rest.y) next[other] = rest;
    }
    const own = {axis, ...(linkZoom || !x ? {} : {x}), ...(y ? {y} : {})};
    if (own.x || own.y) next[tag] = own;
    tb.view.set({zoom: next, ...(linkZoom ? {xWindow: x ? {axis, x} : {}} : {})});
  }

  const reset = (card) => set(card, {x: null, y: null});

  /** As many digits as a pixel is worth, so that the address stays short. */
  function rounded(value, [low, high]) {
    const digits = Math.max(0, 4 - Math.floor(Math.log10(Math.abs(high - low) || 1)));
    return Number(value.toFixed(Math.min(12, digits)));
  }

  /** A window rounded to what its pixels can tell. */
  const tidy = (range) => range.map((v) => rounded(v, range));

  /** The card's x from part `from` to part `to` of what it shows; its own y stays. */
  function move(card, from, to) {
    const {xRange, logX} = card.view;
    const x = tidy([tb.cardScale.between(xRange, from, logX), tb.cardScale.between(xRange, to, logX)]);
    if (x[0] < x[1]) set(card, {x, y: card.zoomed?.y});
  }

  /** Zooms x by a factor around the part `at` of its width. */
  function scale(card, factor, at = 0.5) {
    move(card, at - at / factor, at + (1 - at) / factor);
  }

  /** Alt and the wheel zoom, shift and a drag move the window. */
  function listen(card) {
    const {plot} = card;
    const part = (event) => (event.clientX - card.clip.getBoundingClientRect().left) / card.view.width;
    plot.addEventListener("wheel", (event) => {
      if (!event.altKey || !card.view) return;
      event.preventDefault();
      scale(card, Math.pow(WHEEL, -event.deltaY), Math.min(1, Math.max(0, part(event))));
    }, {passive: false});
    // Before plotly, which would move its axes without the curves.
    plot.addEventListener("mousedown", (event) => {
      if (!event.shiftKey || event.button !== 0 || !card.view) return;
      event.stopPropagation();
      event.preventDefault();
      drag(card, event);
    }, {capture: true});
  }

  function drag(card, start) {
    const {xRange, yRange, width, height, logX, logY} = card.view;
    const y0 = card.zoomed?.y ? yRange : null;
    card.grid.unhover();
    card.plot.classList.add("panning");
    const moved = (event) => {
      const dx = (start.clientX - event.clientX) / width;
      const dy = (event.clientY - start.clientY) / height;
      const shift = (range, by, log) => tidy([tb.cardScale.between(range, by, log), tb.cardScale.between(range, 1 + by, log)]);
      set(card, {x: shift(xRange, dx, logX), y: y0 && shift(y0, dy, logY)});
    };
    const done = () => {
      card.plot.classList.remove("panning");
      document.removeEventListener("mousemove", moved);
      document.removeEventListener("mouseup", done);
    };
    document.addEventListener("mousemove", moved);
    document.addEventListener("mouseup", done);
  }

  /** "+", "-", "0" and, on a zoomed card, shift with the arrows; whether the key was one of them. */
  function key(card, event) {
    if (!card.view || event.ctrlKey || event.metaKey || event.altKey) return false;
    const arrow = event.shiftKey && card.zoomed ? {ArrowLeft: -0.25, ArrowRight: 0.25}[event.key] : undefined;
    if (event.key === "+" || event.key === "=") scale(card, KEY);
    else if (event.key === "-") scale(card, 1 / KEY);
    else if (event.key === "0") reset(card);
    else if (arrow) move(card, arrow, 1 + arrow);
    else return false;
    event.preventDefault();
    return true;
  }

  tb.cardZoom = {of, set, reset, listen, key, tidy, latest: () => latest};
})();
