/* What to paste into a script so that there is something to look at. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const {createElement: h} = React;

  function examples() {
    const run = tb.exampleRun();
    const logdir = JSON.stringify(JSON.parse(run).replace(/\/my-run$/, ""));
    return [
      ["Any loop", "One line at the start, one a step.", [
        "import summaries", "", `with summaries.init(${logdir}, name="my-run") as run:`, "    for step in range(1000):",
        '        run.log({"train/loss": 1 / (step + 1)}, step=step)',
      ]],
      ["A SummaryWriter", "Code for torch or tensorboardX changes its import.", [
        "from summaries import SummaryWriter", "", `with SummaryWriter(${run}) as writer:`, "    for step in range(1000):",
        '        writer.add_scalar("train/loss", 1 / (step + 1), step)',
      ]],
      ["TensorFlow 1 style", "A graph, a session, a FileWriter.", [
        "import engine as tf", "", 'x = tf.placeholder(tf.float32, name="x")', 'tf.summary.scalar("train/loss", 1.0 / (x + 1.0))', "merged = tf.summary.merge_all()",
        "with tf.Session() as sess:", `    writer = tf.summary.FileWriter(${run}, sess.graph)`, "    for step in range(1000):",
        "        writer.add_summary(sess.run(merged, {x: step}), step)", "    writer.close()",
      ]],
    ];
  }

  /** Three ways to begin, each with a button that copies it. */
  tb.FirstLines = function () {
    return h(
      "div", {className: "first-lines"},
      h("h2", null, "No runs here yet"),
      h("p", null, "Paste one of these into a script and start it. The page shows it as soon as it logs; nothing has to be reloaded."),
      h("div", {className: "first-cards"}, examples().map(([title, text, lines]) => h(
        "section", {key: title, "aria-label": title},
        h("div", {className: "first-head"}, h("h3", null, title), h("button", {type: "button", className: "button", "aria-label": `Copy: ${title}`, onClick: () => tb.kit.copy(lines.join("\n"))}, "Copy")),
        h("p", null, text),
        h("pre", {tabIndex: 0}, lines.join("\n"))
      ))),
      h("p", {className: "first-more"}, "TensorBoard's event files below this directory are shown as they are. Other trackers' records: ", h("code", null, "dashboard import FILE " + (tb.config.logdir || "logs")))
    );
  };
})();
