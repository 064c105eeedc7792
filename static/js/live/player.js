/** Owns the player's face: its state in words, its controls and keys. It decides nothing about media. */

import { gettext } from "../i18n.js";
import { need, say } from "./page.js";

/** @import {PlayerState} from "./viewer-state.js" */
/** @import {RungName} from "./ladder.js" */
/** @import {Offer, Words} from "./words.js" */

/**
 * @typedef {object} PlayerEvents
 * @property {() => void} togglePlay
 * @property {() => void} toggleMute
 * @property {(volume: number) => void} volume
 * @property {(offer: Offer) => void} offer
 * @property {() => void} stats
 * @property {() => void} chat
 * @property {() => HTMLVideoElement | null} video
 */

const IDLE_MS = 2_500;

export class Player {
  #root;
  #events;
  #page;
  #idleTimer = 0;
  /** @type {Offer | null} */
  #offer = null;
  /** @type {WakeLockSentinel | null} */
  #wakeLock = null;

  /**
   * @param {HTMLElement} root
   * @param {HTMLElement} page what theatre mode rearranges
   * @param {PlayerEvents} events
   */
  constructor(root, page, events) {
    this.#root = root;
    this.#page = page;
    this.#events = events;
    this.#bindButtons();
    this.#bindKeys();
    this.#bindIdle();
    document.addEventListener("visibilitychange", () => void this.#keepAwake());
    document.addEventListener("fullscreenchange", () => {
      const full = document.fullscreenElement !== null;
      this.#button("fullscreen").setAttribute("aria-pressed", String(full));
    });
  }

  /**
   * @param {PlayerState} state
   * @param {Words} words
   * @param {string} code for support, in small print
   * @param {RungName | null} rung what plays
   */
  show(state, words, code, rung) {
    const before = this.#root.dataset.state;
    this.#root.dataset.state = state;
    this.#root.dataset.rung = state === "live" ? (rung ?? "") : "";
    say(need("[data-words]", this.#root), words.title);
    say(need("[data-detail]", this.#root), words.detail);
    say(need("[data-code]", this.#root), code);
    const paused = state === "paused";
    const play = this.#button("play");
    play.setAttribute("aria-label", paused ? gettext("Play") : gettext("Pause"));
    play.setAttribute("aria-pressed", String(!paused));
    this.#showOffer(words.offer ?? null);
    if (before !== state) void this.#keepAwake();
  }

  /**
   * @param {boolean} muted
   * @param {number} volume
   * @param {boolean} blocked
   */
  showSound(muted, volume, blocked) {
    const mute = this.#button("mute");
    mute.setAttribute("aria-label", muted ? gettext("Unmute") : gettext("Mute"));
    mute.setAttribute("aria-pressed", String(muted));
    const slider = need("[data-volume]", this.#root);
    /** @type {HTMLInputElement} */ (slider).value = String(muted ? 0 : Math.round(volume * 100));
    need("[data-unmute]", this.#root).hidden = !blocked;
  }

  /** @param {boolean} has a picture to enlarge or to float */
  showPicture(has) {
    this.#button("pip").hidden = !has || !document.pictureInPictureEnabled;
  }

  /** @param {string} name */
  #button(name) {
    return /** @type {HTMLButtonElement} */ (need(`[data-do="${name}"]`, this.#root));
  }

  /** @param {Offer | null} offer */
  #showOffer(offer) {
    const button = need("[data-offer]", this.#root);
    this.#offer = offer;
    button.hidden = offer === null;
    const texts = {
      reload: gettext("Reload the page"),
      sign_in: gettext("Sign in"),
      home: gettext("See who is live"),
      here: gettext("Watch here"),
      auto: gettext("Play the best way"),
      replay: gettext("Watch the replay"),
    };
    if (offer) say(button, texts[offer]);
  }

  #bindButtons() {
    /** @type {Record<string, () => void>} */
    const actions = {
      play: () => this.#events.togglePlay(),
      mute: () => this.#events.toggleMute(),
      pip: () => void this.#float(),
      theatre: () => this.#theatre(),
      fullscreen: () => void this.#fullScreen(),
      keys: () => this.#showKeys(),
    };
    for (const [name, action] of Object.entries(actions)) {
      this.#button(name).addEventListener("click", action);
    }
    need("[data-unmute]", this.#root).addEventListener("click", () => this.#events.toggleMute());
    need("[data-offer]", this.#root).addEventListener("click", () => {
      if (this.#offer !== null) this.#events.offer(this.#offer);
    });
    const slider = /** @type {HTMLInputElement} */ (need("[data-volume]", this.#root));
    slider.addEventListener("input", () => this.#events.volume(Number(slider.value) / 100));
    need("[data-picture]", this.#root).addEventListener("dblclick", () => void this.#fullScreen());
  }

  #bindKeys() {
    addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const on = event.target instanceof Element ? event.target : null;
      if (on?.closest("input, textarea, select, [contenteditable], dialog[open]")) return;
      // Space on a focused button presses that button.
      if (event.key === " " && on?.closest("button, a, summary")) return;
      /** @type {Record<string, () => void>} */
      const keys = {
        " ": () => this.#events.togglePlay(),
        k: () => this.#events.togglePlay(),
        m: () => this.#events.toggleMute(),
        f: () => void this.#fullScreen(),
        t: () => this.#theatre(),
        c: () => this.#events.chat(),
        s: () => this.#events.stats(),
        "?": () => this.#showKeys(),
      };
      const action = keys[event.key.toLowerCase()];
      if (action === undefined) return;
      event.preventDefault();
      action();
    });
  }

  /** The controls fade while the picture plays and nobody touches anything. */
  #bindIdle() {
    const busy = () => {
      this.#root.dataset.idle = "false";
      clearTimeout(this.#idleTimer);
      this.#idleTimer = setTimeout(() => (this.#root.dataset.idle = "true"), IDLE_MS);
    };
    for (const name of ["pointermove", "pointerdown", "keydown", "focusin"]) {
      this.#root.addEventListener(name, busy, { passive: true });
    }
    busy();
  }

  async #fullScreen() {
    const video = /** @type {any} */ (this.#events.video());
    try {
      if (document.fullscreenElement !== null) await document.exitFullscreen();
      else if (document.fullscreenEnabled) await this.#root.requestFullscreen();
      else video?.webkitEnterFullscreen?.(); // an iPhone enlarges videos only
    } catch {
      // Refused by the browser or by the page around us; the picture stays as it is.
    }
  }

  async #float() {
    const video = this.#events.video();
    try {
      if (document.pictureInPictureElement !== null) await document.exitPictureInPicture();
      else await video?.requestPictureInPicture();
    } catch {
      // As above.
    }
  }

  #theatre() {
    const wide = this.#page.dataset.theatre !== "true";
    this.#page.dataset.theatre = String(wide);
    this.#button("theatre").setAttribute("aria-pressed", String(wide));
  }

  #showKeys() {
    const dialog = /** @type {HTMLDialogElement} */ (need("#keys-dialog"));
    if (dialog.open) dialog.close();
    else dialog.showModal();
  }

  /** The screen stays on while something plays. */
  async #keepAwake() {
    const wanted = this.#root.dataset.state === "live" && document.visibilityState === "visible";
    if (!("wakeLock" in navigator) || wanted === (this.#wakeLock !== null)) return;
    if (!wanted) {
      const lock = this.#wakeLock;
      this.#wakeLock = null;
      await lock?.release().catch(() => {});
      return;
    }
    try {
      const lock = await navigator.wakeLock.request("screen");
      lock.onrelease = () => {
        if (this.#wakeLock === lock) this.#wakeLock = null;
      };
      this.#wakeLock = lock;
    } catch {
      // A low battery refuses it.
    }
  }
}
