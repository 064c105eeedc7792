/** Owns when an address is asked anew because it leads to more qualities now, and when to one alone. Pure: time is passed in. */

// After qualities that did not play; doubled each time, so that a server in trouble is not asked for ever.
const LEAVE_MS = 10_000;
const LONGEST_LEAVE_MS = 640_000;
const FORGIVEN_AFTER_MS = 1_800_000;

export class MoreQualities {
  #offered = "";
  #several = false;
  /** What was asked for, be it that it came or not. */
  #asked = "";
  #failures = 0;
  #failedMs = 0;
  #notBeforeMs = 0;

  /** @param {string[]} qualities that the server says there are */
  offer(qualities) {
    const offered = qualities.join(" ");
    if (offered === this.#offered) return;
    this.#offered = offered;
    this.#several = qualities.length > 1;
    this.#asked = "";
  }

  /**
   * One of several qualities went away, or hung.
   * @param {number} nowMs
   */
  failed(nowMs) {
    if (nowMs - this.#failedMs > FORGIVEN_AFTER_MS) this.#failures = 0;
    this.#failedMs = nowMs;
    this.#notBeforeMs = nowMs + Math.min(LONGEST_LEAVE_MS, LEAVE_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#asked = "";
  }

  /** Whether to leave it at the one quality that needs nobody to make it. @param {number} nowMs */
  onlyOne(nowMs) {
    return nowMs < this.#notBeforeMs;
  }

  /**
   * Whether to ask anew; once for each offer, and once after each failure.
   * @param {boolean} playsSeveral what plays has several already
   * @param {number} nowMs
   */
  due(playsSeveral, nowMs) {
    if (!this.#several || this.onlyOne(nowMs)) return false;
    if (this.#asked === this.#offered) return false;
    this.#asked = this.#offered;
    return !playsSeveral;
  }
}
