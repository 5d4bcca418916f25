/* How big a closed box is: what its texts and marks need in the reader's font. */
(function () {
  "use strict";

  // Px a character at 12 px in the widest common system font, for where nothing can be measured.
  const CHARACTER = 7;
  const measured = new Map();
  let pen = null;

  /* Width in px of `text` in the page's font; boxes must hold it whatever font the reader has. */
  function textWidth(text, size, weight) {
    const key = `${size}${weight || ""}${text}`;
    let width = measured.get(key);
    if (width === undefined) {
      width = (text.length * CHARACTER * size) / 12;
      if (window.document) {
        pen = pen || document.createElement("canvas").getContext("2d");
        pen.font = `${weight || 400} ${size}px ${getComputedStyle(document.body).fontFamily}`;
        width = pen.measureText(text).width;
      }
      measured.set(key, width);
    }
    return width;
  }

  function short(text, most) {
    return text.length > most ? `${text.slice(0, most - 1)}…` : text;
  }

  /* At most three marks a side are drawn, then "+n"; their room is part of the box's layout size. */
  function marksOf(v) {
    const pick = (role) => v.marks.filter((mark) => mark.role === role);
    return {left: pick("constant"), right: pick("summary")};
  }

  function markText(model, mark) {
    const {attrs, names} = model.graph;
    const value = (attrs[mark.vertex.op] || {}).value;
    // 0.1 as float32 is 0.10000000149: four digits tell it.
    if (typeof value === "number") return String(Number(value.toPrecision(4)));
    const plain = typeof value === "string" && value.length < 9;
    return short(plain ? value : names[mark.vertex.op].split("/").pop(), 10);
  }

  function closedSize(model, v) {
    const label = short(v.label, 26);
    if (v.kind !== "op") {
      const tall = 40 + Math.min(18, 3 * Math.log2(Math.max(1, v.count / 8)));
      const w = Math.max(92, textWidth(label, 13, 600) + 44);
      return {w, h: Math.max(40, tall), body: w};
    }
    const {left, right} = marksOf(v);
    const room = (marks) => {
      if (!marks.length) return 0;
      return 16 + Math.max(...marks.slice(0, 3).map((mark) => textWidth(markText(model, mark), 9)));
    };
    const body = Math.max(54, textWidth(label, 11.5, 500) + 22);
    // The same room on both sides, so that lines meet the middle of the pill.
    const beside = Math.max(room(left), room(right));
    const rows = Math.max(Math.min(left.length, 4), Math.min(right.length, 4));
    return {w: body + 2 * beside, h: Math.max(26, rows * 11 + 4), body};
  }

  Object.assign(window.trainboard.scopeGraph, {closedSize, marksOf, markText, short, textWidth});
})();
