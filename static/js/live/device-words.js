/** Owns the words of trouble that studio and green room have alike: devices, browser, account. */

import { gettext, t } from "../i18n.js";

/** @typedef {{title: string, detail: string}} Words */

/**
 * @param {string} why
 * @param {string} cant title of what can't be done here
 * @returns {Words | null} null: the page has its own words for it
 */
export function sharedTrouble(why, cant) {
  switch (why) {
    case "NotAllowedError":
      return {
        title: gettext("Camera and microphone are blocked"),
        detail: gettext("Allow them for this site beside the address, then reload the page."),
      };
    case "NotFoundError":
      return { title: gettext("No camera or microphone"), detail: gettext("Plug one in, then reload the page.") };
    case "NotReadableError":
      return {
        title: gettext("Camera or microphone is in use"),
        detail: gettext("Another program holds it. Close that program, then reload the page."),
      };
    case "insecure":
      return { title: cant, detail: gettext("Browsers open cameras on secure addresses only. Use https:// or localhost.") };
    case "no_webrtc":
      return { title: cant, detail: gettext("This browser has no WebRTC, or an extension turned it off. Try another browser.") };
    case "banned":
      return { title: gettext("This room was closed"), detail: gettext("A staff member closed it.") };
    case "unauthenticated":
      return { title: gettext("You are signed out"), detail: gettext("Sign in again, then reload the page.") };
    default:
      return null;
  }
}

/** @param {number} attempt @returns {string} */
export function reconnectingWords(attempt) {
  return attempt > 1 ? t(gettext("Reconnecting ({n})"), { n: attempt }) : gettext("Reconnecting");
}
