/** Owns the studio's device lists and the switches beside them. */

import { gettext, t } from "../i18n.js";
import { make, need } from "./page.js";

/** @import {LocalMedia} from "./local-media.js" */

export class DevicePickers {
  #media;
  #cameras;
  #mics;

  /**
   * @param {HTMLElement} root
   * @param {LocalMedia} media
   */
  constructor(root, media) {
    this.#media = media;
    this.#cameras = /** @type {HTMLSelectElement} */ (need("#camera", root));
    this.#mics = /** @type {HTMLSelectElement} */ (need("#mic", root));
    this.#cameras.addEventListener("change", () => void media.useCamera(this.#cameras.value));
    this.#mics.addEventListener("change", () => void media.useMic(this.#mics.value));
    need("#toggle-camera", root).addEventListener("click", () => void media.setCamera(!isSeen(media)));
    need("#toggle-mic", root).addEventListener("click", () => media.setMic(!isHeard(media)));
  }

  render() {
    const media = this.#media;
    fillSelect(this.#cameras, media.devices, "videoinput", media.cameraId, gettext("No camera"));
    fillSelect(this.#mics, media.devices, "audioinput", media.micId, gettext("No microphone"));
    showSwitch("#toggle-camera", isSeen(media), gettext("Turn camera off"), gettext("Turn camera on"));
    showSwitch("#toggle-mic", isHeard(media), gettext("Mute microphone"), gettext("Unmute microphone"));
  }
}

/** @param {LocalMedia} media */
function isSeen(media) {
  return media.cameraOn && media.hasCamera;
}

/** @param {LocalMedia} media */
function isHeard(media) {
  return media.micOn && media.audio !== null;
}

/**
 * @param {HTMLSelectElement} select
 * @param {MediaDeviceInfo[]} devices
 * @param {MediaDeviceKind} kind
 * @param {string} chosen
 * @param {string} none
 */
function fillSelect(select, devices, kind, chosen, none) {
  const found = devices.filter((device) => device.kind === kind);
  // A list that is open must not be rebuilt under the pointer.
  const signature = JSON.stringify([chosen, found]);
  if (select.dataset.signature === signature) return;
  select.dataset.signature = signature;
  select.replaceChildren(
    ...found.map((device, index) => {
      // Labels are empty until the browser was allowed to tell them.
      const option = make("option", "", device.label || t(gettext("Device {n}"), { n: index + 1 }));
      option.value = device.deviceId;
      option.selected = device.deviceId === chosen;
      return option;
    }),
  );
  if (found.length === 0) select.append(make("option", "", none));
  select.disabled = found.length < 1;
}

/**
 * @param {string} selector
 * @param {boolean} on
 * @param {string} turnOff
 * @param {string} turnOn
 */
function showSwitch(selector, on, turnOff, turnOn) {
  const button = need(selector);
  button.setAttribute("aria-pressed", String(on));
  button.setAttribute("aria-label", on ? turnOff : turnOn);
  button.title = on ? turnOff : turnOn;
}
