/* Beside the points: colours, search, the selected point with its neighbours, what was lassoed. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const own = tb.projector;
  const h = (...args) => React.createElement(...args);
  const LISTED = 100;

  function Colours({columns, colour, scale, strong, onColour, onCategory}) {
    const theme = tb.theme.current();
    const colours = tb.palette[theme];
    return h(
      "section",
      null,
      h(
        "label",
        {className: "pj-field"},
        "Colour by",
        h(
          "select",
          {className: "field", value: colour, onChange: (event) => onColour(event.target.value)},
          h("option", {value: ""}, "the run"),
          columns.map((name) => h("option", {key: name, value: name}, name))
        )
      ),
      scale && scale.kind === "numeric"
        ? h(
            "div",
            {className: "pj-ramp"},
            h("i", {style: {background: `linear-gradient(90deg, ${own.ramp(theme === "dark").join(", ")})`}}),
            h("span", null, tb.format.value(scale.low)),
            h("span", null, tb.format.value(scale.high))
          )
        : null,
      scale && scale.kind === "categories"
        ? h(
            "ul",
            {className: "pj-legend"},
            scale.entries.map(({name, count, index, other}) =>
              h(
                "li",
                {key: index},
                h(
                  "button",
                  {type: "button", disabled: other, "aria-pressed": strong === name, title: other ? "" : "Show these before the others",
                    onClick: () => onCategory(strong === name ? null : name)},
                  h("i", {className: "swatch", style: {background: other ? tb.theme.css("--muted") : colours[index % colours.length]}}),
                  h("span", null, name === "" ? "(empty)" : name),
                  h("small", null, tb.format.step(count))
                )
              )
            )
          )
        : null
    );
  }

  /** Rows of the clouds whose text of the column holds what was typed, or fits it as a regular expression. */
  function found(clouds, column, text, isRegex) {
    const cloud = clouds.find((one) => one && one.columns.length);
    if (!cloud || !text) return {rows: [], error: null};
    const values = cloud.labels[Math.max(0, cloud.columns.indexOf(column))];
    const {regex, error} = isRegex ? tb.pattern(text) : {regex: null, error: null};
    if (error) return {rows: [], error};
    const wanted = text.toLowerCase();
    const fits = regex ? (value) => regex.test(value) : (value) => value.toLowerCase().includes(wanted);
    const rows = [];
    for (let i = 0; i < cloud.n; i++) if (fits(values[i])) rows.push(cloud.rows[i]);
    return {rows, error: null};
  }

  function Search({search, onSearch, hits, cloud, columns, onPick, onHover}) {
    const {text, isRegex, column} = search;
    const isSample = cloud && cloud.n < cloud.total;
    return h(
      "section",
      null,
      h("h3", null, "Search"),
      h(
        "div",
        {className: "pj-search"},
        h("input", {
          className: hits.error ? "field bad" : "field", type: "search", placeholder: isRegex ? "Regular expression" : "Label contains …", value: text,
          "aria-label": "Search points by label", onChange: (event) => onSearch({...search, text: event.target.value}),
        }),
        h(
          "button",
          {type: "button", className: "button", "aria-pressed": isRegex, title: "As a regular expression", "aria-label": "Regular expression",
            onClick: () => onSearch({...search, isRegex: !isRegex})},
          ".*"
        )
      ),
      columns.length > 1
        ? h(
            "label",
            {className: "pj-field"},
            "in",
            h(
              "select",
              {className: "field", value: column || columns[0], onChange: (event) => onSearch({...search, column: event.target.value})},
              columns.map((name) => h("option", {key: name, value: name}, name))
            )
          )
        : null,
      hits.error ? h("p", {className: "field-error"}, hits.error) : null,
      text && !hits.error
        ? h("p", {className: "pj-note", role: "status"}, `${tb.format.step(hits.rows.length)} found` + (isSample ? ` among the ${tb.format.step(cloud.n)} shown` : ""))
        : null,
      hits.rows.length
        ? h(
            "ul",
            {className: "pj-hits"},
            hits.rows.slice(0, LISTED).map((row) =>
              h(
                "li",
                {key: row},
                h("button", {type: "button", onClick: () => onPick(row), onPointerEnter: () => onHover(row), onPointerLeave: () => onHover(-1),
                  onFocus: () => onHover(row), onBlur: () => onHover(-1)}, own.textOf(cloud, column, cloud.indexOf.get(row)), h("small", null, `row ${row}`))
              )
            )
          )
        : null
    );
  }

  function Picture({sprite, row}) {
    const ref = React.useRef(null);
    React.useEffect(() => {
      const {width, height} = sprite;
      const factor = Math.max(1, Math.floor(112 / Math.max(width, height)));
      Object.assign(ref.current, {width: width * factor, height: height * factor});
      const context = ref.current.getContext("2d");
      context.imageSmoothingEnabled = false;
      const [sx, sy] = [(row % sprite.columns) * width, Math.floor(row / sprite.columns) * height];
      context.drawImage(sprite.image, sx, sy, width, height, 0, 0, width * factor, height * factor);
    }, [sprite, row]);
    return h("canvas", {ref, className: "pj-picture", role: "img", "aria-label": `Picture of row ${row}`});
  }

  function Neighbours({found: near, run, several, onPick, onHover}) {
    if (!near) return h("p", {className: "pj-note"}, "finding neighbours …");
    if (near.error) return h("p", {className: "field-error", role: "alert"}, near.error);
    const most = Math.max(...near.distances, 1e-12);
    return h(
      React.Fragment,
      null,
      several ? h("h4", null, run) : null,
      h(
        "ol",
        {className: "pj-near"},
        near.rows.map((row, i) =>
          h(
            "li",
            {key: row},
            h(
              "button",
              {type: "button", onClick: () => onPick(row), onPointerEnter: () => onHover(row), onPointerLeave: () => onHover(-1), onFocus: () => onHover(row), onBlur: () => onHover(-1)},
              h("span", null, near.labels ? near.labels[i] : `row ${row}`),
              h("small", null, near.distances[i].toPrecision(3)),
              h("i", {style: {width: `${(near.distances[i] / most) * 94}%`}})
            )
          )
        )
      )
    );
  }

  function Point({row, panes, metric, count, onMetric, onCount, onPick, onHover, onIsolate}) {
    const {cloud, info, sprite} = panes[0];
    const i = cloud ? cloud.indexOf.get(row) : undefined;
    const facts = i === undefined ? [] : cloud.columns.map((name, c) => [name, cloud.labels[c][i]]);
    return h(
      "section",
      null,
      h(
        "div",
        {className: "pj-head"},
        h("h3", null, `Row ${tb.format.step(row)}`),
        h("button", {type: "button", className: "button", onClick: onIsolate, title: "Show only this point and its neighbours"}, "Isolate"),
        h("button", {type: "button", className: "button icon-button", "aria-label": "Let go of the point", title: "Let go (Escape)", onClick: () => onPick(-1)}, "✕")
      ),
      sprite ? h(Picture, {sprite, row}) : null,
      facts.length ? h("dl", null, facts.flatMap(([name, text]) => [h("dt", {key: name + "."}, name), h("dd", {key: name}, text)])) : null,
      info && i === undefined ? h("p", {className: "pj-note"}, "It is not in the sample that is shown; its neighbours are of all rows.") : null,
      h(
        "div",
        {className: "pj-choices"},
        h("h4", null, "Nearest in all dimensions"),
        h(
          "select",
          {className: "field", "aria-label": "Distance", value: metric, onChange: (event) => onMetric(event.target.value)},
          h("option", {value: "cosine"}, "cosine"),
          h("option", {value: "euclidean"}, "euclidean")
        ),
        h("input", {className: "field", type: "number", min: 1, max: 500, "aria-label": "How many neighbours", value: count,
          onChange: (event) => event.target.value > 0 && onCount(Math.min(500, Math.round(Number(event.target.value))))})
      ),
      panes.map((pane) => h(Neighbours, {key: pane.key, found: pane.near, run: pane.title, several: panes.length > 1, onPick, onHover}))
    );
  }

  function Selection({rows, cloud, colour, onIsolate, onClear, onPick, onHover}) {
    const at = cloud ? Math.max(0, cloud.columns.indexOf(colour)) : 0;
    const values = cloud && cloud.labels[at];
    const counts = new Map();
    for (const row of rows) {
      const text = values ? values[cloud.indexOf.get(row)] : undefined;
      if (text !== undefined) counts.set(text, (counts.get(text) || 0) + 1);
    }
    const parts = [...counts].sort((a, b) => b[1] - a[1]);
    const save = () => {
      const quoted = (text) => `"${String(text).replaceAll('"', '""')}"`;
      const lines = rows.map((row) => [row, ...cloud.labels.map((column) => quoted(column[cloud.indexOf.get(row)] ?? ""))].join(","));
      tb.kit.download("selection.csv", [["row", ...cloud.columns.map(quoted)].join(","), ...lines].join("\n") + "\n", "text/csv");
    };
    return h(
      "section",
      null,
      h(
        "div",
        {className: "pj-head"},
        h("h3", null, `${tb.format.step(rows.length)} selected`),
        h("button", {type: "button", className: "button", onClick: onIsolate}, "Isolate"),
        h("button", {type: "button", className: "button", onClick: save}, "CSV"),
        h("button", {type: "button", className: "button icon-button", "aria-label": "Clear the selection", title: "Clear", onClick: onClear}, "✕")
      ),
      parts.length && parts.length <= 30
        ? h("dl", null, parts.flatMap(([text, n]) => [h("dt", {key: text + "."}, text === "" ? "(empty)" : text), h("dd", {key: text}, tb.format.step(n))]))
        : h(
            "ul",
            {className: "pj-hits"},
            rows.slice(0, LISTED).map((row) =>
              h("li", {key: row}, h("button", {type: "button", onClick: () => onPick(row), onPointerEnter: () => onHover(row), onPointerLeave: () => onHover(-1)},
                own.textOf(cloud, colour, cloud.indexOf.get(row)), h("small", null, `row ${row}`)))
            )
          )
    );
  }

  Object.assign(own, {Colours, Search, Point, Selection, found});
})();
