/* What the machine's metrics are called, in which unit, of which resource: from their tags. No DOM. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const PREFIX = "system/";
  // What is read first comes first.
  const KNOWN = {
    cpu_percent: ["Processor", "all cores"],
    process_cpu_percent: ["Processor", "this process"],
    memory_used_percent: ["Memory", "in use"],
    process_memory_mb: ["Memory", "this process"],
    disk_read_mb_per_s: ["Disk", "read"],
    disk_write_mb_per_s: ["Disk", "written"],
    network_received_mb_per_s: ["Network", "received"],
    network_sent_mb_per_s: ["Network", "sent"],
  };
  const OF_GPU = {utilisation_percent: "utilisation", memory_used_mb: "memory in use", temperature_celsius: "temperature", power_watts: "power"};
  // Of these a hundred is all there is. A process may use several processors, each a hundred.
  const SHARES = /(^|[./])(cpu_percent|memory_used_percent|utilisation_percent)$/;
  const UNITS = [["_mb_per_s", "MB/s"], ["_percent", "%"], ["_mb", "MB"], ["_celsius", "°C"], ["_watts", "W"]];
  const RESOURCES = ["Processor", "Memory", "GPU", "Disk", "Network", "Other"];
  const order = new Map([...Object.keys(KNOWN), ...Object.keys(OF_GPU)].map((name, at) => [name, at]));
  const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

  /**
   * {tag, section, resource, name, title, unit, isShare} of a tag below "system/", null of any other: `name`
   * stands alone, `title` over a chart in its section; of a share a hundred percent is all.
   */
  function describe(tag) {
    if (!tag.startsWith(PREFIX)) return null;
    const rest = tag.slice(PREFIX.length);
    const [ending, unit] = UNITS.find(([end]) => rest.endsWith(end)) || ["", ""];
    const gpu = /^gpu[./]?(\d+)[./](.+)$/.exec(rest);
    const [section, what] = gpu ? [`GPU ${gpu[1]}`, OF_GPU[gpu[2]] || spoken(gpu[2], ending)] : KNOWN[rest] || ["Other", spoken(rest, ending)];
    const resource = gpu ? "GPU" : section;
    const name = section === "Other" ? capital(what) : `${section}, ${what}`;
    const title = (gpu ? name : capital(what)) + (unit ? ` (${unit})` : "");
    return {tag, section, resource, name, title, unit, isShare: SHARES.test(rest)};
  }

  const spoken = (name, ending) => (ending ? name.slice(0, -ending.length) : name).replaceAll("_", " ");

  /** All of the machine's metrics among the tags, by resource, the devices in their order. */
  function all(tags) {
    const found = [...tags].map(describe).filter(Boolean);
    const place = ({tag}) => order.get(tag.slice(PREFIX.length).replace(/^gpu[./]?\d+[./]/, "")) ?? order.size;
    return found.sort((a, b) => RESOURCES.indexOf(a.resource) - RESOURCES.indexOf(b.resource) || tb.naturally(a.section, b.section) || place(a) - place(b) || tb.naturally(a.tag, b.tag));
  }

  /** A value with its unit, gigabytes from a thousand megabytes on. */
  function value(v, unit) {
    if (!Number.isFinite(v)) return tb.format.value(v);
    if (unit === "MB" || unit === "MB/s") {
      const big = Math.abs(v) >= 1000;
      const n = big ? v / 1000 : v;
      return `${n >= 100 ? Math.round(n) : n.toFixed(1)} ${big ? unit.replace("MB", "GB") : unit}`;
    }
    if (unit === "%") return `${v >= 10 ? Math.round(v) : v.toFixed(1)} %`;
    return unit ? `${Math.round(v)} ${unit}` : tb.format.value(v);
  }

  tb.machine = {PREFIX, describe, all, value};
})();
