/* Expressions over metrics as people type them, made into data: ["-", ["tag", "a"], ["tag", "b"]]. No DOM. */
(function () {
  "use strict";
  const tb = window.trainboard;
  // name -> [fewest, most arguments, what it gives]; the server's list is dashboard/expressions.py.
  const FUNCTIONS = {
    abs: [1, 1, "without its sign"], sqrt: [1, 1, "square root"], exp: [1, 1, "e to its power"],
    log: [1, 1, "natural logarithm"], log2: [1, 1, "logarithm to base 2"], log10: [1, 1, "logarithm to base 10"],
    min: [2, 20, "the smallest"], max: [2, 20, "the largest"], ema: [2, 2, "moving average, ema(x, 0.9)"],
    running_min: [1, 1, "smallest so far"], running_max: [1, 1, "largest so far"], diff: [1, 1, "change from the point before"],
    cumsum: [1, 1, "sum so far"],
  };
  const NAME = /[\p{L}_][\p{L}\p{N}_.]*(?:\/[\p{L}_][\p{L}\p{N}_.]*)*/uy;
  const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/iy;
  const WORD = /[\p{L}\p{N}_]/u;
  const POWERS = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "^": 4};

  class ExpressionError extends Error {
    /** `at` is the place in the text. */
    constructor(message, at) {
      super(message);
      this.at = at;
    }
  }

  /** The tags that are most like a name that is none: to be offered. */
  function alike(name, known) {
    const parts = name.toLowerCase().split(/[/_. ]+/).filter(Boolean);
    const fit = (tag) => parts.filter((part) => tag.toLowerCase().includes(part)).length;
    return [...known].filter((tag) => fit(tag) > 0).sort((a, b) => fit(b) - fit(a) || tb.naturally(a, b)).slice(0, 3);
  }

  /** Cuts the text into {kind: name | call | number | sign, value, at}; the longest known tag is one name. */
  function tokens(text, known) {
    const found = [];
    const byLength = [...known].filter((tag) => /^[\p{L}_]/u.test(tag)).sort((a, b) => b.length - a.length);
    let at = 0;
    const take = (pattern) => {
      pattern.lastIndex = at;
      const hit = pattern.exec(text);
      return hit && hit[0];
    };
    const push = (kind, value, length) => {
      found.push({kind, value, at});
      at += length;
    };
    while (at < text.length) {
      const char = text[at];
      if (/\s/.test(char)) at++;
      else if (char === "`") {
        const [value, length] = quoted(text, at);
        push("name", value, length);
      } else if (text.startsWith("${", at)) {
        const end = text.indexOf("}", at);
        if (end < 0) throw new ExpressionError("the } of ${…} is missing", at);
        push("name", text.slice(at + 2, end), end + 1 - at);
      } else if (text.startsWith("**", at)) push("sign", "^", 2);
      else if ("+-*/%^(),".includes(char)) push("sign", char, 1);
      else if (/[\d.]/.test(char) && take(NUMBER)) push("number", Number(take(NUMBER)), take(NUMBER).length);
      else {
        const word = take(NAME);
        const called = word && Object.hasOwn(FUNCTIONS, word) && /^\s*\(/.test(text.slice(at + word.length));
        const tag = byLength.find((name) => text.startsWith(name, at) && !WORD.test(text[at + name.length] || ""));
        if (called) push("call", word, word.length);
        else if (tag) push("name", tag, tag.length);
        else if (word) push("name", word, word.length);
        else throw new ExpressionError(`'${char}' is not understood; a metric's name may stand in backticks`, at);
      }
    }
    return found;
  }

  /** What stands in backticks at `at`, where \` is one, and how long that is. */
  function quoted(text, at) {
    let value = "";
    for (let i = at + 1; i < text.length; i++) {
      if (text[i] === "`") return [value, i + 1 - at];
      if (text[i] === "\\" && i + 1 < text.length) i++;
      value += text[i];
    }
    throw new ExpressionError("the closing backtick is missing", at);
  }

  /**
   * The text as {ast, tags}. `known`: the tags there are, which also tell names from divisions:
   * "a/b" is the metric of that name if there is one. An unknown metric is an error that names it,
   * unless it is quoted and `anyQuoted` is set: a chart may be made before its run has logged.
   */
  function parse(text, known = new Set(), {anyQuoted = false} = {}) {
    const list = tokens(text, known);
    const tags = [];
    let next = 0;
    const peek = (value) => next < list.length && list[next].kind === "sign" && list[next].value === value;
    const fail = (message) => {
      throw new ExpressionError(message, next < list.length ? list[next].at : text.length);
    };
    const expect = (value) => {
      if (!peek(value)) fail(`'${value}' is missing`);
      next++;
    };

    function operand() {
      if (next >= list.length) fail(list.length ? "it ends where a metric or a number should follow" : "it is empty");
      const token = list[next];
      if (token.kind === "number") return next++, token.value;
      if (token.kind === "name") return next++, named(token);
      if (token.kind === "call") return next++, call(token);
      if (peek("(")) {
        next++;
        const inner = sum(1);
        expect(")");
        return inner;
      }
      return fail(`'${token.value}' stands where a metric or a number should`);
    }

    function named({value, at}) {
      if (value === "step" && !known.has("step")) return ["step"];
      if (!known.has(value) && !(anyQuoted && "`$".includes(text[at]))) {
        const near = alike(value, known).map((tag) => `'${tag}'`);
        throw new ExpressionError(`there is no metric '${value}'` + (near.length ? `; there is ${near.join(", ")}` : ""), at);
      }
      if (!tags.includes(value)) tags.push(value);
      return ["tag", value];
    }

    function call({value, at}) {
      const [fewest, most] = FUNCTIONS[value];
      expect("(");
      const given = [];
      if (!peek(")")) given.push(sum(1));
      while (peek(",")) {
        next++;
        given.push(sum(1));
      }
      expect(")");
      if (given.length < fewest || given.length > most) {
        throw new ExpressionError(`${value}() takes ${fewest === most ? fewest : fewest + " or more"} values, not ${given.length}`, at);
      }
      if (value === "ema" && !(typeof given[1] === "number" && given[1] >= 0 && given[1] < 1)) {
        throw new ExpressionError("the second value of ema() is its weight: a number from 0 to below 1", at);
      }
      return [value, ...given];
    }

    function signed() {
      if (peek("+")) return next++, signed();
      if (!peek("-")) return sum(4, operand());
      next++;
      const inner = signed();
      return typeof inner === "number" ? -inner : ["neg", inner];
    }

    /** Operators that bind at least as strongly as `least`; "^" to the right, the others to the left. */
    function sum(least, first) {
      let left = first === undefined ? signed() : first;
      while (next < list.length && list[next].kind === "sign" && POWERS[list[next].value] >= least) {
        const sign = list[next++].value;
        const power = POWERS[sign];
        left = [sign, left, power === 4 ? signed() : sum(power + 1)];
      }
      return left;
    }

    const ast = sum(1);
    if (next < list.length) fail(`'${list[next].value}' is one too many`);
    if (tags.length === 0) throw new ExpressionError("it names no metric", 0);
    return {ast, tags};
  }

  const quote = (tag) => "`" + tag.replace(/[\\`]/g, "\\$&") + "`";

  /** The expression as text, each metric in backticks or, `plain`, as it is called; parse() undoes it. */
  function print(ast, {plain = false} = {}, around = 0) {
    if (typeof ast === "number") return ast < 0 && around > 3 ? `(${ast})` : String(ast);
    const [name, ...given] = ast;
    if (name === "tag") return plain ? given[0] : quote(given[0]);
    if (name === "step") return "step";
    const inner = (part, power) => print(part, {plain}, power);
    let text;
    let power = 5;
    if (name === "neg") [text, power] = ["-" + inner(given[0], 3), 3];
    else if (name in POWERS) {
      power = POWERS[name];
      const right = power === 4;
      text = `${inner(given[0], right ? 5 : power)} ${name} ${inner(given[1], right ? 4 : power + 1)}`;
    } else return `${name}(${given.map((part) => inner(part, 0)).join(", ")})`;
    return power < around ? `(${text})` : text;
  }

  /** The tags that an expression reads. */
  function tagsOf(ast) {
    if (!Array.isArray(ast)) return [];
    if (ast[0] === "tag") return [ast[1]];
    return [...new Set(ast.slice(1).flatMap(tagsOf))];
  }

  tb.expressions = {parse, print, quote, tagsOf, FUNCTIONS, ExpressionError};
})();
