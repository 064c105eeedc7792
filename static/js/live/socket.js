/** Owns the page's one WebSocket: resuming, back-off, pings and typed dispatch. No DOM, no media. */

import { backoffMs } from "./backoff.js";
import { closingOf } from "./closing.js";

/** @import {MessageType, Message} from "./types.js" */

// The server gives up on a socket silent for 60 s, and proxies often do too.
const PING_EVERY_MS = 20_000;
const PONG_WITHIN_MS = 5_000;
// A handshake that hangs (captive portal, sleeping proxy) is not waited for by the browser's own clock.
const WELCOME_WITHIN_MS = 8_000;

/** @typedef {"connecting" | "open" | "waiting" | "closed"} SocketState */

/**
 * @typedef {object} SocketStatus
 * @property {SocketState} state
 * @property {number} attempt tries since the last welcome
 * @property {string | null} reason name of the close code
 */

/**
 * @typedef {object} ResumeStore
 * @property {() => string | null} read
 * @property {(token: string | null) => void} write
 */

/** @returns {ResumeStore} */
function resumeInMemory() {
  /** @type {string | null} */
  let kept = null;
  return { read: () => kept, write: (token) => void (kept = token) };
}

export class LiveSocket {
  #url;
  #roomId;
  #resume;
  /** @type {WebSocket | null} */
  #ws = null;
  /** @type {Map<string, Set<(message: any) => void>>} */
  #handlers = new Map();
  /** @type {Set<(status: SocketStatus) => void>} */
  #watchers = new Set();
  /** @type {SocketStatus} */
  #status = { state: "closed", attempt: 0, reason: null };
  #nextRef = 1;
  #pingNumber = 0;
  #retryTimer = 0;
  #pingTimer = 0;
  #deadTimer = 0;
  #usedResume = false;

  /**
   * @param {object} options
   * @param {string} options.path
   * @param {string} options.roomId
   * @param {"publisher" | "subscriber"} options.role
   * @param {number | null} options.userId
   * @param {ResumeStore} [options.resume]
   */
  constructor({ path, roomId, role, userId, resume = resumeInMemory() }) {
    const url = new URL(path, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.searchParams.set("room_id", roomId);
    url.searchParams.set("role", role);
    if (userId !== null) url.searchParams.set("user_id", String(userId));
    this.#url = url;
    this.#roomId = roomId;
    this.#resume = resume;
  }

  /** @returns {SocketStatus} */
  get status() {
    return this.#status;
  }

  /**
   * @template {MessageType} K
   * @param {K} type
   * @param {(message: Message<K>) => void} handler
   */
  on(type, handler) {
    const handlers = this.#handlers.get(type) ?? new Set();
    handlers.add(handler);
    this.#handlers.set(type, handlers);
  }

  /** @param {(status: SocketStatus) => void} watcher */
  onStatus(watcher) {
    this.#watchers.add(watcher);
  }

  open() {
    addEventListener("online", () => this.#wake());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#wake();
    });
    this.#connect();
  }

  /** Come back after a close that was final ("replaced", for one). */
  reopen() {
    clearTimeout(this.#retryTimer);
    this.#set({ state: "connecting", attempt: 0, reason: null });
    this.#connect();
  }

  /**
   * @param {string} type
   * @param {unknown} payload
   * @param {Record<string, unknown>} [fields] session_id, offer_id, target …
   * @returns {string | null} the message's ref, or null when it could not be sent
   */
  send(type, payload, fields = {}) {
    if (this.#ws === null || this.#status.state !== "open") return null;
    const ref = `m${this.#nextRef++}`;
    this.#ws.send(JSON.stringify({ type, room_id: this.#roomId, ref, ...fields, payload }));
    return ref;
  }

  #connect() {
    const token = this.#resume.read();
    const url = new URL(this.#url);
    if (token) url.searchParams.set("resume", token);
    this.#usedResume = Boolean(token);
    this.#set({ ...this.#status, state: "connecting" });
    const ws = new WebSocket(url, ["microvibe.v1"]);
    this.#ws = ws;
    this.#expectWithin(WELCOME_WITHIN_MS);
    ws.onmessage = (event) => {
      if (ws === this.#ws) this.#got(event.data);
    };
    ws.onclose = (event) => {
      if (ws === this.#ws) this.#lost(event.code);
    };
  }

  /** @param {unknown} data */
  #got(data) {
    if (typeof data !== "string") return;
    /** @type {any} */
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    if (message === null || typeof message !== "object" || typeof message.type !== "string") return;
    this.#alive();
    if (message.type === "welcome") {
      this.#resume.write(message.payload.resume ?? null);
      this.#set({ state: "open", attempt: 0, reason: null });
    }
    for (const handler of this.#handlers.get(message.type) ?? []) {
      // One broken panel must not silence the others.
      try {
        handler(message);
      } catch (error) {
        console.error(`handler of ${message.type}`, error);
      }
    }
  }

  /** Anything heard proves the socket alive; the next proof is due after the next ping. */
  #alive() {
    clearTimeout(this.#deadTimer);
    clearTimeout(this.#pingTimer);
    this.#pingTimer = setTimeout(() => this.#ping(), PING_EVERY_MS);
  }

  #ping() {
    if (this.send("ping", ++this.#pingNumber) === null) return;
    this.#expectWithin(PONG_WITHIN_MS);
  }

  /** @param {number} ms */
  #expectWithin(ms) {
    clearTimeout(this.#deadTimer);
    this.#deadTimer = setTimeout(() => this.#abandon(), ms);
  }

  /** close() on a dead network waits for a handshake that never comes, so the socket is let go first. */
  #abandon() {
    const ws = this.#ws;
    this.#lost(1006);
    ws?.close();
  }

  /** Back in the foreground or on the network: the back-off is over, and an open socket has to prove itself. */
  #wake() {
    if (this.#status.state === "waiting") {
      clearTimeout(this.#retryTimer);
      this.#connect();
    } else if (this.#status.state === "open") {
      this.#ping();
    }
  }

  /** @param {number} code */
  #lost(code) {
    this.#ws = null;
    clearTimeout(this.#deadTimer);
    clearTimeout(this.#pingTimer);
    const closing = closingOf(code);
    const { state, attempt } = this.#status;
    // A resume token that is no longer good must not lock the page out.
    const stale = this.#usedResume && state === "connecting" && (code === 4400 || code === 4403);
    if (stale) this.#resume.write(null);
    if (!closing.comesBack && !stale) {
      this.#set({ state: "closed", attempt, reason: closing.name });
      return;
    }
    this.#set({ state: "waiting", attempt: attempt + 1, reason: closing.name });
    clearTimeout(this.#retryTimer);
    const waitMs = Math.max(closing.waitMs, backoffMs(attempt));
    this.#retryTimer = setTimeout(() => this.#connect(), waitMs);
  }

  /** @param {SocketStatus} status */
  #set(status) {
    this.#status = status;
    for (const watcher of this.#watchers) watcher(status);
  }
}
