// Tables for several people in one room: order, layouts, who speaks. Run by `node --test`.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { ActiveSpeaker } from "../../../static/js/live/active-speaker.js";
import { guestState } from "../../../static/js/live/guest-state.js";
import { guestWords } from "../../../static/js/live/guest-words.js";
import { rectangles } from "../../../static/js/live/layout.js";
import { lineUp } from "../../../static/js/live/lineup.js";
import { tileWish } from "../../../static/js/live/quality.js";
import { levelsOf } from "../../../static/js/live/voice.js";

const owner = { id: 1, name: "demo" };
const mei = { id: 7, name: "mei" };
const kai = { id: 9, name: "kai" };
const track = (user, stream, kind = "video", source = "camera") => ({
  participant_id: `p${user.id}`, session_id: `s${user.id}`, track_id: `${stream}-${kind}`, stream_id: stream, kind, source,
  layers: kind === "video" ? ["q", "h", "f"] : [], via: "webrtc", user,
});
const all = (...tracks) => new Set(tracks.map(({ stream_id }) => stream_id));
const plan = (layout, ...people) => ({ layout, people: people.map(([user, muted = false]) => ({ user, muted })) });
const keys = (lineup) => lineup.pictures.map(({ key }) => key);

test("the rectangles are those of live/layouts.py", () => {
  const rows = JSON.parse(readFileSync(new URL("../../data/layouts.json", import.meta.url), "utf8"));
  assert.ok(rows.length > 30);
  for (const { layout, count, large, portrait, rects } of rows) {
    const found = rectangles(layout, count, large, portrait);
    const rounded = found.map(({ x, y, w, h }) => [x, y, w, h].map((n) => Math.round(n * 1e4) / 1e4));
    assert.deepEqual(rounded, rects, `${layout} ${count} ${large} ${portrait}`);
  }
});

test("the owner first, the others in the programme's order, of one person the screen first", () => {
  const tracks = [track(kai, "k"), track(mei, "m"), track(owner, "o"), track(owner, "scr", "video", "screen")];
  const lineup = lineUp(tracks, all(...tracks), 1, plan("grid", [owner], [mei], [kai]));
  assert.deepEqual(keys(lineup), ["user_1:screen", "user_1:camera", "user_7:camera", "user_9:camera"]);
  assert.equal(lineup.layout, "grid");
});

for (const [what, layout, wishes, main, shownAs] of [
  ["who speaks is large", "speaker", { speaker: "user_7" }, "user_7:camera", "speaker"],
  ["nobody speaks: the owner is", "speaker", {}, "user_1:camera", "speaker"],
  ["picture in picture stays with the owner", "pip", { speaker: "user_7" }, "user_1:camera", "pip"],
  ["in the grid nobody is", "grid", { speaker: "user_7" }, "user_1:camera", "grid"],
  ["the viewer's layout goes before the owner's", "grid", { layout: "speaker", speaker: "user_7" }, "user_7:camera", "speaker"],
  ["what was tapped goes before who speaks", "speaker", { pinnedKey: "user_1:camera", speaker: "user_7" }, "user_1:camera", "speaker"],
  ["tapped in the grid: that one is large", "grid", { pinnedKey: "user_7:camera" }, "user_7:camera", "speaker"],
  ["tapped, and gone since", "grid", { pinnedKey: "user_9:camera" }, "user_1:camera", "grid"],
]) {
  test(`layouts: ${what}`, () => {
    const tracks = [track(owner, "o"), track(mei, "m")];
    const lineup = lineUp(tracks, all(...tracks), 1, plan(layout, [owner], [mei]), wishes);
    assert.deepEqual([lineup.main.key, lineup.layout], [main, shownAs]);
  });
}

test("a screen is large, whoever speaks", () => {
  const tracks = [track(owner, "o"), track(mei, "m"), track(mei, "scr", "video", "screen")];
  const lineup = lineUp(tracks, all(...tracks), 1, plan("speaker", [owner], [mei]), { speaker: "user_1" });
  assert.equal(lineup.main.key, "user_7:screen");
});

test("who is muted by the owner is seen and not heard", () => {
  const tracks = [track(owner, "o"), track(owner, "o", "audio"), track(mei, "m"), track(mei, "m", "audio")];
  const lineup = lineUp(tracks, all(...tracks), 1, plan("speaker", [owner], [mei, true]));
  assert.equal(lineup.pictures.length, 2);
  assert.deepEqual(lineup.sound, ["o"]);
});

test("people without a picture are faces as soon as they are several", () => {
  const alone = lineUp([track(owner, "o", "audio")], new Set(["o"]), 1, null);
  assert.deepEqual([alone.pictures.length, alone.main.hasVideo], [0, false]);
  const tracks = [track(owner, "o", "audio"), track(mei, "m", "audio")];
  const both = lineUp(tracks, all(...tracks), 1, null);
  assert.deepEqual(both.pictures.map(({ hasVideo }) => hasVideo), [false, false]);
});

/** Every 250 ms the same levels, for `ms`. */
function talk(speaker, levels, fromMs, ms) {
  for (let now = fromMs; now < fromMs + ms; now += 250) speaker.step(new Map(levels), now);
  return fromMs + ms;
}

test("the first who speaks is large at once, the next after 1.5 s, and silence changes nothing", () => {
  const speaker = new ActiveSpeaker();
  let now = talk(speaker, [["a", 0], ["b", 0]], 0, 1000);
  assert.equal(speaker.current, null);
  now = talk(speaker, [["a", 0.3], ["b", 0]], now, 500);
  assert.equal(speaker.current, "a");
  now = talk(speaker, [["a", 0], ["b", 0]], now, 5000);
  assert.equal(speaker.current, "a");
  const began = now;
  while (speaker.current === "a" && now < began + 5000) now = talk(speaker, [["a", 0], ["b", 0.3]], now, 250);
  assert.equal(speaker.current, "b");
  assert.ok(now - began >= 1500 && now - began <= 2500, String(now - began));
});

test("a word thrown in takes nothing, is marked, and who left is forgotten", () => {
  const speaker = new ActiveSpeaker();
  let now = talk(speaker, [["a", 0.3], ["b", 0]], 0, 1000);
  now = talk(speaker, [["a", 0.1], ["b", 0.5]], now, 750);
  assert.deepEqual([...speaker.speaking(now)], ["a", "b"]);
  now = talk(speaker, [["a", 0.3], ["b", 0]], now, 3000);
  assert.equal(speaker.current, "a");
  assert.deepEqual([...speaker.speaking(now)], ["a"]);
  talk(speaker, [["b", 0]], now, 250);
  assert.equal(speaker.current, null);
});

for (const [layers, fits, wish, asked] of [
  [["q", "h", "f"], "q", "auto", "q"],
  [["q", "h", "f"], "h", "auto", "h"],
  [["q", "h", "f"], "f", "auto", "auto"],
  [["q", "h", "f"], "f", "q", "q"],
  [["f", "h"], "q", "auto", "auto"],
  [[], "q", "auto", "auto"],
  [["q"], "f", "off", "off"],
]) {
  test(`a small picture worth ${fits} of ${layers}, wish ${wish}: ${asked}`, () => {
    assert.equal(tileWish(layers, fits, wish), asked);
  });
}

test("levels are of persons: camera and screen of one are one voice", () => {
  const mic = {};
  const tab = {};
  const stream = (...tracks) => ({ getAudioTracks: () => tracks });
  const receiver = (of, audioLevel) => ({ track: of, getSynchronizationSources: () => [{ audioLevel }] });
  const streams = new Map([["o", stream(mic)], ["scr", stream(tab)], ["m", stream()]]);
  const voices = [{ person: "user_1", streamId: "o" }, { person: "user_1", streamId: "scr" }, { person: "user_7", streamId: "m" }];
  const levels = levelsOf([receiver(mic, 0.1), receiver(tab, 0.4)], streams, voices);
  assert.deepEqual([...levels], [["user_1", 0.4], ["user_7", 0]]);
});

const open = { state: "open", attempt: 0, reason: null };
const closed = (reason) => ({ state: "closed", attempt: 0, reason });
const onAir = { state: "live", streaming_mode: "hybrid" };
const at = (state, more = {}) => ({ state, muted: false, reason: null, from: null, ...more });
const room = {
  socket: open, room: onAir, place: null, refused: null, linked: true, problem: null, equipped: true, able: true,
  wasOn: false, connected: false, trouble: null,
};

for (const [what, facts, state, why] of [
  ["by link, before asking", { socket: closed(null) }, "ready", "link"],
  ["invited", { place: at("invited") }, "ready", "invited"],
  ["before permission", { equipped: false }, "preparing", "asking"],
  ["permission refused", { equipped: false, problem: "NotAllowedError" }, "blocked", "NotAllowedError"],
  ["waits", { place: at("waiting") }, "waiting", "live"],
  ["waits for the broadcast", { place: at("waiting"), room: { ...onAir, state: "idle" } }, "waiting", "not_live"],
  ["waits after its end", { place: at("waiting", { reason: "ended" }), room: { ...onAir, state: "ended" } }, "waiting", "ended"],
  ["waits, connection gone", { place: at("waiting"), socket: { ...open, state: "waiting" } }, "waiting", "socket"],
  ["let in", { place: at("on_stage") }, "joining", "connecting"],
  ["let in without a device", { place: at("on_stage"), equipped: false }, "joining", "asking"],
  ["on stage", { place: at("on_stage"), connected: true }, "on-stage", "live"],
  ["muted", { place: at("on_stage", { muted: true }), connected: true }, "on-stage", "muted"],
  ["media lost", { place: at("on_stage"), wasOn: true, trouble: "sfu_restarted" }, "reconnecting", "sfu_restarted"],
  ["socket lost", { place: at("on_stage"), wasOn: true, socket: { ...open, state: "waiting" } }, "reconnecting", "socket"],
  ["has left", { place: at("left", { reason: "left" }), socket: closed("forbidden") }, "left", "left"],
  ["was away", { place: at("left", { reason: "away" }), socket: closed("forbidden") }, "left", "away"],
  ["has left and has no link", { place: at("left"), socket: closed("forbidden"), linked: false }, "left", "no_link"],
  ["removed", { place: at("removed"), socket: closed("forbidden") }, "removed", "removed"],
  ["the link has expired", { refused: "invite_not_found" }, "blocked", "invite_not_found"],
  ["opened twice", { place: at("waiting"), socket: closed("replaced") }, "blocked", "replaced"],
  ["the room is for OBS now", { room: { ...onAir, streaming_mode: "rtmp" } }, "blocked", "room_not_webrtc"],
  ["room closed by staff", { room: { ...onAir, state: "banned" }, place: at("on_stage") }, "blocked", "banned"],
]) {
  test(`green room: ${what}`, () => {
    const now = guestState({ ...room, ...facts });
    assert.deepEqual([now.state, now.why], [state, why]);
    const words = guestWords(now, { owner: "Mei", silent: false, attempt: 0, secs: 0 });
    assert.ok(words.title.length > 3, words.title);
    assert.ok(!words.detail.includes("{"), words.detail);
  });
}
