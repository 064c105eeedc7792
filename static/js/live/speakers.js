/** Owns the sound: one audio element per stream, one volume, and what to do when the browser blocks sound. */

import { make, recall, remember } from "./page.js";

export class Speakers {
  #box;
  #changed;
  /** @type {Map<string, {source: MediaStream, element: HTMLAudioElement}>} */
  #playing = new Map();
  #volume = Math.min(1, Math.max(0, Number(recall("volume", "1")) || 0));
  #muted = false;

  /** The browser wants a tap before it lets sound out. */
  blocked = false;

  /**
   * @param {HTMLElement} box
   * @param {() => void} changed
   */
  constructor(box, changed) {
    this.#box = box;
    this.#changed = changed;
  }

  get muted() {
    return this.#muted || this.blocked || this.#volume === 0;
  }

  get volume() {
    return this.#volume;
  }

  /** @param {boolean} muted */
  setMuted(muted) {
    this.#muted = muted;
    if (!muted) {
      this.blocked = false;
      if (this.#volume === 0) this.#volume = 0.5;
    }
    this.#apply();
  }

  /** @param {number} volume 0–1 */
  setVolume(volume) {
    this.#volume = Math.min(1, Math.max(0, volume));
    this.#muted = false;
    this.blocked = false;
    remember("volume", String(this.#volume));
    this.#apply();
  }

  /** @param {Map<string, MediaStream>} streams all that should be heard, by stream id */
  play(streams) {
    for (const [id, { source, element }] of this.#playing) {
      if (streams.get(id) === source) continue;
      element.srcObject = null;
      element.remove();
      this.#playing.delete(id);
    }
    for (const [id, source] of streams) {
      if (this.#playing.has(id) || source.getAudioTracks().length === 0) continue;
      const element = make("audio");
      element.srcObject = new MediaStream(source.getAudioTracks());
      element.volume = this.#volume;
      element.muted = this.muted;
      this.#box.append(element);
      this.#playing.set(id, { source, element });
      this.#start(element);
    }
  }

  /** @param {boolean} held */
  hold(held) {
    for (const { element } of this.#playing.values()) {
      if (held) element.pause();
      else this.#start(element);
    }
  }

  /** @param {HTMLAudioElement} element */
  #start(element) {
    element.play().catch((/** @type {DOMException} */ error) => {
      if (error.name !== "NotAllowedError" || element.muted) return;
      this.blocked = true;
      this.#apply();
      void element.play().catch(() => {});
    });
  }

  #apply() {
    for (const { element } of this.#playing.values()) {
      element.volume = this.#volume;
      element.muted = this.muted;
      if (element.paused && !this.muted) this.#start(element);
    }
    this.#changed();
  }
}
