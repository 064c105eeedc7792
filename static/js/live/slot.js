/** Owns one place on the stage: it changes from one feed to the next without a dark frame between. */

import { make } from "./page.js";

/**
 * @typedef {object} Feed What a video element can be given.
 * @property {object} key the same thing is not shown twice
 * @property {(video: HTMLVideoElement) => void} attach
 * @property {(video: HTMLVideoElement) => void} detach
 *
 * @typedef {{video: HTMLVideoElement, feed: Feed}} Showing
 */

const PAINT_WITHIN_MS = 400;

export class Slot {
  #box;
  /** @type {Showing | null} what is seen */
  #now = null;
  /** @type {Showing | null} what comes next, hidden until its first frame */
  #next = null;
  #main = false;
  /** @type {HTMLCanvasElement | null} a picture of what was seen last, over the element that lost its feed */
  #still = null;
  #started = false;
  #held = false;
  #presented = 0;

  /** @param {HTMLElement} box */
  constructor(box) {
    this.#box = box;
  }

  /** @returns {HTMLVideoElement | null} */
  get video() {
    return this.#now?.video ?? null;
  }

  /**
   * Frames so far of what is seen. Firefox counts none of a MediaStream in getVideoPlaybackQuality, and Chromium
   * presents none in a window that is covered, so both counts go into one that grows while either does.
   */
  get frames() {
    return (this.video?.getVideoPlaybackQuality().totalVideoFrames ?? 0) + this.#presented;
  }

  /** Only one slot of the page holds the main picture. @param {boolean} main */
  setMain(main) {
    this.#main = main;
    if (this.#now !== null) this.#mark(this.#now.video);
  }

  /**
   * @param {Feed} feed
   * @param {() => void} seen its first frame is on the screen
   */
  show(feed, seen) {
    if ((this.#next ?? this.#now)?.feed.key === feed.key) return;
    this.#drop(this.#next);
    this.#next = null;
    const now = this.#now;
    // A picture-in-picture window belongs to its element, which can't be exchanged within a slot.
    const floating = now !== null && document.pictureInPictureElement === now.video;
    if (now !== null && (floating || !this.#started)) {
      now.feed.detach(now.video);
      now.feed = feed;
      this.#play(now, seen);
      return;
    }
    const showing = { video: this.#make(), feed };
    this.#box.append(showing.video);
    if (now === null) {
      this.#now = showing;
      this.#mark(showing.video);
      this.#play(showing, seen);
      return;
    }
    showing.video.classList.add("is-coming");
    this.#next = showing;
    this.#play(showing, () => {
      if (this.#next !== showing) return;
      this.#next = null;
      this.#now = showing;
      this.#mark(showing.video);
      showing.video.classList.remove("is-coming");
      this.#drop(now);
      seen();
    });
  }

  /** @param {boolean} paused */
  hold(paused) {
    this.#held = paused;
    if (paused) this.video?.pause();
    else void this.video?.play().catch(() => {});
  }

  /** What the browser stopped (a call, a headset, a refused start) goes on. With sound it is the speakers' to start. */
  keepOn() {
    if (this.#held) return;
    for (const video of [this.video, this.#next?.video]) {
      if (video?.paused && video.muted && startable(video)) void video.play().catch(() => {});
    }
  }

  /** Lets the feed go; its last picture stays until the next one is there. */
  freeze() {
    const now = this.#now;
    this.#drop(this.#next);
    this.#next = null;
    if (now === null) return;
    const { video } = now;
    if (video.videoWidth > 0 && this.#still === null) {
      const still = make("canvas");
      still.width = video.videoWidth;
      still.height = video.videoHeight;
      still.getContext("2d")?.drawImage(video, 0, 0);
      this.#box.append(still);
      this.#still = still;
    }
    now.feed.detach(video);
  }

  clear() {
    this.#drop(this.#now);
    this.#drop(this.#next);
    this.#now = this.#next = null;
    this.#started = false;
    this.#melt();
  }

  #melt() {
    this.#still?.remove();
    this.#still = null;
  }

  /** @param {Showing | null} showing */
  #drop(showing) {
    if (showing === null) return;
    showing.feed.detach(showing.video);
    showing.video.remove();
  }

  #make() {
    const video = make("video");
    // Sound waits for its turn (Speakers), so a picture may always start by itself.
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
      if (video === this.video) this.#presented += 1;
      // An element that was taken off the page presents nothing and is let go.
      video.requestVideoFrameCallback(presented);
    };
    video.requestVideoFrameCallback(presented);
  }

  /** @param {HTMLVideoElement} video */
  #mark(video) {
    if (this.#main) video.dataset.main = "";
    else delete video.dataset.main;
  }

  /**
   * @param {Showing} showing
   * @param {() => void} seen
   */
  #play(showing, seen) {
    const { video, feed } = showing;
    feed.attach(video);
    let told = false;
    const first = () => {
      if (told || showing.feed !== feed || !video.isConnected) return;
      told = this.#started = true;
      this.#melt();
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

/** One that has ended would begin again from its start. @param {HTMLMediaElement} element */
export function startable(element) {
  return element.readyState > 0 && !element.ended;
}

/**
 * @param {MediaStream} stream
 * @returns {Feed}
 */
export function streamFeed(stream) {
  return {
    key: stream,
    attach: (video) => void (video.srcObject = stream),
    detach: (video) => void (video.srcObject = null),
  };
}
