/** Owns the player's words: what is happening, what is done about it, what the viewer can do. */

import { gettext, t } from "../i18n.js";

/** @import {RungName} from "./ladder.js" */
/** @import {Room} from "./types.js" */
/** @import {ViewerState} from "./viewer-state.js" */

/** Proper names: the same in every language. @type {Record<RungName, string>} */
export const WAYS = { webrtc: "WebRTC", flv: "FLV", hls: "HLS" };

/**
 * @typedef {object} Words
 * @property {string} title
 * @property {string} detail
 * @property {Offer | null} [offer] what a button would help with
 *
 * @typedef {"reload" | "sign_in" | "home" | "here" | "auto" | "replay"} Offer
 */

/**
 * @param {ViewerState} now
 * @param {object} facts
 * @param {number} facts.attempt which try this is
 * @param {number} facts.secs how long this state lasts
 * @param {number | null} facts.graceSecs until the broadcast ends without its publisher
 * @param {RungName | null} facts.rung what plays
 * @param {Room["replay"]} facts.replay
 * @returns {Words}
 */
export function wordsOf({ state, why }, { attempt, secs, graceSecs, rung, replay }) {
  const long = secs >= 10;
  switch (state) {
    case "waiting":
      return {
        title: gettext("Waiting for the streamer"),
        detail: gettext("The picture comes by itself. You can leave this page open."),
      };
    case "connecting":
      return {
        title: gettext("Connecting"),
        detail: long ? gettext("This takes longer than usual. Trying on: your network may block video.") : "",
      };
    case "live":
      return {
        title: gettext("Live"),
        detail: rung === null || rung === "webrtc" ? "" : t(gettext("Plays over {way}."), { way: WAYS[rung] }),
      };
    case "paused":
      return { title: gettext("Paused by you"), detail: gettext("Play goes on with what is live then.") };
    case "reconnecting":
      return {
        title: attempt > 1 ? t(gettext("Reconnecting ({n})"), { n: attempt }) : gettext("Reconnecting"),
        detail: reconnecting(why, long, graceSecs),
      };
    case "ended":
      return {
        title: gettext("The stream has ended"),
        detail: replay && !replay.ready ? gettext("The replay is here in a moment.") : ended(why),
        offer: replay?.ready ? "replay" : "home",
      };
    case "blocked":
      return blocked(why);
  }
}

/**
 * @param {string} why
 * @param {boolean} long
 * @param {number | null} graceSecs
 */
function reconnecting(why, long, graceSecs) {
  switch (why) {
    case "publisher_lost":
      if (graceSecs === null || graceSecs <= 0) return gettext("The streamer's connection dropped.");
      return t(gettext("The streamer's connection dropped. Waiting {secs} s more."), { secs: Math.ceil(graceSecs) });
    case "socket":
      return long
        ? gettext("No connection to the server. Trying again every few seconds: check your network.")
        : gettext("Your connection dropped. Getting it back.");
    case "sfu_unavailable":
      return gettext("The media server does not answer. It is tried again by itself; you need do nothing.");
    case "sfu_restarted":
      return gettext("The media server restarted. The picture comes back by itself.");
    default:
      return long
        ? gettext("The picture does not come back yet. Trying on, in smaller quality too.")
        : gettext("The picture stopped. Getting it back.");
  }
}

/** @param {string} why */
function ended(why) {
  switch (why) {
    case "publisher_left":
      return gettext("The streamer's connection did not come back. If they start again, it plays here.");
    case "by_staff":
      return gettext("A staff member ended it.");
    case "never_started":
      return gettext("It was announced, but nothing was sent.");
    default:
      return gettext("Thank you for watching. If they start again, it plays here.");
  }
}

/**
 * @param {string} why
 * @returns {Words}
 */
function blocked(why) {
  switch (why) {
    case "pinned_webrtc":
    case "pinned_flv":
    case "pinned_hls":
      return {
        title: gettext("Can't play this way now"),
        detail: gettext("You chose this way to play. Another one may work."),
        offer: "auto",
      };
    case "unable":
      return {
        title: gettext("Can't play here"),
        detail: gettext("This browser has neither WebRTC nor Media Source Extensions, or something turned them off. Try another browser."),
      };
    case "mode_rtmp":
      return {
        title: gettext("Can't play here"),
        detail: gettext("This room sends by RTMP only, and playing that is not set up on this server."),
        offer: "home",
      };
    case "banned":
      return { title: gettext("This room was closed"), detail: gettext("A staff member closed it."), offer: "home" };
    case "unauthenticated":
      return { title: gettext("Sign in to watch"), detail: gettext("This room is not open to everybody."), offer: "sign_in" };
    case "forbidden":
      return {
        title: gettext("This room is not open to you"),
        detail: gettext("Ask its owner to let you in."),
        offer: "home",
      };
    case "room_not_found":
      return {
        title: gettext("No such room"),
        detail: gettext("The link may be mistyped, or the room is gone."),
        offer: "home",
      };
    case "replaced":
      return {
        title: gettext("Open in another tab"),
        detail: gettext("It goes on there. You can also take it back to this one."),
        offer: "here",
      };
    default:
      return {
        title: gettext("Can't go on"),
        detail: gettext("The server closed the connection. Reloading the page usually helps."),
        offer: "reload",
      };
  }
}
