/* Settings as text that can be pasted: JSON, YAML, Python. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const isMap = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  const PLAIN = /^[A-Za-z_][\w./ -]*$/;
  const MEANS_ELSE = /^(true|false|yes|no|on|off|null|none|nan|inf|~|[-+.]?\d.*)$/i;

  const yamlText = (text) => (PLAIN.test(text) && !MEANS_ELSE.test(text) && text.trim() === text ? text : JSON.stringify(text));

  function yamlScalar(value) {
    if (value === null || value === undefined) return "null";
    return typeof value === "string" ? yamlText(value) : String(value);
  }

  function yaml(value, indent = "") {
    if (isMap(value)) {
      const keys = Object.keys(value);
      if (keys.length === 0) return "{}";
      return keys.map((key) => `${indent}${yamlText(key)}:${yamlBelow(value[key], indent)}`).join("\n");
    }
    if (Array.isArray(value)) {
      if (value.length === 0) return "[]";
      if (value.every((one) => one === null || typeof one !== "object")) return `[${value.map(yamlScalar).join(", ")}]`;
      return value.map((one) => {
        const text = yaml(one, indent + "  ");
        return `${indent}- ${text.trimStart()}`;
      }).join("\n");
    }
    return yamlScalar(value);
  }

  function yamlBelow(value, indent) {
    const text = yaml(value, indent + "  ");
    return text.includes("\n") || (isMap(value) && text !== "{}") || /^\s*- /.test(text) ? "\n" + text : " " + text.trimStart();
  }

  function python(value, indent = "") {
    const inner = indent + "    ";
    if (value === null || value === undefined) return "None";
    if (typeof value === "boolean") return value ? "True" : "False";
    if (typeof value === "string") return JSON.stringify(value);
    if (Array.isArray(value)) return `[${value.map((one) => python(one, inner)).join(", ")}]`;
    if (isMap(value)) {
      const entries = Object.entries(value).map(([key, one]) => `${inner}${JSON.stringify(key)}: ${python(one, inner)},\n`);
      return entries.length ? `{\n${entries.join("")}${indent}}` : "{}";
    }
    return String(value);
  }

  /** {"a": {"b": 1}} as {"a.b": 1}. */
  function flat(value, prefix = "") {
    return Object.entries(value).flatMap(([key, one]) => (isMap(one) && Object.keys(one).length ? flat(one, `${prefix}${key}.`) : [[prefix + key, one]]));
  }

  tb.configText = {json: (value) => JSON.stringify(value, null, 2), yaml: (value) => yaml(value), python: (value) => python(value), flat};
})();
