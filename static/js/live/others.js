/** Owns what arrives at a publisher of the others in the room: the receiving side of its own sessions. No DOM. */

import { EarlyCandidates } from "./candidates.js";
import { ReceivingSession } from "./receiving.js";

/** @import {LiveSocket} from "./socket.js" */
/** @import {Message, Track} from "./types.js" */

export class Others {
  #socket;
  #changed;
  /** @type {RTCIceServer[]} */
  #iceServers = [];
  #early = new EarlyCandidates();
  /** @type {Map<string, ReceivingSession>} by the id of the sending session, oldest first */
  #sessions = new Map();
  /** @type {Set<string>} ids that the sending side has named */
  #known = new Set();

  /** All that is sent in the room, one's own as well. @type {Track[]} */
  tracks = [];

  /**
   * @param {LiveSocket} socket
   * @param {() => void} changed
   */
  constructor(socket, changed) {
    this.#socket = socket;
    this.#changed = changed;
    socket.on("welcome", ({ payload }) => (this.#iceServers = payload.ice_servers));
    socket.on("offer", (message) => this.#gotOffer(message));
    socket.on("ice", (message) => this.#gotCandidate(message));
    socket.on("session_lost", ({ session_id: id }) => this.#drop(id ?? ""));
    socket.on("tracks", ({ payload }) => {
      this.tracks = payload.tracks;
      changed();
    });
  }

  /** @returns {ReceivingSession | null} */
  get newest() {
    return [...this.#sessions.values()].findLast((session) => session.streams.size > 0) ?? null;
  }

  /** @returns {Set<string>} ids of streams that arrive */
  get received() {
    return new Set([...this.#sessions.values()].flatMap(({ streams }) => [...streams.keys()]));
  }

  /** @param {string} streamId */
  stream(streamId) {
    return [...this.#sessions.values()].findLast(({ streams }) => streams.has(streamId))?.streams.get(streamId);
  }

  /** A sending session that ended takes its receiving side along. @param {string[]} sessionIds those that are there */
  keepOnly(sessionIds) {
    for (const id of this.#known) if (!sessionIds.includes(id)) this.#drop(id);
    this.#known = new Set(sessionIds);
  }

  stop() {
    for (const id of [...this.#sessions.keys()]) this.#drop(id);
    this.#known.clear();
    this.tracks = [];
    this.#changed();
  }

  /** @param {Message<"offer">} message */
  #gotOffer({ session_id: id, offer_id: offerId, payload }) {
    if (id === undefined) return;
    let session = this.#sessions.get(id);
    if (session === undefined) {
      session = new ReceivingSession(id, this.#iceServers, {
        answered: (answerId, sdp) => {
          this.#socket.send("answer", sdp, { session_id: id, offer_id: answerId, target: "subscriber" });
        },
        candidate: (candidate) => {
          this.#socket.send("ice", candidate, { session_id: id, target: "subscriber" });
        },
        streamsChanged: this.#changed,
        failed: (why) => {
          console.info(`others, session ${id}: ${why}`);
          this.#drop(id);
        },
      });
      this.#sessions.set(id, session);
      for (const candidate of this.#early.take(id)) session.gotCandidate(candidate);
    }
    session.gotOffer(offerId, payload);
  }

  /** @param {Message<"ice">} message */
  #gotCandidate({ session_id: id, target, payload }) {
    if (target !== "subscriber" || id === undefined) return;
    const session = this.#sessions.get(id);
    if (session) session.gotCandidate(payload);
    else this.#early.keep(id, payload);
  }

  /** @param {string} id */
  #drop(id) {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    session.close();
    this.#sessions.delete(id);
    this.#changed();
  }
}
