/** Owns what is said of another platform, and which servers are known by name. Pure. */

import { gettext } from "./i18n.js";

/**
 * @typedef {object} Restream As docs/api.md has it.
 * @property {number} id
 * @property {string} name
 * @property {string} url
 * @property {boolean} enabled
 * @property {"off" | "starting" | "live" | "waiting"} state
 * @property {string | null} reason
 * @property {string | null} detail `reason` in words
 * @property {number} kbps
 */

/** What these platforms' own help says to enter in OBS. @type {ReadonlyMap<string, string>} */
export const SERVERS = new Map([
  ["twitch", "rtmps://ingest.global-contribute.live-video.net/app"],
  ["youtube", "rtmps://a.rtmps.youtube.com/live2"],
]);

/**
 * @param {Pick<Restream, "state" | "reason" | "enabled">} item
 * @returns {{look: string, words: string}}
 */
export function badgeOf({ state, reason, enabled }) {
  if (state === "live") return { look: "is-live", words: gettext("Live") };
  if (state === "starting") return { look: "", words: gettext("Starting") };
  if (state === "waiting") {
    return reason === "no_source" ? { look: "", words: gettext("Waiting") } : { look: "is-warn", words: gettext("Not sending") };
  }
  return { look: "", words: enabled ? gettext("Ready") : gettext("Off") };
}
