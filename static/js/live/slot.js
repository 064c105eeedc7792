/** Owns one place on the stage: it changes from one stream to the next without a dark frame between. */

import { make } from "./page.js";

const PAINT_WITHIN_MS = 400;

export class Slot {
  #box;
  #main;
  /** @type {HTMLVideoElement | null} what is seen */
  #video = null;
  /** @type {HTMLVideoElement | null} what comes next, hidden until its first frame */
  #coming = null;
  #started = false;
  #presented = 0;

  /**
   * @param {HTMLElement} box
   * @param {boolean} main
   */
  constructor(box, main) {
    this.#box = box;
    this.#main = main;
  }

  /** @returns {HTMLVideoElement | null} */
  get video() {
    return this.#video;
  }

  /**
   * Frames so far of what is seen. Firefox counts none of a MediaStream in getVideoPlaybackQuality, and Chromium
   * presents none in a window that is covered, so both counts go into one that grows while either does.
   */
  get frames() {
    return (this.#video?.getVideoPlaybackQuality().totalVideoFrames ?? 0) + this.#presented;
  }

  /**
   * @param {MediaStream} stream
   * @param {() => void} seen its first frame is on the screen
   */
  show(stream, seen) {
    if ((this.#coming ?? this.#video)?.srcObject === stream) return;
    this.#coming?.remove();
    this.#coming = null;
    const current = this.#video;
    // A picture-in-picture window belongs to its element, which can't be exchanged without a tap.
    const floating = current !== null && document.pictureInPictureElement === current;
    if (current !== null && (floating || !this.#started)) {
      this.#play(current, stream, seen);
      return;
    }
    const video = this.#make();
    this.#box.append(video);
    if (current === null) {
      this.#video = video;
      this.#mark(video);
      this.#play(video, stream, seen);
      return;
    }
    video.classList.add("is-coming");
    this.#coming = video;
    this.#play(video, stream, () => {
      if (this.#coming !== video) return;
      this.#coming = null;
      this.#video = video;
      this.#mark(video);
      video.classList.remove("is-coming");
      current.srcObject = null;
      current.remove();
      seen();
    });
  }

  /** @param {boolean} paused */
  hold(paused) {
    if (paused) this.#video?.pause();
    else void this.#video?.play().catch(() => {});
  }

  clear() {
    for (const video of [this.#video, this.#coming]) {
      if (video === null) continue;
      video.srcObject = null;
      video.remove();
    }
    this.#video = this.#coming = null;
    this.#started = false;
  }

  #make() {
    const video = make("video");
    // Sound has elements of its own, so a picture may always start by itself.
    video.muted = true;
    video.autoplay = true;
    video.playsInline = true;
    video.disableRemotePlayback = true;
    video.tabIndex = -1;
    this.#count(video);
    return video;
  }

  /** @param {HTMLVideoElement} video */
  #count(video) {
    if (!("requestVideoFrameCallback" in video)) return;
    const presented = () => {
      if (video === this.#video) this.#presented += 1;
      // An element that was taken off the page presents nothing and is let go.
      video.requestVideoFrameCallback(presented);
    };
    video.requestVideoFrameCallback(presented);
  }

  /** @param {HTMLVideoElement} video */
  #mark(video) {
    if (this.#main) video.dataset.main = "";
  }

  /**
   * @param {HTMLVideoElement} video
   * @param {MediaStream} stream
   * @param {() => void} seen
   */
  #play(video, stream, seen) {
    video.srcObject = stream;
    let told = false;
    const first = () => {
      if (told || video.srcObject !== stream) return;
      told = this.#started = true;
      seen();
    };
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(first);
    // A page that is hidden or behind another window paints nothing, so there the data has to do.
    const painted = "requestVideoFrameCallback" in video && !document.hidden;
    const loaded = () => setTimeout(first, painted ? PAINT_WITHIN_MS : 0);
    video.addEventListener("loadeddata", loaded, { once: true });
    void video.play().catch(() => {});
  }
}
