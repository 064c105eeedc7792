/**
 * Owns the studio page: joins socket, publisher, local media, preview, health line and chat.
 *
 * `#studio[data-state]` is what others (styles, tests, support) may rely on: `preparing` until a device and the
 * connection are there, `ready` when "Go live" can be pressed, then `going-live`, `live`, `reconnecting`, `ended`;
 * `blocked` when something has to be done first.
 */

import { api } from "../api.js";
import { clock, count as short } from "../format.js";
import { gettext } from "../i18n.js";
import { Applause } from "./applause.js";
import { ChatInvite } from "./chat-invite.js";
import { Chat } from "./chat.js";
import { GuestPanel } from "./guest-panel.js";
import { HealthLine } from "./health-line.js";
import { ObsInStudio } from "./studio-obs.js";
import { OnAir } from "./on-air.js";
import { need, readConfig, say, toast } from "./page.js";
import { RoomForm } from "./room-form.js";
import { SendingPage } from "./sending-page.js";
import { isOnStage, receivesOthers } from "./studio-receives.js";
import { studioState } from "./studio-state.js";
import { studioWords } from "./studio-words.js";

/** @import {Playback, Room} from "./types.js" */

const config = readConfig();
const owns = config.room.owner.id === config.user?.id;
const audioOnly = config.room.stream_type === "audio";
const onAirKey = `on-air ${config.room_id}`;

const root = need("#studio");
const goLive = /** @type {HTMLButtonElement} */ (need("#go-live"));
const endLive = /** @type {HTMLButtonElement} */ (need("#end-live"));
const endDialog = /** @type {HTMLDialogElement} */ (need("#end-dialog"));

/** @type {Room} */
let room = config.room;
/** @type {Playback | null} */
let playback = null;
let over = false;
// The room was live with us since "Go live": before that, nothing is there to come back to.
let wasLive = false;
// Went off air by this page, and the room has not noticed yet.
let left = false;
let receives = false;

const page = new SendingPage(
  root,
  config,
  `resume ${config.room_id}`,
  {
    camera: gettext("The camera was unplugged. Viewers hear you and see a card."),
    mic: gettext("The microphone was unplugged. Viewers can't hear you."),
  },
  {
    trackChanged: (kind) => {
      void onAir.trackChanged(kind);
      render();
    },
    screenChanged: () => {
      void onAir.screenChanged();
      render();
    },
    plugged: () => resumeShow(),
    changed: () => render(),
  },
);
const { socket, media, publisher, others } = page;
const onAir = new OnAir(publisher, media, { ...config, push: config.push && page.asked.get("push") !== "0" }, () => render());
const guests = owns ? new GuestPanel(need("#guest-panel"), need("#guests-toggle"), config, socket) : null;
const roomForm = new RoomForm(need("[data-room]"), config);
const obs = owns ? new ObsInStudio(need("#rtmp"), () => endDialog.showModal()) : null;
new HealthLine(need("#health"), socket, onAir, !audioOnly);
new Chat(need("#chat"), socket, config.user, config.gifts, owns ? new ChatInvite(config) : null);
new Applause(root, need("[data-hearts]"), socket, config.gifts);

function render() {
  const ways = playback?.publish ?? [];
  const way = ways.find(({ way: name }) => name === "webrtc");
  if (onAir.connected && room.state === "live") wasLive = true;
  const now = studioState({
    socket: socket.status,
    room,
    way: onAir.canPush ? undefined : way,
    problem: media.problem,
    equipped: media.ready,
    able: "RTCPeerConnection" in window || onAir.canPush,
    wanted: onAir.wanted,
    wasOn: wasLive,
    connected: onAir.connected,
    trouble: onAir.trouble,
    refused: onAir.refused,
    over,
  });
  const rtmpWay = ways.find(({ way: name }) => name === "rtmp");
  const words = studioWords(now, {
    attempt: Math.max(socket.status.attempt, onAir.attempt),
    secs: page.secsOf(now),
    rtmp: (rtmpWay?.available ?? false) && owns,
    owns,
    silent: media.audio === null,
    cutOff: room.state === "ended",
    push: onAir.via === "push",
  });
  root.dataset.state = now.state;
  root.dataset.via = onAir.via;
  say(need("[data-words]", root), words.title);
  say(need("[data-detail]", root), words.detail);
  say(need("[data-code]", root), now.state === "blocked" || now.state === "reconnecting" ? now.why : "");
  const wanted = onAir.wanted;
  const pressed = wanted && document.activeElement === goLive;
  goLive.hidden = wanted;
  endLive.hidden = !wanted;
  // By keyboard one would start over at the top of the page. Not the other way: a held key must not go live again.
  if (pressed) endLive.focus();
  goLive.disabled = !(now.state === "ready" || (now.state === "ended" && media.ready));
  root.dataset.mode = room.streaming_mode;
  obs?.show(now, onAir.othersIn(room), rtmpWay, onAir.stuck);
  showTimer();
  page.render();
  showOthers();
}

function showOthers() {
  const me = config.user?.id;
  if (!isOnStage(room, me)) left = false;
  const open = socket.status.state !== "closed";
  receives = receivesOthers({ before: receives, room, me, owns, open, wanted: onAir.wanted, left });
  others.follow(publisher, receives);
  guests?.look(others.count > 0);
}

function showTimer() {
  const timer = need("[data-timer]");
  const start = room.broadcast ? Date.parse(room.broadcast.started_at) : Number.NaN;
  const running = onAir.wanted && onAir.wasOn && !Number.isNaN(start);
  say(timer, clock(running ? Math.max(0, (Date.now() - start) / 1000) : 0));
}

/** @param {boolean} again after a reload */
function goOnAir(again) {
  over = wasLive = left = false;
  sessionStorage.setItem(onAirKey, "1");
  if (again) onAir.resume();
  else onAir.start();
  render();
}

/** @param {boolean} byMe */
function goOffAir(byMe) {
  over = left = true;
  sessionStorage.removeItem(onAirKey);
  onAir.stop();
  media.stopScreen();
  render();
  // Who only sends along leaves; the room stays live for the others.
  if (byMe && owns) {
    api("POST", `live/${config.room_id}/end`).catch(() => {
      toast(gettext("You are off air. The room ends by itself in a moment."));
    });
  }
}

/** @param {Room} changed */
function gotRoom(changed) {
  const wasOn = ["starting", "live", "interrupted"].includes(room.state);
  room = changed;
  onAir.look(room, playback);
  roomForm.show(room);
  openMedia();
  for (const place of document.querySelectorAll("[data-room-title]")) say(place, room.title);
  // Somebody else ended it; a room that only lost us too long comes back by itself.
  const ended = room.state === "ended" && ["by_owner", "by_staff", "banned"].includes(room.ended_reason ?? "");
  const stillborn = room.state === "ended" && room.ended_reason === "never_started";
  if (stillborn && wasOn && onAir.wanted) goOffAir(false);
  if ((ended || room.state === "banned") && wasOn && onAir.wanted && onAir.wasOn) goOffAir(false);
  render();
}

/** @param {number} viewers */
function showViewers(viewers) {
  say(need("[data-viewers]", root), short(viewers));
}

socket.on("welcome", ({ payload }) => {
  playback = payload.playback;
  showViewers(payload.presence.viewers);
  const endedMeanwhile =
    payload.room.state === "ended" && ["by_owner", "by_staff"].includes(payload.room.ended_reason ?? "");
  if (endedMeanwhile && (onAir.wasOn || !onAir.wanted)) {
    sessionStorage.removeItem(onAirKey);
    if (onAir.wanted) goOffAir(false);
  }
  gotRoom(payload.room);
  resumeShow();
});
socket.on("room", ({ payload }) => gotRoom(payload));
socket.on("presence", ({ payload }) => showViewers(payload.viewers));
socket.on("playback", ({ payload }) => {
  playback = payload;
  onAir.look(room, playback);
  render();
});
socket.onStatus(({ state }) => {
  // Replaced by another tab, banned …: this page must not go on sending unseen. A reload takes it back.
  if (state === "closed" && onAir.wanted) onAir.stop();
  render();
});

/** After a reload the show goes on as soon as both the devices and the server are there. */
function resumeShow() {
  const wasOnAir = sessionStorage.getItem(onAirKey) === "1";
  if (wasOnAir && !onAir.wanted && media.ready && socket.status.state === "open") goOnAir(true);
}

goLive.addEventListener("click", () => goOnAir(false));
endLive.addEventListener("click", () => endDialog.showModal());
need("#end-confirm").addEventListener("click", () => {
  endDialog.close();
  if (onAir.wanted) goOffAir(true);
  else obs?.end(config.room_id);
});
need("#end-cancel").addEventListener("click", () => endDialog.close());
need("[data-copy-link]").addEventListener("click", (event) => {
  const button = /** @type {HTMLElement} */ (event.currentTarget);
  const link = new URL(config.watch_url, location.href).href;
  void navigator.clipboard?.writeText(link).then(() => {
    button.classList.add("is-done");
    const words = need("[data-copy-words]", button);
    const before = words.textContent ?? "";
    say(words, gettext("Copied"));
    setTimeout(() => {
      button.classList.remove("is-done");
      say(words, before);
    }, 2000);
  });
});
addEventListener("beforeunload", (event) => {
  if (onAir.wanted) event.preventDefault();
});
setInterval(() => render(), 1000);

let opened = false;

/** Not in a room that OBS alone sends to: its owner need not be asked for a camera. */
function openMedia() {
  if (opened || room.streaming_mode === "rtmp") return;
  opened = true;
  void media.open().then(() => {
    render();
    resumeShow();
  });
}

roomForm.show(room);
socket.open();
render();
openMedia();
