/** Owns the viewer's side of signalling: joining, rejoining beside the old session, leaving it. */

import { backoffMs } from "./backoff.js";
import { EarlyCandidates } from "./candidates.js";
import { ReceivingSession } from "./receiving.js";

/** @import {LiveSocket} from "./socket.js" */
/** @import {Message, Problem, Welcome, LayerWish, Playback} from "./types.js" */

// A join that brings no new picture for this long may be followed by another one.
const REJOIN_PATIENCE_MS = 5_000;
// The server closes the old session 10 s after the new one was answered; be there first.
const PROMOTE_ANYWAY_MS = 8_000;

// Trying again later may help against these.
const PASSING = new Set(["sfu_unavailable", "sfu_timeout", "sfu_refused", "rate_limited", "internal"]);

export class Subscriber {
  #socket;
  #changed;
  /** Another rung may be wanted instead: then nothing is joined. */
  #wanted = false;
  /** @type {Map<string, ReceivingSession>} oldest first */
  #sessions = new Map();
  #early = new EarlyCandidates();
  /** @type {string | null} the session whose picture and sound play */
  #activeId = null;
  /** @type {Set<string>} sessions known to be dead, shown until the next one plays */
  #dead = new Set();
  /** @type {RTCIceServer[]} */
  #iceServers = [];
  #joinedAt = 0;
  #retryTimer = 0;
  #retries = 0;
  #allowed = true;
  /** A join was sent and nothing has come of it that ended it. */
  #joined = false;

  /** Why WebRTC does not play now, as a code; null while nothing is wrong. @type {string | null} */
  trouble = null;

  /**
   * @param {LiveSocket} socket
   * @param {() => void} changed streams came or went, or a session changed
   */
  constructor(socket, changed) {
    this.#socket = socket;
    this.#changed = changed;
    socket.on("welcome", ({ payload }) => this.#gotWelcome(payload));
    socket.on("offer", (message) => this.#gotOffer(message));
    socket.on("ice", (message) => this.#gotCandidate(message));
    socket.on("session_lost", (message) => this.#gotLost(message));
    socket.on("playback", ({ payload }) => this.#gotPlayback(payload));
    socket.on("error", ({ payload }) => this.#gotProblem(payload));
  }

  /** @returns {ReceivingSession | null} */
  get active() {
    return this.#activeId === null ? null : (this.#sessions.get(this.#activeId) ?? null);
  }

  /** The newest session, if it is not the one that plays. @returns {ReceivingSession | null} */
  get next() {
    const newest = [...this.#sessions.values()].at(-1) ?? null;
    return newest === this.active ? null : newest;
  }

  /** True while what plays comes from a session that can't bring anything new. */
  get activeIsDead() {
    return this.#activeId === null || this.#dead.has(this.#activeId);
  }

  /** @param {boolean} wanted */
  want(wanted) {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    if (wanted) this.#join(true);
    else {
      if (this.#joined || this.#sessions.size > 0) this.#socket.send("leave", {});
      this.stop();
      this.trouble = null;
    }
  }

  /**
   * Asks for a new session beside the old one, unless one was asked for a moment ago.
   * @param {string} why for the log
   * @returns {boolean} whether it was asked for
   */
  rejoin(why) {
    if (performance.now() - this.#joinedAt < REJOIN_PATIENCE_MS) return false;
    console.info(`rejoin: ${why}`);
    return this.#join(true);
  }

  /** The picture of `session` plays: it takes over, and older ones are left. @param {ReceivingSession} session */
  promote(session) {
    if (this.#activeId === session.id || !this.#sessions.has(session.id)) return;
    this.#activeId = session.id;
    this.trouble = null;
    this.#retries = 0;
    for (const [id, other] of this.#sessions) {
      if (id === session.id) break;
      if (!this.#dead.has(id)) this.#socket.send("leave", {}, { session_id: id });
      this.#drop(id, other);
    }
    this.#changed();
  }

  /** The connection was closed for good: nothing may play on in the background. */
  stop() {
    clearTimeout(this.#retryTimer);
    for (const [id, session] of this.#sessions) this.#drop(id, session);
    this.#activeId = null;
    this.#joined = false;
  }

  /**
   * @param {string} streamId
   * @param {LayerWish} layer
   * @param {ReceivingSession} session
   * @returns {string | null} the message's ref, or null when it could not be sent
   */
  askLayer(streamId, layer, session) {
    const message = { stream_id: streamId, layer };
    return this.#socket.send("layer", message, { session_id: session.id });
  }

  /** @param {boolean} rejoin */
  #join(rejoin) {
    clearTimeout(this.#retryTimer);
    if (!this.#wanted || !this.#allowed || this.#socket.send("join", { rejoin }) === null) return false;
    this.#joinedAt = performance.now();
    this.#joined = true;
    return true;
  }

  /** @param {Welcome} welcome */
  #gotWelcome(welcome) {
    this.#iceServers = welcome.ice_servers;
    this.#allowed = webrtcMayCome(welcome.playback);
    const kept = new Set(welcome.sessions.map((s) => (typeof s === "string" ? s : s.session_id)));
    for (const id of this.#sessions.keys()) if (!kept.has(id)) this.#dead.add(id);
    const active = this.active;
    this.#joined = active !== null && active.connected && kept.has(active.id);
    if (!this.#joined) this.#join(kept.size > 0);
  }

  /** @param {Message<"offer">} message */
  #gotOffer({ session_id: id, offer_id: offerId, payload }) {
    if (id === undefined || !this.#wanted) return;
    let session = this.#sessions.get(id);
    if (session === undefined) {
      session = this.#open(id);
      for (const candidate of this.#early.take(id)) session.gotCandidate(candidate);
    }
    session.gotOffer(offerId, payload);
  }

  /** @param {string} id */
  #open(id) {
    const session = new ReceivingSession(id, this.#iceServers, {
      answered: (offerId, sdp) =>
        this.#socket.send("answer", sdp, { session_id: id, offer_id: offerId }),
      candidate: (candidate) => this.#socket.send("ice", candidate, { session_id: id }),
      streamsChanged: () => this.#changed(),
      failed: (why) => this.#failed(id, why),
    });
    this.#sessions.set(id, session);
    if (this.#activeId === null) this.#activeId = id;
    else {
      // A page in the background paints no first frame; a session that never connected takes over nothing.
      setTimeout(() => {
        if (session.connected) this.promote(session);
      }, PROMOTE_ANYWAY_MS);
    }
    return session;
  }

  /** @param {Message<"ice">} message */
  #gotCandidate({ session_id: id, payload }) {
    const session = id === undefined ? (this.next ?? this.active) : this.#sessions.get(id);
    if (session) session.gotCandidate(payload);
    else if (id !== undefined) this.#early.keep(id, payload);
  }

  /** @param {Message<"session_lost">} message */
  #gotLost({ session_id: id, payload }) {
    if (!this.#wanted) return;
    this.trouble = payload.code;
    if (id !== undefined) this.#bury(id);
    this.#joined = false;
    if (payload.retry_in_ms === null) this.#allowed = false;
    else this.#retryIn(payload.retry_in_ms);
    this.#changed();
  }

  /** @param {Playback} playback */
  #gotPlayback(playback) {
    this.#allowed = webrtcMayCome(playback);
    const rung = playback.rungs.find(({ rung: name }) => name === "webrtc");
    // Level, not edge: whatever was missed on the way here, a viewer without a join joins now.
    if (this.#allowed && !this.#joined && rung?.reason !== "sfu_unavailable") this.#retryIn(0);
  }

  /** @param {Problem} problem */
  #gotProblem(problem) {
    if (problem.about !== "join" || !this.#wanted) return;
    if (problem.code === "too_many_sessions") this.#socket.send("leave", {});
    else if (!PASSING.has(problem.code)) return;
    this.#joined = false;
    this.trouble = problem.code;
    this.#retryIn(problem.data?.retry_in_ms ?? backoffMs(this.#retries++ + 1));
    this.#changed();
  }

  /**
   * @param {string} id
   * @param {string} why
   */
  #failed(id, why) {
    console.info(`session ${id}: ${why}`);
    this.#bury(id);
    if (this.next === null) {
      this.#joined = false;
      this.#retryIn(0);
    }
    this.#changed();
  }

  /** A dead session that plays stays as the last picture; any other goes at once. @param {string} id */
  #bury(id) {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    if (id === this.#activeId) this.#dead.add(id);
    else this.#drop(id, session);
  }

  /**
   * @param {string} id
   * @param {ReceivingSession} session
   */
  #drop(id, session) {
    session.close();
    this.#sessions.delete(id);
    this.#dead.delete(id);
  }

  /** @param {number} ms */
  #retryIn(ms) {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#join(true), ms);
  }
}

/**
 * A room that is not live yet is worth joining: its offer comes with its first publisher.
 * @param {Playback} playback
 */
function webrtcMayCome(playback) {
  const rung = playback.rungs.find(({ rung: name }) => name === "webrtc");
  return rung === undefined || rung.available || rung.reason !== "mode_rtmp";
}
