/** Owns when nobody looks at the page any more: hidden for a while, and not floating in a window of its own. */

// A glance at another tab costs nothing; a tab left in the background drops to sound.
const AFTER_MS = 8_000;

export class Background {
  #timer = 0;
  #on = false;

  /**
   * @param {() => void} cameBack each time the page is seen again
   * @param {() => void} changed
   */
  constructor(cameBack, changed) {
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this.#timer);
      if (document.hidden) this.#timer = setTimeout(() => this.#left(changed), AFTER_MS);
      else {
        cameBack();
        this.#on = false;
        changed();
      }
    });
  }

  get on() {
    return this.#on;
  }

  /** @param {() => void} changed */
  #left(changed) {
    if (document.pictureInPictureElement !== null) return;
    this.#on = true;
    changed();
  }
}
