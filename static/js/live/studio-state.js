/** Owns which word the studio says, from all that is known. Pure. */

/** @import {SocketStatus} from "./socket.js" */
/** @import {Room, Way} from "./types.js" */

/**
 * @typedef {"preparing" | "ready" | "going-live" | "live" | "reconnecting" | "ended" | "blocked"} StudioState
 *
 * @typedef {object} StudioFacts
 * @property {SocketStatus} socket
 * @property {Room} room
 * @property {Way | undefined} way the WebRTC way of the publishing ladder
 * @property {string | null} problem why there is no camera or microphone
 * @property {boolean} equipped a camera or a microphone is open
 * @property {boolean} able this browser has WebRTC
 * @property {boolean} wanted the streamer pressed "Go live"
 * @property {boolean} wasOn the room was live since then
 * @property {boolean} connected media flows to the server
 * @property {string | null} trouble
 * @property {string | null} refused
 * @property {boolean} over it was ended while this page was on air
 *
 * @typedef {{state: StudioState, why: string}} Studio
 */

/**
 * @param {StudioFacts} facts
 * @returns {Studio}
 */
export function studioState(facts) {
  const { socket, room, way } = facts;
  if (socket.state === "closed" && socket.reason !== null) return { state: "blocked", why: socket.reason };
  if (room.state === "banned") return { state: "blocked", why: "banned" };
  if (!facts.able) return { state: "blocked", why: "no_webrtc" };
  if (facts.wanted) {
    if (facts.refused !== null) return { state: "blocked", why: facts.refused };
    if (facts.connected && room.state === "live") return { state: "live", why: "live" };
    const why = socket.state === "open" ? (facts.trouble ?? "connecting") : "socket";
    return { state: facts.wasOn ? "reconnecting" : "going-live", why };
  }
  if (facts.refused !== null && facts.refused !== "not_live") return { state: "blocked", why: facts.refused };
  if (facts.over) return { state: "ended", why: room.ended_reason ?? "by_owner" };
  if (room.streaming_mode === "rtmp") return { state: "blocked", why: "mode_rtmp" };
  if (way !== undefined && !way.available) return { state: "blocked", why: way.reason ?? "sfu_unavailable" };
  if (facts.problem !== null) return { state: "blocked", why: facts.problem };
  if (!facts.equipped) return { state: "preparing", why: "asking" };
  if (socket.state !== "open") return { state: "preparing", why: "socket" };
  return { state: "ready", why: "ready" };
}
