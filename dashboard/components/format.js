/* Numbers, steps and times as people read them. */
(function () {
  "use strict";
  const integers = new Intl.NumberFormat("en-US", {maximumFractionDigits: 0});

  function value(v) {
    if (v === null || v === undefined) return "";
    if (Number.isNaN(v)) return "NaN";
    if (!Number.isFinite(v)) return v > 0 ? "+Inf" : "−Inf";
    const size = Math.abs(v);
    if (v === 0) return "0";
    if (size >= 1e6 || size < 1e-4) return v.toExponential(3).replace("e+", "e").replace("-", "−");
    const text = size >= 1000 ? v.toFixed(1) : v.toPrecision(4);
    return text.replace(/^-/, "−");
  }

  const step = (v) => integers.format(v);

  function duration(seconds) {
    const sign = seconds < 0 ? "−" : "";
    const s = Math.abs(seconds);
    if (s < 1) return sign + Math.round(s * 1000) + " ms";
    if (s < 60) return sign + Number(s.toFixed(s < 10 ? 1 : 0)) + " s";
    const pad = (n) => String(n).padStart(2, "0");
    const minutes = Math.floor(s / 60);
    if (minutes < 60) return `${sign}${minutes}m ${pad(Math.floor(s % 60))}s`;
    const hours = Math.floor(minutes / 60);
    if (hours < 48) return `${sign}${hours}h ${pad(minutes % 60)}m`;
    return `${sign}${Math.floor(hours / 24)}d ${pad(hours % 24)}h`;
  }

  const time = (seconds) =>
    new Date(seconds * 1000).toLocaleString(undefined, {
      month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
    });

  window.trainboard.format = {value, step, duration, time};
})();
