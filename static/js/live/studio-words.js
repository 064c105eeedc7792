/** Owns the studio's words: what is happening, what is done about it, what the streamer can do. */

import { gettext, t } from "../i18n.js";
import { reconnectingWords, sharedTrouble } from "./device-words.js";

/** @import {Words} from "./device-words.js" */
/** @import {Health} from "./health.js" */
/** @import {Report} from "./types.js" */
/** @import {Studio} from "./studio-state.js" */

/**
 * @param {Studio} now
 * @param {object} facts
 * @param {number} facts.attempt
 * @param {number} facts.secs how long this state lasts
 * @param {boolean} facts.rtmp the room can be sent to by RTMP just now
 * @param {boolean} facts.owns the room is the streamer's own
 * @param {boolean} facts.silent there is no microphone
 * @param {boolean} facts.cutOff the room has ended meanwhile
 * @param {boolean} [facts.push] it is sent by WebSocket
 * @returns {Words}
 */
export function studioWords({ state, why }, { attempt, secs, rtmp, owns, silent, cutOff, push = false }) {
  switch (state) {
    case "preparing":
      if (why === "asking") {
        return {
          title: gettext("Allow camera and microphone"),
          detail: gettext("Your browser asks for them now. Nobody sees you before you go live."),
        };
      }
      return { title: gettext("Connecting"), detail: secs >= 10 ? slow(why) : "" };
    case "ready":
      return {
        title: gettext("Ready"),
        detail: silent ? gettext("No microphone: viewers would not hear you.") : gettext("Only you can see this."),
      };
    case "going-live":
      return { title: gettext("Going live"), detail: secs >= 10 ? slow(why) : "" };
    case "live":
      if (push) {
        return {
          title: gettext("Live over WebSocket"),
          detail: silent
            ? gettext("No microphone: viewers can't hear you.")
            : gettext("The faster way does not get through just now: viewers see you 1–2 s later. You need do nothing."),
        };
      }
      return { title: gettext("Live"), detail: silent ? gettext("No microphone: viewers can't hear you.") : "" };
    case "reconnecting":
      return {
        title: reconnectingWords(attempt),
        detail: cutOff
          ? gettext("You were away for too long, so viewers read that it ended. You are live again as soon as it works.")
          : slow(why, push),
      };
    case "ended":
      return { title: gettext("Ended"), detail: ended(why) };
    case "blocked":
      return blocked(why, rtmp, owns);
  }
}

/**
 * @param {string} why
 * @param {boolean} [push]
 */
function slow(why, push = false) {
  if (push) return gettext("Your connection dropped. It is tried again by itself; keep this page open.");
  switch (why) {
    case "socket":
      return gettext("Your connection dropped. It is tried again by itself; keep this page open.");
    case "sfu_unavailable":
    case "sfu_restarted":
    case "sfu_timeout":
      return gettext("Nobody can see you: the media server is restarting. You need do nothing.");
    default:
      return gettext("Getting through to the media server. If it stays like this, your network may block video.");
  }
}

/** @param {string} why */
function ended(why) {
  switch (why) {
    case "by_staff":
      return gettext("A staff member ended this broadcast.");
    case "never_started":
      return gettext("Nothing reached the media server: your network may block video. You can try again.");
    case "publisher_left":
      return gettext("Your connection was away for too long. You can go live again.");
    default:
      return gettext("Well done. You can go live again at any time.");
  }
}

/**
 * @param {string} why
 * @param {boolean} rtmp
 * @param {boolean} owns
 * @returns {Words}
 */
function blocked(why, rtmp, owns) {
  const title = gettext("Can't go live here");
  const shared = sharedTrouble(why, title);
  if (shared !== null) return shared;
  switch (why) {
    case "mode_rtmp":
    case "room_not_webrtc":
      if (!owns) {
        return {
          title: gettext("This room is sent by RTMP"),
          detail: gettext("Only its owner can change that. Ask the owner to allow the browser as well."),
        };
      }
      return {
        title: gettext("This room is sent by RTMP"),
        detail: rtmp
          ? gettext("Use OBS with the address below, or change the room's mode to go live from here.")
          : gettext("Change the room's mode below to go live from here."),
      };
    case "sfu_unavailable":
    case "sfu_refused":
      return {
        title: gettext("The media server does not answer"),
        detail: rtmp
          ? gettext("You can wait here: it is tried again by itself. Or send by RTMP with the address below.")
          : gettext("You need do nothing: it is tried again by itself. You can go live as soon as it is back."),
      };
    case "no_common_codec":
    case "bad_sdp":
      return { title, detail: gettext("The media server does not understand this browser's video. Try another browser.") };
    case "forbidden":
      return { title, detail: gettext("Only the room's owner, or whom the owner allowed, can send here.") };
    case "room_not_found":
      return { title: gettext("No such room"), detail: gettext("It may have been deleted.") };
    case "replaced":
      return { title: gettext("Open in another tab"), detail: gettext("The studio goes on there. Reload to take it back here.") };
    default:
      return { title, detail: gettext("Something went wrong. Reloading the page usually helps.") };
  }
}

/**
 * @param {Health} health
 * @param {Report} report
 */
export function adviceWords({ advice }, { width, height }) {
  switch (advice) {
    case "none":
      return "";
    case "nothing_sent":
      return gettext("Nothing is being sent. It mends itself in a moment; if not, check your network.");
    case "loss":
      return gettext("Your network loses packets. Move closer to the router or use a cable.");
    case "slow":
      return height > 0
        ? t(gettext("Weak network: sending {height}p. Stop other uploads, or move closer to the router."), { height: Math.min(width, height) })
        : gettext("Weak network. Stop other uploads, or move closer to the router.");
    case "cpu":
      return gettext("This computer is busy. Close other programs and tabs.");
    case "delay":
      return gettext("The way to the server is slow. Viewers see you with some delay.");
  }
}
