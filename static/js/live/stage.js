/** Owns what is seen and heard: the main picture, the tiles, the sound, the face of a sound-only stream. */

import { gettext, t } from "../i18n.js";
import { make, need, say } from "./page.js";
import { Slot, streamFeed } from "./slot.js";
import { Speakers } from "./speakers.js";

/** @import {RungName} from "./ladder.js" */
/** @import {Lineup, Shown} from "./lineup.js" */

/**
 * @typedef {object} Tile
 * @property {HTMLButtonElement} button
 * @property {HTMLElement} name
 * @property {Slot} slot
 */

export class Stage {
  #tilesBox;
  #face;
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  #choose;
  /** @type {Map<RungName, {box: HTMLElement, slot: Slot}>} each way to play has a place of its own, one is in front */
  #rungs = new Map();
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
    this.#choose = choose;
    this.#tilesBox = need("[data-tiles]", root);
    this.#face = need("[data-face]", root);
    this.#picture = need("[data-picture]", root);
    this.speakers = new Speakers(need("[data-sound]", root), soundChanged);
  }

  /** What is on the screen. @returns {HTMLVideoElement | null} */
  get video() {
    return this.#front === null ? null : this.slotOf(this.#front).video;
  }

  /** @param {RungName} rung */
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
    this.#front = rung;
    this.#tilesBox.hidden = rung !== "webrtc" || this.#tiles.size === 0;
    // Where one picture floats already, another one may take its place without a tap.
    if (floating) void this.video?.requestPictureInPicture().catch(() => {});
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
   * @param {(streamId: string) => void} seen the first frame of the main picture's stream is on the screen
   */
  update(lineup, streamOf, soundOf, seen) {
    this.#showMain(lineup.main, streamOf, seen);
    this.#showTiles(lineup.tiles, streamOf);
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
    for (const { slot } of this.#tiles.values()) slot.hold(held);
    this.speakers.hold(held);
  }

  /** Call now and then while something should play. */
  keepOn() {
    for (const { slot } of this.#rungs.values()) slot.keepOn();
    this.speakers.keepOn();
  }

  /** All of WebRTC goes. */
  clearStreams() {
    this.slotOf("webrtc").clear();
    this.#showTiles([], () => undefined);
    this.speakers.play(new Map());
  }

  /** How loud it is, on the face of a sound-only stream. @param {number} level 0–1 */
  showLevel(level) {
    this.#face.style.setProperty("--level", level.toFixed(2));
  }

  /**
   * @param {Shown | null} main
   * @param {(streamId: string) => MediaStream | undefined} streamOf
   * @param {(streamId: string) => void} seen
   */
  #showMain(main, streamOf, seen) {
    if (main === null) return;
    const stream = streamOf(main.streamId);
    if (!main.hasVideo) this.slotOf("webrtc").clear();
    else if (stream !== undefined && stream.getVideoTracks().length > 0) {
      this.slotOf("webrtc").show(streamFeed(stream), () => seen(main.streamId));
    }
  }

  /**
   * @param {Shown[]} shown
   * @param {(streamId: string) => MediaStream | undefined} streamOf
   */
  #showTiles(shown, streamOf) {
    const keys = new Set(shown.map(({ key }) => key));
    for (const [key, { button, slot }] of this.#tiles) {
      if (keys.has(key)) continue;
      slot.clear();
      button.remove();
      this.#tiles.delete(key);
    }
    for (const entry of shown) {
      const tile = this.#tiles.get(entry.key) ?? this.#makeTile(entry);
      const name = entry.user?.name ?? gettext("Guest");
      const words =
        entry.source === "screen"
          ? t(gettext("Make {name}'s screen the main picture"), { name })
          : t(gettext("Make {name}'s camera the main picture"), { name });
      tile.button.setAttribute("aria-label", words);
      say(tile.name, name);
      const stream = streamOf(entry.streamId);
      if (stream && stream.getVideoTracks().length > 0) tile.slot.show(streamFeed(stream), () => {});
    }
    this.#tilesBox.hidden = shown.length === 0 || this.#front !== "webrtc";
  }

  /** @param {Shown} entry */
  #makeTile(entry) {
    const button = make("button", "player-tile");
    button.type = "button";
    const name = make("span", "player-tile-name");
    button.append(name);
    button.addEventListener("click", () => this.#choose(entry.key));
    const tile = { button, name, slot: new Slot(button) };
    this.#tiles.set(entry.key, tile);
    this.#tilesBox.append(button);
    return tile;
  }

  /** @param {RungName} rung */
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
