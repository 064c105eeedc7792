/** Owns changing a room from the studio: its title and mode, by the REST API. */

import { api, ApiError } from "../api.js";
import { gettext } from "../i18n.js";
import { need, say } from "./page.js";

/** @import {PageConfig, Room} from "./types.js" */

const SAVED_MS = 2_500;

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
    const note = need("[data-room-note]", this.#form);
    try {
      await api("PATCH", `live/${this.#config.room_id}`, changes);
    } catch (error) {
      note.classList.add("is-error");
      say(note, error instanceof ApiError ? error.message : gettext("The server can't be reached just now."));
      return;
    }
    note.classList.remove("is-error");
    say(note, gettext("Saved"));
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
