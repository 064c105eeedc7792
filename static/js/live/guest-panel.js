/** Owns the studio's panel of guests: who waits, who is on stage, and what the owner does about it. */

import { api, ApiError } from "../api.js";
import { gettext, ngettext, t, fill } from "../i18n.js";
import { GuestLink } from "./guest-link.js";
import { guestRow } from "./guest-row.js";
import { LayoutChooser } from "./layout-chooser.js";
import { need, say, toast } from "./page.js";

/** @import {GuestDeed} from "./guest-row.js" */
/** @import {LiveSocket} from "./socket.js" */
/** @import {Guest, Guests, PageConfig} from "./types.js" */

// Who was just let in takes a moment to be seen.
const MISSING_MS = 8_000;

export class GuestPanel {
  #root;
  #toggle;
  #roomId;
  #onStage = 0;
  /** @type {number | null} since when those on stage are not to be seen here */
  #missingSinceMs = null;
  #signature = "";
  #title = document.title;
  /** @type {Set<number> | null} users who waited; null: nothing was heard yet */
  #waited = null;

  /**
   * @param {HTMLElement} root
   * @param {HTMLElement} toggle
   * @param {PageConfig} config
   * @param {LiveSocket} socket
   */
  constructor(root, toggle, config, socket) {
    this.#root = root;
    this.#toggle = toggle;
    this.#roomId = config.room_id;
    new GuestLink(root, config.room_id);
    new LayoutChooser(root, config, socket);
    toggle.addEventListener("click", () => this.#open(Boolean(root.hidden)));
    socket.on("welcome", ({ payload }) => payload.guests && this.#show(payload.guests));
    socket.on("guests", ({ payload }) => this.#show(payload));
  }

  /** Call again and again. @param {boolean} seen somebody else is, on this page */
  look(seen) {
    const nowMs = performance.now();
    if (seen || this.#onStage === 0) this.#missingSinceMs = null;
    else this.#missingSinceMs ??= nowMs;
    const missing = this.#missingSinceMs !== null && nowMs - this.#missingSinceMs > MISSING_MS;
    need("[data-guests-elsewhere]", this.#root).hidden = !missing;
  }

  /** @param {boolean} open */
  #open(open) {
    this.#root.hidden = !open;
    this.#toggle.setAttribute("aria-expanded", String(open));
    if (open) this.#root.scrollIntoView({ block: "nearest" });
  }

  /** @param {Guests} payload */
  #show({ guests, max_on_stage: places }) {
    const signature = JSON.stringify([guests, places]);
    if (signature === this.#signature) return;
    this.#signature = signature;
    const waiting = guests.filter(({ state }) => state === "waiting");
    const onStage = guests.filter(({ state }) => state === "on_stage");
    const invited = guests.filter(({ state }) => state === "invited");
    this.#announce(waiting);
    this.#fill([...waiting, ...onStage, ...invited], onStage.length >= places);
    need("[data-guests-none]", this.#root).hidden = guests.length > 0;
    this.#onStage = onStage.length;
    const full = onStage.length >= places;
    const note = need("[data-guests-full]", this.#root);
    note.hidden = !full;
    say(note, full ? fill(ngettext("The stage is full: {n} guest at most.", "The stage is full: {n} guests at most.", places), { n: places }) : "");
  }

  /** @param {Guest[]} waiting */
  #announce(waiting) {
    const ids = new Set(waiting.map(({ user }) => user.id));
    for (const { user } of waiting) {
      if (this.#waited?.has(user.id)) continue;
      toast(t(gettext("{name} waits in the green room"), { name: user.name }));
      if (this.#root.hidden) this.#open(true);
    }
    this.#waited = ids;
    const badge = need("[data-guests-count]", this.#toggle);
    badge.hidden = ids.size === 0;
    say(need("[data-guests-number]", badge), String(ids.size));
    // Seen in the tab while the streamer looks at something else.
    document.title = ids.size > 0 ? `(${ids.size}) ${this.#title}` : this.#title;
  }

  /**
   * @param {Guest[]} guests
   * @param {boolean} full
   */
  #fill(guests, full) {
    const list = need("[data-guest-list]", this.#root);
    const at = /** @type {HTMLElement | null} */ (document.activeElement);
    const held = at !== null && list.contains(at) ? { id: at.closest("li")?.dataset.user, deed: at.dataset.deed } : null;
    list.replaceChildren(...guests.map((guest) => guestRow(guest, full, (deed, button) => void this.#do(guest, deed, button))));
    if (held === null) return;
    const row = list.querySelector(`li[data-user="${held.id}"]`);
    const same = row?.querySelector(`[data-deed="${held.deed}"]`) ?? row?.querySelector("button") ?? list.querySelector("button");
    /** @type {HTMLElement} */ (same ?? this.#toggle).focus();
  }

  /**
   * @param {Guest} guest
   * @param {GuestDeed} deed
   * @param {HTMLButtonElement} button
   */
  async #do(guest, deed, button) {
    if (deed === "remove" && guest.state === "on_stage" && !(await this.#sure(guest))) return;
    button.setAttribute("aria-disabled", "true");
    try {
      await api("POST", `live/${this.#roomId}/guests/${guest.user.id}`, { do: deed });
    } catch (error) {
      toast(this.#problem(error));
    } finally {
      button.removeAttribute("aria-disabled");
    }
  }

  /** @param {Guest} guest @returns {Promise<boolean>} */
  #sure({ user }) {
    const dialog = /** @type {HTMLDialogElement} */ (need("#remove-guest-dialog"));
    say(need("h2", dialog), t(gettext("Remove {name} from the stage?"), { name: user.name }));
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((done) => {
      dialog.addEventListener("close", () => done(dialog.returnValue === "remove"), { once: true });
    });
  }

  /** @param {unknown} error */
  #problem(error) {
    if (!(error instanceof ApiError)) return gettext("No connection. Try again.");
    if (error.code === "not_live") return gettext("Go live first: then your guests can come on stage.");
    return error.message;
  }
}
