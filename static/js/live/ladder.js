/** Owns which way plays: down to the next rung when one fails, up again when it heals. Pure: time is passed in. */

/** @import {Rung} from "./types.js" */

/**
 * @typedef {"webrtc" | "flv" | "hls"} RungName
 * @typedef {"off" | "starting" | "playing" | "stalled" | "failed"} Health
 *
 * @typedef {object} RungFacts
 * @property {boolean} able this browser can play it
 * @property {"no" | "maybe" | "yes"} offered by the server; "maybe": it may be waited for, at no cost
 * @property {Health} health what the page itself sees
 * @property {boolean} proven what it plays is new, not the rest of a stream that has stopped
 * @property {number} lastFrameMs when it showed something new last
 *
 * @typedef {Record<RungName, RungFacts>} LadderFacts
 * @typedef {{current: RungName | null, run: RungName[]}} Decision `current` is on the screen, `run` should be loading
 *
 * @typedef {object} Mark What is remembered of a rung.
 * @property {number} fails in a row
 * @property {number} retryAtMs
 * @property {number | null} runningSinceMs
 * @property {number | null} playingSinceMs
 * @property {RungFacts["offered"]} offered
 */

/** @type {readonly RungName[]} best first */
export const RUNGS = ["webrtc", "flv", "hls"];

const OFFERS = ["no", "maybe", "yes"];
// A join that waits for the first publisher, or for the bridge, costs nobody anything.
const WAITS_FOR = new Set(["not_live", "no_webrtc_source", "bridge_starting"]);

// How long a rung may take to show something before the next one is tried beside it.
const PATIENCE_MS = { webrtc: 2_000, flv: 1_500, hls: 4_000 };
// The same when a picture stands still: somebody waits for it.
const DOWN_PATIENCE_MS = { webrtc: 1_000, flv: 750, hls: 1_500 };
// A closed stream may come back at once; a stall was waited for already.
const FAILED_GRACE_MS = 500;
// After this long beside a good picture, a rung that shows nothing is given up for a while.
const TRIAL_MS = 8_000;
// One frame is no proof, many broken paths give one: new ones have to come for so long.
const STEADY_MS = 400;
// What loads already is let go only when new frames have come for so long: it may be needed again at once.
const OVERLAP_MS = 1_000;
const RETRY_MS = [2_000, 5_000, 10_000, 30_000];
const HEALED_MS = [500, 5_000, 10_000, 30_000];
const FORGIVEN_AFTER_MS = 30_000;

/**
 * @param {Rung | undefined} rung as the server tells it
 * @returns {RungFacts["offered"]}
 */
export function offerOf(rung) {
  if (rung?.available) return "yes";
  return rung?.rung === "webrtc" && WAITS_FOR.has(rung.reason ?? "") ? "maybe" : "no";
}

export class Ladder {
  /** What the viewer chose; null: the best that works. @type {RungName | null} */
  pinned = null;
  /** @type {RungName | null} */
  #current = null;
  #currentDownMs = 0;
  #currentSinceMs = 0;
  /** @type {number | null} since when the picture is good without a break */
  #fineSinceMs = null;
  #patientUntilMs = 0;
  /** @type {Map<RungName, Mark>} */
  #marks = new Map();

  /** @returns {RungName | null} */
  get current() {
    return this.#current;
  }

  /** A broadcast has ended: the next one is met without prejudice. */
  reset() {
    this.#current = null;
    this.#marks.clear();
  }

  /**
   * @param {number} nowMs
   * @param {LadderFacts} facts
   * @returns {Decision}
   */
  step(nowMs, facts) {
    for (const rung of RUNGS) this.#note(rung, facts[rung], nowMs);
    const wanted = RUNGS.filter((rung) => this.#usable(rung, facts[rung]));
    const current = this.#current;
    const fine = current !== null && facts[current].health === "playing";
    if (fine) {
      this.#currentDownMs = nowMs;
      if (nowMs - this.#currentSinceMs >= FORGIVEN_AFTER_MS) this.#mark(current).fails = 0;
    }
    const winner = wanted.find((rung) => this.#takesOver(rung, facts[rung], fine, nowMs));
    if (winner !== undefined) this.#change(winner, fine, nowMs);
    const run = new Set(this.#current === null ? [] : [this.#current]);
    const settled = winner !== undefined || fine;
    if (settled) this.#tryBetter(wanted, facts, run, nowMs);
    else this.#tryOthers(wanted, facts, run, nowMs);
    this.#fineSinceMs = settled ? (this.#fineSinceMs ?? nowMs) : null;
    const good = this.#fineSinceMs !== null && this.#lastFrameMs(facts) - this.#fineSinceMs >= OVERLAP_MS;
    if (!good) for (const rung of wanted) if (this.#mark(rung).runningSinceMs !== null) run.add(rung);
    for (const rung of RUNGS) {
      const mark = this.#mark(rung);
      mark.runningSinceMs = run.has(rung) ? (mark.runningSinceMs ?? nowMs) : null;
    }
    return { current: this.#current, run: RUNGS.filter((rung) => run.has(rung)) };
  }

  /**
   * @param {RungName} rung
   * @param {RungFacts} facts
   */
  #usable(rung, facts) {
    return facts.able && facts.offered !== "no" && (this.pinned === null || this.pinned === rung);
  }

  /**
   * @param {RungName} rung
   * @param {RungFacts} facts
   * @param {number} nowMs
   */
  #note(rung, { health, offered }, nowMs) {
    const mark = this.#mark(rung);
    mark.playingSinceMs = health === "playing" ? (mark.playingSinceMs ?? nowMs) : null;
    if (OFFERS.indexOf(offered) > OFFERS.indexOf(mark.offered) && mark.fails > 0) {
      mark.retryAtMs = nowMs + waitOf(HEALED_MS, mark.fails);
    }
    // What is on the screen, frozen, goes on by itself as soon as it can: give it that moment.
    if (rung === this.#current && offered === "yes" && mark.offered !== "yes") {
      this.#patientUntilMs = nowMs + DOWN_PATIENCE_MS[rung];
    }
    mark.offered = offered;
  }

  /**
   * @param {RungName} rung
   * @param {RungFacts} facts
   * @param {boolean} fine the current one plays
   * @param {number} nowMs
   */
  #takesOver(rung, facts, fine, nowMs) {
    const { playingSinceMs } = this.#mark(rung);
    if (rung === this.#current || playingSinceMs === null) return false;
    if (this.#current === null) return true;
    // FLV and HLS come from one source: when it stops, HLS still has seconds of it to show.
    if (!fine) return facts.proven || this.#current === "webrtc";
    const better = this.pinned === rung || RUNGS.indexOf(rung) < RUNGS.indexOf(this.#current);
    return better && facts.lastFrameMs - playingSinceMs >= STEADY_MS;
  }

  /**
   * @param {RungName} rung
   * @param {boolean} wasFine
   * @param {number} nowMs
   */
  #change(rung, wasFine, nowMs) {
    if (this.#current !== null && !wasFine) this.#fail(this.#current, nowMs);
    this.#current = rung;
    this.#currentSinceMs = this.#currentDownMs = this.#fineSinceMs = nowMs;
  }

  /**
   * @param {RungName} rung
   * @param {number} nowMs
   */
  #fail(rung, nowMs) {
    const mark = this.#mark(rung);
    mark.fails += 1;
    mark.retryAtMs = nowMs + waitOf(RETRY_MS, mark.fails);
  }

  /**
   * The picture is good: one better rung is tried beside it, and what costs nothing waits.
   * @param {RungName[]} wanted
   * @param {LadderFacts} facts
   * @param {Set<RungName>} run is added to
   * @param {number} nowMs
   */
  #tryBetter(wanted, facts, run, nowMs) {
    const current = /** @type {RungName} */ (this.#current);
    for (const rung of wanted) {
      if (RUNGS.indexOf(rung) >= RUNGS.indexOf(current)) break;
      const mark = this.#mark(rung);
      if (nowMs < mark.retryAtMs) continue;
      const waiting = facts[rung].offered === "maybe";
      const since = mark.runningSinceMs;
      if (!waiting && since !== null && mark.playingSinceMs === null && nowMs - since > TRIAL_MS) {
        this.#fail(rung, nowMs);
        continue;
      }
      run.add(rung);
      if (!waiting) return;
    }
    if (this.pinned !== null && this.pinned !== current && wanted.includes(this.pinned)) run.add(this.pinned);
  }

  /**
   * Nothing plays: one after the other, best first, each beside those before it.
   * @param {RungName[]} wanted
   * @param {LadderFacts} facts
   * @param {Set<RungName>} run is added to
   * @param {number} nowMs
   */
  #tryOthers(wanted, facts, run, nowMs) {
    for (const rung of wanted) if (facts[rung].offered === "maybe") run.add(rung);
    const failed = this.#current !== null && facts[this.#current].health === "failed";
    const shown = this.#current !== null && wanted.includes(this.#current);
    if (shown && (nowMs < this.#patientUntilMs || (failed && nowMs - this.#currentDownMs < FAILED_GRACE_MS))) return;
    const others = wanted.filter((rung) => rung !== this.#current && facts[rung].offered === "yes");
    others.sort((a, b) => Number(nowMs < this.#mark(a).retryAtMs) - Number(nowMs < this.#mark(b).retryAtMs));
    const patience = this.#current === null ? PATIENCE_MS : DOWN_PATIENCE_MS;
    for (const rung of others) {
      run.add(rung);
      const since = this.#mark(rung).runningSinceMs ?? nowMs;
      if (facts[rung].health !== "failed" && nowMs - since < patience[rung]) return;
    }
  }

  /** @param {LadderFacts} facts */
  #lastFrameMs(facts) {
    return this.#current === null ? 0 : facts[this.#current].lastFrameMs;
  }

  /** @param {RungName} rung */
  #mark(rung) {
    let mark = this.#marks.get(rung);
    if (mark === undefined) {
      mark = { fails: 0, retryAtMs: 0, runningSinceMs: null, playingSinceMs: null, offered: "no" };
      this.#marks.set(rung, mark);
    }
    return mark;
  }
}

/**
 * @param {number[]} waits
 * @param {number} fails at least 1
 */
function waitOf(waits, fails) {
  return waits[Math.min(fails, waits.length) - 1] ?? 0;
}
