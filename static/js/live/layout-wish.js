/** Owns the layout that the viewer wants instead of the owner's: kept for this tab's session. */

import { LAYOUTS } from "./layout.js";

/** @import {LayoutName} from "./types.js" */
/** @import {Watching} from "./watching.js" */

export class LayoutWish {
  #key;
  #watching;

  /**
   * @param {string} roomId
   * @param {Watching} watching
   */
  constructor(roomId, watching) {
    this.#key = `layout ${roomId}`;
    this.#watching = watching;
    const kept = sessionStorage.getItem(this.#key);
    watching.setLayout(LAYOUTS.find((layout) => layout === kept) ?? null);
  }

  /** @param {LayoutName | null} layout null: as the owner has it */
  choose(layout) {
    if (layout === null) sessionStorage.removeItem(this.#key);
    else sessionStorage.setItem(this.#key, layout);
    this.#watching.setLayout(layout);
  }
}
