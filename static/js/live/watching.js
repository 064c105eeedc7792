/** Owns playing a room: the ladder's decisions carried out, pausing, the background, reports. */

import { api } from "../api.js";
import { Background } from "./background.js";
import { able, flvOpener, hlsOpener } from "./engines.js";
import { Ladder, offerOf, RUNGS } from "./ladder.js";
import { recall, recallHere, remember, rememberHere } from "./page.js";
import { Sampler } from "./sampler.js";
import { StreamRung } from "./stream-rung.js";
import { WebRtcRung } from "./webrtc-rung.js";

/** @import {LadderFacts, RungFacts, RungName} from "./ladder.js" */
/** @import {LiveSocket} from "./socket.js" */
/** @import {Stage} from "./stage.js" */
/** @import {Delay} from "./stream-rung.js" */
/** @import {LayerWish, LayoutName, PageConfig, Playback, Room, StreamQuality} from "./types.js" */

const STEP_MS = 250;
const REPORT_EVERY_MS = 5_000;
// Frames this old are no live picture any more.
const FRESH_MS = 2_000;
const REFRESH_EVERY_MS = 2_000;

export class Watching {
  #socket;
  #stage;
  #changed;
  #config;
  #ladder = new Ladder();
  #reports = new Sampler();
  /** @type {Room} */
  #room;
  /** @type {Playback | null} */
  #playback = null;
  #background;
  #stepQueued = false;
  #refreshedMs = -REFRESH_EVERY_MS;

  /** The browser was told to save data; what the viewer chooses here goes before that. */
  savesData = Boolean(/** @type {any} */ (navigator).connection?.saveData);
  paused = false;
  played = false;
  /** Changes of the way so far. */
  switches = 0;
  /** @type {Delay} */
  delay = recall("delay", "low") === "smooth" ? "smooth" : "low";

  /**
   * @param {LiveSocket} socket
   * @param {Stage} stage
   * @param {PageConfig} config
   * @param {RungName | null} pinned
   * @param {() => void} changed
   */
  constructor(socket, stage, config, pinned, changed) {
    this.#socket = socket;
    this.#stage = stage;
    this.#config = config;
    this.#room = config.room;
    this.#changed = changed;
    this.#ladder.pinned = pinned;
    const soon = () => this.#stepSoon();
    this.webrtc = new WebRtcRung(socket, stage, config.room, soon);
    this.rungs = {
      webrtc: this.webrtc,
      flv: this.#streamRung("flv", flvOpener(config.players?.flv ?? ""), soon),
      hls: this.#streamRung("hls", hlsOpener(config.players?.hls ?? ""), soon),
    };
    if (this.savesData) this.webrtc.setWish("q");
    this.rungs.hls.wish = /** @type {StreamQuality} */ (recallHere("hls-quality", "auto"));
    this.rungs.hls.least = this.savesData;
    socket.on("welcome", ({ payload }) => {
      this.#gotPlayback(payload.playback);
      this.#gotRoom(payload.room);
    });
    socket.on("room", ({ payload }) => this.#gotRoom(payload));
    socket.on("playback", ({ payload }) => this.#gotPlayback(payload));
    socket.onStatus(({ state }) => {
      if (state === "closed") this.#end();
    });
    // Its picture needs a moment to come back; that is no trouble to tell of.
    this.#background = new Background(() => this.#front?.excuse(performance.now()), () => this.#hold());
    // What needs no WebSocket need not wait for it.
    if (config.playback) this.#gotPlayback(config.playback);
    setInterval(() => this.#step(), STEP_MS);
    setInterval(() => void this.#report(), REPORT_EVERY_MS);
  }

  /** What is on the screen. @returns {RungName | null} */
  get rung() {
    return this.#ladder.current;
  }

  /** What the viewer chose; null: the best that works. @returns {RungName | null} */
  get pinned() {
    return this.#ladder.pinned;
  }

  get published() {
    return this.webrtc.published;
  }

  get playing() {
    const rung = this.#front;
    if (rung === null || rung.lastFrameMs === 0) return false;
    if (this.#background.on) return rung.connected;
    return performance.now() - rung.lastFrameMs < FRESH_MS;
  }

  get trouble() {
    return this.rung === null || this.rung === "webrtc" ? this.webrtc.trouble : null;
  }

  get rejoins() {
    return this.webrtc.rejoins;
  }

  /** All that had to be begun again, for whoever wants to know. */
  get restarts() {
    return this.rungs.flv.rejoins + this.rungs.hls.rejoins + this.webrtc.restarts;
  }

  /** Behind the server; null over WebRTC, where it is hardly anything. @returns {number | null} */
  get latencyMs() {
    const front = this.#front;
    return front instanceof StreamRung ? front.latencyMs : null;
  }

  get able() {
    return RUNGS.some((name) => this.rungs[name].able);
  }

  get hasPicture() {
    return this.#front?.hasPicture ?? false;
  }

  /** @param {RungName | null} rung */
  pin(rung) {
    this.#ladder.pinned = rung;
    this.#step();
    this.#changed();
  }

  /** @param {Delay} delay */
  setDelay(delay) {
    this.delay = delay;
    remember("delay", delay);
    this.rungs.flv.setDelay(delay);
    this.rungs.hls.setDelay(delay);
    this.#changed();
  }

  /** @param {string} key */
  choose(key) {
    this.webrtc.choose(key);
  }

  /** @param {LayoutName | null} layout */
  setLayout(layout) {
    this.webrtc.setLayout(layout);
    this.#changed();
  }

  /** @param {LayerWish | StreamQuality} wish of what plays now */
  setQuality(wish) {
    this.savesData = false;
    if (this.rung === "hls") {
      rememberHere("hls-quality", wish);
      this.rungs.hls.setWish(/** @type {StreamQuality} */ (wish));
    } else this.webrtc.setWish(/** @type {LayerWish} */ (wish));
    this.#changed();
  }

  /** @param {boolean} paused */
  setPaused(paused) {
    this.paused = paused;
    this.#stage.hold(paused);
    this.#hold();
    this.#step();
    this.#changed();
  }

  /** @returns {ReturnType<WebRtcRung["snapshot"]>} */
  async snapshot() {
    return (await this.#front?.snapshot()) ?? null;
  }

  get #front() {
    const { current } = this.#ladder;
    return current === null ? null : this.rungs[current];
  }

  get #over() {
    return ["ended", "banned", "idle"].includes(this.#room.state);
  }

  /**
   * @param {"flv" | "hls"} name
   * @param {ReturnType<typeof flvOpener>} open
   * @param {() => void} changed
   */
  #streamRung(name, open, changed) {
    const slot = this.#stage.slotOf(name);
    const refresh = () => void this.#refresh();
    const rung = new StreamRung({ name, slot, able: able[name], open, refresh, changed });
    rung.setDelay(this.delay);
    return rung;
  }

  /** @param {Room} room */
  #gotRoom(room) {
    const wasOver = this.#over;
    this.#room = room;
    if (this.#over && !wasOver) this.#end();
    this.webrtc.gotRoom(room);
    this.#stepSoon();
  }

  /** @param {Playback} playback */
  #gotPlayback(playback) {
    this.#playback = playback;
    for (const name of /** @type {const} */ (["flv", "hls"])) this.rungs[name].setUrl(this.#offered(name)?.url ?? null);
    this.rungs.hls.offer(this.#offered("hls")?.qualities ?? []);
    this.#stepSoon();
    this.#changed();
  }

  /** An address has expired. It is asked for over REST: that works without the WebSocket, too. */
  async #refresh() {
    const nowMs = performance.now();
    if (nowMs - this.#refreshedMs < REFRESH_EVERY_MS) return;
    this.#refreshedMs = nowMs;
    try {
      this.#gotPlayback(await api("GET", `live/${this.#config.room_id}/playback`));
    } catch (error) {
      console.info("no fresh address", error);
    }
  }

  #end() {
    this.rungs.flv.stop();
    this.rungs.hls.stop();
    this.#ladder.reset();
    this.#stage.bringToFront(null);
    this.#stage.showFace(null);
    this.#stage.speakers.hearStreams();
    this.played = false;
  }

  #stepSoon() {
    if (this.#stepQueued) return;
    this.#stepQueued = true;
    queueMicrotask(() => {
      this.#stepQueued = false;
      this.#step();
      this.#changed();
    });
  }

  #step() {
    if (this.#playback === null) return;
    const nowMs = performance.now();
    const { status } = this.#socket;
    for (const name of RUNGS) this.rungs[name].count(nowMs);
    // Nobody looks, or it was stopped on purpose: silence is no trouble.
    const looking = !this.paused && !document.hidden;
    if (this.paused || (document.hidden && this.#front?.connected)) this.#front?.excuse(nowMs);
    const live = looking && this.#room.state === "live";
    // A join that waits for its first publisher lacks nothing.
    const due = offerOf(this.#offered("webrtc")) !== "maybe";
    if (live && due && status.state === "open") this.webrtc.cure(nowMs);
    else this.webrtc.rest(nowMs);
    if (live) for (const name of /** @type {const} */ (["flv", "hls"])) this.rungs[name].cure(nowMs);
    if (this.paused || status.state === "closed") return;
    this.#stage.keepOn();
    const before = this.#ladder.current;
    const { current, run } = this.#ladder.step(nowMs, this.#facts(nowMs));
    if (current !== before && before !== null) this.switches += 1;
    this.#show(current);
    // What is taken away goes after the other is in front.
    for (const name of RUNGS) {
      if (run.includes(name)) this.rungs[name].start();
      else this.rungs[name].stop();
    }
    if (current === before) return;
    // Counted where it plays from the first moment on; the figures come with the next report.
    if (current !== null) this.#socket.send("report", { rung: current });
    this.#changed();
  }

  /** @param {RungName | null} current */
  #show(current) {
    const { speakers } = this.#stage;
    this.#stage.bringToFront(current);
    if (current === "flv" || current === "hls") speakers.hearVideo(this.#stage.video);
    else speakers.hearStreams();
    const front = this.#front;
    if (front !== null && front.lastFrameMs > 0) this.played = true;
    if (front instanceof StreamRung) this.#stage.showFace(front.hasPicture ? null : this.#room.owner.name);
    else this.#stage.showFace(front?.face ?? null);
  }

  /**
   * @param {number} nowMs
   * @returns {LadderFacts}
   */
  #facts(nowMs) {
    /** @param {RungName} name @returns {RungFacts} */
    const of = (name) => {
      const rung = this.rungs[name];
      const offered = this.#over && name !== "webrtc" ? "no" : offerOf(this.#offered(name));
      const { able, proven, lastFrameMs } = rung;
      return { able, offered, health: rung.health(nowMs), proven, lastFrameMs };
    };
    return { webrtc: of("webrtc"), flv: of("flv"), hls: of("hls") };
  }

  /** @param {RungName} name */
  #offered(name) {
    return this.#playback?.rungs.find(({ rung }) => rung === name);
  }

  #hold() {
    for (const name of RUNGS) this.rungs[name].hold(this.paused, this.#background.on);
  }

  async #report() {
    const name = this.rung;
    if (name === null) return;
    const figures = this.#reports.take(name, await this.snapshot());
    if (figures === null) return;
    const rung = this.playing ? name : "";
    // Figures belong to an SFU session; of what comes over HTTP only the way is told.
    if (figures.sessionId === null) this.#socket.send("report", { rung });
    else this.#socket.send("report", { ...figures.report, rung }, { session_id: figures.sessionId });
  }
}
