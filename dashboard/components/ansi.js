/* Colours that programs print for terminals, as parts of text: never as markup. No DOM. */
(function () {
  "use strict";
  const tb = window.trainboard;
  // Of the sequences only those that end in "m" say how text looks; the others go.
  const SEQUENCE = /\x1b(?:\[([0-?]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g;
  const STEPS = [0, 95, 135, 175, 215, 255];

  /** The colour of the 256: one of the theme's 16 as a name, or "rgb(...)". */
  function ofTable(n) {
    if (!(n >= 0 && n <= 255)) return null;
    if (n < 16) return "ansi-" + n;
    if (n >= 232) {
      const grey = 8 + 10 * (n - 232);
      return `rgb(${grey}, ${grey}, ${grey})`;
    }
    const at = n - 16;
    return `rgb(${STEPS[Math.floor(at / 36)]}, ${STEPS[Math.floor(at / 6) % 6]}, ${STEPS[at % 6]})`;
  }

  /** Takes "38;5;n" or "38;2;r;g;b" from the codes at `at`: [colour, how many codes it took]. */
  function extended(codes, at) {
    if (codes[at + 1] === 5) return [ofTable(codes[at + 2]), 2];
    const rgb = codes.slice(at + 2, at + 5);
    const ok = codes[at + 1] === 2 && rgb.length === 3 && rgb.every((part) => part >= 0 && part <= 255);
    return ok ? [`rgb(${rgb.join(", ")})`, 4] : [null, codes[at + 1] === 2 ? 4 : 0];
  }

  const PLAIN = Object.freeze({fg: null, bg: null, bold: false, dim: false, italic: false, underline: false, inverse: false});

  function applied(style, text) {
    const codes = text === "" ? [0] : text.split(/[;:]/).map(Number);
    let now = {...style};
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i];
      if (code === 0) now = {...PLAIN};
      else if (code === 1) now.bold = true;
      else if (code === 2) now.dim = true;
      else if (code === 3) now.italic = true;
      else if (code === 4) now.underline = true;
      else if (code === 7) now.inverse = true;
      else if (code === 22) now.bold = now.dim = false;
      else if (code === 23) now.italic = false;
      else if (code === 24) now.underline = false;
      else if (code === 27) now.inverse = false;
      else if (code >= 30 && code <= 37) now.fg = "ansi-" + (code - 30);
      else if (code >= 90 && code <= 97) now.fg = "ansi-" + (code - 82);
      else if (code === 39) now.fg = null;
      else if (code >= 40 && code <= 47) now.bg = "ansi-" + (code - 40);
      else if (code >= 100 && code <= 107) now.bg = "ansi-" + (code - 92);
      else if (code === 49) now.bg = null;
      else if (code === 38 || code === 48) {
        const [color, took] = extended(codes, i);
        if (color) now[code === 38 ? "fg" : "bg"] = color;
        i += took;
      }
    }
    return now;
  }

  /** A line as parts: [{text, style}], style as PLAIN. What is no colour but a command is left out. */
  function parts(line) {
    if (!line.includes("\x1b")) return [{text: line, style: PLAIN}];
    const found = [];
    let style = PLAIN;
    let from = 0;
    SEQUENCE.lastIndex = 0;
    for (let match = SEQUENCE.exec(line); match; match = SEQUENCE.exec(line)) {
      if (match.index > from) found.push({text: line.slice(from, match.index), style});
      from = match.index + match[0].length;
      if (match[2] === "m") style = applied(style, match[1]);
    }
    if (from < line.length) found.push({text: line.slice(from), style});
    return found;
  }

  const plain = (line) => parts(line).map(({text}) => text).join("");

  /** Where `wanted` (lower case, not empty) stands in the text: [[from, to]], not overlapping. */
  function matches(text, wanted) {
    const found = [];
    const lower = text.toLowerCase();
    // A few characters change their length with their case: then no place could be told.
    if (!wanted || lower.length !== text.length) return found;
    for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + wanted.length)) found.push([at, at + wanted.length]);
    return found;
  }

  /** `parts` of the line cut at the matches of `wanted`: [{text, style, marked}]. */
  function marked(line, wanted) {
    const all = parts(line);
    const ranges = matches(all.map(({text}) => text).join(""), wanted);
    if (!ranges.length) return all;
    const found = [];
    let begin = 0;
    for (const {text, style} of all) {
      const end = begin + text.length;
      let at = begin;
      for (const [from, to] of ranges) {
        if (to <= at || from >= end) continue;
        if (from > at) found.push({text: text.slice(at - begin, from - begin), style});
        const [a, b] = [Math.max(from, at), Math.min(to, end)];
        found.push({text: text.slice(a - begin, b - begin), style, marked: true});
        at = b;
      }
      if (at < end) found.push({text: text.slice(at - begin), style});
      begin = end;
    }
    return found;
  }

  /** The parts as DOM nodes in `node`. */
  function draw(node, list) {
    for (const part of list) {
      const {style} = part;
      if (style === PLAIN && !part.marked) {
        node.append(part.text);
        continue;
      }
      const span = tb.el(part.marked ? "mark" : "span", {}, part.text);
      const [fg, bg] = style.inverse ? [style.bg || "ansi-bg", style.fg || "ansi-text"] : [style.fg, style.bg];
      const color = (name) => (name.startsWith("ansi-") ? `var(--${name})` : name);
      if (fg) span.style.color = color(fg);
      if (bg && !part.marked) span.style.backgroundColor = color(bg);
      if (style.bold) span.style.fontWeight = "700";
      if (style.dim) span.style.opacity = "0.75";
      if (style.italic) span.style.fontStyle = "italic";
      if (style.underline) span.style.textDecoration = "underline";
      node.append(span);
    }
  }

  tb.ansi = {parts, plain, marked, matches, draw, PLAIN};
})();
