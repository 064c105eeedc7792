/** Owns one HLS address in hls.js: its settings, its qualities, its failures, how far behind it is. */

import { possible, qualitiesOf } from "./hls-qualities.js";

/** @import {Quality} from "./hls-qualities.js" */
/** @import {Engine, EngineEvents, EngineOptions} from "./stream-rung.js" */
/** @import {StreamQuality} from "./types.js" */

// Segments between the edge and what plays. Measured with 1 s segments: 1 → 2.3 s behind, 3 → 4.2 s.
const SEGMENTS = { low: 1, smooth: 3 };
const CATCH_UP_RATE = 1.1;
const LEAST_STALL_MS = 2_000;
// Whoever plays this long without a new segment would have run dry with the usual ones.
const PROVEN_AFTER_MS = 3_000;
/** What this page's connection brought last, in bit/s; the first time hls.js takes it to bear the source. */
let bandwidth = 0;

/** Our own server answers at once or not at all, and the rung tries again by itself. @param {number} withinMs */
function patience(withinMs) {
  const retry = { maxNumRetry: 2, retryDelayMs: 300, maxRetryDelayMs: 1_000 };
  return {
    default: { maxTimeToFirstByteMs: withinMs, maxLoadTimeMs: withinMs * 3, timeoutRetry: retry, errorRetry: retry },
  };
}

/** @implements {Engine} */
export class HlsEngine {
  key = this;
  bytes = 0;
  codec = "";
  several = false;
  /** @type {Quality[]} */
  qualities = [];
  /** @type {StreamQuality} */
  #wish;
  /** The playlist of sound alone, which hls.js leaves out beside pictures. */
  #soundOnly = false;
  #lib;
  #options;
  #events;
  /** @type {any} */
  #hls = null;
  #segmentSecs = 1;
  /** @type {number | null} */
  #firstEnd = null;
  #newer = false;
  #playingSinceMs = 0;

  /**
   * @param {any} lib Hls
   * @param {EngineOptions} options
   * @param {EngineEvents} events
   */
  constructor(lib, options, events) {
    this.#lib = lib;
    this.#options = options;
    this.#events = events;
    this.#wish = options.quality;
  }

  /** @param {HTMLVideoElement} video */
  attach(video) {
    const Hls = this.#lib;
    const hls = new Hls({
      enableWorker: false,
      lowLatencyMode: false,
      liveSyncDurationCount: SEGMENTS[this.#options.delay],
      liveMaxLatencyDurationCount: SEGMENTS[this.#options.delay] + 4,
      maxLiveSyncPlaybackRate: CATCH_UP_RATE,
      liveDurationInfinity: true,
      backBufferLength: 10,
      // Of several qualities no larger one than the player has pixels for.
      capLevelToPlayerSize: true,
      // Half as much counts after 1 s of loading (usual: 3): there is hardly more than that in the buffer.
      abrEwmaFastLive: 1,
      ...(bandwidth > 0 ? { abrEwmaDefaultEstimate: bandwidth } : {}),
      autoStartLoad: this.#wish !== "audio",
      manifestLoadPolicy: patience(3_000),
      playlistLoadPolicy: patience(3_000),
      fragLoadPolicy: patience(5_000),
    });
    this.#hls = hls;
    const { ERROR, LEVEL_UPDATED, FRAG_LOADED, BUFFER_CODECS, MANIFEST_PARSED, MANIFEST_LOADED } = Hls.Events;
    hls.on(MANIFEST_PARSED, () => this.#gotLevels());
    hls.on(MANIFEST_LOADED, (/** @type {string} */ _, /** @type {any} */ { levels }) => this.#gotMaster(levels));
    hls.on(ERROR, (/** @type {string} */ _, /** @type {any} */ data) => {
      const status = data.response?.code;
      const url = `${data.networkDetails?.responseURL ?? ""} ${data.response?.url ?? data.url ?? ""}`;
      if (url.includes("/ladder/")) this.several = true;
      // One quality that is gone means that all are: they are made and taken away together.
      const gone = status === 404 && this.several && /LoadError$/.test(data.details) && !data.frag;
      if (!data.fatal && !gone) return;
      this.#events.failed(status > 0 ? `http_${status}` : String(data.details));
    });
    hls.on(LEVEL_UPDATED, (/** @type {string} */ _, /** @type {any} */ { details }) => this.#gotPlaylist(details));
    hls.on(FRAG_LOADED, (/** @type {string} */ _, /** @type {any} */ { frag }) => void (this.bytes += frag.stats.total));
    hls.on(BUFFER_CODECS, (/** @type {string} */ _, /** @type {any} */ tracks) => {
      this.codec = tracks.video?.codec ?? tracks.audiovideo?.codec ?? "";
    });
    video.addEventListener("playing", () => (this.#playingSinceMs ||= performance.now()), { once: true });
    hls.attachMedia(video);
    hls.loadSource(this.#options.url);
  }

  detach() {
    const hls = this.#hls;
    this.#hls = null;
    if (hls === null) return;
    if (this.proven && hls.bandwidthEstimate > 0) bandwidth = hls.bandwidthEstimate;
    hls.destroy();
  }

  /** Which quality is on the screen. @returns {StreamQuality | null} */
  get plays() {
    if (this.#soundOnly) return "audio";
    const hls = this.#hls;
    const level = hls?.levels[hls.currentLevel];
    return this.qualities.find(({ url }) => url === level?.uri)?.name ?? null;
  }

  /**
   * What is buffered still plays, so that nothing stops; the next segment is of the other quality.
   * @param {StreamQuality} wish
   */
  choose(wish) {
    const before = this.#wish;
    this.#wish = wish;
    // Sound alone is another playlist.
    if ((before === "audio") !== (wish === "audio")) return false;
    this.#apply();
    return true;
  }

  /** A picture comes in segments, so its silence may last as long as one. */
  get stallMs() {
    return Math.max(LEAST_STALL_MS, this.#segmentSecs * 1_500);
  }

  /** A stopped stream still has segments to play; only a new one shows that it goes on. */
  get proven() {
    return this.#newer || (this.#playingSinceMs > 0 && performance.now() - this.#playingSinceMs > PROVEN_AFTER_MS);
  }

  /** What hls.js knows, and half a segment: so long, on average, the newest one waits to be seen in the playlist. */
  get latencyMs() {
    return Math.max(0, (this.#hls?.latency ?? 0) * 1000) + this.#segmentSecs * 500;
  }

  /** All that the master lists, which hls.js tells last. @param {any[]} levels */
  #gotMaster(levels) {
    if (this.#soundOnly) return;
    this.qualities = qualitiesOf(levels);
    this.several ||= this.qualities.length > 0;
    if (this.#wish !== "audio") return;
    const sound = this.qualities.find(({ name }) => name === "audio");
    this.#soundOnly = sound !== undefined;
    const hls = this.#hls;
    queueMicrotask(() => {
      if (this.#hls !== hls) return;
      if (sound) hls.loadSource(sound.url);
      hls.startLoad();
    });
  }

  /** Before the first of them is loaded. */
  #gotLevels() {
    if (this.#soundOnly) return;
    this.qualities = qualitiesOf(this.#hls.levels.map((/** @type {any} */ { uri, width, height }) => ({ url: uri, width, height })));
    if (this.#wish !== "auto") this.#apply();
    else if (this.#options.least && this.qualities.length > 0) this.#hls.autoLevelCapping = 0;
  }

  #apply() {
    const hls = this.#hls;
    if (hls === null || this.#soundOnly || this.qualities.length === 0) return;
    const wish = possible(this.qualities, this.#wish);
    const wished = this.qualities.find(({ name }) => name === wish);
    hls.loadLevel = hls.levels.findIndex((/** @type {any} */ { uri }) => uri === wished?.url);
  }

  /** @param {any} details */
  #gotPlaylist(details) {
    this.#segmentSecs = details.targetduration || 1;
    this.#firstEnd ??= details.endSN;
    if (details.endSN !== this.#firstEnd) this.#newer = true;
  }
}
