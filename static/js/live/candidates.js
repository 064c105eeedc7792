/** Owns the queue of remote candidates that came before the description they belong to. */

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
