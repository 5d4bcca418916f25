/* One card over the whole window, the others a key away. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const LISTED = 300; // entries of the legend
  let shown = null; // {card, slot, dialog, place, legend}

  /** The cards in the order of the page that could be shown instead. */
  const others = () => [...document.querySelectorAll(".metric-grid .card, .metric-grid .card-slot")].filter((node) => !node.closest("[hidden]"));

  /** Shows the card alone; Escape leaves, the arrows go to the next. */
  function enter(card) {
    leave();
    const dialog = el("dialog", {class: "card-dialog", tabindex: "-1", "aria-label": card.chart.title});
    const legend = el("aside", {class: "card-dialog-legend", "aria-label": "Lines"});
    const place = el("div", {class: "card-dialog-body"}, legend);
    const button = (text, hint, onclick) => el("button", {type: "button", class: "button", title: hint, "aria-label": hint, onclick}, text);
    dialog.append(
      el("nav", {class: "card-dialog-tools"}, button("‹", "Previous card (←)", () => step(-1)), button("›", "Next card (→)", () => step(1)), button("✕", "Leave full screen (Escape)", () => dialog.close())),
      place
    );
    document.body.append(dialog);
    shown = {dialog, place, legend};
    put(card);
    dialog.addEventListener("close", leave);
    dialog.addEventListener("keydown", (event) => {
      if (event.target.closest(".card-plot, input, select, .popover")) return;
      const by = {ArrowRight: 1, ArrowLeft: -1}[event.key];
      if (!by) return;
      event.preventDefault();
      step(by);
    });
    window.addEventListener("resize", resized);
    dialog.showModal();
    dialog.focus();
    card.grid.redraw([card]);
  }

  /** Moves the card into the dialog; a slot keeps its place in the grid. */
  function put(card) {
    const slot = el("section", {class: "card card-slot", "data-slot": card.tag});
    slot.card = card;
    card.grid.observer.unobserve(card.node);
    card.node.replaceWith(slot);
    card.face = card.node;
    card.node = slot;
    card.isFull = true;
    card.visible = true;
    Object.assign(shown, {card, slot});
    shown.place.prepend(card.face);
    card.shortTitle = card.heading.textContent;
    card.named(card.chart.title);
    shown.dialog.setAttribute("aria-label", card.chart.title);
    card.grid.unhover();
  }

  function back() {
    const {card, slot} = shown;
    card.node = card.face;
    card.face = null;
    card.isFull = false;
    card.named(card.shortTitle);
    // A card that was taken out of the grid meanwhile does not come back into it.
    if (slot.isConnected) slot.replaceWith(card.node);
    else card.node.remove();
    if (card.grid.cards.get(card.tag) === card) card.grid.observer.observe(card.node);
    card.grid.unhover();
    card.grid.redraw([card]);
  }

  function step(by) {
    const nodes = others();
    const at = nodes.indexOf(shown.slot);
    const next = nodes[(at + by + nodes.length) % nodes.length];
    const card = [...shown.card.grid.cards.values()].find(({node}) => node === next);
    if (!card || card === shown.card) return;
    back();
    put(card);
    card.grid.redraw([card]);
    card.grid.catchUp();
  }

  function leave() {
    if (!shown) return;
    const {dialog, card} = shown;
    back();
    shown = null;
    window.removeEventListener("resize", resized);
    if (dialog.open) dialog.close();
    dialog.remove();
    if (card.node.isConnected) card.plot.focus({preventScroll: false});
  }

  /** The card was drawn: its legend follows. */
  function drawn(card) {
    const lines = card.lines.filter(({faint}) => !faint);
    const entries = lines.slice(0, LISTED).map((line) => [line.color, line.title ?? tb.runs.get(line.series.run)?.title ?? line.series.run]);
    const told = JSON.stringify(entries);
    if (shown.told === told) return;
    shown.told = told;
    shown.legend.replaceChildren(
      ...entries.map(([color, title]) => el("div", {}, el("span", {class: "swatch", style: `background:${color}`}), el("span", {}, title))),
      ...(lines.length > LISTED ? [el("p", {class: "quiet"}, `and ${lines.length - LISTED} more`)] : [])
    );
  }

  const resized = () => shown && shown.card.grid.redraw([shown.card]);

  tb.cardFull = {enter, leave, drawn, card: () => shown && shown.card};
})();
