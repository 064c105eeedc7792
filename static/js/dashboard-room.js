/** Owns what stands beside the OBS card of a room on the dashboard: taken anew when something has happened. */

import { refreshTimes } from "./format.js";

/** @import {Ingest} from "./obs/ingest-words.js" */

// At once, and again when the room has gone live, and when a replay has been made.
const AFTER_MS = [500, 4_000, 12_000, 30_000];

export class DashboardRoom {
  #card;
  #before = "";
  /** @type {number[]} */
  #timers = [];

  /** @param {HTMLElement} card */
  constructor(card) {
    this.#card = card;
  }

  /** @param {Ingest} ingest */
  got({ state, recording }) {
    const now = `${state} ${recording}`;
    const changed = this.#before !== "" && this.#before !== now;
    this.#before = now;
    if (!changed) return;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = AFTER_MS.map((ms) => setTimeout(() => void this.#renew(), ms));
  }

  /** The words are the server's: the same page, of which only these parts are taken over. */
  async #renew() {
    try {
      const response = await fetch(location.pathname, { headers: { "X-Requested-With": "fetch" } });
      if (!response.ok || response.redirected) return;
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.querySelector(`[data-room="${CSS.escape(this.#card.dataset.room ?? "")}"]`);
      for (const old of this.#card.querySelectorAll("[data-fresh]")) {
        const now = fresh?.querySelector(`[data-fresh="${old.getAttribute("data-fresh")}"]`);
        if (!now || now.innerHTML === old.innerHTML || old.contains(document.activeElement)) continue;
        old.replaceChildren(...now.childNodes);
        refreshTimes(old);
      }
    } catch {
      // Offline for a moment: the page stays as it is.
    }
  }
}
