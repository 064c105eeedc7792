/**
 * Owns one clock for sound and picture: each track counts from a moment of its own. Pure.
 *
 * The steps between a track's own times are exact; when they come is not. So how far apart both clocks are is told by
 * the quickest arrival of all: a page that begins to send is busy, and what waited for it meanwhile says too much.
 */

const APART_MS = 200;

export class TrackClock {
  #offsetUs = Infinity;

  /**
   * @param {number} ownUs as the track says
   * @param {number} nowMs of the page's clock
   * @returns {number} µs of the page's clock
   */
  time(ownUs, nowMs) {
    const offsetUs = nowMs * 1000 - ownUs;
    const apart = Math.abs(offsetUs - this.#offsetUs) > APART_MS * 1000;
    this.#offsetUs = apart ? offsetUs : Math.min(this.#offsetUs, offsetUs);
    return ownUs + this.#offsetUs;
  }
}
