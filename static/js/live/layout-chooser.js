/** Owns the owner's choice of layout: at once for all viewers. */

import { api, ApiError } from "../api.js";
import { gettext } from "../i18n.js";
import { toast } from "./page.js";

/** @import {LiveSocket} from "./socket.js" */
/** @import {PageConfig, Room} from "./types.js" */

export class LayoutChooser {
  #radios;
  #roomId;
  #layout;

  /**
   * @param {HTMLElement} root
   * @param {PageConfig} config
   * @param {LiveSocket} socket
   */
  constructor(root, config, socket) {
    this.#roomId = config.room_id;
    this.#radios = /** @type {NodeListOf<HTMLInputElement>} */ (root.querySelectorAll("[name=layout]"));
    this.#layout = config.room.stage?.layout ?? "speaker";
    for (const radio of this.#radios) radio.addEventListener("change", () => void this.#choose(radio.value));
    this.#show(config.room);
    socket.on("welcome", ({ payload }) => this.#show(payload.room));
    socket.on("room", ({ payload }) => this.#show(payload));
  }

  /** @param {Room} room */
  #show({ stage }) {
    this.#layout = stage?.layout ?? this.#layout;
    for (const radio of this.#radios) radio.checked = radio.value === this.#layout;
  }

  /** @param {string} layout */
  async #choose(layout) {
    try {
      await api("PATCH", `live/${this.#roomId}`, { layout });
    } catch (error) {
      toast(error instanceof ApiError ? error.message : gettext("No connection. Try again."));
      for (const radio of this.#radios) radio.checked = radio.value === this.#layout;
    }
  }
}
