/** Owns seeing and hearing the others on stage, in studio and green room. */

import { ActiveSpeaker, LISTEN_MS } from "./active-speaker.js";
import { lineUp } from "./lineup.js";
import { Others } from "./others.js";
import { Pictures } from "./pictures.js";
import { Speakers } from "./speakers.js";
import { levelsOf } from "./voice.js";

/** @import {Publisher} from "./publisher.js" */
/** @import {LiveSocket} from "./socket.js" */
/** @import {Room, User} from "./types.js" */

export class OthersView {
  #others;
  #pictures;
  #speakers;
  #speaker = new ActiveSpeaker();
  #me;
  #box;
  /** @type {Room} */
  #room;
  #queued = false;
  /** This page sends by WebRTC itself. */
  #sends = false;
  #participant = "";
  #lineup = lineUp([], new Set(), 0, undefined);

  /**
   * @param {LiveSocket} socket
   * @param {User | null} me
   * @param {Room} room
   * @param {HTMLElement} box for the pictures
   * @param {HTMLElement} sound
   */
  constructor(socket, me, room, box, sound) {
    this.#me = me;
    this.#room = room;
    this.#box = box;
    this.#others = new Others(socket, me?.id, () => this.#soon());
    this.#pictures = new Pictures(box, null, true);
    this.#speakers = new Speakers(sound, () => {});
    this.#speakers.hearStreams();
    // One's own page is where people meet: a tap went before, so the browser lets sound out.
    addEventListener("pointerdown", () => this.#speakers.blocked && this.#speakers.setMuted(false));
    socket.on("welcome", ({ payload }) => {
      this.#participant = payload.participant_id;
      this.#gotRoom(payload.room);
    });
    socket.on("room", ({ payload }) => this.#gotRoom(payload));
    setInterval(() => this.#listen(), LISTEN_MS);
  }

  /** How many pictures there are. */
  get count() {
    return this.#lineup.pictures.length;
  }

  /**
   * Call whenever the publisher changed: its sessions carry what is received.
   * @param {Publisher} publisher
   * @param {boolean} [receives] also without sending by WebRTC
   */
  follow(publisher, receives = publisher.wanted) {
    this.#sends = publisher.wanted;
    this.#others.follow(publisher, receives);
  }

  /** @param {Room} room */
  #gotRoom(room) {
    this.#room = room;
    this.#soon();
  }

  #soon() {
    if (this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => {
      this.#queued = false;
      this.#arrange();
    });
  }

  #arrange() {
    const { tracks, received } = this.#others;
    const theirs = (this.#isElsewhere() ? [] : tracks).filter(({ user, stream_id }) => user?.id !== this.#me?.id && received.has(stream_id));
    const lineup = lineUp(theirs, received, this.#room.owner.id, this.#room.stage, { layout: "grid" });
    // Beside one's own picture a single other one is one of two: it has a name, and a face if need be.
    const alone = lineup.pictures.length === 0 && lineup.main !== null ? [lineup.main] : lineup.pictures;
    this.#lineup = { ...lineup, pictures: alone };
    this.#pictures.update(this.#lineup, (id) => this.#others.stream(id), () => {});
    if (this.#lineup.main === null) this.#pictures.clear();
    this.#box.hidden = this.count === 0;
    /** @type {Map<string, MediaStream>} */
    const sound = new Map();
    for (const id of lineup.sound) {
      const stream = this.#others.stream(id);
      if (stream) sound.set(id, stream);
    }
    this.#speakers.play(sound);
  }

  /** Another page of ours sends by WebRTC: they are seen and heard there, and once is enough. */
  #isElsewhere() {
    const { tracks } = this.#others;
    return (
      !this.#sends &&
      tracks.some(({ user, participant_id: id }) => user !== null && user.id === this.#me?.id && id !== null && id !== this.#participant)
    );
  }

  #listen() {
    const session = this.#others.newest;
    if (session === null) return;
    const nowMs = performance.now();
    const levels = levelsOf(session.receivers, session.streams, this.#lineup.voices);
    this.#speaker.step(levels, nowMs);
    const { stage } = this.#room;
    const muted = new Set(stage?.people.filter((one) => one.muted).map(({ user }) => user.id));
    this.#pictures.mark(this.#speaker.levels, this.#speaker.speaking(nowMs), muted);
    this.#pictures.keepOn();
  }
}
