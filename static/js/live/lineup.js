/** Owns who is shown where: the main picture, the tiles, whose sound plays. Pure. */

/** @import {Track, User, Layer, Source} from "./types.js" */

/**
 * @typedef {object} Shown One stream of one person.
 * @property {string} key stays the same over rejoins, and from OBS to browser and back
 * @property {string} streamId
 * @property {Source} source
 * @property {User | null} user
 * @property {Layer[]} layers
 * @property {boolean} hasVideo
 */

/**
 * @typedef {object} Lineup
 * @property {Shown | null} main
 * @property {Shown[]} tiles
 * @property {string[]} sound stream ids whose audio plays
 */

/**
 * @param {Track[]} tracks the room's, newest session of a person last
 * @param {ReadonlySet<string>} received ids of streams that arrive here
 * @param {number} ownerId
 * @param {string | null} pinnedKey what the viewer chose as main picture
 * @returns {Lineup}
 */
export function lineUp(tracks, received, ownerId, pinnedKey) {
  const shown = [...byPerson(tracks).values()].flatMap((own) => newestPlaying(own, received));
  const pictures = shown.filter(({ hasVideo }) => hasVideo);
  const main =
    pictures.find(({ key }) => key === pinnedKey) ??
    pictures.findLast(({ source }) => source === "screen") ??
    pictures.find(({ user }) => user?.id === ownerId) ??
    pictures[0] ??
    shown.find(({ user }) => user?.id === ownerId) ??
    shown[0] ??
    null;
  return {
    main,
    tiles: pictures.filter((picture) => picture !== main),
    sound: shown.map(({ streamId }) => streamId),
  };
}

/**
 * A user is one person by whatever ways; whoever is not signed in, one by participant.
 * @param {Track} track
 */
function personOf({ user, participant_id, session_id }) {
  return user === null ? (participant_id ?? session_id) : `user_${user.id}`;
}

/**
 * @param {Track[]} tracks
 * @returns {Map<string, Track[]>}
 */
function byPerson(tracks) {
  /** @type {Map<string, Track[]>} */
  const groups = new Map();
  for (const track of tracks) {
    const person = personOf(track);
    const group = groups.get(person) ?? [];
    group.push(track);
    groups.set(person, group);
  }
  return groups;
}

/**
 * The streams of the newest session of which anything arrives; until then the older one stays.
 * @param {Track[]} tracks of one person
 * @param {ReadonlySet<string>} received
 * @returns {Shown[]}
 */
function newestPlaying(tracks, received) {
  const sessions = [...new Set(tracks.map(({ session_id }) => session_id))].reverse();
  const chosen =
    sessions.find((id) => tracks.some((t) => t.session_id === id && received.has(t.stream_id))) ??
    sessions[0];
  /** @type {Map<string, Shown>} */
  const streams = new Map();
  for (const track of tracks) {
    if (track.session_id !== chosen) continue;
    const seen = streams.get(track.stream_id);
    const isVideo = track.kind === "video";
    streams.set(track.stream_id, {
      key: `${personOf(track)}:${track.source}`,
      streamId: track.stream_id,
      source: track.source,
      user: track.user,
      layers: isVideo ? track.layers : (seen?.layers ?? []),
      hasVideo: isVideo || (seen?.hasVideo ?? false),
    });
  }
  return [...streams.values()];
}
