/** Owns a guest's place: asking for it, leaving it, what became of it. No DOM. */

import { api, ApiError } from "../api.js";

/** @import {LiveSocket} from "./socket.js" */
/** @import {Guest, MyPlace, PageConfig} from "./types.js" */

// Asking once more does not help against these; the words say what does.
const FINAL = [
  ...["invite_not_found", "guest_removed", "forbidden", "banned"],
  ...["room_not_webrtc", "room_not_found", "unauthenticated", "already_publisher"],
];

export class GuestPlace {
  #config;
  #opened = false;
  #socket;
  #changed;
  #failed;
  /** @type {MyPlace | null} null: not asked yet */
  now;
  /** Why asking was refused, as a code. @type {string | null} */
  refused = null;
  /** An answer is due. */
  busy = false;

  /**
   * @param {PageConfig} config
   * @param {LiveSocket} socket
   * @param {(before: MyPlace | null) => void} changed
   * @param {(message: string) => void} failed it may be tried again
   */
  constructor(config, socket, changed, failed) {
    this.#config = config;
    this.#socket = socket;
    this.#changed = changed;
    this.#failed = failed;
    this.now = config.guest ?? null;
    socket.on("welcome", ({ payload }) => payload.guest && this.#set(payload.guest));
    socket.on("guest", ({ payload }) => this.#set(payload));
  }

  get linked() {
    return Boolean(this.#config.invite_token);
  }

  /** Invited or waiting, or back after a reload: the server is to know that one is here. */
  enter() {
    if (this.now !== null && ["invited", "waiting", "on_stage"].includes(this.now.state)) this.#open();
  }

  async ask() {
    const invited = this.now?.state === "invited" || !this.linked;
    await this.#call(() => (invited ? this.#do("ask") : this.#join()));
    if (this.now?.state !== "waiting" && this.now?.state !== "on_stage") return;
    // A reload finds the way without the link, which is not good for ever.
    history.replaceState(null, "", this.#config.guest_url);
    this.#open();
  }

  #open() {
    if (!this.#opened) this.#socket.open();
    else if (this.#socket.status.state === "closed") this.#socket.reopen();
    this.#opened = true;
  }

  async leave() {
    await this.#call(() => this.#do("leave"));
  }

  /** @param {() => Promise<Guest>} work */
  async #call(work) {
    if (this.busy) return;
    this.busy = true;
    this.refused = null;
    this.#changed(this.now);
    try {
      const { state, muted, reason } = await work();
      this.busy = false;
      this.#set({ state, muted, reason, from: null });
    } catch (error) {
      this.busy = false;
      const code = error instanceof ApiError ? String(error.code) : "network";
      if (FINAL.includes(code)) this.refused = code;
      else this.#failed(error instanceof ApiError ? error.message : "");
      this.#changed(this.now);
    }
  }

  /** @returns {Promise<Guest>} */
  async #join() {
    const { guest } = await api("POST", "guests/join", { token: this.#config.invite_token });
    return guest;
  }

  /** @param {"ask" | "leave"} what @returns {Promise<Guest>} */
  #do(what) {
    return api("POST", `live/${this.#config.room_id}/guests/${this.#config.user?.id}`, { do: what });
  }

  /** @param {MyPlace} place */
  #set(place) {
    const before = this.now;
    this.now = place;
    this.#changed(before);
  }
}
