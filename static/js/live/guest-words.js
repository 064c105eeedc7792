/** Owns the green room's words: where one stands, what comes next, what one can do. */

import { gettext, t } from "../i18n.js";
import { reconnectingWords, sharedTrouble } from "./device-words.js";

/** @import {Words} from "./device-words.js" */
/** @import {GuestPage} from "./guest-state.js" */

/**
 * @param {GuestPage} now
 * @param {object} facts
 * @param {string} facts.owner whose room it is
 * @param {boolean} facts.silent there is no microphone
 * @param {number} facts.attempt
 * @param {number} facts.secs how long this state lasts
 * @returns {Words}
 */
export function guestWords({ state, why }, { owner, silent, attempt, secs }) {
  const name = { name: owner };
  switch (state) {
    case "preparing":
      return {
        title: gettext("Allow camera and microphone"),
        detail: gettext("Your browser asks for them now. Nobody sees you before you are let in."),
      };
    case "ready":
      return {
        title: gettext("Only you can see this"),
        detail: silent ? gettext("No microphone: the others would not hear you.") : gettext("Check picture and sound, then ask to join."),
      };
    case "waiting":
      return waiting(why, name);
    case "joining":
      if (["asking", "NotAllowedError", "NotFoundError", "NotReadableError"].includes(why)) {
        return { title: gettext("You are let in"), detail: gettext("Allow camera or microphone, so that the others see and hear you.") };
      }
      return { title: gettext("Going on stage"), detail: secs >= 10 ? slow(why) : "" };
    case "on-stage":
      if (why === "muted") return { title: gettext("On stage, muted"), detail: "" };
      return { title: gettext("On stage"), detail: silent ? gettext("No microphone: nobody hears you.") : "" };
    case "reconnecting":
      return { title: reconnectingWords(attempt), detail: slow(why) };
    case "left":
      return left(why, name);
    case "removed":
      return {
        title: gettext("You are off the stage"),
        detail: t(gettext("{name} has removed you. The link does not let you in again; you can go on watching."), name),
      };
    case "blocked":
      return blocked(why, name);
  }
}

/**
 * @param {string} why
 * @param {{name: string}} name
 * @returns {Words}
 */
function waiting(why, name) {
  const title = gettext("In the green room");
  switch (why) {
    case "socket":
      return { title: gettext("Reconnecting"), detail: gettext("Your connection dropped. Your place is kept for a moment.") };
    case "not_live":
      return { title, detail: t(gettext("{name} is not live yet. You can be let in as soon as the broadcast begins."), name) };
    case "ended":
      return {
        title: gettext("The broadcast has ended"),
        detail: t(gettext("Stay here if {name} goes on in a moment, or leave. Nobody sees you."), name),
      };
    default:
      return { title, detail: t(gettext("{name} knows that you are here and lets you in. Nobody sees you yet."), name) };
  }
}

/**
 * @param {string} why
 * @param {{name: string}} name
 * @returns {Words}
 */
function left(why, name) {
  if (why === "away") {
    return { title: gettext("You were away"), detail: gettext("Your connection was gone for too long, so your place was given up. You can ask again.") };
  }
  if (why === "no_link") {
    return { title: gettext("You have left"), detail: t(gettext("To come back, open the link again, or ask {name} for one."), name) };
  }
  return { title: gettext("You have left"), detail: gettext("Nobody sees or hears you. You can ask to join again.") };
}

/** @param {string} why */
function slow(why) {
  if (why === "socket") return gettext("Your connection dropped. It is tried again by itself; keep this page open.");
  if (why.startsWith("sfu_")) return gettext("The media server is restarting. You need do nothing.");
  return gettext("Getting through to the media server. If it stays like this, your network may block video.");
}

/**
 * @param {string} why
 * @param {{name: string}} name
 * @returns {Words}
 */
function blocked(why, name) {
  const shared = sharedTrouble(why, gettext("Can't join here"));
  if (shared !== null) return shared;
  switch (why) {
    case "room_not_webrtc":
      return { title: gettext("Can't join now"), detail: t(gettext("{name} sends this room with OBS only. Ask {name} to allow the browser as well."), name) };
    case "invite_not_found":
      return { title: gettext("This link is no longer good"), detail: t(gettext("Guest links end after a while. Ask {name} for a new one."), name) };
    case "guest_removed":
    case "forbidden":
      return { title: gettext("You can't join"), detail: t(gettext("{name} has not invited you, or no longer does."), name) };
    case "replaced":
      return { title: gettext("Open in another tab"), detail: gettext("It goes on there. Reload to take it back here.") };
    default:
      return { title: gettext("Can't join now"), detail: gettext("Something went wrong. Reloading the page usually helps.") };
  }
}
