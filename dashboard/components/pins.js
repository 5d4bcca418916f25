/* Cards that stand on top: pinned and unpinned by menu and key, put in order by drag and menu; a card's menu. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const TYPE = "application/x-trainboard-pin";

  const has = (id) => tb.view.get().pins.includes(id);

  function toggle(id) {
    const {pins} = tb.view.get();
    tb.view.set({pins: has(id) ? pins.filter((pin) => pin !== id) : [...pins, id]});
  }

  const move = (id, by) => tb.view.set({pins: tb.gridSections.movedPins(tb.view.get().pins, id, by)});

  /** The card that is pointed at, or that has the focus. */
  function current(grid) {
    const node = document.activeElement?.closest(".card") || document.querySelector(".card:hover");
    return [...grid.cards.values()].find((card) => card.node === node);
  }

  /** What the keyboard and the palette do with a grid's cards; returns what takes it away. */
  function commands(grid) {
    if (grid.given) return () => {};
    const off = [
      tb.commands.add({id: "pin-card", title: "Pin or unpin the chart pointed at", section: "Charts", keys: "p", run: () => {
        const card = current(grid);
        if (card) toggle(card.tag);
        else tb.kit.toast("Point at a chart, or focus one, to pin it", {seconds: 4});
      }}),
      tb.commands.add({id: "new-chart", title: "New chart of several metrics or an expression", section: "Charts", keys: "n",
        run: () => tb.chartEditor.open()}),
    ];
    return () => off.forEach((take) => take());
  }

  /** A pinned card is dragged by its name to the place of another. */
  function listen(card) {
    const {heading, node} = card;
    heading.addEventListener("dragstart", (event) => {
      event.dataTransfer.setData(TYPE, card.tag);
      event.dataTransfer.effectAllowed = "move";
      node.classList.add("dragged");
    });
    heading.addEventListener("dragend", () => node.classList.remove("dragged"));
    const comes = (event) => has(card.tag) && event.dataTransfer.types.includes(TYPE);
    node.addEventListener("dragover", (event) => {
      if (!comes(event)) return;
      event.preventDefault();
      node.classList.add("drop-here");
    });
    node.addEventListener("dragleave", () => node.classList.remove("drop-here"));
    node.addEventListener("drop", (event) => {
      node.classList.remove("drop-here");
      if (!comes(event)) return;
      event.preventDefault();
      const {pins} = tb.view.get();
      const id = event.dataTransfer.getData(TYPE);
      move(id, pins.indexOf(card.tag) - pins.indexOf(id));
    });
  }

  /** Shows on the card whether it is pinned. */
  function mark(card) {
    const pinned = has(card.tag);
    card.heading.draggable = pinned;
    card.node.classList.toggle("is-pinned", pinned);
  }

  function remove(id) {
    const {charts, pins} = tb.view.get();
    tb.charts.remove(id);
    tb.kit.toast("Chart removed", {action: {label: "Undo", run: () => tb.view.set({charts, pins})}});
  }

  /** What a card's menu offers: items of `tb.kit.menu`. Other scripts add theirs with `tb.cardMenu.add(card => items)`. */
  const more = [];
  tb.cardMenu = function (card) {
    const id = card.tag;
    const {pins} = tb.view.get();
    const own = tb.charts.get(id);
    const at = pins.indexOf(id);
    const items = [];
    if (!card.grid.given) {
      items.push({label: at < 0 ? "Pin to the top" : "Unpin", keys: "p", run: () => toggle(id)});
      if (at >= 0) {
        items.push({label: "Move left", disabled: at === 0, run: () => move(id, -1)});
        items.push({label: "Move right", disabled: at === pins.length - 1, run: () => move(id, 1)});
      }
      items.push({separator: true});
    }
    if (own) {
      items.push({label: "Edit chart…", run: () => tb.chartEditor.open(own)});
      items.push({label: "Remove chart", danger: true, run: () => remove(id)});
    } else {
      items.push({label: "New chart with this…", hint: "Put other metrics or an expression beside it", run: () =>
        tb.chartEditor.open({...card.chart, id: tb.charts.fresh(), title: "", lines: card.chart.lines})});
    }
    return [...items, ...more.flatMap((provider) => provider(card))];
  };
  tb.cardMenu.add = (provider) => more.push(provider);

  tb.pins = {has, toggle, move, commands, listen, mark};
})();
