/** Owns what a viewer sees when the owner invites them to the stage. */

import { api } from "../api.js";
import { gettext, t } from "../i18n.js";
import { need, say } from "./page.js";

/** @import {LiveSocket} from "./socket.js" */
/** @import {MyPlace, PageConfig} from "./types.js" */

export class InviteDialog {
  #dialog;
  #config;
  /** Closed without an answer: it does not come up again by itself. */
  #later = false;

  /**
   * @param {HTMLDialogElement} dialog
   * @param {PageConfig} config
   * @param {LiveSocket} socket
   */
  constructor(dialog, config, socket) {
    this.#dialog = dialog;
    this.#config = config;
    socket.on("welcome", ({ payload }) => this.#got(payload.guest ?? null));
    socket.on("guest", ({ payload }) => {
      if (payload.state !== "invited") this.#later = false;
      this.#got(payload);
    });
    need("[data-accept]", dialog).addEventListener("click", () => location.assign(config.guest_url ?? ""));
    need("[data-decline]", dialog).addEventListener("click", () => void this.#decline());
    dialog.addEventListener("cancel", () => (this.#later = true));
  }

  /** @param {MyPlace | null} place */
  #got(place) {
    if (place?.state !== "invited") {
      this.#dialog.close();
      return;
    }
    if (this.#dialog.open || this.#later) return;
    const name = place.from?.name ?? this.#config.room.owner.name;
    say(need("h2", this.#dialog), t(gettext("{name} invites you to the stage"), { name }));
    this.#dialog.showModal();
  }

  async #decline() {
    this.#dialog.close();
    this.#later = true;
    try {
      await api("POST", `live/${this.#config.room_id}/guests/${this.#config.user?.id}`, { do: "decline" });
    } catch {
      // Then the invitation lapses by itself.
    }
  }
}
