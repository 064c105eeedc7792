/** Owns one guest's row in the studio: name, where they are, the buttons. */

import { gettext, t } from "../i18n.js";
import { make } from "./page.js";

/** @import {Guest} from "./types.js" */

/** @typedef {"admit" | "remove" | "mute" | "unmute"} GuestDeed */

/**
 * @param {Guest} guest
 * @param {boolean} full nobody more can be let in
 * @param {(deed: GuestDeed, button: HTMLButtonElement) => void} act
 */
export function guestRow(guest, full, act) {
  const { name } = guest.user;
  const row = make("li", "guest-row");
  row.dataset.user = String(guest.user.id);
  row.dataset.state = guest.state;
  const avatar = make("span", "avatar", name.slice(0, 1));
  avatar.setAttribute("aria-hidden", "true");
  const who = make("div", "guest-who");
  who.append(make("strong", "", name), make("small", "muted", where(guest)));
  const buttons = make("div", "guest-buttons");
  /**
   * @param {GuestDeed} deed
   * @param {string} words
   * @param {string} label
   * @param {string} look
   */
  const add = (deed, words, label, look) => {
    const button = make("button", `button small ${look}`, words);
    button.type = "button";
    button.dataset.deed = deed;
    button.setAttribute("aria-label", label);
    button.addEventListener("click", () => button.getAttribute("aria-disabled") !== "true" && act(deed, button));
    buttons.append(button);
    return button;
  };
  switch (guest.state) {
    case "waiting":
      add("admit", gettext("Let in"), t(gettext("Let {name} in"), { name }), "primary").disabled = full;
      add("remove", gettext("Decline"), t(gettext("Decline {name}"), { name }), "");
      break;
    case "on_stage":
      if (guest.muted) add("unmute", gettext("Unmute"), t(gettext("Unmute {name}"), { name }), "");
      else add("mute", gettext("Mute"), t(gettext("Mute {name}"), { name }), "");
      add("remove", gettext("Remove"), t(gettext("Remove {name} from the stage"), { name }), "danger");
      break;
    default:
      add("remove", gettext("Take back"), t(gettext("Take back the invitation of {name}"), { name }), "");
  }
  row.append(avatar, who, buttons);
  return row;
}

/** @param {Guest} guest */
function where({ state, connected, muted }) {
  if (state === "invited") return gettext("Invited");
  if (!connected) return gettext("Connection lost");
  if (state === "waiting") return gettext("In the green room");
  return muted ? gettext("On stage, muted by you") : gettext("On stage");
}
