/** Owns which word the player says, from all that is known. Pure. */

/** @import {SocketStatus} from "./socket.js" */
/** @import {Room, Rung} from "./types.js" */

/**
 * @typedef {"waiting" | "connecting" | "live" | "reconnecting" | "paused" | "ended" | "blocked"} PlayerState
 *
 * @typedef {object} ViewerFacts
 * @property {SocketStatus} socket
 * @property {Room} room
 * @property {Rung | undefined} rung the WebRTC rung of the ladder
 * @property {string | null} pinned a rung asked for in the address
 * @property {boolean} able this browser has WebRTC
 * @property {boolean} published somebody publishes in the room
 * @property {boolean} playing new frames (or sound) came just now
 * @property {boolean} played it played before
 * @property {boolean} paused by the viewer
 * @property {string | null} trouble why the media session fails
 *
 * @typedef {{state: PlayerState, why: string}} ViewerState `why` picks the words
 */

/**
 * @param {ViewerFacts} facts
 * @returns {ViewerState}
 */
export function viewerState(facts) {
  const { socket, room, rung } = facts;
  if (socket.state === "closed" && socket.reason !== null) {
    return { state: "blocked", why: socket.reason };
  }
  if (room.state === "banned") return { state: "blocked", why: "banned" };
  if (facts.pinned !== null && facts.pinned !== "webrtc") {
    return { state: "blocked", why: `pinned_${facts.pinned}` };
  }
  if (!facts.able) return { state: "blocked", why: "no_webrtc" };
  if (rung?.reason === "mode_rtmp") return { state: "blocked", why: "mode_rtmp" };
  if (room.state === "ended") return { state: "ended", why: room.ended_reason ?? "by_owner" };
  if (facts.paused) return { state: "paused", why: "paused" };
  if (facts.playing) return { state: "live", why: "live" };
  if (room.state === "interrupted") return { state: "reconnecting", why: "publisher_lost" };
  if (socket.state !== "open" && (facts.played || socket.attempt > 1)) {
    return { state: "reconnecting", why: "socket" };
  }
  if (room.state === "live" || facts.published) {
    if (rung?.reason === "sfu_unavailable" || facts.trouble === "sfu_unavailable") {
      return { state: "reconnecting", why: "sfu_unavailable" };
    }
    if (facts.played) return { state: "reconnecting", why: facts.trouble ?? "no_frames" };
    return { state: "connecting", why: facts.trouble ?? "connecting" };
  }
  if (socket.state !== "open") return { state: "connecting", why: "socket" };
  return { state: "waiting", why: "waiting" };
}
