/** Owns what arrives of the others in the room where one sends: by one's own sessions, or one joined for it. No DOM. */

import { EarlyCandidates } from "./candidates.js";
import { ReceivingSession } from "./receiving.js";
import { StageJoin } from "./stage-join.js";

/** @import {Publisher} from "./publisher.js" */
/** @import {LiveSocket} from "./socket.js" */
/** @import {Message, Track} from "./types.js" */

export class Others {
  #socket;
  #changed;
  #me;
  #join;
  /** @type {RTCIceServer[]} */
  #iceServers = [];
  #early = new EarlyCandidates();
  /** @type {Map<string, ReceivingSession>} by the id of the sending session, oldest first */
  #sessions = new Map();
  /** @type {Set<string>} ids that the sending side has named */
  #known = new Set();

  /** @type {WeakSet<ReceivingSession>} */
  #connected = new WeakSet();
  /** @type {Set<string>} own streams by session: the room sends them back to who does not send by WebRTC */
  #declined = new Set();

  /** All that is sent in the room, one's own as well. @type {Track[]} */
  tracks = [];

  /**
   * @param {LiveSocket} socket
   * @param {number | undefined} me whose page it is
   * @param {() => void} changed
   */
  constructor(socket, me, changed) {
    this.#socket = socket;
    this.#me = me;
    this.#changed = changed;
    this.#join = new StageJoin(socket);
    socket.on("welcome", ({ payload }) => (this.#iceServers = payload.ice_servers));
    socket.on("offer", (message) => this.#gotOffer(message));
    socket.on("ice", (message) => this.#gotCandidate(message));
    socket.on("session_lost", ({ session_id: id }) => this.#drop(id ?? ""));
    socket.on("tracks", ({ payload }) => {
      this.tracks = payload.tracks;
      this.#decline();
      changed();
    });
  }

  /** @returns {ReceivingSession | null} */
  get newest() {
    return this.#through.findLast((session) => session.streams.size > 0) ?? null;
  }

  /** @returns {Set<string>} ids of streams that arrive */
  get received() {
    return new Set(this.#through.flatMap(({ streams }) => [...streams.keys()]));
  }

  /** @param {string} streamId */
  stream(streamId) {
    return this.#through.findLast(({ streams }) => streams.has(streamId))?.streams.get(streamId);
  }

  /** Sessions that got through once: streams that were only announced may never come. */
  get #through() {
    for (const session of this.#sessions.values()) if (session.connected) this.#connected.add(session);
    return [...this.#sessions.values()].filter((session) => this.#connected.has(session));
  }

  /**
   * Call whenever the publisher changed: its sessions carry what is received, and one that was joined until they do.
   * @param {Publisher} publisher
   * @param {boolean} receives the others are to be seen and heard, whoever sends
   */
  follow(publisher, receives) {
    const sending = publisher.wanted ? publisher.sessionIds : [];
    for (const id of sending) this.#join.notOurs(id);
    this.#join.want(receives && !this.#carriedBy(sending), !publisher.wanted);
    for (const id of this.#sessions.keys()) {
      // One that is not named yet may be the publisher's.
      const known = this.#known.has(id) || !publisher.wanted;
      if (known && !sending.includes(id) && !this.#join.ids.has(id)) this.#drop(id);
    }
    this.#known = new Set([...sending, ...this.#join.ids]);
    if (!receives && !publisher.wanted && this.tracks.length > 0) {
      this.tracks = [];
      this.#changed();
    }
  }

  /** All of the others that the joined session brings flows by one's own as well. @param {string[]} sending */
  #carriedBy(sending) {
    const own = sending.map((id) => this.#sessions.get(id)).findLast((session) => session?.connected && session.streams.size > 0);
    if (own === undefined) return false;
    const theirs = new Set(this.tracks.filter(({ user }) => user?.id !== this.#me).map(({ stream_id }) => stream_id));
    return [...this.#join.ids].every((id) =>
      [...(this.#sessions.get(id)?.streams.keys() ?? [])].every(
        (stream) => !theirs.has(stream) || own.streams.get(stream)?.getTracks().some(({ muted }) => !muted),
      ),
    );
  }

  /** One's own picture need not come back. */
  #decline() {
    for (const id of this.#join.ids) {
      const session = this.#sessions.get(id);
      if (!session?.answered) continue;
      if (session.connected) this.#join.works(id);
      for (const { user, kind, stream_id } of this.tracks) {
        const key = `${id} ${stream_id}`;
        if (kind !== "video" || user === null || user.id !== this.#me || this.#declined.has(key)) continue;
        if (!session.streams.has(stream_id)) continue;
        this.#declined.add(key);
        this.#socket.send("layer", { stream_id, layer: "off" }, { session_id: id });
      }
    }
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
        streamsChanged: () => {
          this.#decline();
          this.#changed();
        },
        failed: (why) => {
          console.info(`others, session ${id}: ${why}`);
          this.#join.failed(id);
          this.#drop(id);
        },
      });
      if (!this.#known.has(id)) this.#join.gotNew(id);
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
