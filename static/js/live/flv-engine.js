/** Owns one HTTP-FLV connection in mpegts.js: its settings, its failures, how far behind it is. */

/** @import {Engine, EngineEvents, EngineOptions} from "./stream-rung.js" */

// [target, highest] seconds of buffer. Measured: 0.5/0.9 plays about half a second behind a good encoder.
const BUFFER_SECS = { low: [0.5, 0.9], smooth: [1.5, 2.5] };
// Faster than this is heard.
const CATCH_UP_RATE = 1.1;
// What is further behind (the group of pictures it began with, a tab that slept) is jumped over, not caught up with.
const JUMP_OVER_SECS = { low: 2.5, smooth: 5 };
const EDGE_EVERY_MS = 250;

/** @implements {Engine} */
export class FlvEngine {
  key = this;
  stallMs = 1_000;
  proven = true;
  codec = "";
  #lib;
  #options;
  #events;
  /** @type {any} */
  #player = null;
  /** @type {HTMLVideoElement | null} */
  #video = null;
  #edgeTimer = 0;
  #jumpedMs = 0;
  #bytes = 0;
  #bytesPerMs = 0;
  #countedMs = 0;

  /**
   * @param {any} lib mpegts
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
    const lib = this.#lib;
    lib.LoggingControl.enableAll = false;
    const [target, highest] = BUFFER_SECS[this.#options.delay];
    const player = lib.createPlayer(
      { type: "flv", isLive: true, url: this.#options.url },
      {
        // Its worker comes from a blob:, which the CSP refuses without a word.
        enableWorker: false,
        enableStashBuffer: false,
        lazyLoad: false,
        liveSync: true,
        liveSyncTargetLatency: target,
        liveSyncMaxLatency: highest,
        liveSyncPlaybackRate: CATCH_UP_RATE,
        autoCleanupSourceBuffer: true,
        autoCleanupMaxBackwardDuration: 30,
        autoCleanupMinBackwardDuration: 10,
      },
    );
    this.#player = player;
    this.#video = video;
    const { ERROR, LOADING_COMPLETE, STATISTICS_INFO, MEDIA_INFO } = lib.Events;
    player.on(ERROR, (/** @type {string} */ kind, /** @type {string} */ detail, /** @type {any} */ info) => {
      this.#events.failed(info?.code > 0 ? `http_${info.code}` : `${kind} ${detail}`);
    });
    player.on(LOADING_COMPLETE, () => this.#events.failed("closed"));
    player.on(STATISTICS_INFO, (/** @type {any} */ { speed }) => this.#count(speed));
    player.on(MEDIA_INFO, (/** @type {any} */ { videoCodec }) => void (this.codec = videoCodec ?? ""));
    player.attachMediaElement(video);
    player.load();
    this.#edgeTimer = setInterval(() => this.#keepUp(), EDGE_EVERY_MS);
  }

  detach() {
    clearInterval(this.#edgeTimer);
    const player = this.#player;
    this.#player = this.#video = null;
    player?.destroy();
  }

  /** The library tells a speed now and then; between two times it is taken to hold. */
  get bytes() {
    const sinceMs = this.#countedMs > 0 ? Math.min(1_000, performance.now() - this.#countedMs) : 0;
    return this.#bytes + this.#bytesPerMs * sinceMs;
  }

  get latencyMs() {
    return behindSecs(this.#video) * 1000;
  }

  /** @param {number} speed KiB/s */
  #count(speed) {
    this.#bytes = this.bytes;
    this.#bytesPerMs = (speed ?? 0) * 1.024;
    this.#countedMs = performance.now();
  }

  #keepUp() {
    const video = this.#video;
    if (video === null || video.paused || video.buffered.length === 0) return;
    const nowMs = performance.now();
    // A jump is decoded from its keyframe on; until that is done the next one would only cost more.
    if (nowMs - this.#jumpedMs < 2_000 || behindSecs(video) < JUMP_OVER_SECS[this.#options.delay]) return;
    this.#jumpedMs = nowMs;
    this.#player.currentTime = video.buffered.end(video.buffered.length - 1) - BUFFER_SECS[this.#options.delay][0];
  }
}

/** @param {HTMLVideoElement | null} video */
function behindSecs(video) {
  if (video === null || video.buffered.length === 0) return 0;
  return Math.max(0, video.buffered.end(video.buffered.length - 1) - video.currentTime);
}
