/** Owns being on air from the studio, by whichever way gets through: the publisher's face, for both ways. */

import { PublishingLadder } from "./publishing-ladder.js";
import { canEncode } from "./push-encoder.js";
import { PushSender } from "./push-sender.js";

/** @import {LocalMedia} from "./local-media.js" */
/** @import {Publisher} from "./publisher.js" */
/** @import {Playback, Room} from "./types.js" */

const STEP_MS = 250;
// Answers of the server after which WebRTC need not be tried again and again.
const HOPELESS = new Set(["sfu_unavailable", "sfu_refused", "sfu_timeout", "no_common_codec", "bad_sdp"]);
// After it was refused the way by WebSocket rests.
const REST_MS = 30_000;
// Without either way for so long one reads of OBS.
const STUCK_MS = 10_000;

export class OnAir {
  #publisher;
  #push;
  #ladder = new PublishingLadder();
  /** Whether this browser can do it by WebSocket, once that is found out. */
  #known;
  #able = false;
  #changed;
  #wayKey;
  /** @type {Room} */
  #room;
  /** @type {Playback | null} */
  #playback = null;
  #timer = 0;
  #restUntilMs = 0;
  /** What the room gets by RTMP comes from here. If not, OBS sends: it is left alone. */
  #ours = false;
  #sent = false;
  /** What the plan was: the publisher may have given up by itself since. */
  #webrtc = false;

  /** Since when it is wanted and not there; 0: it is there. */
  #wantedMs = 0;

  wanted = false;

  /**
   * @param {Publisher} publisher
   * @param {LocalMedia} media
   * @param {{room_id: string, room: Room, push?: boolean}} config
   * @param {() => void} changed
   */
  constructor(publisher, media, config, changed) {
    this.#publisher = publisher;
    this.#changed = changed;
    this.#room = config.room;
    this.#wayKey = `way ${config.room_id}`;
    this.#push = new PushSender(config.room_id, media, () => this.#step());
    this.#known = config.push ? canEncode(config.room.stream_type === "audio") : Promise.resolve(false);
    void this.#known.then((able) => {
      this.#able = able;
      if (able) changed();
    });
  }

  /** Of the two ways the one that is used now. */
  get via() {
    return this.#ladder.way === "push" ? "push" : "webrtc";
  }

  /** By WebSocket it would go, whatever becomes of WebRTC. */
  get canPush() {
    const rtmp = this.#playback?.publish.find(({ way }) => way === "rtmp");
    const taken = !this.#ours && (this.#room.publishing?.includes("rtmp") ?? false);
    const rests = taken || performance.now() < this.#restUntilMs;
    return this.#able && !rests && this.#room.streaming_mode === "hybrid" && (rtmp?.available ?? false);
  }

  /** The room, its RTMP source left out if it comes from this page: it is no OBS. @param {Room} room */
  othersIn(room) {
    if (!this.#ours || !room.publishing) return room;
    return { ...room, publishing: room.publishing.filter((way) => way !== "rtmp") };
  }

  /** Nothing gets through, by neither way. */
  get stuck() {
    return this.wanted && !this.connected && this.#wantedMs > 0 && performance.now() - this.#wantedMs > STUCK_MS;
  }

  get connected() {
    return this.#publisher.connected || this.#push.connected;
  }

  get wasOn() {
    return this.#publisher.wasOn || this.#sent;
  }

  get attempt() {
    return this.via === "push" ? this.#push.attempt : this.#publisher.attempt;
  }

  get trouble() {
    return this.via === "push" ? this.#push.trouble : this.#publisher.trouble;
  }

  get refused() {
    return this.via === "push" || this.#ladder.probing ? null : this.#publisher.refused;
  }

  get session() {
    if (this.via === "push" && this.#push.connected) return this.#push.stats;
    return this.#publisher.session;
  }

  /** @param {"webrtc" | "push"} [way] that worked before the page was loaded again */
  start(way = "webrtc") {
    this.wanted = true;
    this.#sent = false;
    this.#restUntilMs = 0;
    this.#webrtc = false;
    this.#ours = way === "push";
    this.#ladder.start(way === "push" && this.canPush ? "push" : "webrtc");
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#step(false), STEP_MS);
    this.#step();
  }

  /** After a reload: by the way that worked. */
  resume() {
    this.wanted = true;
    void this.#known.then(() => {
      if (this.wanted) this.start(sessionStorage.getItem(this.#wayKey) === "push" ? "push" : "webrtc");
    });
  }

  stop() {
    this.wanted = false;
    clearInterval(this.#timer);
    sessionStorage.removeItem(this.#wayKey);
    this.#ladder.stop();
    this.#push.set("off");
    if (this.#publisher.wanted) this.#publisher.stop();
    this.#webrtc = false;
    this.#changed();
  }

  /** @param {"video" | "audio"} kind */
  async trackChanged(kind) {
    this.#push.trackChanged(kind);
    await this.#publisher.trackChanged(kind);
  }

  async screenChanged() {
    this.#push.screenChanged();
    await this.#publisher.screenChanged();
  }

  /**
   * @param {Room} room
   * @param {Playback | null} playback
   */
  look(room, playback) {
    this.#room = room;
    this.#playback = playback;
    if (this.wanted) this.#step(false);
  }

  #step(tell = true) {
    if (!this.wanted) return;
    const publisher = this.#publisher;
    if (this.connected) this.#wantedMs = 0;
    else if (this.#wantedMs === 0) this.#wantedMs = performance.now();
    const hopeless = HOPELESS.has(publisher.refused ?? publisher.trouble ?? "");
    // For these reasons nothing else would do either: banned, another's room …
    if (this.via === "webrtc" && publisher.refused !== null && !(hopeless && this.canPush)) {
      this.wanted = false;
      clearInterval(this.#timer);
      this.#ladder.stop();
      this.#push.set("off");
      this.#changed();
      return;
    }
    if (this.#push.refused !== null && this.via === "push") {
      this.#restUntilMs = performance.now() + REST_MS;
      this.#ours = false;
    }
    const way = this.#playback?.publish.find(({ way: name }) => name === "webrtc");
    const before = this.via;
    const plan = this.#ladder.step(
      {
        wanted: this.wanted,
        pushable: this.canPush,
        there: "RTCPeerConnection" in window && (way?.available ?? true),
        connected: publisher.connected,
        reached: publisher.reached,
        seen: this.#room.publishing?.includes("webrtc") ?? this.#room.state === "live",
        answeredMs: publisher.answeredMs,
        hopeless: hopeless && !publisher.wasOn,
      },
      performance.now(),
    );
    if (plan.webrtc && !this.#webrtc) publisher.start();
    else if (!plan.webrtc && this.#webrtc) publisher.stop();
    this.#webrtc = plan.webrtc;
    this.#push.set(plan.push);
    this.#ours = plan.push === "on" && this.#push.refused === null;
    if (this.#push.connected) this.#sent = true;
    sessionStorage.setItem(this.#wayKey, this.via);
    if (tell || before !== this.via) this.#changed();
  }
}
