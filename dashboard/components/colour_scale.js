/* Numbers as colours that the colour-blind tell apart: lightness alone carries the order. */
(function () {
  "use strict";
  const tb = window.trainboard;
  // Viridis (matplotlib, CC0) at eleven places.
  const STOPS = [
    [68, 1, 84], [72, 36, 117], [65, 68, 135], [53, 95, 141], [42, 120, 142], [33, 145, 140],
    [34, 168, 132], [68, 191, 112], [122, 209, 81], [189, 223, 38], [253, 231, 37],
  ];
  // Of the whole scale, what stands out from the theme's card.
  const PART = {light: [0, 0.88], dark: [0.22, 1]};

  /** The colour at u in [0, 1], in the theme that is on. */
  function at(u) {
    const [from, to] = PART[tb.theme.current()];
    const place = (from + Math.min(1, Math.max(0, u)) * (to - from)) * (STOPS.length - 1);
    const low = Math.min(STOPS.length - 2, Math.floor(place));
    const mixed = STOPS[low].map((c, i) => Math.round(c + (STOPS[low + 1][i] - c) * (place - low)));
    return `rgb(${mixed.join()})`;
  }

  /** A vertical bar with its ends and middle named; `axis` as `tb.parallel.axis` makes it. */
  function bar(axis) {
    const {el} = tb;
    const colours = Array.from({length: 11}, (_, i) => at(1 - i / 10));
    const names = [1, 0.5, 0].map((u) => tb.parallel.short(axis.fromUnit(axis.flipped ? 1 - u : u)));
    return el(
      "div", {class: "colour-bar", role: "img", "aria-label": `Colour: ${axis.title}, from ${names[2]} to ${names[0]}`},
      el("span", {class: "colour-bar-title"}, axis.title),
      el("span", {class: "colour-bar-strip", style: `background: linear-gradient(${colours.join(",")})`}),
      el("span", {class: "colour-bar-names"}, ...names.map((text) => el("span", {}, text)))
    );
  }

  tb.colourScale = {at, bar};
})();
