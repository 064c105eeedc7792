/** Owns playing over WebRTC: which stream is where, whether frames come, what to do when they don't. */

import { ActiveSpeaker, LISTEN_MS } from "./active-speaker.js";
import { LayerWishes } from "./layer-wishes.js";
import { emptyLineup, lineUp } from "./lineup.js";
import { Pulse } from "./pulse.js";
import { lowerLayer, tileWish } from "./quality.js";
import { patienceWith, StallWatch } from "./stall.js";
import { totalsOf } from "./stats.js";
import { Subscriber } from "./subscriber.js";
import { levelsOf, Voice } from "./voice.js";

/** @import {Health, RungName} from "./ladder.js" */
/** @import {Lineup} from "./lineup.js" */
/** @import {LiveSocket} from "./socket.js" */
/** @import {Stage} from "./stage.js" */
/** @import {Snapshot} from "./sampler.js" */
/** @import {Layer, LayerWish, LayoutName, Room, Track} from "./types.js" */

// A session that is known to be lost brings nothing more: its silence is short.
const DEAD_STALL_MS = 400;
// Frames after a silence this long: whatever was wrong is over.
const MENDED_MS = 1_000;

export class WebRtcRung {
  #socket;
  #stage;
  #changed;
  #subscriber;
  #wishes;
  #stall = new StallWatch();
  #pulse = new Pulse();
  /** @type {Track[]} */
  #tracks = [];
  /** @type {Room} */
  #room;
  /** @type {Lineup} */
  #lineup = emptyLineup();
  #speaker = new ActiveSpeaker();
  /** @type {string | null} */
  #pinnedKey = null;
  /** @type {Layer | null} */
  #layer = null;
  #running = false;
  #off = false;
  #voice = new Voice();

  /** @type {RungName} */
  name = "webrtc";
  able = "RTCPeerConnection" in window;
  proven = true;
  /** @type {LayerWish} */
  wish = "auto";
  /** What the viewer wants instead of the owner's. @type {LayoutName | null} */
  layout = null;
  /** Rejoins so far. */
  restarts = 0;

  /**
   * @param {LiveSocket} socket
   * @param {Stage} stage
   * @param {Room} room
   * @param {() => void} changed
   */
  constructor(socket, stage, room, changed) {
    this.#socket = socket;
    this.#stage = stage;
    this.#room = room;
    this.#changed = changed;
    this.#subscriber = new Subscriber(socket, () => this.#arrange());
    this.#wishes = new LayerWishes(this.#subscriber);
    socket.on("tracks", ({ payload }) => {
      this.#tracks = payload.tracks;
      this.#arrange();
    });
    socket.on("layer", ({ payload }) => {
      if (payload.stream_id !== this.#lineup.main?.streamId) return;
      this.#layer = isLayer(payload.layer) ? payload.layer : null;
      this.#changed();
    });
    socket.on("error", ({ payload, ref }) => {
      if (payload.about === "layer") this.#wishes.refused(ref);
    });
    socket.onStatus(({ state }) => {
      if (state === "closed") this.#forget();
    });
    setInterval(() => this.#hear(performance.now()), LISTEN_MS);
  }

  get published() {
    return this.#tracks.length > 0;
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

  /** Who has no picture but a face. @returns {string | null} */
  get face() {
    const { main } = this.#lineup;
    return main === null || main.hasVideo || this.several ? null : (main.user?.name ?? "");
  }

  get hasPicture() {
    return this.#lineup.main?.hasVideo ?? false;
  }

  /** Several people, or camera and screen. */
  get several() {
    return this.#lineup.pictures.length > 1;
  }

  /** @returns {LayoutName} the owner's choice */
  get ownersLayout() {
    return this.#room.stage?.layout ?? "speaker";
  }

  get lastFrameMs() {
    return this.#pulse.lastMs;
  }

  /** Something comes, be it sound only. */
  get connected() {
    return this.#subscriber.active?.connected ?? false;
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    this.#pulse.start(performance.now());
    this.#subscriber.want(true);
  }

  stop() {
    if (!this.#running) return;
    this.#running = false;
    this.#subscriber.want(false);
    this.#clear();
  }

  /** @param {Room} room */
  gotRoom(room) {
    const over = room.state === "ended" || room.state === "banned" || room.state === "idle";
    if (over && this.#room.state !== room.state) {
      this.#clear();
      this.#pinnedKey = null;
    }
    this.#room = room;
    this.#arrange();
  }

  /** A picture was tapped; once more: it is one of many again. @param {string} key */
  choose(key) {
    this.#pinnedKey = key === this.#lineup.pinned ? null : key;
    this.#arrange();
  }

  /** @param {LayoutName | null} layout */
  setLayout(layout) {
    this.layout = layout;
    this.#pinnedKey = null;
    this.#arrange();
  }

  /** @param {LayerWish} wish */
  setWish(wish) {
    this.wish = wish;
    this.#askLayers();
  }

  /**
   * Nobody looks: no picture is asked for.
   * @param {boolean} paused
   * @param {boolean} background
   */
  hold(paused, background) {
    this.#off = paused || background;
    this.#askLayers();
  }

  /** @param {number} nowMs */
  excuse(nowMs) {
    this.#pulse.excuse(nowMs);
  }

  /** No picture is expected now. @param {number} nowMs */
  rest(nowMs) {
    this.#stall.rest(nowMs);
    this.#pulse.expect(nowMs);
  }

  /** @param {number} nowMs */
  count(nowMs) {
    const { main } = this.#lineup;
    if (!this.#running || main === null) return;
    const before = this.#pulse.lastMs;
    if (main.hasVideo) this.#pulse.count(this.#stage.pictures.frames, nowMs);
    else {
      this.#voice.listen(this.#subscriber.active?.receivers ?? [], nowMs);
      this.#pulse.count(this.#voice.beats, nowMs);
      this.#stage.showLevel(this.#voice.level);
    }
    if (this.#pulse.lastMs - before > MENDED_MS) this.#subscriber.trouble = null;
  }

  /**
   * Look after itself: a lower layer, a new session. Call only while a picture is expected.
   * @param {number} nowMs
   */
  cure(nowMs) {
    if (!this.#running) return;
    const { main } = this.#lineup;
    switch (this.#stall.step(nowMs, nowMs - this.#pulse.silentMs(nowMs), patienceWith(main))) {
      case "lower": {
        const lower = lowerLayer(main?.layers ?? [], this.#layer);
        if (main !== null && lower !== null) this.#wishes.ask(main.streamId, lower);
        break;
      }
      case "climb":
        this.#askLayers();
        break;
      case "rejoin":
        this.restarts += 1;
        this.#subscriber.rejoin("no new frame");
        this.#changed();
        break;
    }
  }

  /**
   * @param {number} nowMs
   * @returns {Health}
   */
  health(nowMs) {
    if (!this.#running) return "off";
    const dead = this.#subscriber.activeIsDead;
    return this.#pulse.health(nowMs, dead ? DEAD_STALL_MS : patienceWith(this.#lineup.main).stallMs);
  }

  /** @returns {Promise<Snapshot | null>} */
  async snapshot() {
    const session = this.#subscriber.active;
    if (session === null || !session.connected) return null;
    const entries = await session.stats();
    const totals = totalsOf(entries.values(), "inbound", performance.now());
    return { key: session.id, sessionId: session.id, totals, bufferMs: null, latencyMs: null };
  }

  #forget() {
    this.#subscriber.stop();
    this.#tracks = [];
    this.#clear();
  }

  #clear() {
    this.#lineup = emptyLineup();
    this.#layer = null;
    this.#stage.clearStreams();
    this.#pulse.start(performance.now());
  }

  #arrange() {
    const { active, next } = this.#subscriber;
    const received = new Set([...(active?.streams.keys() ?? []), ...(next?.streams.keys() ?? [])]);
    const before = this.#lineup.main?.streamId;
    this.#lineup = lineUp(this.#tracks, received, this.#room.owner.id, this.#room.stage, {
      pinnedKey: this.#pinnedKey,
      layout: this.layout,
      speaker: this.#speaker.current,
    });
    const { main } = this.#lineup;
    if (main?.streamId !== before) {
      this.#pulse.expect(performance.now());
      this.#layer = null;
    }
    if (!this.#running || this.#room.state === "ended" || this.#room.state === "banned") {
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
    // Who has the large place now may have been seen by way of the new session before.
    if (next !== null && main !== null && this.#stage.pictures.shows(next.streams.get(main.streamId))) {
      this.#subscriber.promote(next);
    }
    this.#askLayers();
    this.#changed();
  }

  /** @param {number} nowMs */
  #hear(nowMs) {
    if (!this.#running || !this.several) return;
    const { voices } = this.#lineup;
    const session = this.#subscriber.active;
    const levels = session === null ? new Map() : levelsOf(session.receivers, session.streams, voices);
    const another = this.#speaker.step(levels, nowMs);
    this.#stage.pictures.mark(this.#speaker.levels, this.#speaker.speaking(nowMs), mutedOnes(this.#room));
    if (another) this.#arrange();
  }

  /** @param {string} streamId whose first frame is on the screen */
  #seen(streamId) {
    if (streamId !== this.#lineup.main?.streamId) return;
    this.#pulse.beat(performance.now());
    const { next } = this.#subscriber;
    if (next?.streams.has(streamId)) this.#subscriber.promote(next);
    else this.#arrange();
  }

  /** The main picture as the viewer wishes, tiles small, nothing for whoever does not look. */
  #askLayers() {
    const { main, tiles, layout, pictures } = this.#lineup;
    if (main?.hasVideo) this.#wishes.ask(main.streamId, this.#off ? "off" : this.wish);
    // Two beside each other are as good as full; of more, each is shown at half its size at most.
    const small = layout !== "grid" ? "q" : pictures.length > 2 ? "h" : "f";
    for (const tile of tiles) {
      if (tile.hasVideo) this.#wishes.ask(tile.streamId, this.#off ? "off" : tileWish(tile.layers, small, this.wish));
    }
  }
}

/** @param {Room} room */
function mutedOnes({ stage }) {
  return new Set(stage?.people.filter(({ muted }) => muted).map(({ user }) => user.id));
}

/**
 * @param {LayerWish} layer
 * @returns {layer is Layer}
 */
function isLayer(layer) {
  return layer === "f" || layer === "h" || layer === "q";
}
