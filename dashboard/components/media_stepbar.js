/* The slider of the linked step, which plays; and what a card says of the step it shows. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const h = (...args) => React.createElement(...args);
  const SPEEDS = [0.5, 1, 2, 5, 10]; // stops a second
  let playing = null; // the timer; one for the page
  const bars = new Set();

  tb.view.declare("stepSpeed", 2, {param: "speed", remember: true, valid: (v) => SPEEDS.includes(v)});

  /** Index of the last stop at or before a step, 0 if none; "" is the last stop. */
  function stopAt(stops, step) {
    if (step === "") return stops.length - 1;
    let found = 0;
    for (let i = 0; i < stops.length && stops[i] <= Number(step); i++) found = i;
    return found;
  }

  function move(by) {
    const stops = tb.steps.stops();
    if (!stops.length) return false;
    const now = stopAt(stops, tb.view.get().step);
    const next = Math.max(0, Math.min(stops.length - 1, now + by));
    tb.view.set({step: next === stops.length - 1 && by > 0 ? "" : String(stops[next])});
    return next < stops.length - 1;
  }

  function told() {
    for (const redraw of bars) redraw();
  }

  function stop() {
    clearTimeout(playing);
    playing = null;
    told();
  }

  function play() {
    const tick = () => {
      playing = null;
      if (move(1) && bars.size) playing = setTimeout(tick, 1000 / tb.view.get().stepSpeed);
      told();
    };
    // From the end it plays from the beginning.
    const stops = tb.steps.stops();
    if (stops.length && stopAt(stops, tb.view.get().step) === stops.length - 1) tb.view.set({step: String(stops[0])});
    playing = setTimeout(tick, 1000 / tb.view.get().stepSpeed);
    told();
  }

  const toggle = () => (playing === null ? play() : stop());
  // Arrows belong to the control that has the focus, if it knows what to do with them.
  function free() {
    const focused = document.activeElement;
    if (!bars.size || focused?.closest("input, select, textarea, audio, video, iframe, [role=grid], [role=menu]")) return false;
    const region = focused?.closest("[role=region][tabindex], [role=table]");
    return !region || region.scrollWidth <= region.clientWidth + 1;
  }
  tb.commands.add({id: "step-back", title: "One step back", section: "Steps", keys: "ArrowLeft", when: free, run: () => move(-1)});
  tb.commands.add({id: "step-on", title: "One step on", section: "Steps", keys: "ArrowRight", when: free, run: () => move(1)});
  tb.commands.add({id: "step-play", title: "Play or pause the steps", section: "Steps", keys: "p", when: free, run: toggle});
  tb.commands.add({id: "step-newest", title: "Show the newest step", section: "Steps", when: () => bars.size > 0, run: () => tb.view.set({step: ""})});

  function button(title, text, onClick, more) {
    return h("button", {type: "button", className: "button icon-button step-button", title, "aria-label": title, onClick, ...more}, text);
  }

  /** The bar over the cards: one slider for all of them. */
  function StepBar() {
    const {useEffect, useReducer, useState} = React;
    const [, redraw] = useReducer((n) => n + 1, 0);
    const [typed, setTyped] = useState(null);
    tb.useUpdates((news, changed) => changed.has("step") || changed.has("stepSpeed"));
    useEffect(() => {
      bars.add(redraw);
      const off = tb.steps.subscribe(redraw);
      return () => {
        bars.delete(redraw);
        off();
        if (!bars.size && playing !== null) stop();
      };
    }, []);
    const stops = tb.steps.stops();
    const {step, stepSpeed} = tb.view.get();
    const now = stopAt(stops, step);
    const shown = step === "" ? (stops.length ? stops[stops.length - 1] : "") : Number(step);
    const last = Math.max(0, stops.length - 1);
    const text = shown === "" ? "none yet" : `${tb.format.step(shown)}${step === "" ? ", the newest" : ""}`;
    const go = (value) => {
      setTyped(null);
      if (value.trim() === "") tb.view.set({step: ""});
      else if (Number.isFinite(Number(value))) tb.view.set({step: String(Number(value))});
    };
    return h(
      "div",
      {className: "step-bar", role: "group", "aria-label": "Step"},
      button("One step back (left arrow)", "‹", () => move(-1), {disabled: now <= 0 || !stops.length}),
      button(playing === null ? "Play (p)" : "Pause (p)", playing === null ? "▶" : "❚❚", toggle, {disabled: stops.length < 2}),
      button("One step on (right arrow)", "›", () => move(1), {disabled: now >= last && step === ""}),
      h("input", {
        type: "range", className: "step-slider", min: 0, max: last, step: 1, value: Math.max(0, now), disabled: stops.length < 2,
        "aria-label": "Step of all cards", "aria-valuetext": `step ${text}`,
        onChange: (event) => {
          const at = Number(event.target.value);
          tb.view.set({step: at === last ? "" : String(stops[at])});
        },
      }),
      h(
        "label",
        {className: "step-number"},
        "step",
        h("input", {
          className: "field", inputMode: "numeric", "aria-label": "Step as a number", value: typed ?? String(shown), size: 8,
          onFocus: (event) => event.target.select(),
          onChange: (event) => setTyped(event.target.value),
          onBlur: (event) => typed !== null && go(event.target.value),
          onKeyDown: (event) => {
            if (event.key === "Enter") go(event.target.value);
            if (event.key === "Escape") setTyped(null);
          },
        })
      ),
      h(
        "button",
        {
          type: "button", className: "button", "aria-pressed": step === "", title: "Each card shows what it logged last",
          onClick: () => tb.view.set({step: step === "" && stops.length ? String(stops[last]) : ""}),
        },
        "newest"
      ),
      h(
        "select",
        {
          className: "field step-speed", "aria-label": "Steps a second while playing", title: "Steps a second while playing", value: stepSpeed,
          onChange: (event) => tb.view.set({stepSpeed: Number(event.target.value)}),
        },
        SPEEDS.map((speed) => h("option", {key: speed, value: speed}, `${speed}/s`))
      )
    );
  }

  /** The line under a card: which step it shows, and the way out of the linked one. `at` is of `tb.steps.useCardStep`. */
  function CardStep({series, at, children}) {
    if (!series || !series.loaded) return h("footer", {className: "card-step"});
    const {steps} = series;
    const first = steps.length ? Math.min(steps[0], steps[tb.steps.at(series, "")]) : 0;
    let said = `step ${tb.format.step(at.step)}`;
    if (at.index < 0) said = steps.length ? `nothing up to step ${tb.format.step(Number(at.wanted))}; first at ${tb.format.step(first)}` : "nothing yet";
    const stops = at.linked ? null : [...new Set(steps)].sort((a, b) => a - b);
    return h(
      "footer",
      {className: "card-step"},
      h(
        "span",
        {className: at.exact ? "card-step-said" : "card-step-said card-step-near", title: at.index < 0 ? "" : tb.format.time(series.walls[at.index])},
        said,
        at.index >= 0 && !at.exact ? h("small", null, ` before ${tb.format.step(Number(at.wanted))}`) : null
      ),
      at.ranks.length > 1
        ? h(
            "button",
            {type: "button", className: "card-step-button", title: "Several were logged at this step: show the next", onClick: at.turn},
            series.ranks ? `rank ${series.ranks[at.index]}` : `${at.ranks.indexOf(at.index) + 1} of ${at.ranks.length}`
          )
        : null,
      at.linked
        ? null
        : h("input", {
            type: "range", className: "card-step-slider", min: 0, max: stops.length - 1, value: stopAt(stops, at.wanted),
            "aria-label": `Step of ${series.tag}, run ${series.run}`, "aria-valuetext": said, onChange: (event) => at.set(stops[Number(event.target.value)]),
          }),
      children,
      steps.length > 1
        ? h(
            "button",
            {
              type: "button", className: "card-step-button", "aria-pressed": !at.linked,
              title: at.linked ? "Give this card a step of its own" : "Back to the step of all cards",
              onClick: at.linked ? at.unlink : at.link,
            },
            at.linked ? "unlink" : "link"
          )
        : null
    );
  }

  Object.assign(tb.steps, {StepBar, CardStep, move, stopAt});
})();
