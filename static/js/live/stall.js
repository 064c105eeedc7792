/** Owns what to do when no new frame comes: a lower layer, a rejoin, words. Pure: time is passed in. */

/** @import {Shown} from "./lineup.js" */

/**
 * @typedef {"lower" | "rejoin" | "climb"} Cure
 * @typedef {{lowerMs: number, rejoinMs: number, stallMs: number}} Patience `stallMs`: then another rung is tried beside
 */

/** @type {Patience} A camera brings a frame every 33–200 ms. */
export const CAMERA = { lowerMs: 1_000, rejoinMs: 3_000, stallMs: 1_500 };
/** @type {Patience} A still screen is repeated about once a second, so its silence means less. */
export const SCREEN = { lowerMs: 4_000, rejoinMs: 7_000, stallMs: 5_000 };
/** @type {Patience} Sound alone has no layers to fall to. */
export const SOUND = { lowerMs: Infinity, rejoinMs: 5_000, stallMs: 2_500 };

/** @type {Patience} The room is live, yet nothing of it was announced here. */
export const NOTHING = { lowerMs: Infinity, rejoinMs: 6_000, stallMs: 1_500 };

/**
 * @param {Shown | null} main
 * @returns {Patience}
 */
export function patienceWith(main) {
  if (main === null) return NOTHING;
  if (!main.hasVideo) return SOUND;
  return main.source === "screen" ? SCREEN : CAMERA;
}

const REJOIN_AGAIN_MS = 6_000;
const REJOIN_AGAIN_MAX_MS = 24_000;
const CLIMB_AFTER_MS = 15_000;

export class StallWatch {
  /** How many rejoins this stall has cost so far. */
  rejoins = 0;
  #lowered = false;
  #flowingSinceMs = 0;
  #rejoinAfterMs = 0;

  /** Playing was stopped on purpose, or nothing is expected: the clock starts anew. @param {number} nowMs */
  rest(nowMs) {
    this.rejoins = 0;
    this.#rejoinAfterMs = 0;
    this.#flowingSinceMs = nowMs;
  }

  /**
   * @param {number} nowMs
   * @param {number} lastFrameMs when the last new frame came, or when the first one was first due
   * @param {Patience} patience
   * @returns {Cure | null}
   */
  step(nowMs, lastFrameMs, patience) {
    const silentMs = nowMs - lastFrameMs;
    if (silentMs < Math.min(patience.lowerMs, patience.rejoinMs)) {
      if (this.rejoins > 0 || this.#rejoinAfterMs > 0) this.rest(nowMs);
      if (this.#lowered && nowMs - this.#flowingSinceMs >= CLIMB_AFTER_MS) {
        this.#lowered = false;
        return "climb";
      }
      return null;
    }
    this.#flowingSinceMs = nowMs;
    if (silentMs >= patience.rejoinMs) {
      if (nowMs < this.#rejoinAfterMs) return null;
      const waitMs = Math.min(REJOIN_AGAIN_MAX_MS, REJOIN_AGAIN_MS * 2 ** this.rejoins);
      this.#rejoinAfterMs = nowMs + waitMs;
      this.rejoins += 1;
      return "rejoin";
    }
    if (!this.#lowered && silentMs >= patience.lowerMs) {
      this.#lowered = true;
      return "lower";
    }
    return null;
  }
}
