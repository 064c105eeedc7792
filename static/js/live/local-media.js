/** Owns camera, microphone and screen of this machine: opening, switching, losing and replacing them. */

import { CameraCard } from "./camera-card.js";
import { capture, captureOne, permissionFor } from "./capture.js";
import { recall, remember } from "./page.js";

/** @import {Kind} from "./capture.js" */

/**
 * @typedef {object} MediaEvents
 * @property {(kind: Kind) => void} trackChanged another track is to be sent
 * @property {() => void} screenChanged
 * @property {() => void} devicesChanged
 * @property {(kind: "camera" | "mic", next: string | null) => void} unplugged and what took over
 * @property {(kind: "camera" | "mic", name: string) => void} plugged in, or permitted, where there was none
 * @property {(kind: "camera" | "mic") => void} failed the device that was picked could not be opened
 */

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
  /** The camera went away by itself: a new one may take its place, which is not so after "Turn camera off". */
  #cameraLost = false;
  /** @type {Set<Kind>} being opened now: the browser tells of one plug or unplug in several events */
  #opening = new Set();

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
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.#devicesCameOrWent());
    void this.#watchPermissions();
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

  get hasCamera() {
    return this.#camera !== null;
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
    try {
      this.#take(await capture(this.#audioOnly ? null : this.#cameraId, this.#micId));
      this.problem = null;
    } catch (error) {
      this.problem = error instanceof DOMException ? error.name : "unknown";
      // No camera at all, or one in use or forbidden: a microphone alone is still a show.
      await this.#openEach(this.problem === "NotAllowedError");
    }
    await this.#refresh();
  }

  /** @param {boolean} refused then only what is known to be allowed, so that nobody is asked twice */
  async #openEach(refused) {
    /** @type {Kind[]} */
    const kinds = this.#audioOnly ? ["audio"] : ["video", "audio"];
    for (const kind of kinds) {
      if (refused && (await permissionFor(kind))?.state !== "granted") continue;
      try {
        this.#take(await captureOne(kind, kind === "video" ? this.#cameraId : this.#micId));
      } catch {
        // The first error says enough.
      }
    }
    if (this.ready) this.problem = null;
  }

  /** What was missing at first may come while on air: it is then sent as well. */
  async #devicesCameOrWent() {
    await this.#refresh();
    const has = (/** @type {MediaDeviceKind} */ kind) => this.devices.some((device) => device.kind === kind);
    if (has("audioinput")) await this.#fill("audio");
    if (has("videoinput")) await this.#fill("video");
  }

  async #watchPermissions() {
    for (const kind of /** @type {Kind[]} */ (["audio", "video"])) {
      const status = await permissionFor(kind);
      status?.addEventListener("change", () => {
        if (status.state === "granted") void this.#fill(kind);
      });
    }
  }

  /** Opens a device where there is none, unless the streamer wants none. @param {Kind} kind */
  async #fill(kind) {
    const wanted =
      kind === "audio"
        ? this.#mic === null
        : !this.#audioOnly && this.#camera === null && (this.cameraOn || this.#cameraLost);
    if (!wanted || this.#opening.has(kind)) return;
    this.#opening.add(kind);
    try {
      const stream = await captureOne(kind, kind === "video" ? this.#cameraId : this.#micId);
      this.problem = null;
      this.#take(stream);
      this.#events.plugged(kind === "video" ? "camera" : "mic", stream.getTracks()[0]?.label ?? "");
    } catch {
      // Not allowed, or taken by another program: it stays missing, as the page says.
    } finally {
      this.#opening.delete(kind);
    }
    await this.#refresh();
  }

  /** @param {string} deviceId */
  async useCamera(deviceId) {
    const before = this.cameraId;
    this.#cameraId = deviceId;
    remember("camera", deviceId);
    await this.#reopen("video", before);
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
    this.#cameraLost = false;
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
    else if (on) void this.#reopen("audio");
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

  /**
   * @param {Kind} kind
   * @param {string} [before] the camera to go back to if this one does not open
   */
  async #reopen(kind, before) {
    const id = kind === "video" ? this.#cameraId : this.#micId;
    // Many phones can't open a second camera while the first one runs.
    if (kind === "video") stop(this.#camera);
    try {
      this.#take(await captureOne(kind, id));
      this.problem = null;
    } catch {
      // A microphone that is open stays so until the next one is; the camera was let go above.
      if (kind === "video") {
        const back = before ? await captureOne(kind, before).catch(() => null) : null;
        if (back !== null) this.#take(back);
        else this.#lost(kind);
      }
      this.#events.failed(kind === "video" ? "camera" : "mic");
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
        this.#cameraLost = false;
        this.#card.stop();
        this.#events.trackChanged("video");
      } else {
        stop(this.#mic);
        this.#mic = track;
        track.enabled = this.micOn;
        this.#events.trackChanged("audio");
      }
      track.onended = () => void this.#unplugged(/** @type {Kind} */ (track.kind));
    }
    if (this.#camera === null && !this.#audioOnly) this.#card.start();
  }

  /** @param {Kind} kind */
  async #unplugged(kind) {
    this.#opening.add(kind);
    try {
      const stream = await captureOne(kind, "");
      this.#take(stream);
      const label = stream.getTracks()[0]?.label ?? "";
      this.#events.unplugged(kind === "video" ? "camera" : "mic", label);
    } catch {
      this.#lost(kind);
      this.#events.unplugged(kind === "video" ? "camera" : "mic", null);
    } finally {
      this.#opening.delete(kind);
    }
    await this.#refresh();
  }

  /** @param {Kind} kind */
  #lost(kind) {
    if (kind === "video") {
      this.#camera = null;
      this.cameraOn = false;
      this.#cameraLost = true;
      this.#card.start();
    } else this.#mic = null;
    if (!this.ready) this.problem = "NotFoundError";
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

/** @param {MediaStreamTrack | null} track */
function stop(track) {
  if (track === null) return;
  track.onended = null;
  track.stop();
}
