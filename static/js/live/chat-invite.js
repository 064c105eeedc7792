/** Owns inviting somebody from the chat: a button in the owner's lines, one tab stop for all of them. */

import { api, ApiError } from "../api.js";
import { gettext, t } from "../i18n.js";
import { make, toast } from "./page.js";

/** @import {PageConfig, User} from "./types.js" */

export class ChatInvite {
  #roomId;
  #me;
  /** @type {HTMLButtonElement | null} what Tab leads to; the arrow keys go on from there */
  #stop = null;

  /** @param {PageConfig} config */
  constructor(config) {
    this.#roomId = config.room_id;
    this.#me = config.user?.id ?? null;
  }

  /**
   * @param {HTMLElement} line
   * @param {User} user who wrote it
   */
  decorate(line, user) {
    if (user.id === this.#me) return;
    const button = make("button", "chat-invite");
    button.type = "button";
    const icon = document.getElementById("icon-invite");
    if (icon instanceof HTMLTemplateElement) button.append(icon.content.cloneNode(true));
    const words = t(gettext("Invite {name} to the stage"), { name: user.name });
    button.setAttribute("aria-label", words);
    button.title = words;
    button.addEventListener("click", () => void this.#invite(user, button));
    button.addEventListener("keydown", (event) => this.#key(event, button));
    button.addEventListener("focus", () => this.#stopAt(button));
    line.append(button);
    // The newest line is the first that one comes to; not while somebody walks among them.
    if (document.activeElement !== this.#stop || this.#stop === null) this.#stopAt(button);
    else button.tabIndex = -1;
  }

  /** @param {HTMLButtonElement} button */
  #stopAt(button) {
    if (this.#stop !== null) this.#stop.tabIndex = -1;
    this.#stop = button;
    button.tabIndex = 0;
  }

  /**
   * @param {KeyboardEvent} event
   * @param {HTMLButtonElement} button
   */
  #key(event, button) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    const all = /** @type {HTMLButtonElement[]} */ ([...(button.closest("[data-chat-lines]")?.querySelectorAll(".chat-invite") ?? [])]);
    const next = all[all.indexOf(button) + step];
    event.preventDefault();
    event.stopPropagation();
    next?.focus();
  }

  /**
   * @param {User} user
   * @param {HTMLButtonElement} button
   */
  async #invite(user, button) {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    try {
      await api("POST", `live/${this.#roomId}/guests`, { user_id: user.id });
      toast(t(gettext("{name} is invited. You read here when they wait."), { name: user.name }));
    } catch (error) {
      toast(problemWords(error, user.name));
    } finally {
      button.removeAttribute("aria-disabled");
    }
  }
}

/**
 * @param {unknown} error
 * @param {string} name
 */
function problemWords(error, name) {
  if (!(error instanceof ApiError)) return gettext("No connection. Try again.");
  switch (error.code) {
    case "user_not_found":
      return t(gettext("{name} is not in the room now."), { name });
    case "guest_declined":
      return t(gettext("{name} has declined a moment ago. Ask again later."), { name });
    case "already_publisher":
      return t(gettext("{name} can publish here already, from the studio."), { name });
    default:
      return error.message;
  }
}
