/** Owns playing a room: which stream is where, whether frames come, what to do when they don't. */

import { lineUp } from "./lineup.js";
import { lowerLayer } from "./quality.js";
import { CAMERA, NOTHING, SCREEN, SOUND, StallWatch } from "./stall.js";
import { reportOf, totalsOf } from "./stats.js";
import { Subscriber } from "./subscriber.js";

/** @import {Lineup, Shown} from "./lineup.js" */
/** @import {LiveSocket} from "./socket.js" */
/** @import {Stage} from "./stage.js" */
/** @import {Patience} from "./stall.js" */
/** @import {Layer, LayerWish, Room, Track} from "./types.js" */
/** @import {Totals} from "./stats.js" */

const STEP_MS = 250;
const REPORT_EVERY_MS = 5_000;
// A glance at another tab costs nothing; a tab left in the background drops to sound.
const BACKGROUND_AFTER_MS = 8_000;
// Frames this old are no live picture any more.
const FRESH_MS = 2_000;

export class Watching {
  #socket;
  #stage;
  #changed;
  #subscriber;
  #stall = new StallWatch();
  /** @type {Track[]} */
  #tracks = [];
  /** @type {Room} */
  #room;
  /** @type {Lineup} */
  #lineup = { main: null, tiles: [], sound: [] };
  /** @type {string | null} */
  #pinnedKey = null;
  /** @type {Map<string, {wish: LayerWish, ref: string}>} what was asked for, by session and stream */
  #asked = new Map();
  /** @type {Layer | null} */
  #layer = null;
  #frames = 0;
  #lastFrameMs = 0;
  #dueMs = 0;
  #backgroundTimer = 0;
  #background = false;
  /** @type {{session: string, totals: Totals} | null} */
  #lastStats = null;

  /** The browser was told to save data; what the viewer chooses here goes before that. */
  savesData = Boolean(/** @type {any} */ (navigator).connection?.saveData);
  /** The quality the viewer chose. @type {LayerWish} */
  wish = this.savesData ? "q" : "auto";
  paused = false;
  played = false;

  /**
   * @param {LiveSocket} socket
   * @param {Stage} stage
   * @param {Room} room
   * @param {boolean} webrtc whether WebRTC is wanted here
   * @param {() => void} changed
   */
  constructor(socket, stage, room, webrtc, changed) {
    this.#socket = socket;
    this.#stage = stage;
    this.#room = room;
    this.#changed = changed;
    this.#subscriber = new Subscriber(socket, webrtc, () => this.#arrange());
    socket.on("welcome", ({ payload }) => this.#gotRoom(payload.room));
    socket.on("room", ({ payload }) => this.#gotRoom(payload));
    socket.on("tracks", ({ payload }) => {
      this.#tracks = payload.tracks;
      this.#arrange();
    });
    socket.on("layer", ({ payload }) => {
      if (payload.stream_id !== this.#lineup.main?.streamId) return;
      this.#layer = isLayer(payload.layer) ? payload.layer : null;
      this.#changed();
    });
    // Not taken: it is asked for again with the next change.
    socket.on("error", ({ payload, ref }) => {
      if (payload.about !== "layer") return;
      for (const [key, asked] of this.#asked) if (asked.ref === ref) this.#asked.delete(key);
    });
    socket.onStatus(({ state }) => {
      if (state === "closed") this.#stop();
    });
    document.addEventListener("visibilitychange", () => this.#visibilityChanged());
    setInterval(() => this.#step(), STEP_MS);
    setInterval(() => void this.#report(), REPORT_EVERY_MS);
  }

  get published() {
    return this.#tracks.length > 0;
  }

  get playing() {
    if (this.#lastFrameMs === 0) return false;
    // In the background only sound comes, as it should.
    if (this.#background) return this.#subscriber.active?.connected ?? false;
    return performance.now() - this.#lastFrameMs < FRESH_MS;
  }

  get trouble() {
    return this.#subscriber.trouble;
  }

  get rejoins() {
    return this.#stall.rejoins;
  }

  get layer() {
    return this.#layer;
  }

  /** @returns {Layer[]} */
  get layers() {
    return this.#lineup.main?.layers ?? [];
  }

  /** Which source is the main picture; the same over rejoins. @returns {string | null} */
  get mainKey() {
    return this.#lineup.main?.key ?? null;
  }

  get hasPicture() {
    return this.#lineup.main?.hasVideo ?? false;
  }

  /** @param {string} key */
  choose(key) {
    this.#pinnedKey = key;
    this.#layer = null;
    this.#arrange();
  }

  /** @param {LayerWish} wish */
  setQuality(wish) {
    this.wish = wish;
    this.savesData = false;
    this.#askLayers();
    this.#changed();
  }

  /** @param {boolean} paused */
  setPaused(paused) {
    this.paused = paused;
    this.#stage.hold(paused);
    this.#askLayers();
    this.#dueMs = performance.now();
    this.#changed();
  }

  /** @param {Room} room */
  #gotRoom(room) {
    const wasOver = this.#room.state === "ended" || this.#room.state === "idle";
    this.#room = room;
    if (room.state === "ended" || room.state === "banned" || (room.state === "idle" && !wasOver)) {
      this.#stage.clear();
      this.played = false;
      this.#lastFrameMs = 0;
      this.#pinnedKey = null;
    }
    this.#arrange();
  }

  #stop() {
    this.#subscriber.stop();
    this.#tracks = [];
    this.#lineup = { main: null, tiles: [], sound: [] };
    this.#stage.clear();
    this.played = false;
    this.#lastFrameMs = 0;
  }

  #arrange() {
    const { active, next } = this.#subscriber;
    const received = new Set([...(active?.streams.keys() ?? []), ...(next?.streams.keys() ?? [])]);
    const before = this.#lineup.main?.streamId;
    this.#lineup = lineUp(this.#tracks, received, this.#room.owner.id, this.#pinnedKey);
    const { main } = this.#lineup;
    if (main?.streamId !== before) {
      this.#dueMs = performance.now();
      this.#layer = null;
    }
    if (this.#room.state === "ended" || this.#room.state === "banned") {
      this.#changed();
      return;
    }
    const heard = this.#subscriber.activeIsDead ? (next ?? active) : active;
    this.#stage.update(
      this.#lineup,
      (id) => next?.streams.get(id) ?? active?.streams.get(id),
      (id) => heard?.streams.get(id) ?? (heard === active ? undefined : active?.streams.get(id)),
      (id) => this.#seen(id),
    );
    // A sound-only room has no first frame to wait for.
    if (next !== null && main !== null && !main.hasVideo && next.connected && next.streams.size > 0) {
      this.#subscriber.promote(next);
    }
    this.#askLayers();
    this.#changed();
  }

  /** @param {string} streamId whose first frame is on the screen */
  #seen(streamId) {
    this.#gotFrame(performance.now());
    const { next } = this.#subscriber;
    if (next?.streams.has(streamId)) this.#subscriber.promote(next);
    else this.#arrange();
  }

  /** @param {number} nowMs */
  #gotFrame(nowMs) {
    const fresh = !this.playing;
    this.#lastFrameMs = nowMs;
    if (!this.played || fresh) {
      this.played = true;
      this.#subscriber.trouble = null;
      this.#changed();
    }
  }

  #step() {
    const nowMs = performance.now();
    this.#countFrames(nowMs);
    const { main } = this.#lineup;
    const expected =
      !this.paused && !document.hidden && this.#room.state === "live" &&
      this.#socket.status.state === "open"; // prettier-ignore
    if (!expected) {
      this.#stall.rest(nowMs);
      this.#dueMs = nowMs;
      return;
    }
    switch (this.#stall.step(nowMs, Math.max(this.#lastFrameMs, this.#dueMs), patienceWith(main))) {
      case "lower": {
        const lower = lowerLayer(main?.layers ?? [], this.#layer);
        if (main !== null && lower !== null) this.#ask(main.streamId, lower);
        break;
      }
      case "climb":
        this.#askLayers();
        break;
      case "rejoin":
        this.#subscriber.rejoin("no new frame");
        void this.#report();
        this.#changed();
        break;
    }
  }

  /** @param {number} nowMs */
  #countFrames(nowMs) {
    const { main } = this.#lineup;
    if (main === null) return;
    if (main.hasVideo) {
      const { frames } = this.#stage.main;
      // A new element counts from nothing again.
      if (frames > this.#frames) this.#gotFrame(nowMs);
      this.#frames = frames;
      return;
    }
    const receivers = this.#subscriber.active?.receivers ?? [];
    let level = 0;
    for (const receiver of receivers) {
      if (receiver.track.kind !== "audio") continue;
      for (const source of receiver.getSynchronizationSources()) {
        // Browsers differ in the clock of this stamp: the page's or the calendar's.
        const clockMs = source.timestamp > 1e11 ? Date.now() : nowMs;
        if (clockMs - source.timestamp < 500) this.#gotFrame(nowMs);
        level = Math.max(level, source.audioLevel ?? 0);
      }
    }
    this.#stage.showLevel(level);
  }

  /** The main picture as the viewer wishes, tiles small, nothing for whoever does not look. */
  #askLayers() {
    const { main, tiles } = this.#lineup;
    const off = this.paused || this.#background;
    if (main?.hasVideo) this.#ask(main.streamId, off ? "off" : this.wish);
    for (const tile of tiles) {
      this.#ask(tile.streamId, off ? "off" : tile.layers.includes("q") ? "q" : "auto");
    }
  }

  /**
   * @param {string} streamId
   * @param {LayerWish} wish
   */
  #ask(streamId, wish) {
    const { active, next } = this.#subscriber;
    const session = next?.streams.has(streamId) ? next : active;
    if (!session?.answered || !session.streams.has(streamId)) return;
    const key = `${session.id} ${streamId}`;
    // "auto" is where every stream begins.
    if ((this.#asked.get(key)?.wish ?? "auto") === wish) return;
    const ref = this.#subscriber.askLayer(streamId, wish, session);
    if (ref === null) return;
    for (const old of this.#asked.keys()) {
      if (![active?.id, next?.id].some((id) => old.startsWith(`${id} `))) this.#asked.delete(old);
    }
    this.#asked.set(key, { wish, ref });
  }

  #visibilityChanged() {
    clearTimeout(this.#backgroundTimer);
    this.#dueMs = performance.now();
    if (!document.hidden) {
      // Its picture needs a moment to come back; that is no trouble to tell of.
      if (this.#background && this.playing) this.#lastFrameMs = performance.now();
      this.#background = false;
      this.#askLayers();
      return;
    }
    this.#backgroundTimer = setTimeout(() => {
      if (document.pictureInPictureElement !== null) return;
      this.#background = true;
      this.#askLayers();
    }, BACKGROUND_AFTER_MS);
  }

  async #report() {
    const session = this.#subscriber.active;
    if (session === null || !session.connected) return;
    const totals = totalsOf((await session.stats()).values(), "inbound", performance.now());
    const last = this.#lastStats;
    this.#lastStats = { session: session.id, totals };
    if (last?.session !== session.id) return;
    const rung = this.playing ? "webrtc" : "";
    this.#socket.send("report", reportOf(last.totals, totals, rung), { session_id: session.id });
  }
}

/**
 * @param {Shown | null} main
 * @returns {Patience}
 */
function patienceWith(main) {
  if (main === null) return NOTHING;
  if (!main.hasVideo) return SOUND;
  return main.source === "screen" ? SCREEN : CAMERA;
}

/**
 * @param {LayerWish} layer
 * @returns {layer is Layer}
 */
function isLayer(layer) {
  return layer === "f" || layer === "h" || layer === "q";
}
