/* A GIF as a player: frame by frame where the browser can take it apart, as it moves by itself elsewhere. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const h = (...args) => React.createElement(...args);
  const MOST_FRAME_PIXELS = 60_000_000; // all frames together, in memory
  const KEPT = 24;
  const cache = new Map(); // sha256 -> Promise of [{bitmap, seconds}] or null

  async function decoded(sha256, facts) {
    // Only where the page came over https or from this machine; elsewhere browsers have no ImageDecoder.
    if (!window.ImageDecoder || facts.width * facts.height * facts.n_frames > MOST_FRAME_PIXELS) return null;
    const data = await (await fetch(tb.media.address(sha256))).arrayBuffer();
    const decoder = new ImageDecoder({data, type: "image/gif"});
    await decoder.tracks.ready;
    const frames = [];
    for (let frameIndex = 0; frameIndex < decoder.tracks.selectedTrack.frameCount; frameIndex++) {
      const {image} = await decoder.decode({frameIndex});
      frames.push({bitmap: await createImageBitmap(image), seconds: Math.max(0.02, (image.duration || 100_000) / 1e6)});
      image.close();
    }
    decoder.close();
    return frames;
  }

  function framesOf(facts) {
    if (!cache.has(facts.sha256)) {
      cache.set(facts.sha256, decoded(facts.sha256, facts).catch(() => null));
      if (cache.size > KEPT) cache.delete(cache.keys().next().value);
    }
    return cache.get(facts.sha256);
  }

  tb.GifPlayer = function ({facts, step, tag, run, near}) {
    const {useEffect, useRef, useState} = React;
    const canvas = useRef(null);
    const [frames, setFrames] = useState(undefined); // null: the browser cannot
    const [at, setAt] = useState(0);
    const [playing, setPlaying] = useState(false);
    useEffect(() => {
      let current = true;
      if (near) framesOf(facts).then((found) => current && (setFrames(found), setAt((k) => (found ? Math.min(k, found.length - 1) : 0))));
      return () => void (current = false);
    }, [facts.sha256, near]);
    const frame = frames && frames[Math.min(at, frames.length - 1)];
    useEffect(() => {
      if (!frame) return;
      Object.assign(canvas.current, {width: frame.bitmap.width, height: frame.bitmap.height});
      canvas.current.getContext("2d").drawImage(frame.bitmap, 0, 0);
    }, [frame]);
    useEffect(() => {
      if (!playing || !frame || !near) return undefined;
      const timer = setTimeout(() => setAt((k) => (k + 1) % frames.length), frame.seconds * 1000);
      return () => clearTimeout(timer);
    }, [playing, frame, near]);
    const player = useRef({}).current;
    const state = useRef(null);
    state.current = frames;
    useEffect(() => {
      Object.assign(player, {
        play: () => setPlaying(true),
        pause: () => setPlaying(false),
        seek(seconds) {
          let [left, k] = [seconds, 0];
          const list = state.current || [];
          while (k < list.length - 1 && left >= list[k].seconds) left -= list[k++].seconds;
          setAt(k);
        },
      });
      tb.mediaPlayers.players.add(player);
      return () => tb.mediaPlayers.players.delete(player);
    }, []);
    const seconds = (k) => frames.slice(0, k).reduce((sum, one) => sum + one.seconds, 0);
    const go = (k) => {
      setAt(k);
      tb.mediaPlayers.together(player, (other) => other.seek(seconds(k) + 1e-6));
    };
    const toggle = () => {
      setPlaying(!playing);
      tb.mediaPlayers.together(player, (other) => (playing ? other.pause() : (other.seek(seconds(at) + 1e-6), other.play())));
    };
    const title = `${tag}, run ${run.title}, step ${step}`;
    const ratio = facts.width ? {aspectRatio: `${facts.width} / ${facts.height}`} : {};
    if (frames === null) return h("img", {src: tb.media.address(facts.sha256), alt: title, loading: "lazy", className: "media-pixels", style: ratio});
    return h("div", {className: "media-clip"},
      h("canvas", {ref: canvas, className: "media-pixels", style: ratio, role: "img", "aria-label": title}),
      frames
        ? h("div", {className: "media-transport"},
            h("button", {type: "button", className: "button icon-button", "aria-label": playing ? "Pause" : "Play", title: playing ? "Pause" : "Play", onClick: toggle}, playing ? "❚❚" : "▶"),
            h("input", {
              type: "range", min: 0, max: frames.length - 1, value: Math.min(at, frames.length - 1), "aria-label": `Frame of ${title}`,
              onChange: (event) => go(Number(event.target.value)),
            }),
            h("span", null, `${Math.min(at, frames.length - 1) + 1} / ${frames.length}`))
        : null);
  };
})();
