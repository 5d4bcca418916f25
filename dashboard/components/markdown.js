/* Markdown of users, made harmless HTML by the server (dashboard/markdown.py), asked for in batches. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const KEPT = 400; // texts whose HTML is remembered
  const known = new Map(); // text -> HTML
  let waiting = new Map(); // text -> {promise, resolve, reject}

  async function ask() {
    if (waiting.size === 0) return;
    const batch = waiting;
    waiting = new Map();
    const texts = [...batch.keys()];
    try {
      const {html} = await tb.http.json("/api/markdown", {texts}, {quiet: true});
      texts.forEach((text, i) => {
        known.set(text, html[i]);
        batch.get(text).resolve(html[i]);
      });
      for (const text of known.keys()) {
        if (known.size <= KEPT) break;
        known.delete(text);
      }
    } catch (error) {
      for (const {reject} of batch.values()) reject(error);
    }
  }

  function htmlOf(text) {
    if (known.has(text)) return Promise.resolve(known.get(text));
    if (!waiting.has(text)) {
      if (waiting.size >= 200) ask();
      if (waiting.size === 0) setTimeout(ask, 0);
      const entry = {};
      entry.promise = new Promise((resolve, reject) => Object.assign(entry, {resolve, reject}));
      waiting.set(text, entry);
    }
    return waiting.get(text).promise;
  }

  tb.markdown = {
    /** Shows the text as markdown inside `node`; as it was written while, or if, the server cannot tell. */
    async into(node, text) {
      node.classList.add("markdown");
      if (!known.has(text)) node.textContent = text;
      node.markdownText = text;
      let html;
      try {
        html = await htmlOf(text);
      } catch (error) {
        node.title = error.message;
        return;
      }
      if (node.markdownText !== text) return; // it shows another by now
      // The one place where markup is taken from an answer: the server let through plain tags only.
      const parsed = new DOMParser().parseFromString(html, "text/html");
      for (const link of parsed.querySelectorAll("a")) link.target = "_blank";
      node.replaceChildren(...parsed.body.childNodes);
    },
  };
})();
