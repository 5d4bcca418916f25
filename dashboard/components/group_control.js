/* How the runs are grouped: by keys, by all keys but some, by what a regular expression catches of the name. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {el} = tb;
  const short = (key) => key.replace(/^(config|hparam|summary)\./, "");

  /** What the grouping is, in a word or two. */
  function described(spec = tb.view.get().groupBy) {
    if (spec.length === 0) return "";
    return spec.map((key) => (key[0] === "!" ? "all but " + short(key.slice(1)) : key[0] === "~" ? "/" + key.slice(1) + "/" : short(key))).join(", ");
  }

  /** The keys that can tell runs apart, the results left out: [{key, n}], n different values. */
  function choices() {
    const runs = tb.runs.all().length;
    return tb.records.keys()
      .filter(({key, n, values}) => !key.startsWith("summary.") && (values.size > 1 || n < runs))
      .map(({key, values}) => ({key, n: values.size}));
  }

  function modeOf(spec) {
    if (spec.some((key) => key[0] === "~")) return "regex";
    return spec.some((key) => key[0] === "!") ? "but" : "keys";
  }

  async function open(anchor) {
    try {
      await tb.records.load();
    } catch (error) {
      tb.kit.toast(error.message, {bad: true});
      return;
    }
    let mode = modeOf(tb.view.get().groupBy);
    const body = el("div", {class: "group-body"});
    const modes = {keys: "By keys", but: "All but", regex: "By name"};
    const tabs = el("div", {class: "segments", role: "radiogroup", "aria-label": "How to group"}, ...Object.entries(modes).map(([value, label]) => {
      const input = el("input", {type: "radio", name: "group-mode", value, checked: value === mode, onchange: () => {
        mode = value;
        draw();
      }});
      return el("label", {}, input, label);
    }));
    const set = (spec) => tb.view.set({groupBy: spec});
    const byKeys = (sign) => {
      const all = choices();
      if (all.length === 0) return [el("p", {class: "quiet"}, "The runs' settings do not differ. Log some: ", el("code", {}, "init(…, config={…})"))];
      const search = el("input", {type: "search", class: "field", placeholder: "Find a key", "aria-label": "Find a key"});
      const list = el("div", {class: "group-keys"});
      const fill = () => {
        const wanted = search.value.toLowerCase();
        const chosen = new Set(tb.view.get().groupBy);
        list.replaceChildren(...all.filter(({key}) => key.toLowerCase().includes(wanted)).map(({key, n}) => {
          const input = el("input", {type: "checkbox", checked: chosen.has(sign + key), onchange: () => {
            const now = tb.view.get().groupBy.filter((one) => (sign ? one[0] === "!" : !"!~".includes(one[0])) && one !== sign + key);
            set(input.checked ? [...now, sign + key] : now);
          }});
          return el("label", {class: "group-key"}, input, el("span", {class: "group-name", title: key}, key), el("span", {class: "group-n"}, `${n} values`));
        }));
      };
      search.addEventListener("input", fill);
      fill();
      return [
        el("p", {class: "group-hint"}, sign ? "Runs that differ in nothing but these are one group (seeds, say)." : "Runs with the same values are one group."),
        ...(all.length > 8 ? [search] : []), list,
      ];
    };
    const byName = () => {
      const now = tb.view.get().groupBy.find((key) => key[0] === "~");
      const field = el("input", {type: "text", class: "field", value: now ? now.slice(1) : "", placeholder: "e.g. lr=([\\d.]+)", spellcheck: "false", "aria-label": "Regular expression of the name"});
      const wrong = el("p", {class: "field-error", role: "alert", hidden: true});
      field.addEventListener("input", () => {
        const {error} = tb.pattern(field.value);
        wrong.hidden = !error;
        wrong.textContent = error ? "Not a regular expression: " + error : "";
        if (!error) set(field.value ? ["~" + field.value] : []);
      });
      return [el("p", {class: "group-hint"}, "What the parentheses catch of a run's name is its group."), field, wrong];
    };
    const draw = () => {
      body.replaceChildren(...(mode === "regex" ? byName() : byKeys(mode === "but" ? "!" : "")));
      handle?.place();
    };
    const none = el("button", {type: "button", class: "button", onclick: () => {
      set([]);
      draw();
    }}, "No groups");
    let handle = null;
    draw();
    handle = tb.kit.popover(anchor, el("div", {class: "group-panel", role: "dialog", "aria-label": "Group runs"}, tabs, body, none));
    handle.node.querySelector("input:checked")?.focus();
  }

  tb.groupControl = {open, described};
  tb.commands.add({id: "group-runs", title: "Group the runs…", section: "Runs", run: () => {
    const anchor = document.querySelector(".group-button");
    if (anchor) open(anchor);
  }});
})();
