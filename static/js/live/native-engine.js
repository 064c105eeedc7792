/** Owns HLS where the browser plays it by itself and has no Media Source Extensions: iPhones. */

/** @import {Engine, EngineEvents, EngineOptions} from "./stream-rung.js" */

/** @implements {Engine} */
export class NativeEngine {
  key = this;
  // It buffers as it likes, so a short silence says nothing.
  stallMs = 6_000;
  proven = true;
  bytes = 0;
  codec = "";
  #options;
  #events;
  /** @type {HTMLVideoElement | null} */
  #video = null;
  #failed = () => this.#events.failed(`media_${this.#video?.error?.code ?? 0}`);
  #ended = () => this.#events.failed("closed");

  /**
   * @param {EngineOptions} options
   * @param {EngineEvents} events
   */
  constructor(options, events) {
    this.#options = options;
    this.#events = events;
  }

  /** @param {HTMLVideoElement} video */
  attach(video) {
    this.#video = video;
    video.addEventListener("error", this.#failed);
    video.addEventListener("ended", this.#ended);
    video.src = this.#options.url;
  }

  detach() {
    const video = this.#video;
    this.#video = null;
    if (video === null) return;
    video.removeEventListener("error", this.#failed);
    video.removeEventListener("ended", this.#ended);
    video.removeAttribute("src");
    video.load();
  }

  get latencyMs() {
    const { seekable, currentTime } = this.#video ?? {};
    if (!seekable || seekable.length === 0) return 0;
    return Math.max(0, seekable.end(seekable.length - 1) - (currentTime ?? 0)) * 1000;
  }
}

export function playsHlsItself() {
  return document.createElement("video").canPlayType("application/vnd.apple.mpegurl") !== "";
}
