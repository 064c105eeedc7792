/** Owns one person's picture among others: the video or a face, the name, who speaks, who is muted. */

import { gettext, t } from "../i18n.js";
import { make, say } from "./page.js";
import { Slot, streamFeed } from "./slot.js";

/** @import {Rect} from "./layout.js" */
/** @import {Shown} from "./lineup.js" */

export class Picture {
  #element = make("div", "picture");
  #face = make("span", "picture-face");
  #letter = make("span", "picture-letter");
  #name = make("span", "picture-name");
  #words = make("span", "picture-words");
  #silent = make("span", "picture-silent");
  /** @type {HTMLButtonElement | null} */
  #button = null;
  #hasVideo = false;

  /** The stream whose first frame was seen here last. @type {MediaStream | null} */
  seen = null;

  /**
   * @param {HTMLElement} box
   * @param {(() => void) | null} choose
   */
  constructor(box, choose) {
    const video = make("div", "picture-video");
    this.slot = new Slot(video);
    this.#face.append(this.#letter);
    const icon = document.getElementById("icon-mic-off");
    if (icon instanceof HTMLTemplateElement) this.#silent.append(icon.content.cloneNode(true));
    this.#silent.append(make("span", "visually-hidden", gettext("muted")));
    this.#silent.hidden = true;
    this.#name.append(this.#silent, this.#words);
    this.#element.append(this.#face, video, this.#name);
    if (choose !== null) this.#addButton(choose);
    box.append(this.#element);
  }

  /** There is something to see. */
  get painted() {
    return !this.#hasVideo || this.seen !== null;
  }

  /**
   * @param {Shown} shown
   * @param {MediaStream | undefined} stream
   * @param {() => void} seen
   */
  show(shown, stream, seen) {
    const name = shown.user?.name ?? gettext("Somebody");
    this.#element.dataset.key = shown.key;
    this.#element.dataset.source = shown.source;
    this.#hasVideo = shown.hasVideo;
    this.#face.hidden = shown.hasVideo;
    say(this.#letter, name.slice(0, 1));
    say(this.#words, shown.source === "screen" ? t(gettext("{name}'s screen"), { name }) : name);
    const words =
      shown.source === "screen"
        ? t(gettext("Make {name}'s screen the main picture"), { name })
        : t(gettext("Make {name}'s camera the main picture"), { name });
    this.#button?.setAttribute("aria-label", words);
    if (!shown.hasVideo) {
      this.slot.clear();
      this.seen = null;
    } else if (stream !== undefined && stream.getVideoTracks().length > 0) {
      this.slot.show(streamFeed(stream), () => {
        this.seen = stream;
        seen();
      });
    }
  }

  /**
   * @param {Rect | null} rect null: unseen
   * @param {boolean} large
   * @param {boolean} several
   * @param {boolean} pinned
   */
  place(rect, large, several, pinned) {
    const element = this.#element;
    element.classList.toggle("is-placed", rect !== null);
    element.classList.toggle("is-large", large);
    element.classList.toggle("is-alone", !several);
    this.#name.hidden = !several;
    if (this.#button !== null) {
      this.#button.hidden = !several || rect === null;
      this.#button.setAttribute("aria-pressed", String(pinned));
    }
    if (rect === null) return;
    element.classList.toggle("is-low", rect.y + rect.h > 0.97);
    for (const [name, value] of Object.entries(rect)) element.style.setProperty(`--${name}`, value.toFixed(4));
  }

  /**
   * @param {boolean} speaks
   * @param {boolean} muted
   * @param {number} level 0–1
   */
  mark(speaks, muted, level) {
    this.#element.classList.toggle("is-speaking", speaks);
    this.#silent.hidden = !muted;
    if (!this.#hasVideo) this.#element.style.setProperty("--level", level.toFixed(2));
  }

  remove() {
    this.slot.clear();
    this.#element.remove();
  }

  /** @param {() => void} choose */
  #addButton(choose) {
    this.#button = make("button", "picture-pin");
    this.#button.type = "button";
    this.#button.addEventListener("click", choose);
    // By mouse or finger it takes no focus: that would hold the player's controls up.
    this.#button.addEventListener("mousedown", (event) => event.preventDefault());
    this.#element.append(this.#button);
  }
}
