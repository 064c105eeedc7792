/** Owns the link to the green room: made at the first tap, copied or handed to the phone's share sheet. */

import { api, ApiError } from "../api.js";
import { gettext, t } from "../i18n.js";
import { need, say, toast } from "./page.js";

/** @typedef {{id: number, url: string | null, expires_at: string}} Invite */

const DONE_MS = 2_000;

export class GuestLink {
  #roomId;
  #copy;
  #end;
  #until;
  /** @type {Invite | null} */
  #invite = null;

  /**
   * @param {HTMLElement} root
   * @param {string} roomId
   */
  constructor(root, roomId) {
    this.#roomId = roomId;
    this.#copy = need("[data-guest-link]", root);
    this.#end = need("[data-guest-link-end]", root);
    this.#until = need("[data-guest-link-until]", root);
    this.#copy.addEventListener("click", () => void this.#give());
    this.#end.addEventListener("click", () => void this.#revoke());
    // Looked up before it is asked for: browsers let a page copy only right after a tap.
    void this.#find().catch(() => {});
  }

  async #find() {
    const { items } = await api("GET", `live/${this.#roomId}/invites`);
    this.#show(items.find((/** @type {Invite} */ { url, expires_at: at }) => url && Date.parse(at) > Date.now()) ?? null);
  }

  /** @param {Invite | null} invite */
  #show(invite) {
    this.#invite = invite;
    this.#end.hidden = invite === null;
    this.#until.hidden = invite === null;
    if (invite === null) return;
    const at = new Date(invite.expires_at).toLocaleString(document.documentElement.lang || undefined, {
      weekday: "short",
      hour: "numeric",
      minute: "2-digit",
    });
    say(this.#until, t(gettext("Good until {time}, for as many as you send it to."), { time: at }));
  }

  async #give() {
    try {
      if (this.#invite === null || Date.parse(this.#invite.expires_at) < Date.now()) {
        this.#show(await api("POST", `live/${this.#roomId}/invites`, {}));
      }
      const url = this.#invite?.url;
      if (url) await this.#hand(url);
    } catch (error) {
      toast(error instanceof ApiError ? error.message : gettext("The link could not be copied. Try again."));
    }
  }

  /** @param {string} url */
  async #hand(url) {
    if (typeof navigator.share === "function" && matchMedia("(pointer: coarse)").matches) {
      try {
        await navigator.share({ url });
        return;
      } catch (error) {
        // AbortError: the sheet was closed again.
        if (/** @type {DOMException} */ (error).name === "AbortError") return;
      }
    }
    await navigator.clipboard.writeText(url);
    this.#copy.classList.add("is-done");
    const words = need("[data-guest-link-words]", this.#copy);
    say(words, gettext("Copied"));
    setTimeout(() => {
      this.#copy.classList.remove("is-done");
      say(words, gettext("Copy guest link"));
    }, DONE_MS);
  }

  async #revoke() {
    if (this.#invite === null) return;
    try {
      await api("DELETE", `live/${this.#roomId}/invites/${this.#invite.id}`);
      this.#show(null);
      this.#copy.focus();
      toast(gettext("The link is no longer good. Whoever came by it stays."));
    } catch (error) {
      toast(error instanceof ApiError ? error.message : gettext("No connection. Try again."));
    }
  }
}
