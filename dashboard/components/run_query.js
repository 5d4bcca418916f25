/* The filter of runs as typed: a regular expression of the name, and terms such as `lr<0.01 status:running`. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const TERM = /^([-!]?)([A-Za-z_][\w./-]*?)(<=|>=|!=|:|<|>)(.+)$/;
  const OWN = {
    status: (run) => run.status,
    tag: (run) => run.labels,
    label: (run) => run.labels,
    name: (run) => run.name,
    archived: (run) => run.archived,
    notes: (run) => tb.records.get(run.name)?.notes,
    group: (run) => tb.records.value(run.name, "group"),
    job_type: (run) => tb.records.value(run.name, "job_type"),
    host: (run) => tb.records.value(run.name, "host"),
  };
  const NEEDS_RECORD = (key) => !["status", "tag", "label", "name", "archived"].includes(key);
  const CONTAINS = new Set(["name", "notes"]); // of these a part is enough

  /** The words, those in double quotes as one: `name:"a b" x` is [`name:a b`, `x`]. */
  function words(text) {
    return [...text.matchAll(/(?:[^\s"]|"[^"]*"?)+/g)].map(([word]) => word.replaceAll('"', ""));
  }

  function isKnown(key) {
    if (key in OWN || /^(config|hparam|summary)\./.test(key) || tb.runs.series("scalar").has(key)) return true;
    return tb.records.keys().some((entry) => entry.key.replace(/^(config|hparam|summary)\./, "") === key);
  }

  function valueOf(run, key) {
    if (key in OWN) return OWN[key](run);
    for (const full of [key, "config." + key, "hparam." + key, "summary." + key]) {
      const value = tb.records.value(run.name, full);
      if (value !== undefined) return value;
    }
    return tb.runs.series("scalar").get(key)?.get(run.name)?.lastValue;
  }

  function asText(value) {
    return typeof value === "string" ? value : JSON.stringify(value);
  }

  /** Whether one value is the wanted text: as a number, as a glob, or without regard to case. */
  function equals(value, wanted, partly) {
    if (value === undefined || value === null) return wanted === "none";
    if (typeof value === "number" && wanted !== "" && Number(wanted) === value) return true;
    const text = asText(value).toLowerCase();
    if (wanted.includes("*")) {
      const pattern = wanted.toLowerCase().split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*");
      return new RegExp(`^${pattern}$`, "s").test(text);
    }
    return partly ? text.includes(wanted.toLowerCase()) : text === wanted.toLowerCase();
  }

  const compare = {"<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b};

  /** A test of runs for one word, null if the word is no term. */
  function termOf(word) {
    const found = TERM.exec(word);
    if (!found) return null;
    const [, not, key, operator, wanted] = found;
    const isText = operator === ":" || operator === "!=";
    if (!isText && !Number.isFinite(Number(wanted))) return null;
    if (isText && !isKnown(key)) return null; // a regular expression may hold a colon
    const number = Number(wanted);
    const choices = wanted.split(",");
    const holds = (run) => {
      const value = valueOf(run, key);
      if (!isText) return typeof value === "number" && compare[operator](value, number);
      const values = Array.isArray(value) && key in OWN ? value : [value];
      const any = (values.length ? values : [undefined]).some((one) => choices.some((choice) => equals(one, choice, CONTAINS.has(key))));
      return operator === "!=" ? !any : any;
    };
    return {key, test: not ? (run) => !holds(run) : holds};
  }

  let cache = {text: null, records: null, query: null};

  /**
   * `{matches(run), error, needsRecords}` of a filter. Without a term the whole text is one regular expression,
   * case-insensitive and unanchored, of the run's name or title; beside terms the other words are one.
   */
  tb.runQuery = function (text) {
    const loaded = tb.records.loaded();
    if (cache.text === text && cache.loaded === loaded) return cache.query;
    const parts = words(text).map((word) => ({word, term: termOf(word)}));
    const terms = parts.map(({term}) => term).filter(Boolean);
    const rest = terms.length ? parts.filter(({term}) => !term).map(({word}) => word).join(" ") : text;
    const {regex, error} = tb.pattern(rest);
    const looksLikeTerm = parts.some(({word}) => TERM.test(word));
    const needsRecords = looksLikeTerm && (terms.length === 0 || terms.some(({key}) => NEEDS_RECORD(key)));
    const query = {
      error,
      needsRecords,
      matches: (run) => (!regex || regex.test(run.title) || regex.test(run.name)) && terms.every(({test}) => test(run)),
    };
    cache = {text, loaded, query};
    return query;
  };
})();
