/** Owns one HLS playlist in hls.js: its settings, its failures, how far behind it is. */

/** @import {Engine, EngineEvents, EngineOptions} from "./stream-rung.js" */

// Segments between the edge and what plays. Measured with 1 s segments: 1 → 2.3 s behind, 3 → 4.2 s.
const SEGMENTS = { low: 1, smooth: 3 };
const CATCH_UP_RATE = 1.1;
const LEAST_STALL_MS = 2_000;
// Whoever plays this long without a new segment would have run dry with the usual ones.
const PROVEN_AFTER_MS = 3_000;

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
      manifestLoadPolicy: patience(3_000),
      playlistLoadPolicy: patience(3_000),
      fragLoadPolicy: patience(5_000),
    });
    this.#hls = hls;
    const { ERROR, LEVEL_UPDATED, FRAG_LOADED, BUFFER_CODECS } = Hls.Events;
    hls.on(ERROR, (/** @type {string} */ _, /** @type {any} */ data) => {
      if (!data.fatal) return;
      const status = data.response?.code;
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
    hls?.destroy();
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

  /** @param {any} details */
  #gotPlaylist(details) {
    this.#segmentSecs = details.targetduration || 1;
    this.#firstEnd ??= details.endSN;
    if (details.endSN !== this.#firstEnd) this.#newer = true;
  }
}
