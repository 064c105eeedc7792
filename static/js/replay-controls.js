/** Owns what can be pressed on a recording: the bar, play, sound, speed, full screen; by pointer and by keys. */

import { clock } from "./format.js";
import { gettext, t } from "./i18n.js";
import { need, recall, remember, say } from "./live/page.js";

const IDLE_MS = 2_500;
const STEP_SECS = 5;

export class ReplayControls {
  #root;
  #video;
  #seek;
  #idleTimer = 0;
  #dragging = false;

  /**
   * @param {HTMLElement} root
   * @param {HTMLVideoElement} video
   */
  constructor(root, video) {
    this.#root = root;
    this.#video = video;
    this.#seek = /** @type {HTMLInputElement} */ (need("[data-seek]", root));
    this.#bindVideo();
    this.#bindButtons();
    this.#bindSeek();
    this.#bindKeys();
    this.#bindIdle();
    video.volume = Math.min(1, Math.max(0, Number(recall("replay-volume", "1")) || 0));
    video.controls = false;
    this.#showSound();
  }

  /** @param {boolean} has something to play */
  show(has) {
    this.#video.hidden = !has;
    need("[data-controls]", this.#root).hidden = !has;
    this.#showPlaying();
  }

  /** @param {number} secs */
  to(secs) {
    const { duration } = this.#video;
    this.#video.currentTime = Math.min(Math.max(0, secs), Number.isFinite(duration) ? Math.max(0, duration - 0.1) : secs);
    this.#showTime();
  }

  #bindVideo() {
    const video = this.#video;
    for (const name of ["play", "pause", "ended"]) video.addEventListener(name, () => this.#showPlaying());
    for (const name of ["timeupdate", "seeking", "durationchange", "progress"]) {
      video.addEventListener(name, () => this.#showTime());
    }
    video.addEventListener("volumechange", () => this.#showSound());
    video.addEventListener("ratechange", () => {
      const speed = /** @type {HTMLSelectElement} */ (need("[data-speed]", this.#root));
      speed.value = String(video.playbackRate);
    });
    document.addEventListener("fullscreenchange", () => {
      const full = document.fullscreenElement === this.#root;
      this.#root.dataset.full = String(full);
      this.#label("fullscreen", full ? gettext("Leave full screen") : gettext("Full screen"));
    });
  }

  #bindButtons() {
    /** @type {Record<string, () => void>} */
    const actions = {
      play: () => this.#toggle(),
      mute: () => (this.#video.muted = !this.#video.muted),
      fullscreen: () => this.#fullscreen(),
      pip: () => void this.#video.requestPictureInPicture().catch(() => {}),
      keys: () => /** @type {HTMLDialogElement} */ (need("#keys-dialog")).showModal(),
    };
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (this.#root.querySelectorAll("[data-do]"))) {
      button.addEventListener("click", () => actions[button.dataset.do ?? ""]?.());
    }
    const showFloat = () => {
      const known = this.#video.readyState >= HTMLMediaElement.HAVE_METADATA;
      // Sound alone has nothing to float.
      need('[data-do="pip"]', this.#root).hidden = !document.pictureInPictureEnabled || (known && this.#video.videoWidth === 0);
    };
    this.#video.addEventListener("loadedmetadata", showFloat);
    showFloat();
    const volume = /** @type {HTMLInputElement} */ (need("[data-volume]", this.#root));
    volume.addEventListener("input", () => {
      this.#video.volume = Number(volume.value) / 100;
      this.#video.muted = false;
      remember("replay-volume", String(this.#video.volume));
    });
    const speed = /** @type {HTMLSelectElement} */ (need("[data-speed]", this.#root));
    speed.addEventListener("change", () => (this.#video.playbackRate = Number(speed.value)));
  }

  #bindSeek() {
    const seek = this.#seek;
    const bubble = need("[data-bubble]", this.#root);
    seek.addEventListener("pointerdown", () => (this.#dragging = true));
    seek.addEventListener("input", () => this.to(Number(seek.value)));
    for (const name of ["change", "pointerup", "pointercancel"]) {
      seek.addEventListener(name, () => (this.#dragging = false));
    }
    seek.addEventListener("pointermove", (event) => {
      const { left, width } = seek.getBoundingClientRect();
      const share = Math.min(1, Math.max(0, (event.clientX - left) / width));
      bubble.hidden = false;
      bubble.style.setProperty("--at", `${Math.min(width - 24, Math.max(24, share * width))}px`);
      say(bubble, clock(share * Number(seek.max)));
    });
    seek.addEventListener("pointerleave", () => (bubble.hidden = true));
  }

  #bindKeys() {
    const speeds = [.../** @type {HTMLSelectElement} */ (need("[data-speed]", this.#root)).options].map(({ value }) => Number(value));
    document.addEventListener("keydown", (event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      if (this.#video.hidden || target.closest("select, textarea, summary, [data-volume], input:not([data-seek])")) return;
      if (event.key === " " && target.closest("button, a")) return; // presses what has the focus
      const faster = (/** @type {number} */ by) => {
        const next = speeds[speeds.indexOf(this.#video.playbackRate) + by];
        if (next !== undefined) this.#video.playbackRate = next;
      };
      /** @type {Record<string, () => void>} */
      const keys = {
        " ": () => this.#toggle(),
        k: () => this.#toggle(),
        m: () => (this.#video.muted = !this.#video.muted),
        f: () => this.#fullscreen(),
        ArrowLeft: () => this.to(this.#video.currentTime - STEP_SECS),
        ArrowRight: () => this.to(this.#video.currentTime + STEP_SECS),
        "<": () => faster(-1),
        ">": () => faster(1),
        "?": () => /** @type {HTMLDialogElement} */ (need("#keys-dialog")).showModal(),
      };
      const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (!action) return;
      event.preventDefault();
      action();
      this.#awake();
    });
  }

  #bindIdle() {
    this.#root.addEventListener("pointermove", () => this.#awake());
    this.#root.addEventListener("focusin", () => this.#awake());
    this.#root.addEventListener("pointerleave", () => this.#sleep());
    let wasIdle = false;
    this.#video.addEventListener("pointerdown", () => (wasIdle = this.#root.dataset.idle === "true"));
    this.#video.addEventListener("click", (event) => {
      // A finger first brings the controls; a mouse has brought them by moving.
      const touch = /** @type {PointerEvent} */ (event).pointerType === "touch";
      if (touch && !this.#video.paused && wasIdle) this.#awake();
      else if (touch && !this.#video.paused) this.#sleep();
      else this.#toggle();
    });
    this.#video.addEventListener("dblclick", () => this.#fullscreen());
  }

  #awake() {
    clearTimeout(this.#idleTimer);
    this.#root.dataset.idle = "false";
    this.#idleTimer = setTimeout(() => this.#sleep(), IDLE_MS);
  }

  #sleep() {
    clearTimeout(this.#idleTimer);
    if (!this.#dragging) this.#root.dataset.idle = "true";
  }

  #toggle() {
    if (this.#video.paused) void this.#video.play().catch(() => {});
    else this.#video.pause();
  }

  #fullscreen() {
    if (document.fullscreenElement) void document.exitFullscreen();
    else if (this.#root.requestFullscreen) void this.#root.requestFullscreen().catch(() => {});
    else /** @type {any} */ (this.#video).webkitEnterFullscreen?.(); // iPhones know it of videos only
  }

  #showPlaying() {
    const playing = !this.#video.paused && !this.#video.ended;
    this.#root.dataset.playing = String(playing);
    this.#label("play", playing ? gettext("Pause") : gettext("Play"));
    need(".replay-big", this.#root).hidden = playing || this.#video.hidden;
    this.#awake();
  }

  #showSound() {
    const { muted, volume } = this.#video;
    const silent = muted || volume === 0;
    this.#root.dataset.muted = String(silent);
    this.#label("mute", silent ? gettext("Unmute") : gettext("Mute"));
    /** @type {HTMLInputElement} */ (need("[data-volume]", this.#root)).value = String(silent ? 0 : Math.round(volume * 100));
  }

  #showTime() {
    const { currentTime, duration, buffered } = this.#video;
    if (Number.isFinite(duration)) {
      this.#seek.max = String(Math.max(1, Math.floor(duration)));
      say(need("[data-length]", this.#root), clock(duration));
    }
    const length = Number(this.#seek.max) || 1;
    if (!this.#dragging) this.#seek.value = String(Math.floor(currentTime));
    say(need("[data-now]", this.#root), clock(currentTime));
    let loaded = currentTime;
    for (let n = 0; n < buffered.length; n++) if (buffered.start(n) <= currentTime + 1) loaded = Math.max(loaded, buffered.end(n));
    this.#seek.style.setProperty("--played", `${(currentTime / length) * 100}%`);
    this.#seek.style.setProperty("--loaded", `${(loaded / length) * 100}%`);
    this.#seek.setAttribute("aria-valuetext", t(gettext("{now} of {length}"), { now: clock(currentTime), length: clock(length) }));
  }

  /**
   * @param {string} name
   * @param {string} words
   */
  #label(name, words) {
    for (const button of this.#root.querySelectorAll(`[data-do="${name}"]`)) button.setAttribute("aria-label", words);
  }
}
