// Dashboard: copy with confirmation in place; show and rotate the stream key, which is never in the page until asked for.

import { api } from "./api.js";
import { gettext } from "./i18n.js";

const CONFIRM_MS = 2000;
const HIDDEN = "••••••••••••••••";
const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("rotate-dialog"));

/**
 * Copied: says so on the button itself.
 *
 * @param {HTMLElement} button
 * @param {string | Promise<string>} text
 */
async function copy(button, text) {
  const label = button.querySelector("[data-label]");
  if (!label || button.classList.contains("is-done")) return;
  const before = label.textContent;
  try {
    await navigator.clipboard.writeText(await text);
    label.textContent = gettext("Copied");
    button.classList.add("is-done");
  } catch {
    label.textContent = gettext("Select and copy by hand");
  }
  setTimeout(() => {
    label.textContent = before;
    button.classList.remove("is-done");
  }, CONFIRM_MS);
}

class RoomKey {
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
    card.querySelector("[data-rotate]")?.addEventListener("click", (event) => {
      event.preventDefault();
      this.#askToRotate();
    });
    const copyKey = /** @type {HTMLElement | null} */ (card.querySelector("[data-copy-key]"));
    copyKey?.removeAttribute("hidden");
    copyKey?.addEventListener("click", () => void copy(copyKey, this.#fetch()));
    this.#reveal?.setAttribute("role", "button");
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

  #askToRotate() {
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

for (const card of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-room]"))) {
  new RoomKey(card.dataset.room ?? "", card);
}
for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-copy], [data-copy-link]"))) {
  const { copy: source, copyLink } = button.dataset;
  button.hidden = false;
  button.addEventListener("click", () => {
    const text = copyLink ? new URL(copyLink, location.href).href : document.getElementById(source ?? "")?.textContent;
    void copy(button, text ?? "");
  });
}
