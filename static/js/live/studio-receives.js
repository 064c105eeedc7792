/** Owns whether the studio shows and plays the others on stage, whoever of us sends by what. Pure. */

/** @import {Room} from "./types.js" */

const ON_AIR = ["starting", "live", "interrupted"];

/**
 * @typedef {object} ReceivingFacts
 * @property {boolean} before the answer until now
 * @property {Room} room
 * @property {number | undefined} me
 * @property {boolean} owns the room is mine
 * @property {boolean} open this page is connected, or will be again
 * @property {boolean} wanted on air from this page
 * @property {boolean} left this page went off air, and the room has not noticed yet
 */

/**
 * Who is on stage by OBS, WHIP or another page's WebSocket talks with the others from here. An owner whose encoder
 * drops goes on hearing them; who only sends along does not.
 * @param {ReceivingFacts} facts
 */
export function receivesOthers({ before, room, me, owns, open, wanted, left }) {
  if (!open || left || !ON_AIR.includes(room.state) || room.streaming_mode === "rtmp") return false;
  return wanted || isOnStage(room, me) || (owns && before);
}

/**
 * @param {Room} room
 * @param {number | undefined} me
 */
export function isOnStage(room, me) {
  return room.stage?.people.some(({ user }) => user.id === me) ?? false;
}
