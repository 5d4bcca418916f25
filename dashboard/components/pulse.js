/* Signs of life of the runs that are being logged: when each was last heard of. */
(function () {
  "use strict";
  const tb = window.trainboard;
  let beats = {};
  let behind = 0; // seconds by which this browser's clock is ahead of the server's

  tb.pulse = {
    /** Asks anew; a Promise. */
    async load() {
      const answer = await tb.http.json("/api/pulse", undefined, {quiet: true});
      beats = answer.runs;
      behind = Date.now() / 1000 - answer.time;
    },
    /** When the run was last heard of, in seconds since the epoch by this browser's clock; undefined if it does not run. */
    of: (name) => (name in beats ? beats[name] + behind : undefined),
  };
})();
