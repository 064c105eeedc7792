/**
 * Owns the green room's page: joins socket, place, publisher, local media, the others and the chat.
 *
 * `#guest[data-state]` is what styles and tests rely on (guest-state.js): `ready` when one may ask, `waiting`,
 * `joining`, `on-stage`, `reconnecting`, `left`, `removed`, `blocked`.
 */

import { gettext, t } from "../i18n.js";
import { Chat } from "./chat.js";
import { GuestPlace } from "./guest-place.js";
import { guestState } from "./guest-state.js";
import { guestWords } from "./guest-words.js";
import { need, readConfig, say, toast } from "./page.js";
import { SendingPage } from "./sending-page.js";

/** @import {MyPlace, Room} from "./types.js" */

const config = readConfig();
const root = need("#guest");
const ask = /** @type {HTMLButtonElement} */ (need("#ask", root));
const leave = /** @type {HTMLButtonElement} */ (need("#leave", root));
const toggleMic = /** @type {HTMLButtonElement} */ (need("#toggle-mic", root));
const leaveDialog = /** @type {HTMLDialogElement} */ (need("#leave-dialog"));
const owner = config.room.owner.name;

/** @type {Room} */
let room = config.room;
/** What the guest chose; the owner's mute goes before it. */
let micWanted = true;

const page = new SendingPage(
  root,
  config,
  `resume guest ${config.room_id}`,
  {
    camera: gettext("The camera was unplugged. The others hear you and see a card."),
    mic: gettext("The microphone was unplugged. Nobody hears you."),
  },
  {
    trackChanged: (kind) => {
      if (kind === "audio") obeyMute();
      void publisher.trackChanged(kind);
      render();
    },
    screenChanged: () => {
      void publisher.screenChanged();
      render();
    },
    plugged: () => follow(),
    changed: () => render(),
  },
);
const { socket, media, publisher, others } = page;
const place = new GuestPlace(config, socket, placeChanged, (message) => toast(message || gettext("No connection. Try again.")));
new Chat(need("#chat"), socket, config.user, config.gifts);
const chatState = need("#chat .chat-away");
const chatWords = chatState.textContent ?? "";

function obeyMute() {
  const on = micWanted && !place.now?.muted;
  if (media.micOn !== on) media.setMic(on);
}

/** @param {MyPlace | null} before */
function placeChanged(before) {
  const { now } = place;
  if (place.refused === "already_publisher") location.assign(config.studio_url);
  const muted = now?.muted ?? false;
  if (now !== null && before !== null && muted !== before.muted && now.state === "on_stage") {
    toast(muted ? t(gettext("{name} has muted you."), { name: owner }) : unmutedWords());
  }
  if (now?.state === "on_stage" && before?.state !== "on_stage") toast(gettext("You are let in."));
  obeyMute();
  follow();
  render();
}

function unmutedWords() {
  if (!micWanted) return t(gettext("{name} has unmuted you. Your microphone is off: switch it on to be heard."), { name: owner });
  return t(gettext("{name} has unmuted you: you are heard again."), { name: owner });
}

/** Sends while on stage and never else. */
function follow() {
  const wanted = place.now?.state === "on_stage" && media.ready && socket.status.state !== "closed";
  if (wanted && !publisher.wanted && socket.status.state === "open") publisher.start();
  else if (!wanted && publisher.wanted) {
    publisher.stop();
    // Who comes back on stage means to show it, or does not.
    media.stopScreen();
  }
}

function render() {
  others.follow(publisher);
  const { now } = place;
  const said = guestState({
    socket: socket.status,
    room,
    place: now,
    refused: place.refused,
    linked: place.linked,
    problem: media.problem,
    equipped: media.ready,
    able: "RTCPeerConnection" in window,
    wasOn: publisher.wasOn,
    connected: publisher.connected,
    trouble: publisher.refused ?? publisher.trouble,
  });
  const words = guestWords(said, {
    owner,
    silent: media.audio === null,
    attempt: Math.max(socket.status.attempt, publisher.attempt),
    secs: page.secsOf(said),
  });
  root.dataset.state = said.state;
  root.dataset.others = String(others.count > 0);
  say(need("[data-words]", root), words.title);
  say(need("[data-detail]", root), words.detail);
  say(need("[data-code]", root), said.state === "blocked" ? said.why : "");
  showButtons(said.state);
  page.render();
  showMute(now?.state === "on_stage" && now.muted);
  // Nobody is in the room before they have asked.
  const inRoom = now !== null && ["invited", "waiting", "on_stage"].includes(now.state);
  need("#chat .chat-foot").inert = !inRoom;
  say(chatState, inRoom ? chatWords : gettext("once you have asked to join"));
}

/** @param {string} state */
function showButtons(state) {
  const inside = ["waiting", "joining", "on-stage", "reconnecting"].includes(state);
  const pressed = document.activeElement;
  const asks = !inside && state !== "removed" && !(state === "left" && !place.linked);
  ask.hidden = !asks;
  leave.hidden = !inside;
  // By keyboard one would start over at the top of the page.
  if (pressed === ask && ask.hidden && inside) leave.focus();
  else if (pressed === leave && leave.hidden && asks) ask.focus();
  ask.disabled = !(state === "ready" || (state === "left" && media.ready));
  // Not `disabled` while an answer is due: that would take the focus away.
  for (const button of [ask, leave]) button.setAttribute("aria-disabled", String(place.busy));
  say(need("[data-ask-words]", ask), state === "left" ? gettext("Ask again") : gettext("Ask to join"));
  say(need("[data-leave-words]", leave), state === "waiting" ? gettext("Stop waiting") : gettext("Leave the stage"));
}

/** @param {boolean} muted by the owner */
function showMute(muted) {
  toggleMic.disabled = muted;
  const note = need("[data-mute-note]", root);
  note.hidden = !muted;
  say(note, muted ? t(gettext("{name} has muted you. Nobody hears you until {name} unmutes you: you can't do it yourself."), { name: owner }) : "");
}

/** @param {Room} changed */
function gotRoom(changed) {
  room = changed;
  for (const spot of document.querySelectorAll("[data-room-title]")) say(spot, room.title);
  render();
}

socket.on("welcome", ({ payload }) => {
  gotRoom(payload.room);
  follow();
});
socket.on("room", ({ payload }) => gotRoom(payload));
socket.onStatus(() => {
  follow();
  render();
});
toggleMic.addEventListener("click", () => (micWanted = media.micOn));
ask.addEventListener("click", () => void place.ask());
leave.addEventListener("click", () => {
  if (place.now?.state === "on_stage") leaveDialog.showModal();
  else void place.leave();
});
need("#leave-confirm").addEventListener("click", () => {
  leaveDialog.close();
  void place.leave();
});
need("#leave-cancel").addEventListener("click", () => leaveDialog.close());
addEventListener("beforeunload", (event) => {
  if (publisher.wanted) event.preventDefault();
});
setInterval(() => render(), 1000);

render();
place.enter();
void media.open().then(() => {
  follow();
  render();
});
