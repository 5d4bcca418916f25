/* Colours of the projector's points: by a column of the metadata, as categories or as numbers. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const CATEGORIES = 20; // as many as the palette tells apart; the rest is "other"
  const SHADES = 32;
  // Anchors of a ramp that is even to the eye and safe for the colour-blind (viridis, by S. van der Walt, N. Smith).
  const RAMP = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
  const DARK_RAMP = [[104, 72, 172], [74, 113, 196], [42, 163, 160], [108, 207, 104], [253, 231, 37]];

  function ramp(dark) {
    const anchors = dark ? DARK_RAMP : RAMP;
    return Array.from({length: SHADES}, (_, i) => {
      const t = (i / (SHADES - 1)) * (anchors.length - 1);
      const at = Math.min(anchors.length - 2, Math.floor(t));
      const mixed = anchors[at].map((v, c) => Math.round(v + (anchors[at + 1][c] - v) * (t - at)));
      return `rgb(${mixed.join(" ")})`;
    });
  }

  const asNumber = (text) => (text.trim() === "" ? NaN : Number(text));

  /** Whether a column holds numbers of so many values that they are no categories. */
  function isNumeric(values) {
    const distinct = new Set();
    for (const text of values) {
      if (text !== "" && text !== "nan" && text !== "NaN" && !Number.isFinite(asNumber(text))) return false;
      distinct.add(text);
    }
    return distinct.size > 12;
  }

  /**
   * The scale for a column of several panes (`columns`: lists of texts): numeric {low, high} or
   * categories [{name, count, index}], most frequent first; the last may stand for all others.
   */
  function scaleOf(columns) {
    const all = columns.flat();
    if (!all.length) return null;
    if (isNumeric(all)) {
      let [low, high] = [Infinity, -Infinity];
      for (const text of all) {
        const v = asNumber(text);
        if (v < low) low = v;
        if (v > high) high = v;
      }
      return {kind: "numeric", low, high};
    }
    const counts = new Map();
    for (const text of all) counts.set(text, (counts.get(text) || 0) + 1);
    let names = [...counts.keys()];
    const most = names.length > CATEGORIES;
    if (most) names = names.sort((a, b) => counts.get(b) - counts.get(a)).slice(0, CATEGORIES - 1);
    names.sort(tb.naturally);
    const index = new Map(names.map((name, i) => [name, i]));
    const entries = names.map((name, i) => ({name, count: counts.get(name), index: i, other: false}));
    if (most) {
      const kept = entries.reduce((sum, {count}) => sum + count, 0);
      entries.push({name: `${counts.size - names.length} others`, count: all.length - kept, index: names.length, other: true});
    }
    return {kind: "categories", index, entries};
  }

  /** The palette of a scale, and of each value its place in it: {palette, shade: Uint8Array}. */
  function coloured(scale, values, n, plain) {
    const shade = new Uint8Array(n);
    const dark = tb.theme.current() === "dark";
    if (!scale || !values) return {palette: [plain], shade};
    if (scale.kind === "numeric") {
      const palette = [...ramp(dark), tb.theme.css("--muted")];
      const span = scale.high - scale.low || 1;
      for (let i = 0; i < n; i++) {
        const v = asNumber(values[i]);
        shade[i] = Number.isFinite(v) ? Math.round(((v - scale.low) / span) * (SHADES - 1)) : SHADES;
      }
      return {palette, shade};
    }
    const colours = tb.palette[tb.theme.current()];
    const palette = scale.entries.map(({index, other}) => (other ? tb.theme.css("--muted") : colours[index % colours.length]));
    for (let i = 0; i < n; i++) shade[i] = scale.index.get(values[i]) ?? scale.entries.length - 1;
    return {palette, shade};
  }

  Object.assign(tb.projector, {ramp, isNumeric, scaleOf, coloured});
})();
