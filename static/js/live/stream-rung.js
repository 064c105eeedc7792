/** Owns playing over HTTP (FLV or HLS): one engine after the other in its slot, reconnecting as long as it is wanted. */

import { backoffMs } from "./backoff.js";
import { MoreQualities } from "./more-qualities.js";
import { Pulse } from "./pulse.js";

/** @import {Health, RungName} from "./ladder.js" */
/** @import {Snapshot} from "./sampler.js" */
/** @import {Quality} from "./hls-qualities.js" */
/** @import {Feed, Slot} from "./slot.js" */
/** @import {StreamQuality} from "./types.js" */

/**
 * @typedef {"low" | "smooth"} Delay
 * @typedef {{url: string, delay: Delay, quality: StreamQuality, least: boolean}} EngineOptions least: the smallest will do
 * @typedef {{failed: (code: string) => void}} EngineEvents
 *
 * @typedef {object} EngineParts
 * @property {number} stallMs silence that is a stall
 * @property {boolean} proven what it plays is new
 * @property {number} bytes loaded so far
 * @property {string} codec as in "avc1.64001f"
 * @property {number} latencyMs behind the server
 * @property {boolean} [several] its address led to several qualities, be it that they play or not
 * @property {Quality[]} [qualities] to choose from; none where there is one
 * @property {StreamQuality | null} [plays] which of them
 * @property {(wish: StreamQuality) => boolean} [choose] false: another engine has to
 * @typedef {Feed & EngineParts} Engine
 *
 * @typedef {object} RungOptions
 * @property {RungName} name
 * @property {Slot} slot
 * @property {boolean} able
 * @property {(options: EngineOptions, events: EngineEvents) => Promise<Engine | null>} open null: not in this browser
 * @property {() => void} refresh its address is no longer good: ask for another one
 * @property {() => void} changed
 */

// Half-open connections say nothing; a new one is made after this much more than a stall.
const GIVE_UP_STALLS = 3;
const FAILED_STALL_MS = 500;
const FIRST_WITHIN_MS = 10_000;
// Not longer than 2.6 s: nothing else plays meanwhile.
const LAST_ATTEMPT = 5;

export class StreamRung {
  #slot;
  #options;
  #pulse = new Pulse();
  /** @type {string | null} */
  #url = null;
  /** @type {Delay} */
  #delay = "low";
  #more = new MoreQualities();
  #running = false;
  #held = false;
  /** Its connection ended, and no other one has shown anything yet. */
  #failed = false;
  /** Nothing is under way: for want of an address, or until the next try. */
  #waiting = false;
  /** @type {Engine | null} the newest one */
  #engine = null;
  /** @type {Engine | null} whose picture is seen */
  #seen = null;
  #opening = 0;
  /** Which opening made what is seen. */
  #opened = 0;
  #attempt = 0;
  #retryTimer = 0;
  #sessions = 0;

  /** Why it does not play, as a code. @type {string | null} */
  trouble = null;
  /** Connections made again so far. */
  rejoins = 0;
  /** @type {StreamQuality} */
  wish = "auto";
  /** The smallest picture will do, as long as nothing else is wished. */
  least = false;

  /** @param {RungOptions} options */
  constructor(options) {
    this.#options = options;
    this.#slot = options.slot;
    this.name = options.name;
    this.able = options.able;
  }

  get lastFrameMs() {
    return this.#pulse.lastMs;
  }

  get proven() {
    return this.#seen?.proven ?? false;
  }

  get connected() {
    return this.#running && !this.#failed;
  }

  get hasPicture() {
    return (this.#slot.video?.videoWidth ?? 0) > 0;
  }

  /** Behind the server, as far as the page can tell. */
  get latencyMs() {
    return this.#seen?.latencyMs ?? 0;
  }

  /** @returns {Quality[]} */
  get qualities() {
    return this.#seen?.qualities ?? [];
  }

  /** Which of them is on the screen. @returns {StreamQuality | null} */
  get plays() {
    return this.#seen?.plays ?? null;
  }

  /** @param {StreamQuality} wish */
  setWish(wish) {
    this.wish = wish;
    this.least = false;
    const engine = this.#engine;
    if (!this.#running || this.#held || engine?.choose === undefined) return;
    if (!engine.choose(wish)) this.#open();
    this.#options.changed();
  }

  /** What the server says there is. @param {string[]} qualities */
  offer(qualities) {
    this.#more.offer(qualities);
  }

  /** @param {string | null} url null: not on air */
  setUrl(url) {
    // One that was refused is not tried again: its successor is.
    const refused = this.trouble === "http_403" && url !== this.#url;
    const news = url !== null && (this.#url === null || refused);
    this.#url = url;
    if (news && this.#running && this.#waiting) this.#open();
  }

  /** @param {Delay} delay */
  setDelay(delay) {
    if (delay === this.#delay) return;
    this.#delay = delay;
    if (this.#running && !this.#held) this.#open();
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    this.#attempt = 0;
    this.#pulse.start(performance.now());
    this.#open();
  }

  stop() {
    if (!this.#running) return;
    this.#running = this.#failed = this.#waiting = false;
    this.#opening += 1;
    clearTimeout(this.#retryTimer);
    this.#slot.clear();
    this.#engine = this.#seen = this.trouble = null;
  }

  /** Paused by the viewer: nothing is loaded. In the background the sound goes on. @param {boolean} paused */
  hold(paused) {
    if (paused === this.#held) return;
    this.#held = paused;
    if (!this.#running) return;
    if (!paused) this.#open();
    else {
      clearTimeout(this.#retryTimer);
      this.#opening += 1;
      this.#slot.freeze();
    }
  }

  /** @param {number} nowMs */
  excuse(nowMs) {
    this.#pulse.excuse(nowMs);
  }

  /** @param {number} nowMs */
  count(nowMs) {
    if (!this.#running) return;
    const { video } = this.#slot;
    // Without a picture, or unseen, time itself is the pulse.
    const still = document.hidden || !this.hasPicture;
    this.#pulse.count(still ? Math.floor((video?.currentTime ?? 0) * 10) : this.#slot.frames, nowMs);
    if (this.#pulse.silentMs(nowMs) < 500 && this.#engine === this.#seen) {
      this.#attempt = 0;
      const idle = !this.#held && !this.#failed && this.#opened === this.#opening;
      if (idle && this.#more.due(this.#seen?.several === true, nowMs)) this.#open();
    }
  }

  /** A connection that brings nothing is made again. @param {number} nowMs */
  cure(nowMs) {
    if (!this.#running || this.#waiting || this.#engine === null) return;
    const silentMs = this.#pulse.silentMs(nowMs);
    // Of several qualities the one that needs nobody to make it is there at once.
    const stalls = this.#engine.several ? 1 : GIVE_UP_STALLS;
    const limitMs = this.#pulse.lastMs === 0 ? FIRST_WITHIN_MS : this.#engine.stallMs * stalls;
    if (silentMs >= limitMs) this.#gotFailure("stalled");
  }

  /**
   * @param {number} nowMs
   * @returns {Health}
   */
  health(nowMs) {
    if (!this.#running) return "off";
    if (!this.#failed) return this.#pulse.health(nowMs, this.#seen?.stallMs ?? FAILED_STALL_MS);
    // What is left in the buffer plays on after the end of the connection.
    return this.#pulse.health(nowMs, FAILED_STALL_MS) === "playing" ? "playing" : "failed";
  }

  /** @returns {Promise<Snapshot | null>} */
  async snapshot() {
    const { video } = this.#slot;
    const engine = this.#seen;
    if (video === null || engine === null) return null;
    const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality();
    const { buffered, currentTime } = video;
    const endSecs = buffered.length > 0 ? buffered.end(buffered.length - 1) : currentTime;
    return {
      key: `${this.name} ${this.#sessions}`,
      sessionId: null,
      totals: {
        atMs: performance.now(), videoBytes: engine.bytes, audioBytes: 0, packets: 0, lost: 0,
        frames: totalVideoFrames, jitterMs: 0, rttMs: 0, width: video.videoWidth, height: video.videoHeight,
        limited: false, dropped: droppedVideoFrames, waitedMs: 0, waited: 0, codec: codecName(engine.codec),
      }, // prettier-ignore
      bufferMs: Math.max(0, endSecs - currentTime) * 1000,
      latencyMs: engine.latencyMs,
    };
  }

  #open() {
    clearTimeout(this.#retryTimer);
    this.#waiting = this.#url === null;
    if (this.#url === null || this.#held) return;
    const turn = ++this.#opening;
    this.#pulse.expect(performance.now());
    const url = new URL(this.#url, location.href);
    url.searchParams.set("v", "page");
    if (this.#more.onlyOne(performance.now())) url.searchParams.set("qualities", "one");
    const { wish, least } = this;
    this.#options
      .open({ url: url.href, delay: this.#delay, quality: wish, least }, { failed: (code) => turn === this.#opening && this.#gotFailure(code) })
      .then((engine) => {
        if (turn !== this.#opening) return;
        if (engine === null) {
          this.able = false;
          this.#options.changed();
        } else this.#show(engine);
      })
      .catch(() => {
        if (turn === this.#opening) this.#gotFailure("library");
      });
  }

  /** @param {Engine} engine */
  #show(engine) {
    this.#engine = engine;
    this.#pulse.expect(performance.now());
    this.#slot.show(engine, () => {
      this.#seen = engine;
      this.#opened = this.#opening;
      this.#failed = false;
      this.#sessions += 1;
      this.#pulse.beat(performance.now());
      this.trouble = null;
      this.#options.changed();
    });
  }

  /** @param {string} code */
  #gotFailure(code) {
    console.info(`${this.name}: ${code}`);
    if (this.#engine?.several) this.#more.failed(performance.now());
    this.trouble = code;
    this.#failed = this.#waiting = true;
    this.#opening += 1;
    if (code === "http_403") this.#options.refresh();
    const waitMs = backoffMs(Math.min(this.#attempt++, LAST_ATTEMPT));
    this.rejoins += 1;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#open(), waitMs);
    this.#options.changed();
  }
}

/** @param {string} codec as in "avc1.64001f,mp4a.40.2" */
function codecName(codec) {
  const known = { avc1: "H264", hvc1: "H265", hev1: "H265", av01: "AV1", vp09: "VP9" };
  const prefix = codec.slice(0, 4);
  return prefix in known ? known[/** @type {keyof typeof known} */ (prefix)] : codec;
}
