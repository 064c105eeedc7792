/**
 * Owns one clock for sound and picture: each track counts from a moment of its own. Pure.
 *
 * The steps between a track's own times are exact; when they come is not. So what is found out once is how far apart
 * both clocks are, from the quickest arrivals, and not asked again unless they come apart.
 */

const LEARN_MS = 500;
const APART_MS = 200;

export class TrackClock {
  #offsetUs = 0;
  #sinceMs = -1;

  /**
   * @param {number} ownUs as the track says
   * @param {number} nowMs of the page's clock
   * @returns {number} µs of the page's clock
   */
  time(ownUs, nowMs) {
    const offsetUs = nowMs * 1000 - ownUs;
    const apart = Math.abs(offsetUs - this.#offsetUs) > APART_MS * 1000;
    if (this.#sinceMs < 0 || apart) {
      this.#sinceMs = nowMs;
      this.#offsetUs = offsetUs;
    } else if (nowMs - this.#sinceMs < LEARN_MS) {
      this.#offsetUs = Math.min(this.#offsetUs, offsetUs);
    }
    return ownUs + this.#offsetUs;
  }
}
