/** Owns camera, microphone and screen of this machine: opening, switching, losing and replacing them. */

import { CameraCard } from "./camera-card.js";
import { recall, remember } from "./page.js";

/**
 * @typedef {object} MediaEvents
 * @property {(kind: "video" | "audio") => void} trackChanged another track is to be sent
 * @property {() => void} screenChanged
 * @property {() => void} devicesChanged
 * @property {(kind: "camera" | "mic", next: string | null) => void} unplugged and what took over
 */

const VIDEO = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

export class LocalMedia {
  #events;
  #card;
  /** @type {MediaStreamTrack | null} */
  #camera = null;
  /** @type {MediaStreamTrack | null} */
  #mic = null;
  #cameraId = recall("camera", "");
  #micId = recall("mic", "");
  #audioOnly;

  cameraOn = true;
  micOn = true;
  /** @type {MediaStream | null} */
  screen = null;
  /** @type {MediaDeviceInfo[]} */
  devices = [];
  /** Why there is no camera or microphone, as a DOMException's name. @type {string | null} */
  problem = null;

  /**
   * @param {boolean} audioOnly
   * @param {string} name for the card that stands in for the camera
   * @param {MediaEvents} events
   */
  constructor(audioOnly, name, events) {
    this.#audioOnly = audioOnly;
    this.#events = events;
    this.#card = new CameraCard(name);
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.#refresh());
  }

  /** What is sent as picture: the camera, or the card while it is off. @returns {MediaStreamTrack | null} */
  get video() {
    if (this.#audioOnly) return null;
    return this.cameraOn && this.#camera !== null ? this.#camera : this.#card.track;
  }

  /** @returns {MediaStreamTrack | null} */
  get audio() {
    return this.#mic;
  }

  get cameraId() {
    return this.#camera?.getSettings().deviceId ?? this.#cameraId;
  }

  get micId() {
    return this.#mic?.getSettings().deviceId ?? this.#micId;
  }

  get mirrored() {
    const facing = this.#camera?.getSettings().facingMode;
    return this.cameraOn && this.#camera !== null && facing !== "environment";
  }

  get ready() {
    return this.#mic !== null || this.#camera !== null;
  }

  /** Asks for both at once (one question to the streamer), then for each alone. */
  async open() {
    if (!navigator.mediaDevices?.getUserMedia) {
      this.problem = "insecure";
      return;
    }
    const video = this.#audioOnly ? false : { ...VIDEO, ...exactly(this.#cameraId) };
    const audio = { ...AUDIO, ...exactly(this.#micId) };
    try {
      this.#take(await navigator.mediaDevices.getUserMedia({ video, audio }));
      this.problem = null;
    } catch (error) {
      this.problem = error instanceof DOMException ? error.name : "unknown";
      // No camera at all, or one in use by another program: a microphone alone is still a show.
      if (this.problem !== "NotAllowedError") await this.#openEach();
    }
    await this.#refresh();
  }

  async #openEach() {
    const tries = this.#audioOnly ? [{ audio: AUDIO }] : [{ video: VIDEO }, { audio: AUDIO }];
    for (const constraints of tries) {
      try {
        this.#take(await navigator.mediaDevices.getUserMedia(constraints));
      } catch {
        // The first error says enough.
      }
    }
    if (this.ready) this.problem = null;
  }

  /** @param {string} deviceId */
  async useCamera(deviceId) {
    this.#cameraId = deviceId;
    remember("camera", deviceId);
    await this.#reopen("video");
  }

  /** @param {string} deviceId */
  async useMic(deviceId) {
    this.#micId = deviceId;
    remember("mic", deviceId);
    await this.#reopen("audio");
  }

  /** Off means off: the device is let go and its light goes out. @param {boolean} on */
  async setCamera(on) {
    this.cameraOn = on;
    if (on) {
      await this.#reopen("video");
      return;
    }
    this.#card.start();
    this.#events.trackChanged("video");
    stop(this.#camera);
    this.#camera = null;
  }

  /** Silence is sent, the device stays open: talking again must not cost a second. @param {boolean} on */
  setMic(on) {
    this.micOn = on;
    if (this.#mic !== null) this.#mic.enabled = on;
    this.#events.devicesChanged();
  }

  async shareScreen() {
    const captured = await navigator.mediaDevices.getDisplayMedia({
      video: { frameRate: { ideal: 30 } },
      audio: true,
    });
    const [picture] = captured.getVideoTracks();
    if (picture === undefined) return;
    picture.contentHint = "detail";
    picture.onended = () => this.stopScreen();
    this.screen = captured;
    this.#events.screenChanged();
  }

  stopScreen() {
    if (this.screen === null) return;
    for (const track of this.screen.getTracks()) stop(track);
    this.screen = null;
    this.#events.screenChanged();
  }

  close() {
    this.stopScreen();
    stop(this.#camera);
    stop(this.#mic);
    this.#camera = this.#mic = null;
    this.#card.stop();
  }

  /** @param {"video" | "audio"} kind */
  async #reopen(kind) {
    const base = kind === "video" ? VIDEO : AUDIO;
    const id = kind === "video" ? this.#cameraId : this.#micId;
    // Many phones can't open a second camera while the first one runs.
    if (kind === "video") stop(this.#camera);
    try {
      this.#take(await navigator.mediaDevices.getUserMedia({ [kind]: { ...base, ...exactly(id) } }));
      this.problem = null;
    } catch {
      this.#lost(kind);
    }
    await this.#refresh();
  }

  /** @param {MediaStream} stream */
  #take(stream) {
    for (const track of stream.getTracks()) {
      if (track.kind === "video") {
        stop(this.#camera);
        this.#camera = track;
        this.cameraOn = true;
        this.#card.stop();
        this.#events.trackChanged("video");
      } else {
        stop(this.#mic);
        this.#mic = track;
        track.enabled = this.micOn;
        this.#events.trackChanged("audio");
      }
      track.onended = () => void this.#unplugged(/** @type {"video" | "audio"} */ (track.kind));
    }
    if (this.#camera === null && !this.#audioOnly) this.#card.start();
  }

  /** @param {"video" | "audio"} kind */
  async #unplugged(kind) {
    const base = kind === "video" ? VIDEO : AUDIO;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ [kind]: base });
      this.#take(stream);
      const label = stream.getTracks()[0]?.label ?? "";
      this.#events.unplugged(kind === "video" ? "camera" : "mic", label);
    } catch {
      this.#lost(kind);
      this.#events.unplugged(kind === "video" ? "camera" : "mic", null);
    }
    await this.#refresh();
  }

  /** @param {"video" | "audio"} kind */
  #lost(kind) {
    if (kind === "video") {
      this.#camera = null;
      this.cameraOn = false;
      this.#card.start();
    }
    this.#events.trackChanged(kind);
  }

  async #refresh() {
    try {
      this.devices = await navigator.mediaDevices.enumerateDevices();
    } catch {
      this.devices = [];
    }
    this.#events.devicesChanged();
  }
}

/** @param {string} deviceId */
function exactly(deviceId) {
  // "ideal": a device that is gone must not keep the others from being used.
  return deviceId ? { deviceId: { ideal: deviceId } } : {};
}

/** @param {MediaStreamTrack | null} track */
function stop(track) {
  if (track === null) return;
  track.onended = null;
  track.stop();
}
