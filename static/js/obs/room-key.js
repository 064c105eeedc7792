/** Owns the stream key of one room on a page: never there until asked for; shown, copied, rotated. */

import { api } from "../api.js";
import { gettext } from "../i18n.js";
import { copy } from "./copy.js";

const HIDDEN = "••••••••••••••••";

export class RoomKey {
  #room;
  #code;
  #reveal;
  #status;
  #shown = false;

  /**
   * @param {string} room
   * @param {HTMLElement} card
   */
  constructor(room, card) {
    this.#room = room;
    this.#code = card.querySelector("[data-key]");
    this.#reveal = /** @type {HTMLElement | null} */ (card.querySelector("[data-reveal]"));
    this.#status = card.querySelector("[data-key-status]");
    this.#reveal?.addEventListener("click", (event) => {
      event.preventDefault();
      void this.#try(() => this.#toggle());
    });
    this.#reveal?.setAttribute("role", "button");
    this.#reveal?.addEventListener("keydown", (event) => {
      // A link without scripts, a button with them: the space bar presses buttons.
      if (event.key !== " ") return;
      event.preventDefault();
      this.#reveal?.click();
    });
    card.querySelector("[data-rotate]")?.addEventListener("click", (event) => {
      const dialog = document.getElementById("rotate-dialog");
      if (!(dialog instanceof HTMLDialogElement)) return;
      event.preventDefault();
      this.#askToRotate(dialog);
    });
    const copyKeys = /** @type {NodeListOf<HTMLElement>} */ (card.querySelectorAll("[data-copy-key]"));
    for (const button of copyKeys) {
      button.removeAttribute("hidden");
      button.addEventListener("click", () => void copy(button, this.#fetch()));
    }
  }

  /** @returns {Promise<string>} */
  async #fetch() {
    return (await api("GET", `live/${this.#room}/key`)).stream_key;
  }

  async #toggle() {
    this.#show(this.#shown ? null : await this.#fetch());
  }

  /** @param {string | null} key */
  #show(key) {
    this.#shown = key !== null;
    if (this.#code) this.#code.textContent = key ?? HIDDEN;
    const label = this.#reveal?.querySelector("[data-label]");
    if (label) label.textContent = this.#shown ? gettext("Hide") : gettext("Show");
  }

  /** @param {HTMLDialogElement} dialog */
  #askToRotate(dialog) {
    dialog.addEventListener(
      "close",
      () => {
        if (dialog.returnValue === "rotate") void this.#try(() => this.#rotate());
      },
      { once: true },
    );
    dialog.returnValue = "cancel";
    dialog.showModal();
  }

  async #rotate() {
    const data = await api("POST", `live/${this.#room}/rotate-key`);
    this.#show(data.stream_key);
    this.#say(gettext("New key. Paste it into OBS before you go live again."));
  }

  /** @param {() => Promise<void>} work */
  async #try(work) {
    try {
      await work();
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {string} text */
  #say(text) {
    if (this.#status) this.#status.textContent = text;
  }
}
