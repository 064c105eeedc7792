/** Owns changing a room from the studio: its title and mode, by the REST API. */

import { api, ApiError } from "../api.js";
import { gettext } from "../i18n.js";
import { need, say } from "./page.js";

/** @import {PageConfig, Room} from "./types.js" */

const SAVED_MS = 2_500;

export class RoomForm {
  /** Only the owner has one. @type {HTMLFormElement | null} */
  #form;
  #config;

  /**
   * @param {HTMLElement} root
   * @param {PageConfig} config
   */
  constructor(root, config) {
    const form = root.querySelector("form");
    this.#form = form;
    this.#config = config;
    form?.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#save(form);
    });
    form?.addEventListener("input", () => dirty(form, true));
  }

  /** What somebody is typing is not overwritten. @param {Room} room */
  show(room) {
    if (this.#form === null || this.#form.dataset.dirty === "true") return;
    field(this.#form, "title").value = room.title;
    field(this.#form, "streaming_mode").value = room.streaming_mode;
  }

  /** @param {HTMLFormElement} form */
  async #save(form) {
    const changes = {
      title: field(form, "title").value.trim(),
      streaming_mode: field(form, "streaming_mode").value,
    };
    const note = need("[data-room-note]", form);
    try {
      await api("PATCH", `live/${this.#config.room_id}`, changes);
    } catch (error) {
      note.classList.add("is-error");
      say(note, error instanceof ApiError ? error.message : gettext("The server can't be reached just now."));
      return;
    }
    note.classList.remove("is-error");
    say(note, gettext("Saved"));
    dirty(form, false);
    setTimeout(() => say(note, ""), SAVED_MS);
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {boolean} is
 */
function dirty(form, is) {
  form.dataset.dirty = String(is);
  /** @type {HTMLButtonElement} */ (need("[data-room-save]", form)).disabled = !is;
}

/**
 * @param {HTMLFormElement} form
 * @param {string} name
 */
function field(form, name) {
  return /** @type {HTMLInputElement | HTMLSelectElement} */ (need(`[name="${name}"]`, form));
}
