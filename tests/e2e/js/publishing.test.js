// Tables over the studio's publishing ladder and what it sends by WebSocket. Run: node --test tests/e2e/js/

import assert from "node:assert/strict";
import { test } from "node:test";

import { PublishingLadder } from "../../../static/js/live/publishing-ladder.js";
import { TrackClock } from "../../../static/js/live/push-clock.js";
import { AUDIO, VIDEO, configFrame, emptyFrame, mediaFrame } from "../../../static/js/live/push-frames.js";
import { MAX_BPS, MIN_BPS, PushRate } from "../../../static/js/live/push-rate.js";
import { studioWords } from "../../../static/js/live/studio-words.js";

const FACTS = { wanted: true, pushable: true, there: true, connected: false, seen: false, answeredMs: null, hopeless: false };
const UP = { connected: true, seen: true };

/** Steps every 250 ms; returns [ms, "webrtc push"] of each change. */
function walk(ladder, fromMs, toMs, facts) {
  const changes = [];
  for (let ms = fromMs; ms <= toMs; ms += 250) {
    const { webrtc, push } = ladder.step({ ...FACTS, ...(typeof facts === "function" ? facts(ms) : facts) }, ms);
    const plan = `${webrtc ? "webrtc" : "-"} ${push}`;
    if (changes.at(-1)?.[1] !== plan) changes.push([ms, plan]);
  }
  return changes;
}

function started(way = "webrtc") {
  const ladder = new PublishingLadder();
  ladder.start(way);
  return ladder;
}

test("WebRTC that works is left alone", () => {
  assert.deepEqual(walk(started(), 0, 60_000, UP), [[0, "webrtc off"]]);
});

test("three seconds after the answer it is WebSocket, connected ahead", () => {
  const changes = walk(started(), 0, 9_000, (ms) => ({ answeredMs: ms >= 500 ? 500 : null }));
  assert.deepEqual(changes, [[0, "webrtc off"], [2_000, "webrtc warm"], [3_500, "- on"]]);
});

test("sessions that fail one after the other do not put the fall off", () => {
  const changes = walk(started(), 0, 9_000, (ms) => ({ answeredMs: ms - (ms % 1_000) }));
  assert.equal(changes.find(([, plan]) => plan === "- on")?.[0], 3_000);
});

test("a machine that is only busy gets more time", () => {
  assert.deepEqual(walk(started(), 0, 9_000, { answeredMs: 250, reached: true }).at(-1), [8_000, "- on"]);
});

test("without an answer it is WebSocket after four", () => {
  assert.deepEqual(walk(started(), 0, 9_000, {}).at(-1), [4_000, "- on"]);
});

test("where the way is not there, or the server says so, it is WebSocket at once", () => {
  assert.deepEqual(walk(started(), 0, 250, { there: false }), [[0, "- on"]]);
  assert.deepEqual(walk(started(), 0, 250, { hopeless: true }), [[0, "- on"]]);
});

test("connected and never seen by the room is no way either", () => {
  assert.deepEqual(walk(started(), 0, 9_000, { connected: true }).at(-1), [5_000, "- on"]);
});

test("a hiccup shorter than three seconds changes nothing; a longer one does", () => {
  const ladder = started();
  walk(ladder, 0, 5_000, UP);
  assert.deepEqual(walk(ladder, 5_250, 6_500, { there: false }), [[5_250, "webrtc off"]]);
  walk(ladder, 6_750, 8_000, UP);
  assert.deepEqual(walk(ladder, 8_250, 12_000, {}).at(-1), [11_250, "- on"]);
});

test("where WebSocket can't be, WebRTC goes on trying", () => {
  assert.deepEqual(walk(started(), 0, 30_000, { pushable: false, there: false }), [[0, "webrtc off"]]);
});

test("it looks after 10, 20, 40 and 60 s whether WebRTC is back", () => {
  const ladder = started();
  walk(ladder, 0, 5_000, {});
  const probes = walk(ladder, 5_250, 250_000, {}).filter(([, plan]) => plan === "webrtc on").map(([ms]) => ms);
  const waits = probes.slice(1).map((ms, n) => ms - probes[n] - 6_000);
  assert.equal(probes[0], 14_250);
  assert.deepEqual(waits, [20_000, 40_000, 60_000, 60_000]);
});

test("at once when the server says that it is back", () => {
  const ladder = started();
  walk(ladder, 0, 2_000, { there: false });
  assert.deepEqual(walk(ladder, 2_250, 2_250, {}), [[2_250, "webrtc on"]]);
});

test("up again: both for a moment, then WebRTC alone", () => {
  const ladder = started();
  walk(ladder, 0, 2_000, { there: false });
  const changes = walk(ladder, 2_250, 8_000, (ms) => (ms >= 3_000 ? UP : {}));
  assert.deepEqual(changes, [[2_250, "webrtc on"], [5_500, "webrtc off"]]);
});

test("a probe that breaks off leaves WebSocket on", () => {
  const ladder = started();
  walk(ladder, 0, 2_000, { there: false });
  const changes = walk(ladder, 2_250, 9_000, (ms) => (ms >= 3_000 && ms < 4_000 ? UP : {}));
  assert.deepEqual(changes, [[2_250, "webrtc on"], [8_250, "- on"]]);
});

test("a reload begins by the way that worked, the end ends both", () => {
  const ladder = started("push");
  assert.deepEqual(walk(ladder, 0, 9_000, {}), [[0, "- on"]]);
  assert.deepEqual(walk(ladder, 9_250, 9_500, { wanted: false }), [[9_250, "- off"]]);
});

test("when WebSocket is refused it is WebRTC that is tried", () => {
  const ladder = started("push");
  walk(ladder, 0, 1_000, {});
  assert.deepEqual(walk(ladder, 1_250, 20_000, { pushable: false }), [[1_250, "webrtc off"]]);
});

test("a queue halves the bitrate, a free way gives it back slowly, both within bounds", () => {
  const rate = new PushRate();
  const first = rate.bps;
  rate.step(1_500, 0, 0);
  assert.equal(rate.bps, first / 2);
  for (let ms = 0; ms < 60_000; ms += 500) rate.step(1_500, 0, ms);
  assert.equal(rate.bps, MIN_BPS);
  assert.equal(rate.small, true);
  for (let ms = 60_000; ms < 200_000; ms += 500) rate.step(0, 0, ms);
  assert.equal(rate.bps, MAX_BPS);
  assert.equal(rate.small, false);
});

test("over two seconds it skips until what waits is gone, wherever it waits", () => {
  const rate = new PushRate();
  rate.step(2_500, 0, 0);
  assert.equal(rate.skipping, true);
  rate.step(1_000, 0, 500);
  assert.equal(rate.skipping, true);
  rate.step(100, 0, 1_000);
  assert.equal(rate.skipping, false);
  rate.step(0, rate.bps, 1_500);
  assert.equal(rate.skipping, true);
});

test("two tracks get one clock from their quickest arrivals", () => {
  const camera = new TrackClock();
  assert.equal(camera.time(5_000_000, 1_040), 1_040_000);
  assert.equal(camera.time(5_033_000, 1_050), 1_050_000); // it came quicker than the first
  assert.equal(camera.time(5_066_000, 1_120), 1_083_000); // late, but of that moment
  assert.equal(camera.time(9_000_000, 2_000), 2_000_000); // another beginning
  assert.equal(camera.time(9_900_000, 2_860), 2_860_000); // what came before had waited for a busy page
});

test("frames are ten bytes of head and the payload", () => {
  const chunk = { type: "key", timestamp: 1_234_567, byteLength: 2, copyTo: (to) => to.set([7, 8]) };
  assert.deepEqual([...mediaFrame(VIDEO, chunk)], [1, 1, 0, 0, 0, 0, 0, 0x12, 0xd6, 0x87, 7, 8]);
  assert.deepEqual([...mediaFrame(AUDIO, chunk)].slice(0, 2), [2, 0]);
  assert.equal(emptyFrame(VIDEO, false, -5, 0).length, 10);
  const config = configFrame({ video: null, audio: { codec: "opus", sample_rate: 48_000, channels: 1 } });
  assert.equal(config[0], 3);
  assert.equal(JSON.parse(new TextDecoder().decode(config.subarray(10))).audio.codec, "opus");
});

test("the streamer reads one calm line", () => {
  const facts = { attempt: 0, secs: 20, rtmp: true, owns: true, silent: false, cutOff: false, push: true };
  const live = studioWords({ state: "live", why: "live" }, facts);
  assert.equal(live.title, "Live over WebSocket");
  assert.match(live.detail, /1–2 s later.*nothing/);
  assert.match(studioWords({ state: "reconnecting", why: "socket" }, facts).detail, /by itself/);
});
