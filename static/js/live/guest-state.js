/** Owns which word the green room says, from all that is known. Pure. */

/** @import {SocketStatus} from "./socket.js" */
/** @import {MyPlace, Room} from "./types.js" */

/**
 * @typedef {"preparing" | "ready" | "waiting" | "joining" | "on-stage" | "reconnecting" | "left" | "removed" | "blocked"} GuestPageState
 *
 * @typedef {object} GuestFacts
 * @property {SocketStatus} socket
 * @property {Room} room
 * @property {MyPlace | null} place null: not asked yet
 * @property {string | null} refused why asking was refused
 * @property {boolean} linked the page has a link to ask by
 * @property {string | null} problem why there is no camera or microphone
 * @property {boolean} equipped a camera or a microphone is open
 * @property {boolean} able this browser has WebRTC
 * @property {boolean} wasOn media flowed since one was let in
 * @property {boolean} connected media flows to the server
 * @property {string | null} trouble
 *
 * @typedef {{state: GuestPageState, why: string}} GuestPage
 */

const ON_AIR = ["starting", "live", "interrupted"];

/**
 * @param {GuestFacts} facts
 * @returns {GuestPage}
 */
export function guestState(facts) {
  const { place, room, socket } = facts;
  if (room.state === "banned") return { state: "blocked", why: "banned" };
  if (place?.state === "removed") return { state: "removed", why: "removed" };
  if (facts.refused !== null) return { state: "blocked", why: facts.refused };
  if (place?.state === "left") return { state: "left", why: facts.linked ? (place.reason ?? "left") : "no_link" };
  if (place !== null && socket.state === "closed" && socket.reason !== null) {
    return { state: "blocked", why: socket.reason };
  }
  if (!facts.able) return { state: "blocked", why: "no_webrtc" };
  if (room.streaming_mode === "rtmp") return { state: "blocked", why: "room_not_webrtc" };
  if (place?.state === "on_stage") return onStage(facts);
  if (place?.state === "waiting") {
    if (socket.state === "waiting") return { state: "waiting", why: "socket" };
    const ended = room.state === "ended" || place.reason === "ended";
    if (!ON_AIR.includes(room.state)) return { state: "waiting", why: ended ? "ended" : "not_live" };
    return { state: "waiting", why: "live" };
  }
  if (facts.problem !== null) return { state: "blocked", why: facts.problem };
  if (!facts.equipped) return { state: "preparing", why: "asking" };
  return { state: "ready", why: place?.state === "invited" ? "invited" : "link" };
}

/**
 * @param {GuestFacts} facts
 * @returns {GuestPage}
 */
function onStage({ connected, place, socket, trouble, wasOn, equipped, problem }) {
  if (!equipped) return { state: "joining", why: problem ?? "asking" };
  if (connected) return { state: "on-stage", why: place?.muted ? "muted" : "live" };
  const why = socket.state === "open" ? (trouble ?? "connecting") : "socket";
  return { state: wasOn ? "reconnecting" : "joining", why };
}
