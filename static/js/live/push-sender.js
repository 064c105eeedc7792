/** Owns a broadcast by WebSocket: its connection, tickets, coming back, and how fast it may send. */

import { api, ApiError } from "../api.js";
import { backoffMs } from "./backoff.js";
import { PushEncoder } from "./push-encoder.js";
import { VIDEO, configFrame } from "./push-frames.js";
import { PushRate } from "./push-rate.js";
import { mixed } from "./push-sources.js";
import { PushStats } from "./push-stats.js";

/** @import {LocalMedia} from "./local-media.js" */

const STEP_MS = 500;
// A connection that says nothing is dead: the gateway speaks each second.
const HEARD_WITHIN_MS = 6_000;
const TRIES = 3;
// What to do when the gateway closes: refused for good (whoever began to send after us stays), what we sent was not
// understood, taken by another page of ours; else again.
const REFUSED = 4403;
const RUBBISH = 4422;
const REPLACED = 4409;
const FINAL = new Set(["forbidden", "room_not_found", "room_not_rtmp", "push_off", "banned", "unauthenticated"]);

export class PushSender {
  #roomId;
  #media;
  #changed;
  /** @type {WebSocket | null} */
  #ws = null;
  /** @type {PushEncoder | null} */
  #encoder = null;
  #rate = new PushRate();
  /** @type {ReturnType<typeof mixed> | null} */
  #mix = null;
  /** @type {Uint8Array<ArrayBuffer> | null} */
  #config = null;
  #isTold = false;
  #needsKeyframe = true;
  #queueMs = 0;
  #lateMs = 0;
  #refusals = 0;
  #run = 0;
  #heardMs = 0;
  #retryTimer = 0;
  #stepTimer = 0;

  /** "warm": connected ahead of need. @type {"off" | "warm" | "on"} */
  mode = "off";
  connected = false;
  attempt = 0;
  /** @type {string | null} */
  trouble = null;
  /** Given up for this reason. @type {string | null} */
  refused = null;
  stats = new PushStats();

  /**
   * @param {string} roomId
   * @param {LocalMedia} media
   * @param {() => void} changed
   */
  constructor(roomId, media, changed) {
    this.#roomId = roomId;
    this.#media = media;
    this.#changed = changed;
  }

  /** @param {"off" | "warm" | "on"} mode */
  set(mode) {
    if (mode === this.mode || (this.mode === "on" && mode === "warm")) return;
    const before = this.mode;
    this.mode = mode;
    if (mode === "off") {
      this.#close();
      return;
    }
    if (before === "off") {
      this.refused = this.trouble = null;
      this.attempt = this.#refusals = 0;
      this.#connect();
    }
    if (mode === "on") this.#encode();
  }

  /** @param {"video" | "audio"} kind */
  trackChanged(kind) {
    if (kind === "video") this.#encoder?.setVideo(this.#picture());
    else this.#encoder?.setAudio(this.#sound());
  }

  screenChanged() {
    this.trackChanged("video");
    this.trackChanged("audio");
  }

  /** One picture fits in: the screen while it is shared. */
  #picture() {
    return this.#media.screen?.getVideoTracks()[0] ?? this.#media.video;
  }

  #sound() {
    this.#mix?.close();
    this.#mix = null;
    const tracks = [this.#media.audio, ...(this.#media.screen?.getAudioTracks() ?? [])].filter((track) => track !== null);
    if (tracks.length < 2) return tracks[0] ?? null;
    this.#mix = mixed(tracks);
    return this.#mix.track;
  }

  #encode() {
    this.#rate = new PushRate();
    this.#config = null;
    this.#encoder = new PushEncoder(this.#rate.bps, {
      config: (config) => {
        this.#config = configFrame(config);
        this.#isTold = false;
      },
      encoded: (kind, frame, keyframe, lateMs) => {
        // The gateway counts from the moment of the picture: what this machine needs to encode is no queue.
        this.#lateMs = Math.max(lateMs, this.#lateMs * 0.97);
        this.#send(kind, frame, keyframe);
      },
      failed: (why) => {
        console.info(`push: ${why}`);
        this.#give("encoder");
      },
    });
    this.#encoder.setVideo(this.#picture());
    this.#encoder.setAudio(this.#sound());
    this.#stepTimer = setInterval(() => this.#step(), STEP_MS);
  }

  /**
   * @param {number} kind
   * @param {Uint8Array<ArrayBuffer>} frame
   * @param {boolean} keyframe
   */
  #send(kind, frame, keyframe) {
    if (this.#ws?.readyState !== WebSocket.OPEN || this.#config === null) return;
    if (kind === VIDEO && this.#needsKeyframe && !keyframe) return;
    if (!this.#isTold) this.#ws.send(this.#config);
    this.#isTold = true;
    if (kind === VIDEO) this.#needsKeyframe = false;
    this.#ws.send(frame);
    this.stats.sent(kind === VIDEO, frame.byteLength);
  }

  #step() {
    const now = performance.now();
    const encoder = this.#encoder;
    if (encoder === null) return;
    const waitsMs = Math.max(0, this.#queueMs - this.#lateMs);
    if (this.#ws?.readyState === WebSocket.OPEN && this.#rate.step(waitsMs, this.#ws.bufferedAmount, now)) {
      const { bps, small, skipping } = this.#rate;
      encoder.setRate(bps, small);
      if (encoder.paused && !skipping) encoder.restart();
      encoder.paused = skipping;
    }
    this.stats.now(encoder, this.#rate, waitsMs);
    if (this.#ws !== null && now - this.#heardMs > HEARD_WITHIN_MS) this.#lost(this.#ws, 1006);
  }

  #connect() {
    clearTimeout(this.#retryTimer);
    const run = ++this.#run;
    this.#heardMs = performance.now();
    api("POST", `live/${this.#roomId}/push`).then(
      ({ url }) => {
        if (run === this.#run && this.mode !== "off") this.#open(url);
      },
      (/** @type {unknown} */ error) => {
        if (run !== this.#run || this.mode === "off") return;
        const code = error instanceof ApiError ? String(error.code) : "socket";
        if (FINAL.has(code)) this.#give(code);
        else this.#again(code);
      },
    );
  }

  /** @param {string} address */
  #open(address) {
    const { pathname, search } = new URL(address);
    const url = new URL(pathname + search, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const ws = new WebSocket(url);
    ws.binaryType = "arraybuffer";
    this.#ws = ws;
    this.#isTold = false;
    this.#needsKeyframe = true;
    this.#queueMs = 0;
    this.#heardMs = performance.now();
    ws.onopen = () => this.#encoder?.restart();
    ws.onmessage = ({ data }) => {
      if (ws === this.#ws) this.#got(data);
    };
    ws.onclose = ({ code }) => this.#lost(ws, code);
  }

  /** @param {unknown} data */
  #got(data) {
    this.#heardMs = performance.now();
    /** @type {{state?: string, queue_ms?: number}} */
    let said;
    try {
      said = JSON.parse(String(data));
    } catch {
      return;
    }
    this.#queueMs = Number(said.queue_ms) || 0;
    const live = said.state === "live";
    if (live) {
      this.attempt = this.#refusals = 0;
      this.trouble = null;
    }
    if (live !== this.connected) {
      this.connected = live;
      this.#changed();
    }
  }

  /**
   * @param {WebSocket} ws
   * @param {number} code
   */
  #lost(ws, code) {
    if (ws !== this.#ws) return;
    this.#ws = null;
    this.connected = false;
    ws.close();
    if (this.mode === "off") return;
    if (code === REPLACED) this.#give("replaced");
    else if (code === REFUSED) this.#give("push_refused");
    else if (code === RUBBISH && ++this.#refusals >= TRIES) this.#give("encoder");
    else this.#again(code === 4503 ? "restarting" : "socket");
  }

  /** @param {string} why */
  #again(why) {
    this.trouble = why;
    this.#retryTimer = setTimeout(() => this.#connect(), this.attempt === 0 ? 100 : backoffMs(this.attempt));
    this.attempt += 1;
    this.#changed();
  }

  /** @param {string} why */
  #give(why) {
    this.mode = "off";
    this.refused = why;
    this.#close();
  }

  #close() {
    clearTimeout(this.#retryTimer);
    clearInterval(this.#stepTimer);
    this.#run += 1;
    this.#encoder?.close();
    this.#encoder = null;
    this.#mix?.close();
    this.#mix = null;
    const ws = this.#ws;
    this.#ws = null;
    this.connected = false;
    ws?.close(1000);
    this.stats = new PushStats();
    this.#changed();
  }
}
