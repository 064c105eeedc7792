/** Owns who is shown, in which order, who has the large place and whose sound plays. Pure. */

/** @import {Layer, LayoutName, Source, StagePlan, Track, User} from "./types.js" */

/**
 * @typedef {object} Shown One stream of one person.
 * @property {string} key stays the same over rejoins, and from OBS to browser and back
 * @property {string} person
 * @property {string} streamId
 * @property {Source} source
 * @property {User | null} user
 * @property {Layer[]} layers
 * @property {boolean} hasVideo
 */

/**
 * @typedef {object} Lineup
 * @property {Shown | null} main
 * @property {Shown[]} tiles the other pictures
 * @property {Shown[]} pictures all of them in the order of the screen; with several people, also faces without a picture
 * @property {LayoutName} layout
 * @property {string | null} pinned key of what the viewer chose, while it is there
 * @property {Shown[]} voices whose audio plays
 * @property {string[]} sound their stream ids
 *
 * @typedef {object} Wishes
 * @property {string | null} [pinnedKey] what the viewer chose as main picture
 * @property {LayoutName | null} [layout] what the viewer chose instead of the owner's
 * @property {string | null} [speaker] the person who speaks
 */

/**
 * @param {Track[]} tracks the room's, newest session of a person last
 * @param {ReadonlySet<string>} received ids of streams that arrive here
 * @param {number} ownerId
 * @param {StagePlan | undefined} plan
 * @param {Wishes} [wishes]
 * @returns {Lineup}
 */
export function lineUp(tracks, received, ownerId, plan, { pinnedKey = null, layout = null, speaker = null } = {}) {
  const people = [...byPerson(tracks).values()].map((own) => newestPlaying(own, received));
  const order = [ownerId, ...(plan?.people.map(({ user }) => user.id) ?? [])];
  people.sort((a, b) => rank(order, a) - rank(order, b));
  const shown = people.flat();
  const pictures = people.flatMap((own) => picturesOf(own, people.length > 1));
  const wanted = layout ?? plan?.layout ?? "speaker";
  const pinned = pictures.find(({ key }) => key === pinnedKey);
  const main = pinned ?? (wanted === "grid" ? null : largeOne(pictures, wanted, speaker)) ?? pictures[0] ?? shown[0] ?? null;
  const muted = new Set(plan?.people.filter((one) => one.muted).map(({ user }) => user.id));
  const voices = shown.filter(({ user }) => user === null || !muted.has(user.id));
  return {
    main,
    tiles: pictures.filter((picture) => picture !== main),
    pictures,
    // Who wants one of them large does not want all of them alike.
    layout: pinned && wanted === "grid" ? "speaker" : wanted,
    pinned: pinned?.key ?? null,
    voices,
    sound: voices.map(({ streamId }) => streamId),
  };
}

/**
 * @param {Shown[]} pictures
 * @param {LayoutName} layout
 * @param {string | null} speaker
 */
function largeOne(pictures, layout, speaker) {
  return (
    pictures.findLast(({ source, hasVideo }) => source === "screen" && hasVideo) ??
    (layout === "speaker" ? pictures.find(({ person }) => person === speaker) : undefined)
  );
}

/**
 * The screen before the camera; one face of who sends sound alone.
 * @param {Shown[]} own
 * @param {boolean} faces
 */
function picturesOf(own, faces) {
  const pictures = own.filter(({ hasVideo }) => hasVideo);
  if (pictures.length === 0) return faces ? own.slice(0, 1) : [];
  return pictures.sort((a, b) => Number(b.source === "screen") - Number(a.source === "screen"));
}

/**
 * @param {number[]} order ids of users
 * @param {Shown[]} own
 */
function rank(order, own) {
  const at = order.indexOf(own[0]?.user?.id ?? -1);
  return at < 0 ? order.length : at;
}

/** Nobody is there. @returns {Lineup} */
export function emptyLineup() {
  return { main: null, tiles: [], pictures: [], layout: "speaker", pinned: null, voices: [], sound: [] };
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
      person: personOf(track),
      streamId: track.stream_id,
      source: track.source,
      user: track.user,
      layers: isVideo ? track.layers : (seen?.layers ?? []),
      hasVideo: isVideo || (seen?.hasVideo ?? false),
    });
  }
  return [...streams.values()];
}
