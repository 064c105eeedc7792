/** Owns what is seen and heard: each way's place, the sound, the face of a sound-only stream. */

import { make, need, say } from "./page.js";
import { Pictures } from "./pictures.js";
import { Slot } from "./slot.js";
import { Speakers } from "./speakers.js";

/** @import {RungName} from "./ladder.js" */
/** @import {Lineup} from "./lineup.js" */

/** @typedef {Exclude<RungName, "webrtc">} StreamRungName these bring one picture */

export class Stage {
  #root;
  #face;
  /** @type {Map<StreamRungName, {box: HTMLElement, slot: Slot}>} each way to play has a place of its own, one is in front */
  #rungs = new Map();
  #webrtcBox;
  #picture;
  /** @type {RungName | null} */
  #front = null;

  /**
   * @param {HTMLElement} root the player
   * @param {object} events
   * @param {(key: string) => void} events.choose a tile was tapped
   * @param {() => void} events.soundChanged
   */
  constructor(root, { choose, soundChanged }) {
    this.#root = root;
    this.#face = need("[data-face]", root);
    this.#picture = need("[data-picture]", root);
    this.#webrtcBox = make("div", "player-rung");
    this.#picture.append(this.#webrtcBox);
    this.pictures = new Pictures(this.#webrtcBox, choose);
    this.speakers = new Speakers(need("[data-sound]", root), soundChanged);
  }

  /** What is on the screen. @returns {HTMLVideoElement | null} */
  get video() {
    if (this.#front === null) return null;
    return this.#front === "webrtc" ? this.pictures.video : this.slotOf(this.#front).video;
  }

  /** @param {StreamRungName} rung */
  slotOf(rung) {
    return this.#place(rung).slot;
  }

  /** This way is seen and heard from now on; null: none. @param {RungName | null} rung */
  bringToFront(rung) {
    if (rung === this.#front) return;
    const floating = this.video !== null && this.video === document.pictureInPictureElement;
    for (const [name, { box, slot }] of this.#rungs) {
      box.classList.toggle("is-front", name === rung);
      slot.setMain(name === rung);
    }
    this.#webrtcBox.classList.toggle("is-front", rung === "webrtc");
    this.pictures.setFront(rung === "webrtc");
    this.#front = rung;
    this.showMany();
    // Where one picture floats already, another one may take its place without a tap.
    if (floating) void this.video?.requestPictureInPicture().catch(() => {});
  }

  /** Several pictures of their own want a screen of another shape on a phone. */
  showMany() {
    this.#root.dataset.many = String(this.#front === "webrtc" && this.pictures.count > 1);
  }

  /** A stream without a picture has a face. @param {string | null} name null: there is a picture */
  showFace(name) {
    this.#face.hidden = name === null;
    if (name === null) return;
    say(need("[data-face-name]", this.#face), name);
    say(need("[data-face-letter]", this.#face), (name || "♪").slice(0, 1));
  }

  /**
   * What comes by WebRTC.
   * @param {Lineup} lineup
   * @param {(streamId: string) => MediaStream | undefined} streamOf
   * @param {(streamId: string) => MediaStream | undefined} soundOf
   * @param {(streamId: string) => void} seen the first frame of a stream is on the screen
   */
  update(lineup, streamOf, soundOf, seen) {
    this.pictures.update(lineup, streamOf, (streamId) => {
      this.showMany();
      seen(streamId);
    });
    this.showMany();
    /** @type {Map<string, MediaStream>} */
    const sound = new Map();
    for (const id of lineup.sound) {
      const stream = soundOf(id);
      if (stream) sound.set(id, stream);
    }
    // Nothing new to hear yet: the last sound stays until there is.
    if (sound.size > 0 || lineup.sound.length === 0) this.speakers.play(sound);
  }

  /** @param {boolean} held */
  hold(held) {
    for (const { slot } of this.#rungs.values()) slot.hold(held);
    this.pictures.hold(held);
    this.speakers.hold(held);
  }

  /** Call now and then while something should play. */
  keepOn() {
    for (const { slot } of this.#rungs.values()) slot.keepOn();
    this.pictures.keepOn();
    this.speakers.keepOn();
  }

  /** All of WebRTC goes. */
  clearStreams() {
    this.pictures.clear();
    this.showMany();
    this.speakers.play(new Map());
  }

  /** How loud it is, on the face of a sound-only stream. @param {number} level 0–1 */
  showLevel(level) {
    this.#face.style.setProperty("--level", level.toFixed(2));
  }

  /** @param {StreamRungName} rung */
  #place(rung) {
    let place = this.#rungs.get(rung);
    if (place === undefined) {
      const box = make("div", "player-rung");
      this.#picture.append(box);
      place = { box, slot: new Slot(box) };
      box.classList.toggle("is-front", rung === this.#front);
      place.slot.setMain(rung === this.#front);
      this.#rungs.set(rung, place);
    }
    return place;
  }
}
