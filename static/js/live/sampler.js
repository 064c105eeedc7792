/** Owns turning two snapshots of what plays into figures of the time between. Pure. */

import { reportOf } from "./stats.js";

/** @import {Totals} from "./stats.js" */
/** @import {RungName} from "./ladder.js" */
/** @import {Report} from "./types.js" */

/**
 * @typedef {object} Snapshot
 * @property {string} key counters of different keys have nothing to do with each other
 * @property {string | null} sessionId
 * @property {Totals} totals
 * @property {number | null} bufferMs null: to be read from the totals
 * @property {number | null} latencyMs null: to be estimated from buffer and way
 *
 * @typedef {object} Figures
 * @property {Report} report
 * @property {string | null} sessionId
 * @property {string} codec
 * @property {number} dropped frames since the start
 * @property {number} bufferMs
 * @property {number} latencyMs from the server to the screen, estimated
 */

export class Sampler {
  /** @type {Snapshot | null} */
  #last = null;

  /**
   * @param {RungName} rung
   * @param {Snapshot | null} now
   * @returns {Figures | null} null for the first snapshot of a session
   */
  take(rung, now) {
    const last = this.#last;
    this.#last = now;
    if (now === null || last?.key !== now.key) return null;
    const { totals } = now;
    const waited = totals.waited - last.totals.waited;
    const bufferMs = now.bufferMs ?? (waited > 0 ? (totals.waitedMs - last.totals.waitedMs) / waited : 0);
    return {
      report: reportOf(last.totals, totals, rung),
      sessionId: now.sessionId,
      codec: totals.codec,
      dropped: totals.dropped,
      bufferMs,
      latencyMs: now.latencyMs ?? bufferMs + totals.rttMs / 2,
    };
  }
}
