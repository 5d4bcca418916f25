/* What every script of the dashboard shares: fetching, theme colours, plotly on first use. */
(function () {
  "use strict";
  const tb = (window.trainboard = window.trainboard || {config: {}});
  const prefix = (tb.config.prefix || "/").replace(/\/$/, "");

  /** Told how many requests that somebody waits for are under way, when that changes. */
  tb.onBusy = () => {};
  let busy = 0;
  const count = (more) => {
    busy += more;
    tb.onBusy(busy);
  };

  async function request(url, {quiet = false, ...options}) {
    let response;
    if (!quiet) count(1);
    try {
      response = await fetch(prefix + url, {credentials: "same-origin", ...options});
    } catch (error) {
      if (options.signal && options.signal.aborted) throw error;
      throw new Error("The server does not answer. Is `dashboard serve` still running?");
    } finally {
      if (!quiet) count(-1);
    }
    if (!response.ok) {
      let message = `${response.status} ${response.statusText}`;
      try {
        message = (await response.json()).error.message || message;
      } catch (error) {
        // Not our JSON (a proxy's page, say): the status line has to do.
      }
      throw Object.assign(new Error(message), {status: response.status});
    }
    return response;
  }

  const typed = {"<f4": Float32Array, "<f8": Float64Array, "<i4": Int32Array, "<u4": Uint32Array, "|u1": Uint8Array};

  /** Undoes `dashboard.http.binary_body`: the header, its `arrays` as typed arrays (views, no copy). */
  function decodeArrays(buffer) {
    const headerBytes = new DataView(buffer).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, headerBytes)));
    const start = 4 + headerBytes;
    header.arrays = header.arrays.map(([dtype, offset, length]) => new typed[dtype](buffer, start + offset, length));
    return header;
  }

  const post = (body) => ({
    method: "POST",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify(body),
  });

  const asked = (body, options) => ({...(body === undefined ? {} : post(body)), ...options});

  tb.http = {
    url: (path) => prefix + path,
    /** `options`: `quiet` for what nobody waits for (no progress bar), `signal` to give up. */
    json: async (url, body, options) => (await request(url, asked(body, options))).json(),
    text: async (url, body, options) => (await request(url, asked(body, options))).text(),
    arrays: async (url, body, options) => decodeArrays(await (await request(url, asked(body, options))).arrayBuffer()),
    decodeArrays,
  };
  /** The path of the page shown, without the prefix: "/histograms". */
  tb.path = () => location.pathname.slice(prefix.length) || "/";

  let colours = new Map();
  tb.theme = {
    current: () => document.documentElement.dataset.theme || "light",
    /** The value of a CSS variable in the current theme. */
    css(name) {
      let value = colours.get(name);
      if (value === undefined) {
        value = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
        colours.set(name, value);
      }
      return value;
    },
    /** `system`, `light` or `dark`; returns whether the look changed. */
    apply(choice) {
      const dark = choice === "dark" || (choice === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
      const name = dark ? "dark" : "light";
      if (name === tb.theme.current()) return false;
      document.documentElement.dataset.theme = name;
      colours = new Map();
      return true;
    },
  };

  // Fetched while other things go on; run on first use.
  if (tb.config.plotly) {
    const preload = document.createElement("link");
    Object.assign(preload, {rel: "preload", as: "script", href: tb.config.plotly, fetchPriority: "low"});
    document.head.appendChild(preload);
  }
  let plotly = null;
  /** Plotly, loaded on first use: 4.8 MB that the first paint must not wait for. */
  tb.plotly = function () {
    plotly =
      plotly ||
      new Promise((resolve, reject) => {
        if (window.Plotly) return resolve(window.Plotly);
        const script = document.createElement("script");
        script.src = tb.config.plotly;
        script.onload = () => resolve(window.Plotly);
        script.onerror = () => {
          plotly = null;
          reject(new Error("plotly.js could not be loaded"));
        };
        document.head.appendChild(script);
      });
    return plotly;
  };

  /** A DOM element: `el("div", {class: "x", onclick: f}, "text", child)`; text is never markup. */
  tb.el = function (name, attributes, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (value === true) node.setAttribute(key, "");
      else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  };

  /** Where an example that is to be pasted should log, as a literal: below the logdir that is served. */
  tb.exampleRun = function () {
    const logdir = tb.config.logdir || "logs";
    return JSON.stringify(logdir.includes("://") ? "logs/my-run" : logdir.replace(/\/+$/, "") + "/my-run");
  };

  const collator = new Intl.Collator(undefined, {numeric: true, sensitivity: "base"});
  /** Natural order: layer2 before layer10. */
  tb.naturally = collator.compare;

  /** `{regex, error}` of a filter as typed; case-insensitive, unanchored; "" matches all. */
  tb.pattern = function (text) {
    if (!text) return {regex: null, error: null};
    try {
      return {regex: new RegExp(text, "i"), error: null};
    } catch (error) {
      return {regex: null, error: error.message.replace(/^Invalid regular expression: .*: /, "")};
    }
  };
})();
