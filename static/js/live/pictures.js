/** Owns the pictures of one or several people on one screen: each keeps its element, only its place changes. */

import { rectangles } from "./layout.js";
import { Picture } from "./picture.js";

/** @import {Lineup, Shown} from "./lineup.js" */

// A phone held upright gets a square: there one stacks.
const STACKED_BELOW = 1.2;

/** @typedef {Pick<Lineup, "main" | "pictures" | "layout" | "pinned">} Arrangement */

export class Pictures {
  #box;
  #choose;
  #named;
  /** @type {Map<string, Picture>} */
  #pictures = new Map();
  /** @type {Arrangement} */
  #now = { main: null, pictures: [], layout: "speaker", pinned: null };
  /** @type {Picture | null} which one has the large place */
  #large = null;
  #front = false;

  /**
   * @param {HTMLElement} box
   * @param {((key: string) => void) | null} [choose] one of several was tapped
   * @param {boolean} [named] also one alone has a name and a mark
   */
  constructor(box, choose = null, named = false) {
    this.#box = box;
    this.#choose = choose;
    this.#named = named;
    new ResizeObserver(() => this.#place()).observe(box);
  }

  /** @returns {HTMLVideoElement | null} */
  get video() {
    return this.#large?.slot.video ?? null;
  }

  get frames() {
    return this.#large?.slot.frames ?? 0;
  }

  get count() {
    return this.#now.pictures.filter((shown) => this.#of(shown)?.painted).length;
  }

  /** This screen is in front: its large picture is the page's main one. @param {boolean} front */
  setFront(front) {
    this.#front = front;
    this.#large?.slot.setMain(front);
  }

  /** Whether the main picture shows this very stream. @param {MediaStream | undefined} stream */
  shows(stream) {
    const { main } = this.#now;
    return stream !== undefined && main !== null && this.#of(main)?.seen === stream;
  }

  /**
   * @param {Arrangement} arrangement
   * @param {(streamId: string) => MediaStream | undefined} streamOf
   * @param {(streamId: string) => void} seen the first frame of this stream is on the screen
   */
  update(arrangement, streamOf, seen) {
    const { main, pictures } = arrangement;
    // Somebody alone without a picture is not this screen's to show.
    this.#now = main === null || pictures.length > 0 ? arrangement : { ...arrangement, main: null };
    for (const shown of pictures) {
      const picture = this.#pictures.get(shown.key) ?? this.#make(shown.key);
      picture.show(shown, streamOf(shown.streamId), () => {
        this.#place();
        seen(shown.streamId);
      });
    }
    if (main !== null && pictures.length === 0) this.#keep(new Set());
    this.#place();
  }

  /**
   * @param {ReadonlyMap<string, number>} levels by person, 0–1
   * @param {ReadonlySet<string>} speaking
   * @param {ReadonlySet<number>} muted users' ids
   */
  mark(levels, speaking, muted) {
    const several = this.#named || this.count > 1;
    for (const shown of this.#now.pictures) {
      const picture = this.#of(shown);
      const silent = shown.user !== null && muted.has(shown.user.id);
      const speaks = several && !silent && speaking.has(shown.person) && shown.source === "camera";
      picture?.mark(speaks, silent, silent ? 0 : (levels.get(shown.person) ?? 0));
    }
  }

  /** @param {boolean} held */
  hold(held) {
    for (const { slot } of this.#pictures.values()) slot.hold(held);
  }

  keepOn() {
    for (const { slot } of this.#pictures.values()) slot.keepOn();
  }

  clear() {
    this.#now = { ...this.#now, main: null, pictures: [] };
    this.#keep(new Set());
    this.#place();
  }

  /** @param {Shown} shown */
  #of(shown) {
    return this.#pictures.get(shown.key);
  }

  /** @param {string} key */
  #make(key) {
    const choose = this.#choose;
    const picture = new Picture(this.#box, choose && (() => choose(key)));
    this.#pictures.set(key, picture);
    return picture;
  }

  /** @param {ReadonlySet<string>} keys */
  #keep(keys) {
    for (const [key, picture] of this.#pictures) {
      if (keys.has(key)) continue;
      picture.remove();
      this.#pictures.delete(key);
    }
  }

  /** A picture has no place before its first frame, and who left keeps one until somebody else is seen. */
  #place() {
    const { main, pictures, layout, pinned } = this.#now;
    const painted = pictures.filter((shown) => this.#of(shown)?.painted);
    if (painted.length > 0) this.#keep(new Set(pictures.map(({ key }) => key)));
    const large = Math.max(0, painted.findIndex(({ key }) => key === main?.key));
    const { clientWidth, clientHeight } = this.#box;
    const stacked = clientWidth < clientHeight * STACKED_BELOW;
    const several = this.#named || painted.length > 1;
    const places = rectangles(layout, painted.length, large, stacked);
    for (const shown of pictures) {
      const at = painted.indexOf(shown);
      this.#of(shown)?.place(places[at] ?? null, at === large, several, shown.key === pinned);
    }
    this.#box.dataset.layout = painted.length > 1 ? layout : "";
    this.#enlarge(painted[large] ?? null);
  }

  /** @param {Shown | null} shown null: what was seen last stays the main picture */
  #enlarge(shown) {
    const gone = this.#large !== null && ![...this.#pictures.values()].includes(this.#large);
    const next = shown === null ? (gone ? null : this.#large) : (this.#of(shown) ?? null);
    const first = this.#now.main === null ? null : (this.#of(this.#now.main) ?? null);
    const large = next ?? first;
    if (large === this.#large) return;
    const before = this.#large;
    const floats = before !== null && before.slot.video !== null && before.slot.video === document.pictureInPictureElement;
    before?.slot.setMain(false);
    large?.slot.setMain(this.#front);
    this.#large = large;
    // Where one picture floats already, another one may take its place without a tap.
    if (floats && !gone) void large?.slot.video?.requestPictureInPicture().catch(() => {});
  }
}
