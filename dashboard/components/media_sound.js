/* A sound as a player with its waveform: where the pointer clicks, it plays on. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const h = (...args) => React.createElement(...args);
  const MOST_BYTES = 24 << 20; // of an encoded file; minutes of sound decode to hundreds of megabytes
  const PEAKS = 800;
  const KEPT = 60;
  const HEIGHT = 64;
  const cache = new Map(); // sha256 -> Promise of {low, high} or null

  /** The lowest and highest sample of each of `n` equal stretches, all channels together. */
  function peaksOf(channels, n) {
    const length = channels[0].length;
    const count = Math.max(1, Math.min(n, length));
    const low = new Float32Array(count);
    const high = new Float32Array(count);
    for (let k = 0; k < count; k++) {
      const [start, stop] = [Math.floor((k * length) / count), Math.max(Math.floor(((k + 1) * length) / count), Math.floor((k * length) / count) + 1)];
      let [lowest, highest] = [Infinity, -Infinity];
      for (const samples of channels) {
        for (let i = start; i < stop && i < length; i++) {
          if (samples[i] < lowest) lowest = samples[i];
          if (samples[i] > highest) highest = samples[i];
        }
      }
      low[k] = lowest;
      high[k] = highest;
    }
    return {low, high};
  }

  async function decoded(sha256) {
    const response = await fetch(tb.media.address(sha256));
    if (!response.ok || Number(response.headers.get("content-length") || 0) > MOST_BYTES) return null;
    const content = await response.arrayBuffer();
    if (content.byteLength > MOST_BYTES) return null;
    const sound = await new OfflineAudioContext(1, 1, 44100).decodeAudioData(content);
    return peaksOf(Array.from({length: sound.numberOfChannels}, (_, i) => sound.getChannelData(i)), PEAKS);
  }

  function peaks(sha256) {
    if (!cache.has(sha256)) {
      // A file that does not decode still has its player.
      cache.set(sha256, decoded(sha256).catch(() => null));
      if (cache.size > KEPT) cache.delete(cache.keys().next().value);
    }
    return cache.get(sha256);
  }

  function paint(canvas, {low, high}, colour, played) {
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    context.fillStyle = tb.theme.css("--grid");
    context.fillRect(0, height / 2 - 0.5, width, 1);
    const loudest = Math.max(0.05, ...high.map(Math.abs), ...low.map(Math.abs));
    const middle = height / 2;
    context.fillStyle = colour;
    for (let x = 0; x < width; x++) {
      const k = Math.min(low.length - 1, Math.floor((x / width) * low.length));
      context.globalAlpha = x / width <= played ? 1 : 0.45;
      const [top, bottom] = [middle - (high[k] / loudest) * (middle - 2), middle - (low[k] / loudest) * (middle - 2)];
      context.fillRect(x, Math.min(top, middle - 0.5), 1, Math.max(1, bottom - top));
    }
  }

  tb.SoundPlayer = function ({facts, step, tag, run, near}) {
    const {useEffect, useRef, useState} = React;
    const canvas = useRef(null);
    const sound = useRef(null);
    const [shape, setShape] = useState(null);
    const [failed, setFailed] = useState(false);
    tb.useUpdates((news) => Boolean(news.theme || news.shown));
    const src = tb.media.address(facts.sha256);
    const colour = tb.runs.color(run.name);
    const theme = tb.theme.current();
    useEffect(() => setFailed(false), [src]);
    useEffect(() => {
      let current = true;
      if (near) peaks(facts.sha256).then((found) => current && setShape(found));
      return () => void (current = false);
    }, [facts.sha256, near]);
    useEffect(() => tb.mediaPlayers.joined(sound.current), []);
    useEffect(() => {
      const [element, node] = [sound.current, canvas.current];
      if (!shape || !node) return undefined;
      let frame = null;
      const draw = () => {
        frame = null;
        if (node.clientWidth) paint(node, shape, colour, element.duration ? element.currentTime / element.duration : 0);
        if (!element.paused && !element.ended) frame = requestAnimationFrame(draw);
      };
      const again = () => (frame === null ? draw() : undefined);
      const events = ["play", "pause", "seeked", "ended", "loadedmetadata"];
      events.forEach((name) => element.addEventListener(name, again));
      const sizes = new ResizeObserver(again);
      sizes.observe(node);
      return () => {
        cancelAnimationFrame(frame);
        sizes.disconnect();
        events.forEach((name) => element.removeEventListener(name, again));
      };
    }, [shape, colour, theme]);
    const seek = (event) => {
      const {left, width} = canvas.current.getBoundingClientRect();
      const element = sound.current;
      const to = (event.clientX - left) / width;
      const go = () => (element.currentTime = to * element.duration);
      if (element.duration) go();
      else {
        element.addEventListener("loadedmetadata", go, {once: true});
        element.load();
      }
    };
    return h("div", {className: "media-sound"},
      h("canvas", {
        ref: canvas, className: "media-wave", style: {height: HEIGHT}, role: "img", "aria-label": `Waveform of ${tag}, run ${run.title}, step ${step}`, onClick: seek,
      }),
      h("audio", {
        ref: sound, src, controls: true, preload: "metadata", onError: () => setFailed(true), "aria-label": `${tag}, run ${run.title}, step ${step}`,
      }),
      failed ? h("p", {className: "media-message", role: "alert"}, "This browser cannot play the sound.") : null);
  };
  tb.SoundPlayer.peaksOf = peaksOf;
})();
