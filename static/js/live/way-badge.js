/** Owns the small print beside "LIVE": which way it plays and how late, where that is not what one expects. */

import { gettext, t } from "../i18n.js";
import { say } from "./page.js";
import { WAYS } from "./words.js";

/** @import {RungName} from "./ladder.js" */

// A number that flickers is worse than one that is a little wrong.
const STICKY_SECS = 0.8;

export class WayBadge {
  #badge;
  #shownSecs = 0;
  /** @type {RungName | null} */
  #shownRung = null;

  /** @param {HTMLElement} badge */
  constructor(badge) {
    this.#badge = badge;
  }

  /**
   * @param {RungName | null} rung null: nothing plays
   * @param {number | null} latencyMs null: hardly any
   */
  show(rung, latencyMs) {
    this.#badge.hidden = rung === null || latencyMs === null;
    if (rung === null || latencyMs === null) return;
    const secs = latencyMs / 1000;
    if (rung !== this.#shownRung || Math.abs(secs - this.#shownSecs) > STICKY_SECS) {
      this.#shownRung = rung;
      this.#shownSecs = Math.max(1, Math.round(secs));
    }
    const facts = { way: WAYS[rung], secs: this.#shownSecs };
    say(this.#badge, t(gettext("{way} · {secs} s behind"), facts));
    this.#badge.title = t(gettext("Plays over {way}, about {secs} s behind the streamer."), facts);
  }
}
