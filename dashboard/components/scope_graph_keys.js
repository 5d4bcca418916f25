/* The graph by keyboard: arrows follow lines and rows, Enter opens, / searches, F fits. */
(function () {
  "use strict";

  /* The vertex that a key leads to from the selected one, or null. */
  function neighbour(scene, selected, key) {
    const box = scene.byVertex.get(selected);
    if (!box) {
      const first = scene.boxes.filter((b) => !b.side).sort((p, q) => p.y - q.y || p.x - q.x)[0];
      return first ? first.v : null;
    }
    const middle = (b) => b.x + b.w / 2;
    const nearest = (list) =>
      list.sort((p, q) => Math.abs(middle(p) - middle(box)) - Math.abs(middle(q) - middle(box)))[0];
    if (key === "ArrowDown" || key === "ArrowUp") {
      const down = key === "ArrowDown";
      const along = scene.lines
        .filter((line) => (down ? line.source : line.target) === selected)
        .map((line) => scene.byVertex.get(down ? line.target : line.source))
        .filter(Boolean);
      if (along.length) return nearest(along).v;
      // From an open scope down means into it; else out to the scope around.
      const inside = scene.boxes.filter((b) => b.v.parent === selected);
      if (down && inside.length) return inside.sort((p, q) => p.y - q.y)[0].v;
      return scene.byVertex.has(selected.parent) ? selected.parent : null;
    }
    const left = key === "ArrowLeft";
    const row = scene.boxes.filter(
      (b) =>
        b.v.parent === selected.parent &&
        b.v !== selected &&
        (left ? middle(b) < middle(box) : middle(b) > middle(box)),
    );
    const far = (b) => Math.abs(b.y + b.h / 2 - box.y - box.h / 2) * 3 + Math.abs(middle(b) - middle(box));
    row.sort((p, q) => far(p) - far(q));
    return row.length ? row[0].v : null;
  }

  function onKey(event, {scene, selected, actions}) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const {key} = event;
    if (key.startsWith("Arrow")) {
      const next = neighbour(scene, selected, key);
      if (next) {
        actions.select(next);
        actions.show(next);
      }
    } else if (key === "Enter" && selected) actions.toggle(selected);
    else if (key === "Escape") actions.deselect();
    else if (key === "/") actions.find();
    else if (key === "f" || key === "F") actions.fit(true);
    else if (key === "t" || key === "T") actions.trace();
    else if (key === "+" || key === "=") actions.zoom(1.3);
    else if (key === "-") actions.zoom(1 / 1.3);
    else return;
    event.preventDefault();
  }

  Object.assign(window.trainboard.scopeGraph, {neighbour, onKey});
})();
