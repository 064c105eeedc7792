/** Owns the watch page: joins socket, player, stage, chat and applause. */

import { count as short } from "../format.js";
import { Applause } from "./applause.js";
import { ChatInvite } from "./chat-invite.js";
import { Chat } from "./chat.js";
import { possible, streamChoices } from "./hls-qualities.js";
import { InviteDialog } from "./invite-dialog.js";
import { RUNGS } from "./ladder.js";
import { LayoutWish } from "./layout-wish.js";
import { need, readConfig, say } from "./page.js";
import { PlayerMenu } from "./player-menu.js";
import { Player } from "./player.js";
import { choices, FullHeight } from "./quality.js";
import { LiveSocket } from "./socket.js";
import { Stage } from "./stage.js";
import { StatsPanel } from "./stats-panel.js";
import { viewerState } from "./viewer-state.js";
import { Watching } from "./watching.js";
import { WayBadge } from "./way-badge.js";
import { wordsOf } from "./words.js";

/** @import {Offer} from "./words.js" */
/** @import {Playback, Room} from "./types.js" */

const config = readConfig();
const asked = new URLSearchParams(location.search).get("rung");
const socket = new LiveSocket({
  path: config.ws_path,
  roomId: config.room_id,
  role: "subscriber",
  userId: config.user?.id ?? null,
});

const page = need("#watch");
const root = need("#player");
/** @type {Room} */
let room = config.room;
/** @type {Playback | null} */
let playback = config.playback ?? null;
const fullHeight = new FullHeight();
/** @type {string | null} */
let mainKey = null;
let shownState = "";
let shownSinceMs = performance.now();
let queued = false;

const owns = config.room.owner.id === config.user?.id;
const chat = new Chat(need("#chat"), socket, config.user, config.gifts, owns ? new ChatInvite(config) : null);
if (config.user) new InviteDialog(need("#invite-dialog"), config, socket);
new Applause(need("[data-applause]"), need("[data-hearts]"), socket, config.gifts);
const stage = new Stage(root, {
  choose: (key) => watching.choose(key),
  soundChanged: () => showSound(),
});
const pinned = RUNGS.find((rung) => rung === asked) ?? null;
const watching = new Watching(socket, stage, config, pinned, () => queueRender());
const layouts = new LayoutWish(config.room_id, watching);
const stats = new StatsPanel(root, watching, () => queueRender());
const badge = new WayBadge(need("[data-way]"));
const menu = new PlayerMenu(root, {
  quality: (wish) => watching.setQuality(wish),
  way: (rung) => watching.pin(rung),
  delay: (delay) => watching.setDelay(delay),
  layout: (layout) => layouts.choose(layout),
  stats: () => stats.toggle(),
});
const player = new Player(root, page, {
  togglePlay: () => {
    if (watching.played || watching.paused) watching.setPaused(!watching.paused);
  },
  toggleMute: () => stage.speakers.setMuted(!stage.speakers.muted),
  volume: (volume) => stage.speakers.setVolume(volume),
  offer: followOffer,
  stats: () => stats.toggle(),
  chat: () => {
    page.dataset.theatre = "false";
    chat.focus();
  },
  video: () => stage.video,
});

/** @param {Offer} offer */
function followOffer(offer) {
  if (offer === "home") location.assign(config.home_url);
  else if (offer === "sign_in") location.assign(config.sign_in_url);
  else if (offer === "here") socket.reopen();
  else if (offer === "auto") watching.pin(null);
  else if (offer === "replay") location.assign(`/replays/${room.replay?.recording_id}`);
  else location.reload();
}

function queueRender() {
  if (queued) return;
  queued = true;
  queueMicrotask(() => {
    queued = false;
    render();
  });
}

function render() {
  const rungs = playback?.rungs ?? [];
  const { pinned, playing, rung } = watching;
  const now = viewerState({
    socket: socket.status,
    room,
    rungs,
    pinned,
    able: watching.able,
    published: watching.published,
    playing,
    played: watching.played,
    paused: watching.paused,
    trouble: watching.trouble,
  });
  const key = `${now.state} ${now.why}`;
  if (key !== shownState) {
    shownState = key;
    shownSinceMs = performance.now();
  }
  const words = wordsOf(now, {
    attempt: Math.max(socket.status.attempt, watching.rejoins),
    secs: (performance.now() - shownSinceMs) / 1000,
    graceSecs: room.grace_until ? (Date.parse(room.grace_until) - Date.now()) / 1000 : null,
    rung,
    replay: room.replay,
  });
  const pinnedDetail = rungs.find((one) => one.rung === pinned)?.detail;
  if (now.why === `pinned_${pinned}` && pinnedDetail) words.detail = `${pinnedDetail} ${words.detail}`;
  player.show(now.state, words, now.state === "blocked" || now.state === "reconnecting" ? now.why : "", rung);
  player.showPicture(watching.hasPicture);
  badge.show(now.state === "live" ? rung : null, watching.latencyMs);
  showMenu();
}

function showMenu() {
  const { webrtc, rung } = watching;
  const key = rung === null || rung === "webrtc" ? webrtc.mainKey : rung;
  if (key !== mainKey) {
    mainKey = key;
    fullHeight.forget();
  }
  // Other ways than WebRTC have no layers.
  const layer = rung === "webrtc" ? webrtc.layer : null;
  fullHeight.step(layer, shortSide(stage.video), performance.now());
  const { hls } = watching.rungs;
  const wish = possible(hls.qualities, hls.wish);
  menu.show({
    choices:
      rung === "hls"
        ? streamChoices(hls.qualities, wish, fullHeight.value)
        : choices(rung === "webrtc" ? webrtc.layers : [], layer, fullHeight.value),
    wish: rung === "webrtc" ? webrtc.wish : rung === "hls" ? wish : "auto",
    layer,
    savesData: watching.savesData,
    rungs: playback?.rungs ?? [],
    rung,
    pinned: watching.pinned,
    delay: watching.delay,
    layout: rung === "webrtc" && webrtc.several ? { chosen: webrtc.layout, owners: webrtc.ownersLayout } : null,
    stats: stats.open,
  });
}

/** A phone held upright sends 720 × 1280: that is 720p too. @param {HTMLVideoElement | null} video */
function shortSide(video) {
  return video === null ? 0 : Math.min(video.videoWidth, video.videoHeight);
}

function showSound() {
  const { muted, volume, blocked } = stage.speakers;
  player.showSound(muted, volume, blocked);
}

/** @param {Room} changed */
function showRoom(changed) {
  room = changed;
  for (const place of document.querySelectorAll("[data-room-title]")) say(place, room.title);
  const about = need("[data-room-description]");
  say(about, room.description);
  if ("mediaSession" in navigator) {
    navigator.mediaSession.metadata = new MediaMetadata({ title: room.title, artist: room.owner.name });
  }
  about.hidden = room.description === "";
  need("[data-live-badge]").hidden = room.state !== "live" && room.state !== "interrupted";
  const since = /** @type {HTMLTimeElement} */ (need("[data-since]"));
  since.hidden = room.broadcast === null || room.state === "ended";
  if (room.broadcast) since.dateTime = room.broadcast.started_at;
  queueRender();
}

/** @param {number} viewers */
function showViewers(viewers) {
  for (const place of document.querySelectorAll("[data-viewers]")) say(place, short(viewers));
}

socket.on("welcome", ({ payload }) => {
  playback = payload.playback;
  showRoom(payload.room);
  showViewers(payload.presence.viewers);
});
socket.on("room", ({ payload }) => showRoom(payload));
socket.on("playback", ({ payload }) => {
  playback = payload;
  queueRender();
});
socket.on("presence", ({ payload }) => showViewers(payload.viewers));
socket.onStatus(queueRender);

// Keys of the keyboard, the headset, the lock screen, the floating window.
if ("mediaSession" in navigator) {
  navigator.mediaSession.setActionHandler("play", () => watching.setPaused(false));
  navigator.mediaSession.setActionHandler("pause", () => watching.played && watching.setPaused(true));
}

showSound();
showRoom(room);
socket.open();
setInterval(render, 500);
