/** Owns which word the player says, from all that is known. Pure. */

/** @import {SocketStatus} from "./socket.js" */
/** @import {Room, Rung} from "./types.js" */

/**
 * @typedef {"waiting" | "connecting" | "live" | "reconnecting" | "paused" | "ended" | "blocked"} PlayerState
 *
 * @typedef {object} ViewerFacts
 * @property {SocketStatus} socket
 * @property {Room} room
 * @property {Rung[]} rungs of the ladder, as the server tells it
 * @property {string | null} pinned the rung that the viewer chose
 * @property {boolean} able this browser can play at least one of them
 * @property {boolean} published somebody publishes in the room
 * @property {boolean} playing new frames (or sound) came just now
 * @property {boolean} played it played before
 * @property {boolean} paused by the viewer
 * @property {string | null} trouble why the media session fails
 *
 * @typedef {{state: PlayerState, why: string}} ViewerState `why` picks the words
 */

// Waiting does not help against these.
const FINAL = new Set(["mode_rtmp", "mode_webrtc", "rtmp_off"]);
// Nor against these while others can watch.
const FINAL_WHILE_LIVE = new Set([...FINAL, "no_rtmp_source", "no_webrtc_source", "bridge_no_slot"]);

/**
 * @param {ViewerFacts} facts
 * @returns {ViewerState}
 */
export function viewerState(facts) {
  const { socket, room, rungs, pinned } = facts;
  if (socket.state === "closed" && socket.reason !== null) {
    return { state: "blocked", why: socket.reason };
  }
  if (room.state === "banned") return { state: "blocked", why: "banned" };
  if (!facts.able) return { state: "blocked", why: "unable" };
  if (room.state === "ended") return { state: "ended", why: room.ended_reason ?? "by_owner" };
  if (facts.paused) return { state: "paused", why: "paused" };
  if (facts.playing) return { state: "live", why: "live" };
  const wanted = rungs.filter(({ rung }) => pinned === null || rung === pinned);
  const final = room.state === "live" ? FINAL_WHILE_LIVE : FINAL;
  if (wanted.length > 0 && wanted.every(({ reason }) => final.has(reason ?? ""))) {
    if (pinned !== null) return { state: "blocked", why: `pinned_${pinned}` };
    if (wanted.every(({ reason }) => FINAL.has(reason ?? ""))) return { state: "blocked", why: "mode_rtmp" };
  }
  if (room.state === "interrupted") return { state: "reconnecting", why: "publisher_lost" };
  if (socket.state !== "open" && (facts.played || socket.attempt > 1)) {
    return { state: "reconnecting", why: "socket" };
  }
  if (room.state === "live" || facts.published) {
    const reasons = new Set(wanted.map(({ reason }) => reason));
    const sfuAway = reasons.has("sfu_unavailable") || facts.trouble === "sfu_unavailable";
    if (sfuAway && !wanted.some(({ available, rung }) => available && rung !== "webrtc")) {
      return { state: "reconnecting", why: "sfu_unavailable" };
    }
    if (facts.played) return { state: "reconnecting", why: facts.trouble ?? "no_frames" };
    return { state: "connecting", why: facts.trouble ?? "connecting" };
  }
  if (socket.state !== "open") return { state: "connecting", why: "socket" };
  return { state: "waiting", why: "waiting" };
}
