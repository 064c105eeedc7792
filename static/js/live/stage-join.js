/** Owns receiving the stage without sending: the session that is joined for it, until sending carries the others. */

import { backoffMs } from "./backoff.js";

/** @import {LiveSocket} from "./socket.js" */
/** @import {Message, Problem, Welcome} from "./types.js" */

// Trying again does not help against these, until something changes.
const FINAL = new Set(["room_not_webrtc", "wrong_role", "forbidden", "room_not_found", "banned"]);
const FIRST_RETRY_MS = 1_000;

export class StageJoin {
  #socket;
  #wanted = false;
  /** Sent, and no offer has come of it yet. */
  #asked = false;
  #refused = false;
  #tries = 0;
  #timer = 0;

  /** The sessions that were joined. @type {Set<string>} */
  ids = new Set();

  /** @param {LiveSocket} socket */
  constructor(socket) {
    this.#socket = socket;
    socket.on("welcome", ({ payload }) => this.#gotWelcome(payload));
    socket.on("session_lost", (message) => this.#gotLost(message));
    socket.on("error", ({ payload }) => this.#gotProblem(payload));
    socket.on("playback", () => {
      if (this.#refused) this.#retryIn(0);
    });
  }

  /**
   * @param {boolean} wanted
   * @param {boolean} begins not beside a session that is about to carry the others anyway
   */
  want(wanted, begins) {
    if (wanted && !this.#wanted && !begins) return;
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#tries = 0;
    if (wanted) this.#join();
    else this.#leave();
  }

  /**
   * The first offer of a session that nobody named yet.
   * @param {string} id
   */
  gotNew(id) {
    if (!this.#asked) return;
    this.#asked = false;
    this.ids.add(id);
  }

  /** It is the publisher's after all: its offer came before its answer. @param {string} id */
  notOurs(id) {
    if (this.ids.delete(id) && this.#wanted) this.#asked = true;
  }

  /** @param {string} id */
  works(id) {
    if (this.ids.has(id)) this.#tries = 0;
  }

  /** Its connection broke, or never came. @param {string} id */
  failed(id) {
    if (!this.ids.delete(id)) return;
    this.#socket.send("leave", {}, { session_id: id });
    this.#retry();
  }

  #join() {
    clearTimeout(this.#timer);
    if (!this.#wanted || this.#asked || this.ids.size > 0) return;
    this.#refused = false;
    // `rejoin`: what a broken connection left behind is replaced.
    this.#asked = this.#socket.send("join", { rejoin: true }) !== null;
  }

  #leave() {
    clearTimeout(this.#timer);
    // Not by name: one whose offer has not come has none.
    if (this.#asked || this.ids.size > 0) this.#socket.send("leave", {}, { target: "subscriber" });
    this.#asked = this.#refused = false;
    this.ids.clear();
  }

  /** @param {Welcome} welcome */
  #gotWelcome({ sessions }) {
    const kept = new Set(sessions.map((s) => (typeof s === "string" ? s : s.session_id)));
    for (const id of this.ids) if (!kept.has(id)) this.ids.delete(id);
    this.#asked = false;
    this.#join();
  }

  /** @param {Message<"session_lost">} message */
  #gotLost({ session_id: id, payload }) {
    if (id === undefined || !this.ids.delete(id)) return;
    if (payload.retry_in_ms === null) this.#refused = true;
    else this.#retryIn(payload.retry_in_ms);
  }

  /** @param {Problem} problem */
  #gotProblem({ about, code, data }) {
    if (about !== "join") return;
    this.#asked = false;
    if (FINAL.has(code)) this.#refused = true;
    else if (data?.retry_in_ms) this.#retryIn(data.retry_in_ms);
    else this.#retry();
  }

  #retry() {
    this.#retryIn(FIRST_RETRY_MS + backoffMs(this.#tries++));
  }

  /** @param {number} ms */
  #retryIn(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#join(), ms);
  }
}
