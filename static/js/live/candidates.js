/** Owns remote candidates that came too early: before their description, or before their session is known. */

// More is nobody's honest network; the bounds keep a broken server from filling the page.
const MAX_SESSIONS = 8;
const MAX_CANDIDATES = 64;

/** Candidates of sessions that this page has not heard of yet. */
export class EarlyCandidates {
  /** @type {Map<string, (RTCIceCandidateInit | null)[]>} */
  #waiting = new Map();

  /**
   * @param {string} sessionId
   * @param {RTCIceCandidateInit | null} candidate
   */
  keep(sessionId, candidate) {
    if (this.#waiting.size >= MAX_SESSIONS) return;
    const waiting = this.#waiting.get(sessionId) ?? [];
    if (waiting.length < MAX_CANDIDATES) waiting.push(candidate);
    this.#waiting.set(sessionId, waiting);
  }

  /**
   * Those of a session that is known now; all others are outdated by it.
   * @param {string} sessionId
   */
  take(sessionId) {
    const waiting = this.#waiting.get(sessionId) ?? [];
    this.#waiting.clear();
    return waiting;
  }
}

export class CandidateQueue {
  #pc;
  /** @type {(RTCIceCandidateInit | null)[]} */
  #early = [];
  #ready = false;

  /** @param {RTCPeerConnection} pc */
  constructor(pc) {
    this.#pc = pc;
  }

  /** @param {RTCIceCandidateInit | null} candidate */
  async add(candidate) {
    if (!this.#ready) {
      this.#early.push(candidate);
      return;
    }
    // A candidate that can't be used is the network's business: others may do.
    await this.#pc.addIceCandidate(candidate ?? undefined).catch(() => {});
  }

  /** Call after each setRemoteDescription. */
  async flush() {
    this.#ready = true;
    for (const candidate of this.#early.splice(0)) await this.add(candidate);
  }
}
