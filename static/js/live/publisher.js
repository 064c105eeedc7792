/** Owns the publisher's side of signalling: going on air, staying there by new sessions beside old ones, leaving. */

import { backoffMs } from "./backoff.js";
import { EarlyCandidates } from "./candidates.js";
import { SendingSession } from "./sending.js";

/** @import {LiveSocket} from "./socket.js" */
/** @import {LocalMedia} from "./local-media.js" */
/** @import {Message, Problem, Room, Welcome} from "./types.js" */

// Trying again does not help against these; the words say what does.
const FINAL = new Set(["room_not_webrtc", "no_common_codec", "bad_sdp", "banned", "wrong_role", "not_live", "not_on_stage"]);
// Away for longer than the grace time: the show goes on as a new broadcast.
const COME_BACK_MS = 1_000;

export class Publisher {
  #socket;
  #media;
  #options;
  #changed;
  /** @type {SendingSession[]} oldest first */
  #sessions = [];
  #early = new EarlyCandidates();
  /** @type {Map<string, SendingSession>} ref of an offer → whose it is */
  #offers = new Map();
  /** @type {RTCIceServer[]} */
  #iceServers = [];
  #retryTimer = 0;
  /** @type {Room | null} */
  #room = null;
  /** The broadcast ended under us; only the room's reason says whether to come back. */
  #cutOff = false;

  /** The streamer wants to be on air. */
  wanted = false;
  /** It was on air since it was wanted. */
  wasOn = false;
  /** Tries since it last worked. */
  attempt = 0;
  /** Why it does not work now. @type {string | null} */
  trouble = null;
  /** Trying was given up for this reason. @type {string | null} */
  refused = null;
  /** When the server answered an offer last, on the page's clock. @type {number | null} */
  answeredMs = null;

  /**
   * @param {LiveSocket} socket
   * @param {LocalMedia} media
   * @param {{codec: string | null, simulcast: boolean, subscribe: boolean}} options `subscribe`: sees the others, too
   * @param {() => void} changed
   */
  constructor(socket, media, options, changed) {
    this.#socket = socket;
    this.#media = media;
    this.#options = options;
    this.#changed = changed;
    socket.on("welcome", ({ payload }) => this.#gotWelcome(payload));
    socket.on("answer", (message) => this.#gotAnswer(message));
    socket.on("ice", (message) => this.#gotCandidate(message));
    socket.on("session_lost", (message) => this.#gotLost(message));
    socket.on("room", ({ payload }) => {
      this.#room = payload;
      this.#comeBack();
    });
    socket.on("playback", ({ payload }) => {
      const way = payload.publish.find(({ way: name }) => name === "webrtc");
      if (way?.available && this.wanted && this.trouble !== null && !this.connected) this.#openIn(0);
    });
    socket.on("error", (message) => this.#gotProblem(message.payload, message.ref));
  }

  get connected() {
    return this.#sessions.some((session) => session.connected);
  }

  /** The network lets it through: what is missing only takes time. */
  get reached() {
    return this.#sessions.some((session) => session.reached);
  }

  /** @returns {SendingSession | null} */
  get session() {
    return this.#sessions.findLast((session) => session.connected) ?? null;
  }

  /** Of its sessions that the server has named. @returns {string[]} */
  get sessionIds() {
    return this.#sessions.flatMap(({ id }) => (id === null ? [] : [id]));
  }

  start() {
    this.wanted = true;
    this.wasOn = false;
    this.attempt = 0;
    this.trouble = this.refused = null;
    this.#cutOff = false;
    this.#open();
  }

  stop() {
    this.wanted = false;
    clearTimeout(this.#retryTimer);
    if (this.#sessions.length > 0) this.#socket.send("leave", {}, { target: "publisher" });
    for (const session of this.#sessions.splice(0)) session.close();
    this.#changed();
  }

  /** @param {"video" | "audio"} kind of the track that was exchanged for another */
  async trackChanged(kind) {
    for (const session of [...this.#sessions]) {
      const first =
        kind === "video"
          ? await session.replaceVideo(this.#media.video)
          : await session.replaceAudio(this.#media.audio);
      if (first) await session.negotiate();
    }
  }

  /** The screen came or went. */
  async screenChanged() {
    const session = this.#sessions.at(-1);
    if (session === undefined) return;
    await session.removeScreen();
    if (this.#media.screen !== null) session.addScreen(this.#media.screen);
    await session.negotiate();
  }

  #open() {
    clearTimeout(this.#retryTimer);
    if (!this.wanted || this.#socket.status.state !== "open") return;
    if (!this.wasOn && this.#sessions.length > 0) {
      // Before it ever worked there is nothing worth keeping.
      this.#socket.send("leave", {}, { target: "publisher" });
      for (const session of this.#sessions.splice(0)) session.close();
    }
    const rejoin = this.wasOn;
    let first = true;
    const session = new SendingSession(
      { iceServers: this.#iceServers, ...this.#options },
      {
        offered: (sdp, tracks) => {
          const fields = { tracks, subscribe: this.#options.subscribe, ...(first && rejoin ? { rejoin: true } : {}) };
          const known = session.id === null ? {} : { session_id: session.id };
          first = false;
          const ref = this.#socket.send("offer", sdp, { ...fields, ...known });
          if (ref !== null) this.#offers.set(ref, session);
        },
        candidate: (candidate) => {
          const known = session.id === null ? {} : { session_id: session.id };
          this.#socket.send("ice", candidate, { ...known, target: "publisher" });
        },
        connected: () => this.#connected(session),
        failed: (why) => this.#failed(session, why),
      },
    );
    this.#sessions.push(session);
    session.addCamera(this.#media.video, this.#media.audio);
    if (this.#media.screen !== null) session.addScreen(this.#media.screen);
    void session.negotiate();
    this.#changed();
  }

  /** @param {Welcome} welcome */
  #gotWelcome(welcome) {
    this.#iceServers = welcome.ice_servers;
    this.#room = welcome.room;
    if (!this.wanted) return;
    const kept = new Set(welcome.sessions.map((s) => (typeof s === "string" ? s : s.session_id)));
    const alive = this.#sessions.some(({ id, connected }) => connected && id !== null && kept.has(id));
    if (!alive) this.#open();
  }

  /** @param {Message<"answer">} message */
  #gotAnswer({ session_id: id, payload }) {
    const session =
      this.#sessions.find((candidate) => id !== undefined && candidate.id === id) ??
      this.#sessions.findLast((candidate) => candidate.id === null);
    if (session === undefined) return;
    this.answeredMs = performance.now();
    if (session.id === null && id !== undefined) {
      session.id = id;
      for (const candidate of this.#early.take(id)) session.gotCandidate(candidate);
    }
    void session.gotAnswer(payload);
  }

  /** @param {Message<"ice">} message */
  #gotCandidate({ session_id: id, target, payload }) {
    if (target === "subscriber") return;
    const session = id === undefined ? this.#sessions.at(-1) : this.#sessions.find((s) => s.id === id);
    if (session) session.gotCandidate(payload);
    else if (id !== undefined) this.#early.keep(id, payload);
  }

  /** @param {Message<"session_lost">} message */
  #gotLost({ session_id: id, payload }) {
    if (!this.wanted) return;
    this.trouble = payload.code;
    const lost = this.#sessions.find((session) => session.id === id);
    if (lost !== undefined) this.#drop(lost);
    if (payload.code === "not_live") {
      this.#cutOff = true;
      this.#comeBack();
    } else if (payload.retry_in_ms === null) this.refused = payload.code;
    else if (!this.connected) this.#openIn(payload.retry_in_ms);
    this.#changed();
  }

  /** Not after an end that somebody meant: the page stops wanting to be on air then. */
  #comeBack() {
    if (!this.#cutOff || !this.wanted) return;
    if (this.#room?.state !== "ended" || this.#room.ended_reason !== "publisher_left") return;
    this.#cutOff = false;
    this.#openIn(COME_BACK_MS);
  }

  /**
   * @param {Problem} problem
   * @param {string | undefined} ref
   */
  #gotProblem(problem, ref) {
    if (problem.about !== "offer" || !this.wanted) return;
    const session = (ref === undefined ? undefined : this.#offers.get(ref)) ?? this.#sessions.at(-1);
    if (session?.connected) {
      void session.rollBack();
      this.#media.stopScreen();
      return;
    }
    this.trouble = problem.code;
    if (session) this.#drop(session);
    if (FINAL.has(problem.code)) {
      this.refused = problem.code;
      this.wanted = false;
    } else {
      this.#openIn(problem.data?.retry_in_ms ?? backoffMs(this.attempt++ + 1));
    }
    this.#changed();
  }

  /** @param {SendingSession} session */
  #connected(session) {
    this.attempt = 0;
    this.trouble = null;
    this.wasOn = true;
    for (const other of [...this.#sessions]) {
      if (other === session) break;
      if (other.id !== null) this.#socket.send("leave", {}, { session_id: other.id });
      this.#drop(other);
    }
    this.#changed();
  }

  /**
   * @param {SendingSession} session
   * @param {string} why
   */
  #failed(session, why) {
    console.info(`publisher session ${session.id}: ${why}`);
    const newest = session === this.#sessions.at(-1);
    this.trouble ??= "connection";
    this.#drop(session);
    if (newest && this.wanted) this.#openIn(this.attempt === 0 ? 0 : backoffMs(this.attempt));
    this.attempt += 1;
    this.#changed();
  }

  /** @param {SendingSession} session */
  #drop(session) {
    session.close();
    this.#sessions = this.#sessions.filter((other) => other !== session);
    for (const [ref, owner] of this.#offers) if (owner === session) this.#offers.delete(ref);
  }

  /** @param {number} ms */
  #openIn(ms) {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#open(), ms);
  }
}
