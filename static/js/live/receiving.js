/** Owns one subscriber peer connection: it only ever answers. */

import { CandidateQueue } from "./candidates.js";
import { namesHost, withoutHostNames } from "./sdp.js";

/**
 * @typedef {object} ReceivingEvents
 * @property {(offerId: number | undefined, sdp: string) => void} answered
 * @property {(candidate: RTCIceCandidateInit | null) => void} candidate
 * @property {() => void} streamsChanged
 * @property {(why: string) => void} failed
 */

// "disconnected" often mends itself within a second or two (a phone between two masts).
const DISCONNECTED_MS = 2_000;

export class ReceivingSession {
  /** @type {Map<string, MediaStream>} stream id → what arrives of it */
  streams = new Map();
  /** An offer was answered: before that the server takes no wishes about its streams. */
  answered = false;
  #pc;
  #queue;
  #events;
  #work = Promise.resolve();
  #closed = false;
  #disconnectedTimer = 0;

  /**
   * @param {string} id
   * @param {RTCIceServer[]} iceServers
   * @param {ReceivingEvents} events
   */
  constructor(id, iceServers, events) {
    this.id = id;
    this.#events = events;
    this.#pc = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    this.#queue = new CandidateQueue(this.#pc);
    this.#pc.ontrack = (event) => this.#gotTrack(event);
    this.#pc.onicecandidate = ({ candidate }) => {
      if (candidate === null) events.candidate(null);
      else if (candidate.candidate && !namesHost(candidate.candidate)) {
        events.candidate(candidate.toJSON());
      }
    };
    this.#pc.onconnectionstatechange = () => this.#stateChanged();
  }

  get connected() {
    return this.#pc.connectionState === "connected";
  }

  /** @returns {RTCRtpReceiver[]} */
  get receivers() {
    return this.#pc.getReceivers();
  }

  /** @returns {Promise<RTCStatsReport>} */
  stats() {
    return this.#pc.getStats();
  }

  /**
   * Offers are answered one after the other, in the order they came.
   * @param {number | undefined} offerId
   * @param {string} sdp
   */
  gotOffer(offerId, sdp) {
    this.#work = this.#work.then(() => this.#answer(offerId, sdp));
  }

  /** @param {RTCIceCandidateInit | null} candidate */
  gotCandidate(candidate) {
    void this.#queue.add(candidate);
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#disconnectedTimer);
    this.#pc.ontrack = this.#pc.onicecandidate = this.#pc.onconnectionstatechange = null;
    this.#pc.close();
    this.streams.clear();
  }

  /**
   * @param {number | undefined} offerId
   * @param {string} sdp
   */
  async #answer(offerId, sdp) {
    if (this.#closed) return;
    try {
      await this.#pc.setRemoteDescription({ type: "offer", sdp });
      const answer = await this.#pc.createAnswer();
      await this.#pc.setLocalDescription(answer);
      this.#events.answered(offerId, withoutHostNames(answer.sdp ?? ""));
      if (!this.answered) {
        this.answered = true;
        this.#events.streamsChanged();
      }
      await this.#queue.flush();
    } catch (error) {
      if (!this.#closed) this.#events.failed(`answer: ${error}`);
    }
  }

  /** @param {RTCTrackEvent} event */
  #gotTrack({ track, streams }) {
    const stream = streams[0];
    if (!stream) return;
    this.streams.set(stream.id, stream);
    stream.onremovetrack = () => {
      if (stream.getTracks().length === 0) this.streams.delete(stream.id);
      this.#events.streamsChanged();
    };
    track.onunmute = () => this.#events.streamsChanged();
    this.#events.streamsChanged();
  }

  #stateChanged() {
    clearTimeout(this.#disconnectedTimer);
    const state = this.#pc.connectionState;
    if (state === "failed" || state === "closed") this.#events.failed(`connection ${state}`);
    else if (state === "disconnected") {
      this.#disconnectedTimer = setTimeout(
        () => this.#events.failed("connection disconnected"),
        DISCONNECTED_MS,
      );
    } else this.#events.streamsChanged();
  }
}
