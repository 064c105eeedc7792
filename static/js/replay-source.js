/**
 * Owns where the video comes from: waits until the recording is ready, and takes a fresh URL when the old one no
 * longer serves (its token expires after some hours) and goes on at the same second.
 */

import { api, ApiError } from "./api.js";

/** @import {Shown} from "./replay.js" */

/**
 * @typedef {"ready" | "recording" | "processing" | "failed" | "gone" | "away" | "unplayable"} SourceState
 */

const ASK_EVERY_MS = 4_000;
const TRIES = 4;

export class ReplaySource {
  #video;
  #shown;
  #tell;
  #tries = 0;
  #timer = 0;

  /**
   * @param {HTMLVideoElement} video
   * @param {Shown} shown
   * @param {(state: SourceState, shown: Shown) => void} tell
   */
  constructor(video, shown, tell) {
    this.#video = video;
    this.#shown = shown;
    this.#tell = tell;
    video.addEventListener("error", () => this.#failed());
    video.addEventListener("timeupdate", () => {
      if (video.currentTime > 0 && video.error === null) this.#tries = 0;
    });
    if (shown.url === null) this.#wait();
    this.#failed(); // perhaps before this script came
  }

  again() {
    this.#tries = 0;
    void this.#renew();
  }

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), ASK_EVERY_MS);
  }

  async #look() {
    if (document.hidden) {
      document.addEventListener("visibilitychange", () => void this.#look(), { once: true });
      return;
    }
    const shown = await this.#ask();
    if (shown === null) return;
    if (shown.url !== null) this.#load(shown, 0, false);
    else if (shown.state === "failed") this.#tell("failed", shown);
    else {
      this.#tell(shown.state === "recording" ? "recording" : "processing", shown);
      this.#wait();
    }
  }

  /** @returns {Promise<Shown | null>} null: told already why not */
  async #ask() {
    try {
      this.#shown = await api("GET", `recordings/${this.#shown.recording_id}`);
      return this.#shown;
    } catch (error) {
      const gone = error instanceof ApiError && ["recording_not_found", "banned"].includes(String(error.code));
      this.#tell(gone ? "gone" : "away", this.#shown);
      // A recording that is still being made is asked for again; a video that broke off has a button for that.
      if (!gone && this.#shown.url === null) this.#wait();
      return null;
    }
  }

  #failed() {
    if (this.#video.error === null || !this.#video.getAttribute("src")) return;
    this.#tries += 1;
    if (this.#tries > TRIES) {
      this.#tell("unplayable", this.#shown);
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#renew(), 500 * 2 ** (this.#tries - 1) - 500);
  }

  async #renew() {
    const { currentTime, paused } = this.#video;
    const shown = await this.#ask();
    if (shown !== null && shown.url !== null) this.#load(shown, currentTime, !paused);
  }

  /**
   * @param {Shown} shown
   * @param {number} secs where to go on
   * @param {boolean} playing
   */
  #load(shown, secs, playing) {
    const { pathname, search } = new URL(shown.url ?? "", location.href); // the page's own origin serves it, too
    this.#video.addEventListener(
      "loadedmetadata",
      () => {
        if (secs > 0) this.#video.currentTime = secs;
        if (playing) void this.#video.play().catch(() => {});
      },
      { once: true },
    );
    if (shown.thumbnail_url) this.#video.poster = new URL(shown.thumbnail_url, location.href).pathname;
    this.#video.src = pathname + search;
    this.#tell("ready", shown);
  }
}
