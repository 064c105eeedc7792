/** Owns what studio and green room begin with alike: connection, devices, preview, what is sent, who else is there. */

import { deviceNotices } from "./device-notices.js";
import { DevicePickers } from "./device-pickers.js";
import { LocalMedia } from "./local-media.js";
import { Meter } from "./meter.js";
import { OthersView } from "./others-view.js";
import { need } from "./page.js";
import { Preview } from "./preview.js";
import { Publisher } from "./publisher.js";
import { ScreenSwitch } from "./screen-switch.js";
import { LiveSocket } from "./socket.js";

/** @import {Kind} from "./capture.js" */
/** @import {PageConfig} from "./types.js" */

/**
 * @typedef {object} SendingPageEvents
 * @property {(kind: Kind) => void} trackChanged another track is to be sent
 * @property {() => void} screenChanged
 * @property {() => void} plugged there is a device where there was none
 * @property {() => void} changed something else did
 */

export class SendingPage {
  #root;
  #pickers;
  #preview;
  #screen;
  #shown = "";
  #shownSinceMs = performance.now();

  /** What the address asks for. */
  asked = new URLSearchParams(location.search);
  socket;
  media;
  publisher;
  others;

  /**
   * @param {HTMLElement} root
   * @param {PageConfig} config
   * @param {string} resumeKey
   * @param {{camera: string, mic: string}} gone what it means that a device is unplugged and no other is there
   * @param {SendingPageEvents} events never told before the constructor is through
   */
  constructor(root, config, resumeKey, gone, events) {
    this.#root = root;
    const notices = deviceNotices(gone);
    this.socket = new LiveSocket({
      path: config.ws_path,
      roomId: config.room_id,
      role: "publisher",
      userId: config.user?.id ?? null,
      resume: resumeOfTab(resumeKey),
    });
    const meter = new Meter(need("[data-meter]", root));
    this.media = new LocalMedia(config.room.stream_type === "audio", config.user?.name ?? "", {
      ...notices,
      trackChanged: (kind) => {
        if (kind === "audio") meter.listen(this.media.audio);
        events.trackChanged(kind);
      },
      screenChanged: events.screenChanged,
      devicesChanged: events.changed,
      plugged: (kind, name) => {
        notices.plugged(kind, name);
        events.plugged();
      },
    });
    const options = { codec: this.asked.get("codec"), simulcast: this.asked.get("simulcast") !== "0", subscribe: true };
    this.publisher = new Publisher(this.socket, this.media, options, events.changed);
    this.#pickers = new DevicePickers(root, this.media);
    this.#screen = new ScreenSwitch(root, this.media);
    this.#preview = new Preview(need("[data-preview-box]", root));
    const box = need("[data-others-box]", root);
    this.others = new OthersView(this.socket, config.user, config.room, box, need("[data-sound]", root));
  }

  /**
   * How long this word is said already.
   * @param {{state: string, why: string}} now
   * @returns {number} seconds
   */
  secsOf({ state, why }) {
    const key = `${state} ${why}`;
    if (key !== this.#shown) {
      this.#shown = key;
      this.#shownSinceMs = performance.now();
    }
    return (performance.now() - this.#shownSinceMs) / 1000;
  }

  render() {
    this.#preview.render(this.media);
    this.#pickers.render();
    this.#screen.render();
  }
}

/**
 * Kept in the tab, so that a reload comes back as the same participant and goes on with the show.
 * @param {string} key
 */
function resumeOfTab(key) {
  return {
    read: () => sessionStorage.getItem(key),
    /** @param {string | null} token */
    write: (token) => {
      if (token === null) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, token);
    },
  };
}
