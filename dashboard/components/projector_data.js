/* What the projector fetches: facts of an embedding, its projection with progress, labels, neighbours. */
(function () {
  "use strict";
  const tb = window.trainboard;
  const own = tb.projector;
  const {useRecovery} = tb.cardGroups;
  const POLL_MS = 500;
  const KEPT = 16;
  const clouds = new Map(); // "place and settings" -> cloud with its labels

  const DEFAULTS = {
    method: "pca", dims: 3, points: 10000, unit: false, metric: "euclidean", perplexity: 30, iterations: 1000, neighbours: 15, min_dist: 0.1,
  };
  const USED = {
    pca: ["points", "unit"],
    raw: ["points"],
    tsne: ["points", "unit", "dims", "metric", "perplexity", "iterations"],
    umap: ["points", "unit", "dims", "metric", "neighbours", "min_dist"],
  };

  /** The settings that a method has, for the server. */
  function settingsOf(spec) {
    const sent = {method: spec.method};
    for (const name of USED[spec.method]) sent[name] = spec[name];
    return sent;
  }

  /** Facts of the embedding at a place {run, tag, number}: {info, error}. */
  function useInfo(place) {
    const [state, setState] = React.useState({info: null, error: "", key: ""});
    const key = place ? JSON.stringify(place) : "";
    const retry = useRecovery(state.error !== "");
    React.useEffect(() => {
      if (!place) return undefined;
      const giveUp = new AbortController();
      const {run, tag, number} = place;
      tb.http.json("/api/projector?" + new URLSearchParams({run, tag, number}), undefined, {signal: giveUp.signal}).then(
        (info) => setState({info, error: "", key}),
        (error) => giveUp.signal.aborted || setState({info: null, error: error.message, key})
      );
      return () => giveUp.abort();
    }, [key, retry]);
    return state;
  }

  async function fetchCloud(place, method, id) {
    const {run, tag, number} = place;
    const query = new URLSearchParams({run, tag, number, projection: id});
    const [body, labels] = await Promise.all([
      tb.http.arrays(`/api/projection/${id}/points`),
      tb.http.json("/api/projector/labels?" + query),
    ]);
    const [rows, values] = body.arrays;
    const indexOf = new Map();
    rows.forEach((row, i) => indexOf.set(row, i));
    return {
      id, place, method, n: body.n, k: body.components, total: body.total, leftOut: body.left_out, explained: body.explained, notes: body.notes,
      rows, values, indexOf, columns: labels.columns, labels: labels.values,
    };
  }

  const cancelled = (id) => tb.http.json(`/api/projection/${id}/cancel`, {});
  const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  /**
   * The projection of the embedding at a place: {cloud, state, stage, progress, error, cancel, again}. While another
   * is computed the cloud before stays.
   */
  function useProjection(place, spec) {
    const {useEffect, useRef, useState} = React;
    const [told, setTold] = useState({state: "idle", stage: "", progress: 0, error: "", isLost: false, cloud: null});
    const [attempt, setAttempt] = useState(0);
    const retry = useRecovery(told.state === "failed" && told.isLost);
    const id = useRef("");
    const unwanted = useRef(false); // cancelled before it was known by an id
    const key = place ? JSON.stringify([place, settingsOf(spec)]) : "";
    useEffect(() => {
      if (!place) return undefined;
      let current = true;
      const tell = (patch) => current && setTold((before) => ({...before, ...patch}));
      const finish = (cloud) => {
        clouds.delete(key);
        clouds.set(key, cloud);
        if (clouds.size > KEPT) clouds.delete(clouds.keys().next().value);
        tell({state: "done", error: "", cloud});
      };
      const follow = async () => {
        id.current = "";
        unwanted.current = false;
        tell({state: "running", stage: "", progress: 0, error: "", isLost: false});
        let job = await tb.http.json("/api/projection", {...place, ...settingsOf(spec)});
        if (!current) return;
        id.current = job.id;
        if (unwanted.current) job = await cancelled(job.id);
        while (current && (job.state === "waiting" || job.state === "running")) {
          tell(job);
          await later(POLL_MS);
          if (current) job = await tb.http.json("/api/projection/" + job.id, undefined, {quiet: true});
        }
        if (!current) return;
        if (job.state === "done") finish(await fetchCloud(place, spec.method, job.id));
        else tell({state: job.state, error: job.error});
      };
      if (clouds.has(key)) finish(clouds.get(key));
      else {
        // Without a status no server answered; after a restart it knows no projection that was under way.
        follow().catch((error) => tell({state: "failed", error: error.message, isLost: !error.status || error.status === 404}));
      }
      return () => void (current = false);
    }, [key, attempt, retry]);
    return {
      ...told,
      cancel() {
        unwanted.current = true;
        if (id.current) cancelled(id.current).catch((error) => tb.kit.toast(error.message, {bad: true}));
      },
      again: () => setAttempt((n) => n + 1),
    };
  }

  /** The exact neighbours of a row: {rows, distances, labels, error}, null while unknown. */
  function useNeighbours(place, row, count, metric) {
    const [found, setFound] = React.useState(null);
    const key = place && row >= 0 ? JSON.stringify([place, row, count, metric]) : "";
    const retry = useRecovery(found !== null && found.error !== "");
    React.useEffect(() => {
      setFound(null);
      if (!key) return undefined;
      const giveUp = new AbortController();
      const {run, tag, number} = place;
      const query = new URLSearchParams({run, tag, number, row, count, metric});
      tb.http.json("/api/projector/neighbours?" + query, undefined, {signal: giveUp.signal}).then(
        (answer) => setFound({...answer, error: ""}),
        (error) => giveUp.signal.aborted || setFound({rows: [], distances: [], labels: null, error: error.message})
      );
      return () => giveUp.abort();
    }, [key, retry]);
    return found;
  }

  /** The sheet of pictures of an embedding as it is drawn from, null without one or until it is here. */
  function useSprite(info) {
    const [sprite, setSprite] = React.useState(null);
    const digest = info && info.sprite;
    React.useEffect(() => {
      setSprite(null);
      if (!digest) return undefined;
      let current = true;
      const image = new Image();
      const [width, height] = info.sprite_size;
      image.onload = () => current && setSprite({digest, image, width, height, columns: Math.max(1, Math.floor(image.naturalWidth / width))});
      image.src = tb.http.url("/api/blob/" + digest);
      return () => void (current = false);
    }, [digest]);
    return sprite;
  }

  Object.assign(own, {DEFAULTS, USED, settingsOf, useInfo, useProjection, useNeighbours, useSprite});
})();
