/* The table component (AG Grid, its community part, as dash-ag-grid brings it), loaded on first use. */
(function () {
  "use strict";
  const tb = window.trainboard;
  let loading = null;

  /** A Promise of `window.dash_ag_grid`. */
  tb.agGrid = function () {
    loading =
      loading ||
      new Promise((resolve, reject) => {
        if (!tb.config.grid) return reject(new Error("The table needs dash-ag-grid. Try: pip install dash-ag-grid"));
        const script = document.createElement("script");
        script.src = tb.config.grid;
        script.onload = () => resolve(window.dash_ag_grid);
        script.onerror = () => {
          loading = null;
          reject(new Error("The table component could not be loaded."));
        };
        document.head.appendChild(script);
      });
    return loading;
  };

  /** How a filter under a column is typed: a part of the text, a,b for one of several, !a for none; >1, <=2, 1..2. */
  tb.cellMatches = function (typed, value) {
    const text = typed.trim();
    if (text === "") return true;
    if (text.startsWith("!") && text.length > 1) return !tb.cellMatches(text.slice(1), value);
    const number = typeof value === "number" ? value : value === "" || value === null || value === undefined ? NaN : Number(value);
    const compared = /^(<=|>=|<|>|=)\s*(-?[\d.]+(?:e[-+]?\d+)?)$/i.exec(text);
    if (compared) {
      const bound = Number(compared[2]);
      return {"<": number < bound, "<=": number <= bound, ">": number > bound, ">=": number >= bound, "=": number === bound}[compared[1]];
    }
    const range = /^(-?[\d.]+(?:e[-+]?\d+)?)?\s*\.\.\s*(-?[\d.]+(?:e[-+]?\d+)?)?$/i.exec(text);
    if (range && (range[1] || range[2])) {
      return number >= (range[1] ? Number(range[1]) : -Infinity) && number <= (range[2] ? Number(range[2]) : Infinity);
    }
    const shown = String(value ?? "").toLowerCase();
    return text.toLowerCase().split(",").map((part) => part.trim()).filter(Boolean).some((part) => shown.includes(part) || (part !== "" && Number(part) === number));
  };
})();
