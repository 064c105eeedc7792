/** Owns the button that shares a screen. */

import { gettext } from "../i18n.js";
import { need, say, toast } from "./page.js";

/** @import {LocalMedia} from "./local-media.js" */

export class ScreenSwitch {
  #button;
  #media;

  /**
   * @param {HTMLElement} root
   * @param {LocalMedia} media
   */
  constructor(root, media) {
    this.#media = media;
    this.#button = /** @type {HTMLButtonElement} */ (need("#share-screen", root));
    this.#button.addEventListener("click", () => this.#press());
  }

  render() {
    const { ready, screen } = this.#media;
    this.#button.disabled = !ready || !navigator.mediaDevices?.getDisplayMedia;
    this.#button.setAttribute("aria-pressed", String(screen !== null));
    say(need("[data-share-words]", this.#button), screen === null ? gettext("Share screen") : gettext("Stop sharing"));
  }

  #press() {
    if (this.#media.screen !== null) {
      this.#media.stopScreen();
      return;
    }
    this.#media.shareScreen().catch((/** @type {DOMException} */ error) => {
      // NotAllowedError: the streamer closed the browser's question.
      if (error.name !== "NotAllowedError") toast(gettext("The screen could not be shared."));
    });
  }
}
