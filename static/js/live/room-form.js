/** Owns changing a room from the studio: its title and mode, and ending it, by the REST API. */

import { gettext } from "../i18n.js";
import { cookie, need, say } from "./page.js";

/** @import {PageConfig, Room} from "./types.js" */

const SAVED_MS = 2_500;

/**
 * @param {PageConfig} config
 * @param {"PATCH" | "POST"} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<{ok: boolean, message: string}>}
 */
export async function callApi(config, method, path, body) {
  try {
    const response = await fetch(`${config.api_base}/live/${config.room_id}${path}`, {
      method,
      headers: { "Content-Type": "application/json", "X-CSRFToken": cookie(config.csrf_cookie ?? "csrftoken") },
      body: body === undefined ? null : JSON.stringify(body),
      credentials: "same-origin",
    });
    const answer = await response.json().catch(() => ({}));
    return { ok: response.ok, message: String(answer.message ?? "") };
  } catch {
    return { ok: false, message: gettext("The server can't be reached just now.") };
  }
}

export class RoomForm {
  #form;
  #config;

  /**
   * @param {HTMLFormElement} form
   * @param {PageConfig} config
   */
  constructor(form, config) {
    this.#form = form;
    this.#config = config;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#save();
    });
    form.addEventListener("input", () => this.#dirty(true));
  }

  /** What somebody is typing is not overwritten. @param {Room} room */
  show(room) {
    if (this.#form.dataset.dirty === "true") return;
    this.#field("title").value = room.title;
    this.#field("streaming_mode").value = room.streaming_mode;
  }

  async #save() {
    const changes = { title: this.#field("title").value.trim(), streaming_mode: this.#field("streaming_mode").value };
    const { ok, message } = await callApi(this.#config, "PATCH", "", changes);
    const note = need("[data-room-note]", this.#form);
    note.classList.toggle("is-error", !ok);
    say(note, ok ? gettext("Saved") : message || gettext("That could not be saved."));
    if (!ok) return;
    this.#dirty(false);
    setTimeout(() => say(note, ""), SAVED_MS);
  }

  /** @param {boolean} dirty */
  #dirty(dirty) {
    this.#form.dataset.dirty = String(dirty);
    /** @type {HTMLButtonElement} */ (need("[data-room-save]", this.#form)).disabled = !dirty;
  }

  /** @param {string} name */
  #field(name) {
    return /** @type {HTMLInputElement | HTMLSelectElement} */ (need(`[name="${name}"]`, this.#form));
  }
}
