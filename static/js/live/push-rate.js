/** Owns how many bits a second the encoder may make, from how much waits on the way. Pure. */

export const MIN_BPS = 300_000;
export const MAX_BPS = 2_500_000;
const FIRST_BPS = 1_500_000;
const SLOW_MS = 400;
const STUCK_MS = 1_200;
const FREE_MS = 200;
const CALM_MS = 4_000;
// A small picture of few bits looks better than a large one; coming back needs more than leaving took.
const SMALL_BELOW_BPS = 450_000;
const LARGE_FROM_BPS = 1_000_000;
export const SKIP_MS = 2_000;
const GO_ON_MS = 500;

export class PushRate {
  bps = FIRST_BPS;
  /** A smaller picture is worth more now. */
  small = false;
  /** Nothing is encoded until what waits is gone; then from a keyframe on. */
  skipping = false;
  #freeSinceMs = 0;
  #loweredMs = -Infinity;

  /**
   * @param {number} queueMs as the gateway says
   * @param {number} bufferedBytes what the browser has not sent yet
   * @param {number} nowMs
   * @returns {boolean} something is different now
   */
  step(queueMs, bufferedBytes, nowMs) {
    const before = `${this.bps} ${this.small} ${this.skipping}`;
    const waitsMs = queueMs + (bufferedBytes * 8_000) / this.bps;
    if (waitsMs > SKIP_MS) this.skipping = true;
    else if (waitsMs < GO_ON_MS) this.skipping = false;
    if (waitsMs > SLOW_MS) {
      this.#freeSinceMs = nowMs;
      // What was sent before the last step down is still on its way.
      if (nowMs - this.#loweredMs >= 1_500) {
        this.bps = Math.max(MIN_BPS, Math.round(this.bps * (waitsMs > STUCK_MS ? 0.5 : 0.75)));
        this.#loweredMs = nowMs;
      }
    } else if (waitsMs > FREE_MS) {
      this.#freeSinceMs = nowMs;
    } else if (nowMs - this.#freeSinceMs >= CALM_MS) {
      this.bps = Math.min(MAX_BPS, Math.round(this.bps * 1.2));
      this.#freeSinceMs = nowMs;
    }
    if (this.bps < SMALL_BELOW_BPS) this.small = true;
    else if (this.bps >= LARGE_FROM_BPS) this.small = false;
    return before !== `${this.bps} ${this.small} ${this.skipping}`;
  }
}
