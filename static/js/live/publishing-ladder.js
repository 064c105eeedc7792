/**
 * Owns by which way the studio sends: WebRTC, or WebSocket while that does not get through. Pure.
 *
 * Facts in, what should run out; asked again and again. Down as soon as WebRTC has had its chance, up again make before
 * break: what began last is what viewers see, so both run for a moment.
 */

/**
 * @typedef {object} PublishingFacts
 * @property {boolean} wanted the streamer wants to be on air
 * @property {boolean} pushable this browser, room and server can do it by WebSocket
 * @property {boolean} there WebRTC is offered to us at all
 * @property {boolean} connected media flow by WebRTC
 * @property {boolean} [reached] packets get to the SFU and back: it only takes time
 * @property {boolean} seen the room says that it gets something by WebRTC
 * @property {number | null} answeredMs when the server answered an offer last
 * @property {boolean} hopeless the server's answer was that this will never do
 *
 * @typedef {{webrtc: boolean, push: "off" | "warm" | "on"}} PublishingPlan
 */

const ANSWERED_MS = 3_000;
const UNANSWERED_MS = 4_000;
// A busy machine is no firewall.
const REACHED_MS = 8_000;
// Connected, but nothing is seen of it.
const UNSEEN_MS = 5_000;
// The connection is made ahead, so that the fall itself costs little.
const WARM_MS = 1_500;
const PROBE_AFTER_MS = [10_000, 20_000, 40_000, 60_000];
const PROBE_MS = 6_000;
// What shows viewers the new way (a bridge, for those on HLS) begins meanwhile.
const BOTH_MS = 2_500;
const SETTLED_MS = 60_000;

export class PublishingLadder {
  /** @type {"off" | "webrtc" | "push"} */
  way = "off";
  /** Looks whether WebRTC works again. */
  probing = false;
  #now = 0;
  #wasGood = false;
  /** @type {number | null} */
  #badSinceMs = null;
  /** @type {number | null} */
  #answeredMs = null;
  /** @type {number | null} */
  #upSinceMs = null;
  #probeSinceMs = 0;
  #nextProbeMs = 0;
  #probes = 0;
  #wasThere = true;
  #settledMs = 0;

  /** @param {"webrtc" | "push"} way that worked before, if the page was only loaded again */
  start(way) {
    this.way = way;
    this.probing = this.#wasGood = false;
    this.#badSinceMs = this.#answeredMs = this.#upSinceMs = null;
    this.#probes = 0;
    this.#nextProbeMs = -1;
  }

  stop() {
    this.way = "off";
    this.probing = false;
  }

  /**
   * @param {PublishingFacts} facts
   * @param {number} nowMs
   * @returns {PublishingPlan}
   */
  step(facts, nowMs) {
    this.#now = nowMs;
    if (!facts.wanted) this.stop();
    const cameBack = facts.there && !this.#wasThere;
    this.#wasThere = facts.there;
    if (this.way === "off") return { webrtc: false, push: "off" };
    if (this.way === "push" && !facts.pushable) this.#up();
    if (this.way === "webrtc") return this.#onWebrtc(facts);
    return this.#onPush(facts, cameBack);
  }

  /**
   * @param {PublishingFacts} facts
   * @returns {PublishingPlan}
   */
  #onWebrtc(facts) {
    const good = facts.connected && facts.seen;
    if (good) {
      this.#badSinceMs = this.#answeredMs = null;
      this.#wasGood = true;
      if (this.#now - this.#settledMs > SETTLED_MS) this.#probes = 0;
      return { webrtc: true, push: "off" };
    }
    this.#badSinceMs ??= this.#now;
    if (facts.answeredMs !== null && facts.answeredMs >= this.#badSinceMs) this.#answeredMs ??= facts.answeredMs;
    if (!facts.pushable) return { webrtc: true, push: "off" };
    const fallMs = this.#fallMs(facts, this.#badSinceMs);
    if (this.#now >= fallMs) {
      this.#fall();
      return { webrtc: false, push: "on" };
    }
    return { webrtc: true, push: this.#now >= fallMs - WARM_MS ? "warm" : "off" };
  }

  /**
   * @param {PublishingFacts} facts
   * @param {number} badSinceMs
   */
  #fallMs(facts, badSinceMs) {
    if (facts.hopeless || (!facts.there && !this.#wasGood)) return this.#now;
    if (facts.reached && !facts.connected) return badSinceMs + REACHED_MS;
    if (facts.connected) return badSinceMs + UNSEEN_MS;
    if (this.#wasGood) return badSinceMs + ANSWERED_MS;
    return this.#answeredMs === null ? badSinceMs + UNANSWERED_MS : this.#answeredMs + ANSWERED_MS;
  }

  #fall() {
    this.way = "push";
    this.probing = false;
    this.#upSinceMs = null;
    this.#nextProbeMs = -1;
  }

  #up() {
    this.way = "webrtc";
    this.probing = false;
    this.#badSinceMs = this.#answeredMs = null;
    this.#settledMs = this.#now;
  }

  /**
   * @param {PublishingFacts} facts
   * @param {boolean} cameBack
   * @returns {PublishingPlan}
   */
  #onPush(facts, cameBack) {
    if (this.#nextProbeMs < 0) this.#plan();
    if (cameBack && !this.probing) this.#nextProbeMs = this.#now;
    if (!this.probing && facts.there && this.#now >= this.#nextProbeMs) {
      this.probing = true;
      this.#probeSinceMs = this.#now;
      this.#upSinceMs = null;
      return { webrtc: true, push: "on" };
    }
    if (!this.probing) return { webrtc: false, push: "on" };
    if (facts.connected && facts.seen) {
      this.#upSinceMs ??= this.#now;
      if (this.#now - this.#upSinceMs >= BOTH_MS) {
        this.#wasGood = true;
        this.#up();
        return { webrtc: true, push: "off" };
      }
      return { webrtc: true, push: "on" };
    }
    this.#upSinceMs = null;
    if (!facts.there || facts.hopeless || this.#now - this.#probeSinceMs >= PROBE_MS) {
      this.probing = false;
      this.#plan();
      return { webrtc: false, push: "on" };
    }
    return { webrtc: true, push: "on" };
  }

  #plan() {
    const waitMs = PROBE_AFTER_MS[Math.min(this.#probes, PROBE_AFTER_MS.length - 1)] ?? 60_000;
    this.#probes += 1;
    this.#nextProbeMs = this.#now + waitMs;
  }
}
