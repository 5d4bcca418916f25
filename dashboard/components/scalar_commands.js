/* What can be done on the scalar page from the keyboard. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const here = () => Boolean(tb.scalarGrid);
  const flip = (key) => () => tb.view.set({[key]: !tb.view.get()[key]});

  /** A notch more or less of whatever the kind of smoothing counts in. */
  function smooth(up) {
    const {smoothKind, smoothing, smoothPoints} = tb.view.get();
    if (smoothKind === "ema" || smoothKind === "none") {
      const next = Math.min(0.999, Math.max(0, Number((smoothing + (up ? 0.1 : -0.1)).toFixed(3))));
      tb.view.set({smoothing: next, smoothKind: "ema"});
    } else tb.view.set({smoothPoints: Math.min(tb.smoothing.MOST_POINTS, Math.max(1, Math.round(up ? smoothPoints * 1.5 + 1 : smoothPoints / 1.5)))});
  }

  const commands = [
    {id: "scalars-log-y", title: "Logarithmic y axis on all cards", keys: "l", run: flip("logY")},
    {id: "scalars-log-x", title: "Logarithmic x axis on all cards", keys: "L", run: flip("logX")},
    {id: "scalars-outliers", title: "Clip outliers, or show them", keys: "o", run: flip("outliers")},
    {id: "scalars-smooth-less", title: "Smooth less", keys: "[", run: () => smooth(false)},
    {id: "scalars-smooth-more", title: "Smooth more", keys: "]", run: () => smooth(true)},
    {id: "scalars-steps", title: "Select a step, then a range of steps, then none", keys: "s", run: () => tb.stepRange.cycle(tb.scalarGrid.onScreen())},
    {id: "scalars-link-zoom", title: "Zoom all cards together, or each its own", run: flip("linkZoom")},
    {id: "scalars-reset-zoom", title: "Reset the zoom of all cards", keys: "0", run: () => tb.view.set({zoom: {}, xWindow: {}})},
    {id: "scalars-filter", title: "Filter the metrics", keys: "/", run: () => document.querySelector(".tag-filter")?.focus()},
    ...Object.entries(tb.smoothing.KINDS).map(([kind, {title}]) => ({
      id: "scalars-smooth-" + kind, title: `Smoothing: ${title.toLowerCase()}`, run: () => tb.view.set({smoothKind: kind}),
    })),
  ];
  for (const command of commands) tb.commands.add({section: "Scalars", when: here, ...command});
})();
