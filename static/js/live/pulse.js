/** Owns reading a rung's health from its frame count. Pure: time is passed in. */

/** @import {Health} from "./ladder.js" */

export class Pulse {
  #startedMs = 0;
  #lastMs = 0;
  #beats = 0;

  /** When the last new frame came; 0: none since the start. */
  get lastMs() {
    return this.#lastMs;
  }

  /** @param {number} nowMs loading begins: the picture may take a moment */
  start(nowMs) {
    this.#startedMs = nowMs;
    this.#lastMs = 0;
  }

  /**
   * @param {number} beats frames so far, or anything else that grows while it plays
   * @param {number} nowMs
   */
  count(beats, nowMs) {
    // Another element counts from nothing again.
    if (beats > this.#beats) this.#lastMs = nowMs;
    this.#beats = beats;
  }

  /** A new try: it gets its own time to bring something. @param {number} nowMs */
  expect(nowMs) {
    this.#startedMs = nowMs;
  }

  /** Something new came, whatever it was. @param {number} nowMs */
  beat(nowMs) {
    this.#lastMs = nowMs;
  }

  /** Nothing is expected now (paused, hidden): the silence does not count. @param {number} nowMs */
  excuse(nowMs) {
    if (this.#lastMs > 0) this.#lastMs = nowMs;
    this.#startedMs = nowMs;
  }

  /** How long nothing new has come, be it since the start. @param {number} nowMs */
  silentMs(nowMs) {
    return nowMs - Math.max(this.#lastMs, this.#startedMs);
  }

  /**
   * @param {number} nowMs
   * @param {number} stallMs silence that is a stall
   * @returns {Health}
   */
  health(nowMs, stallMs) {
    if (this.#lastMs === 0) return "starting";
    return nowMs - this.#lastMs < stallMs ? "playing" : "stalled";
  }
}
