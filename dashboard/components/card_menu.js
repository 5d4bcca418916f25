/* A card's header buttons, and its menu: how it shows its lines; pins.js adds what it shows. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const icon = (name) => el("span", {class: `card-icon icon-${name}`, "aria-hidden": "true"});

  /** A button of the header: an icon's name or a text, and what it does. */
  function button(face, hint, onclick, {isIcon = true} = {}) {
    return el("button", {type: "button", class: "card-button", title: hint, "aria-label": hint, onclick}, isIcon ? icon(face) : face);
  }

  /** Fields for fixed ends of the card's y axis. */
  function ranges(card) {
    const {tag} = card;
    const {yRanges} = tb.view.get();
    const body = el(
      "div", {class: "scalar-settings", role: "group", "aria-label": `Range of ${card.chart.title}`},
      el("h3", {}, card.chart.title),
      tb.scalarSettings.range("y", yRanges[tag], (ends) => {
        const {[tag]: gone, ...rest} = tb.view.get().yRanges;
        tb.view.set({yRanges: ends ? {...rest, [tag]: ends} : rest});
      }, "Empty is automatic"),
      tb.scalarSettings.range("x", card.zoomed?.x, (ends) => tb.cardZoom.set(card, {x: ends, y: card.zoomed?.y}), "Empty is automatic"),
      el("p", {class: "quiet"}, "Empty is automatic.")
    );
    tb.kit.popover(card.menuButton, body, {align: "end"});
    body.querySelector("input").focus();
  }

  function items(card) {
    const {tag, grid} = card;
    const {wide} = tb.view.get();
    const {axis} = card;
    const scale = tb.cardScale;
    const full = tb.cardFull.card() === card;
    const take = (format) => tb.cardExport.file(format, tb.cardExport.sources(card));
    const nothing = card.lines.length === 0;
    return [
      {label: full ? "Leave full screen" : "Full screen", run: () => (full ? tb.cardFull.leave() : tb.cardFull.enter(card))},
      full ? null : {label: "Full width", checked: wide.includes(tag), run: () => grid.toggle("wide", tag)},
      {separator: true},
      ...tb.cardMenu(card),
      {separator: true},
      {label: "Logarithmic y", checked: card.logY, run: () => grid.toggle("logTags", tag)},
      axis === "wall" ? null : {label: "Logarithmic x", checked: scale.logX(card), run: () => scale.toggle("logXTags", tag)},
      {label: "Clip outliers", checked: scale.clips(card), run: () => scale.toggle("outlierTags", tag)},
      {label: "Fixed range…", run: () => ranges(card)},
      card.zoomed ? {label: "Reset zoom", run: () => card.unzoom()} : null,
      
      {header: "Picture"},
      {label: "PNG", disabled: nothing, run: () => tb.cardExport.picture(card, "png")},
      {label: "SVG", disabled: nothing, run: () => tb.cardExport.picture(card, "svg")},
      {header: "Every point of the runs shown"},
      {label: "CSV", disabled: nothing, run: () => take("csv")},
      {label: "JSON", disabled: nothing, run: () => take("json")},
      {label: "Copy as Python", run: () => tb.kit.copy(tb.cardExport.python(card), "Python copied")},
    ].filter(Boolean);
  }

  const open = (card) => tb.kit.menu(card.menuButton, items(card), {align: "end"});

  /** The menu of what the whole page shows, as files. */
  async function downloads(anchor) {
    let formats;
    try {
      formats = await tb.cardExport.formats();
    } catch (error) {
      tb.kit.toast(error.message, {bad: true});
      return;
    }
    const {runs, tags} = tb.cardExport.everything();
    const title = `Every point of ${tb.format.step(runs.length)} runs, ${tb.format.step(tags.length)} metrics`;
    tb.kit.menu(anchor, [{header: title}, ...Object.entries(formats).map(([format, missing]) => ({
      label: format === "parquet" ? "Parquet" : format.toUpperCase(), hint: missing, disabled: Boolean(missing) || !runs.length,
      run: () => tb.cardExport.file(format, {runs, tags}),
    }))], {align: "end"});
  }

  tb.cardTools = {button, items, open, downloads};
})();
