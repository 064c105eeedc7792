/** Owns the sound: one volume, who is heard, and what to do when the browser blocks sound. */

import { make, recall, remember } from "./page.js";
import { startable } from "./slot.js";

export class Speakers {
  #box;
  #changed;
  /** @type {Map<string, {source: MediaStream, element: HTMLAudioElement}>} sound that comes by WebRTC */
  #streams = new Map();
  /** @type {HTMLVideoElement | null} a picture with sound of its own, heard instead of the streams */
  #video = null;
  #listens = false;
  #volume = Math.min(1, Math.max(0, Number(recall("volume", "1")) || 0));
  #muted = false;
  #held = false;

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

  /** @param {Map<string, MediaStream>} streams all that come by WebRTC, by stream id */
  play(streams) {
    for (const [id, { source, element }] of this.#streams) {
      if (streams.get(id) === source) continue;
      element.srcObject = null;
      element.remove();
      this.#streams.delete(id);
    }
    for (const [id, source] of streams) {
      if (this.#streams.has(id) || source.getAudioTracks().length === 0) continue;
      const element = make("audio");
      element.srcObject = new MediaStream(source.getAudioTracks());
      this.#box.append(element);
      this.#streams.set(id, { source, element });
      this.#set(element, !this.#listens);
      this.#start(element);
    }
  }

  /** From now on the streams are heard. */
  hearStreams() {
    this.#hear(null, false);
  }

  /** From now on this picture is heard, and nothing else; null: nothing at all. @param {HTMLVideoElement | null} video */
  hearVideo(video) {
    this.#hear(video, true);
  }

  /** @param {boolean} held */
  hold(held) {
    this.#held = held;
    for (const { element } of this.#streams.values()) {
      if (held) element.pause();
      else this.#start(element);
    }
  }

  /** What the browser stopped goes on, or says that it wants a tap. */
  keepOn() {
    if (!this.#held && this.#video?.paused && startable(this.#video)) this.#start(this.#video);
  }

  /**
   * @param {HTMLVideoElement | null} video
   * @param {boolean} listens
   */
  #hear(video, listens) {
    if (video === this.#video && listens === this.#listens) return;
    if (this.#video !== null) this.#video.muted = true;
    this.#video = video;
    this.#listens = listens;
    this.#apply();
  }

  /** @param {HTMLMediaElement} element */
  #start(element) {
    element.play().catch((/** @type {DOMException} */ error) => {
      if (error.name !== "NotAllowedError" || element.muted) return;
      this.blocked = true;
      this.#apply();
      void element.play().catch(() => {});
    });
  }

  /**
   * @param {HTMLMediaElement} element
   * @param {boolean} heard
   */
  #set(element, heard) {
    element.volume = this.#volume;
    element.muted = this.muted || !heard;
  }

  #apply() {
    for (const { element } of this.#streams.values()) this.#set(element, !this.#listens);
    if (this.#video !== null) this.#set(this.#video, true);
    if (!this.#held) {
      // Unmuting before the first tap makes browsers pause the element: it is started again, or says "blocked".
      for (const { element } of this.#streams.values()) if (element.paused) this.#start(element);
      if (this.#video?.paused && startable(this.#video)) this.#start(this.#video);
    }
    this.#changed();
  }
}
