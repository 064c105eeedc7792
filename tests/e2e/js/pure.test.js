// Tables over the pages' pure modules. Run: node --test tests/e2e/js/

import assert from "node:assert/strict";
import { test } from "node:test";

import { backoffMs } from "../../../static/js/live/backoff.js";
import { closingOf } from "../../../static/js/live/closing.js";
import { giftName } from "../../../static/js/live/gifts.js";
import { healthOf } from "../../../static/js/live/health.js";
import { Ladder, offerOf } from "../../../static/js/live/ladder.js";
import { lineUp } from "../../../static/js/live/lineup.js";
import { choices, FullHeight, lowerLayer } from "../../../static/js/live/quality.js";
import { Pulse } from "../../../static/js/live/pulse.js";
import { Sampler } from "../../../static/js/live/sampler.js";
import { orderCodecs, withoutHostNames } from "../../../static/js/live/sdp.js";
import { CAMERA, SCREEN, StallWatch } from "../../../static/js/live/stall.js";
import { reportOf, totalsOf } from "../../../static/js/live/stats.js";
import { studioState } from "../../../static/js/live/studio-state.js";
import { studioWords } from "../../../static/js/live/studio-words.js";
import { viewerState } from "../../../static/js/live/viewer-state.js";

test("back-off grows from 0.25 s to 8 s and keeps its jitter in the upper half", () => {
  assert.equal(backoffMs(0, 1), 250);
  assert.equal(backoffMs(0, 0), 125);
  assert.equal(backoffMs(99, 1), 8000);
  assert.equal(backoffMs(99, 0), 4000);
  for (let n = 1; n < 10; n += 1) assert.ok(backoffMs(n, 1) >= backoffMs(n - 1, 1));
});

test("final close codes stay closed, passing ones come back", () => {
  for (const code of [4400, 4401, 4403, 4404, 4409, 4410, 4413, 4422]) {
    assert.equal(closingOf(code).comesBack, false, String(code));
  }
  for (const code of [1000, 1001, 1006, 1012, 4408, 4500, 4503]) {
    assert.equal(closingOf(code).comesBack, true, String(code));
  }
  assert.equal(closingOf(4429).waitMs, 10_000);
});

const owner = { id: 1, name: "demo" };
const guest = { id: 7, name: "mei" };
const track = (participant, session, stream, kind, source = "camera", user = owner) => ({
  participant_id: participant, session_id: session, track_id: `${stream}-${kind}`, stream_id: stream, kind, source,
  layers: kind === "video" ? ["q", "h", "f"] : [], via: participant === null ? "rtmp" : "webrtc", user,
});

test("a screen is the main picture, its camera a tile, and both are heard", () => {
  const tracks = [
    track("p1", "s1", "cam", "audio"), track("p1", "s1", "cam", "video"),
    track("p1", "s1", "scr", "video", "screen"),
  ];
  const { main, tiles, sound } = lineUp(tracks, new Set(["cam", "scr"]), 1, null);
  assert.equal(main.streamId, "scr");
  assert.deepEqual(tiles.map((tile) => tile.streamId), ["cam"]);
  assert.deepEqual(sound, ["cam", "scr"]);
});

test("of several publishers the owner is the main picture unless the viewer chose", () => {
  const tracks = [track("p2", "s2", "mei", "video", "camera", guest), track("p1", "s1", "cam", "video")];
  const received = new Set(["cam", "mei"]);
  assert.equal(lineUp(tracks, received, 1, null).main.streamId, "cam");
  assert.equal(lineUp(tracks, received, 1, null, { pinnedKey: "user_7:camera" }).main.streamId, "mei");
});

test("a participant's newest session wins as soon as something of it arrives, under the same key", () => {
  const tracks = [track("p1", "old", "a", "video"), track("p1", "new", "b", "video")];
  const before = lineUp(tracks, new Set(["a"]), 1, null).main;
  const after = lineUp(tracks, new Set(["a", "b"]), 1, null).main;
  assert.equal(before.streamId, "a");
  assert.equal(after.streamId, "b");
  assert.equal(before.key, after.key);
  assert.equal(lineUp([], new Set(["a"]), 1, null).main, null);
});

test("whoever goes from browser to OBS and back is one person: the newer plays once it arrives", () => {
  const tracks = [track("p1", "page", "a", "video"), track(null, "bridge", "b", "video")];
  const before = lineUp(tracks, new Set(["a"]), 1, null);
  const after = lineUp(tracks, new Set(["a", "b"]), 1, null);
  assert.deepEqual([before.main.streamId, before.tiles], ["a", []]);
  assert.deepEqual([after.main.streamId, after.tiles], ["b", []]);
  assert.deepEqual(after.sound, ["b"]);
  assert.equal(before.main.key, after.main.key);
  const nobody = [track("p1", "s1", "a", "video", "camera", null), track("p2", "s2", "b", "video", "camera", null)];
  assert.equal(lineUp(nobody, new Set(["a", "b"]), 1, null).tiles.length, 1);
});

test("a sound-only stream is main when there is no picture", () => {
  const { main, tiles } = lineUp([track("p1", "s1", "mic", "audio")], new Set(["mic"]), 1, null);
  assert.equal(main.hasVideo, false);
  assert.deepEqual(tiles, []);
});

test("no new frame: lower layer after 1 s, rejoin after 3 s, then with growing patience", () => {
  const watch = new StallWatch();
  const cures = [];
  for (let now = 0; now <= 40_000; now += 250) {
    const cure = watch.step(now, 0, CAMERA);
    if (cure) cures.push([now, cure]);
  }
  assert.deepEqual(cures, [[1000, "lower"], [3000, "rejoin"], [9000, "rejoin"], [21_000, "rejoin"]]);
  assert.equal(watch.rejoins, 3);
});

test("frames again: nothing is done, and after 15 s the better layer is asked for once", () => {
  const watch = new StallWatch();
  assert.equal(watch.step(1000, 0, CAMERA), "lower");
  const cures = [];
  for (let now = 1250; now <= 60_000; now += 250) {
    const cure = watch.step(now, now, CAMERA);
    if (cure) cures.push([now, cure]);
  }
  assert.deepEqual(cures, [[16_000, "climb"]]);
  assert.equal(watch.rejoins, 0);
});

test("a still screen is not taken for dead", () => {
  const watch = new StallWatch();
  for (let now = 0; now < 3_900; now += 250) assert.equal(watch.step(now, 0, SCREEN), null);
});

test("qualities carry the heights that the playing layer implies", () => {
  const heights = (list) => list.map(({ wish, height }) => [wish, height]);
  assert.deepEqual(heights(choices(["q", "h", "f"], "h", 720)), [["auto", 360], ["f", 720], ["h", 360], ["q", 180]]);
  assert.deepEqual(heights(choices(["q", "h"], null, null)), [["auto", null], ["h", null], ["q", null]]);
  assert.deepEqual(heights(choices(["f"], "f", 720)), [["auto", 720]]);
  assert.deepEqual(heights(choices([], null, 480)), [["auto", 480]]);
  assert.equal(lowerLayer(["q", "h", "f"], "f"), "h");
  assert.equal(lowerLayer(["q", "h", "f"], "q"), null);
  assert.equal(lowerLayer([], null), null);
});

test("the full height is learnt from pictures that stay, not in the middle of a switch", () => {
  const full = new FullHeight();
  full.step("f", 180, 0); // told "f" while "q" still plays
  full.step("f", 720, 400);
  full.step("f", 720, 1800);
  assert.equal(full.value, null);
  full.step("f", 720, 1900);
  assert.equal(full.value, 720);
  for (const now of [2000, 3000]) full.step("q", 720, now);
  full.step("q", 180, 3100);
  full.step("q", 180, 4600);
  assert.equal(full.value, 720);
  full.forget();
  assert.equal(full.value, null);
  for (const now of [5000, 7000]) full.step(null, 0, now);
  assert.equal(full.value, null);
  for (const now of [8000, 9500]) full.step(null, 480, now);
  assert.equal(full.value, 480);
});

test("a gift is called what this page calls it", () => {
  const given = { gift: "rose", emoji: "🌹", name: "Rose", count: 1, user: guest, at: "" };
  assert.equal(giftName([{ gift: "cake", emoji: "🎂", name: "蛋糕" }, { gift: "rose", emoji: "🌹", name: "玫瑰" }], given), "玫瑰");
  assert.equal(giftName([], given), "Rose");
});

test("the preferred codec comes first, constrained baseline before other H.264, helpers last", () => {
  const codecs = [
    { mimeType: "video/VP8" }, { mimeType: "video/rtx" },
    { mimeType: "video/H264", sdpFmtpLine: "packetization-mode=0;profile-level-id=42e01f" },
    { mimeType: "video/H264", sdpFmtpLine: "packetization-mode=1;profile-level-id=42e01f" },
  ];
  const names = (list) => list.map((codec) => codecs.indexOf(codec));
  assert.deepEqual(names(orderCodecs(codecs, "h264")), [3, 2, 0, 1]);
  assert.deepEqual(names(orderCodecs(codecs, "vp8", true)), [0, 1]);
});

test("host-name candidates are taken out of an SDP, addresses stay", () => {
  const sdp = "v=0\r\na=candidate:1 1 udp 1 3f1a.local 5000 typ host\r\na=candidate:2 1 udp 1 192.0.2.7 5000 typ host\r\n";
  assert.equal(withoutHostNames(sdp), "v=0\r\na=candidate:2 1 udp 1 192.0.2.7 5000 typ host\r\n");
});

test("a report says what grew between two snapshots, over all simulcast layers", () => {
  const entries = (bytes, frames) => [
    { type: "outbound-rtp", kind: "video", bytesSent: bytes, packetsSent: bytes / 1000, framesEncoded: frames, frameHeight: 720, frameWidth: 1280, qualityLimitationReason: "none" },
    { type: "outbound-rtp", kind: "video", bytesSent: bytes, packetsSent: bytes / 1000, framesEncoded: frames, frameHeight: 360, frameWidth: 640 },
    { type: "outbound-rtp", kind: "audio", bytesSent: bytes / 10, packetsSent: 0 },
    { type: "remote-inbound-rtp", packetsLost: 0, jitter: 0.004, roundTripTime: 0.03 },
  ];
  const before = totalsOf(entries(0, 0), "outbound", 0);
  const after = totalsOf(entries(250_000, 60), "outbound", 2000);
  assert.deepEqual(reportOf(before, after, ""), {
    rung: "", video_bitrate: 2_000_000, audio_bitrate: 100_000, packet_loss: 0, jitter: 4,
    round_trip_time: 30, fps: 30, width: 1280, height: 720,
  });
});

test("health: good, lossy, slow and silent senders", () => {
  const good = { rung: "", video_bitrate: 2e6, audio_bitrate: 4e4, packet_loss: 0, jitter: 1, round_trip_time: 20, fps: 30, width: 1280, height: 720 };
  assert.equal(healthOf(good, false, true).level, "ok");
  assert.equal(healthOf({ ...good, packet_loss: 0.05 }, false, true).advice, "loss");
  assert.equal(healthOf({ ...good, video_bitrate: 3e5 }, true, true).level, "bad");
  assert.equal(healthOf({ ...good, video_bitrate: 0, audio_bitrate: 0 }, false, true).advice, "nothing_sent");
  assert.equal(healthOf({ ...good, video_bitrate: 0, fps: 0 }, false, false).level, "ok");
});

const open = { state: "open", attempt: 0, reason: null };
const room = (state, more = {}) => ({
  title: "", description: "", state, streaming_mode: "hybrid", stream_type: "video_audio", owner,
  broadcast: null, ended_reason: null, grace_until: null, ...more,
});
const here = (rung) => ({ rung, available: true, url: `/${rung}`, reason: null, detail: null });
const gone = (rung, reason) => ({ rung, available: false, url: null, reason, detail: null });
const viewer = {
  socket: open, room: room("live"), rungs: [], pinned: null, able: true, published: true,
  playing: false, played: false, paused: false, trouble: null,
};
for (const [name, change, state, why] of [
  ["nobody streams", { room: room("idle"), published: false }, "waiting", "waiting"],
  ["first connection", {}, "connecting", "connecting"],
  ["plays", { playing: true, played: true }, "live", "live"],
  ["plays while the socket is away", { playing: true, played: true, socket: { state: "waiting", attempt: 3, reason: "network" } }, "live", "live"],
  ["frozen", { played: true }, "reconnecting", "no_frames"],
  ["server restarted", { played: true, trouble: "sfu_restarted" }, "reconnecting", "sfu_restarted"],
  ["publisher lost", { played: true, room: room("interrupted") }, "reconnecting", "publisher_lost"],
  ["ended", { playing: true, room: room("ended", { ended_reason: "publisher_left" }) }, "ended", "publisher_left"],
  ["paused", { paused: true, playing: true }, "paused", "paused"],
  ["socket gone", { played: true, socket: { state: "waiting", attempt: 2, reason: "network" } }, "reconnecting", "socket"],
  ["banned", { socket: { state: "closed", attempt: 0, reason: "banned" } }, "blocked", "banned"],
  ["plays nothing at all", { able: false }, "blocked", "unable"],
  ["pinned to a rung that is not here", { pinned: "hls", rungs: [gone("hls", "rtmp_off")] }, "blocked", "pinned_hls"],
  ["pinned to a rung that nobody sends", { pinned: "hls", rungs: [gone("hls", "no_rtmp_source")] }, "blocked", "pinned_hls"],
  ["pinned to a rung that comes later", { pinned: "hls", rungs: [gone("hls", "not_live")], room: room("idle"), published: false }, "waiting", "waiting"],
  ["pinned to a rung that is coming back", { pinned: "hls", played: true, rungs: [gone("hls", "rtmp_down")] }, "reconnecting", "no_frames"],
  ["room by RTMP only, and no RTMP here", { rungs: [gone("webrtc", "mode_rtmp"), gone("flv", "rtmp_off"), gone("hls", "rtmp_off")] }, "blocked", "mode_rtmp"],
  ["room by RTMP only", { rungs: [gone("webrtc", "mode_rtmp"), here("flv")] }, "connecting", "connecting"],
  ["pinned to what can't be converted", { pinned: "webrtc", rungs: [gone("webrtc", "bridge_no_slot")] }, "blocked", "pinned_webrtc"],
  ["no media server", { rungs: [gone("webrtc", "sfu_unavailable"), gone("flv", "no_rtmp_source")] }, "reconnecting", "sfu_unavailable"],
  ["no media server, and another way", { played: true, rungs: [gone("webrtc", "sfu_unavailable"), here("flv")] }, "reconnecting", "no_frames"],
]) {
  test(`viewer: ${name}`, () => {
    assert.deepEqual(viewerState({ ...viewer, ...change }), { state, why });
  });
}

const streamer = {
  socket: open, room: room("idle"), way: undefined, problem: null, equipped: true, able: true, wanted: false,
  wasOn: false, connected: false, trouble: null, refused: null, over: false,
};
for (const [name, change, state, why] of [
  ["ready", {}, "ready", "ready"],
  ["before permission", { equipped: false }, "preparing", "asking"],
  ["devices before the connection", { socket: { state: "connecting", attempt: 0, reason: null } }, "preparing", "socket"],
  ["last device unplugged", { equipped: false, problem: "NotFoundError" }, "blocked", "NotFoundError"],
  ["permission refused", { problem: "NotAllowedError" }, "blocked", "NotAllowedError"],
  ["pressed the button", { wanted: true }, "going-live", "connecting"],
  ["connected, first packet not seen yet", { wanted: true, connected: true, room: room("starting") }, "going-live", "connecting"],
  ["on air", { wanted: true, connected: true, wasOn: true, room: room("live") }, "live", "live"],
  ["media server died", { wanted: true, wasOn: true, trouble: "sfu_restarted", room: room("interrupted") }, "reconnecting", "sfu_restarted"],
  ["socket lost", { wanted: true, wasOn: true, socket: { state: "waiting", attempt: 1, reason: "network" } }, "reconnecting", "socket"],
  ["ended", { over: true, room: room("ended", { ended_reason: "by_owner" }) }, "ended", "by_owner"],
  ["media server away before the start", { way: { way: "webrtc", available: false, reason: "sfu_unavailable", detail: null } }, "blocked", "sfu_unavailable"],
  ["room by RTMP only", { room: room("idle", { streaming_mode: "rtmp" }) }, "blocked", "mode_rtmp"],
  ["opened twice", { socket: { state: "closed", attempt: 0, reason: "replaced" } }, "blocked", "replaced"],
]) {
  test(`studio: ${name}`, () => {
    assert.deepEqual(studioState({ ...streamer, ...change }), { state, why });
  });
}

const talk = { attempt: 0, secs: 0, rtmp: true, owns: true, silent: false, cutOff: false };
test("studio: a show cut off by a long outage is told what comes next, not to reload", () => {
  const lost = { state: "reconnecting", why: "sfu_unavailable" };
  assert.match(studioWords(lost, talk).detail, /You need do nothing/);
  assert.match(studioWords(lost, { ...talk, cutOff: true }).detail, /live again as soon as it works/);
});

test("studio: who can't change the mode is not told to", () => {
  const byRtmp = { state: "blocked", why: "mode_rtmp" };
  assert.match(studioWords(byRtmp, talk).detail, /change the room's mode/);
  assert.match(studioWords(byRtmp, { ...talk, rtmp: false, owns: false }).detail, /Ask the owner/);
});

test("studio: without a microphone it says so before and on air", () => {
  for (const state of ["ready", "live"]) {
    assert.match(studioWords({ state, why: state }, { ...talk, silent: true }).detail, /^No microphone/);
    assert.doesNotMatch(studioWords({ state, why: state }, talk).detail, /microphone/);
  }
});

/** A ladder under a clock: `at(ms, facts)` steps every 250 ms until then and answers with the last decision. */
function climbing() {
  const ladder = new Ladder();
  const rung = (offered, health = "off") => ({ able: true, offered, health, proven: true, lastFrameMs: 0 });
  const facts = { webrtc: rung("yes"), flv: rung("yes"), hls: rung("yes") };
  let now = 0;
  const at = (ms, change = {}) => {
    for (const [name, more] of Object.entries(change)) Object.assign(facts[name], more);
    let said;
    do {
      now = Math.min(ms, now + 250);
      for (const fact of Object.values(facts)) if (fact.health === "playing" && !fact.frozen) fact.lastFrameMs = now;
      said = ladder.step(now, facts);
      for (const [name, fact] of Object.entries(facts)) {
        if (!said.run.includes(name)) fact.health = "off";
        else if (fact.health === "off") fact.health = "starting";
      }
    } while (now < ms);
    return `${said.current ?? "-"} ${said.run.join("+")}`;
  };
  return { ladder, at };
}
const plays = { health: "playing" };

test("ladder: the best rung alone, the next beside it when it takes long, the first picture wins", () => {
  const { at } = climbing();
  assert.equal(at(250), "- webrtc");
  assert.equal(at(2500), "- webrtc+flv");
  assert.equal(at(2750, { flv: plays }), "flv webrtc+flv");
  assert.equal(at(3500, { webrtc: plays }), "webrtc webrtc+flv", "the other goes on for a second");
  assert.equal(at(4500), "webrtc webrtc");
});

test("ladder: down when it stalls, up 2 s later, then with growing patience", () => {
  const { at } = climbing();
  assert.equal(at(1000, { webrtc: plays }), "webrtc webrtc");
  assert.equal(at(1250, { webrtc: { health: "stalled" } }), "webrtc webrtc+flv");
  assert.equal(at(1500, { flv: plays }), "flv webrtc+flv");
  assert.equal(at(3250), "flv flv");
  assert.equal(at(3500), "flv webrtc+flv");
  assert.equal(at(4250, { webrtc: plays }), "webrtc webrtc+flv");
  assert.equal(at(4500, { webrtc: { health: "stalled" } }), "flv webrtc+flv", "it was still there");
  assert.equal(at(9250), "flv flv");
  assert.equal(at(9500), "flv webrtc+flv");
  assert.equal(at(17_750), "flv flv", "a trial that shows nothing is given up");
  assert.equal(at(27_500), "flv flv");
  assert.equal(at(27_750), "flv webrtc+flv");
});

test("ladder: what recovers first stays, and the other is let go", () => {
  const { at } = climbing();
  at(1000, { webrtc: plays });
  assert.equal(at(1250, { webrtc: { health: "stalled" } }), "webrtc webrtc+flv");
  assert.equal(at(1500, { webrtc: plays }), "webrtc webrtc+flv");
  assert.equal(at(2500), "webrtc webrtc");
});

test("ladder: good news of the server bring the better rung back at once", () => {
  const { at } = climbing();
  at(1000, { webrtc: plays });
  at(1250, { webrtc: { health: "stalled", offered: "no" } });
  assert.equal(at(1500, { flv: plays }), "flv flv");
  assert.equal(at(60_000), "flv flv");
  assert.equal(at(60_500, { webrtc: { offered: "yes" } }), "flv flv");
  assert.equal(at(60_750), "flv webrtc+flv");
});

test("ladder: only RTMP is sent: FLV first, WebRTC waits beside it without being missed", () => {
  const { at } = climbing();
  assert.equal(at(250, { webrtc: { offered: "maybe" } }), "- webrtc+flv");
  assert.equal(at(500, { flv: plays }), "flv webrtc+flv");
  assert.equal(at(120_000), "flv webrtc+flv");
  assert.equal(at(121_000, { webrtc: { offered: "yes", health: "playing" } }), "webrtc webrtc+flv");
  assert.equal(at(122_000), "webrtc webrtc");
});

test("ladder: a closed stream gets half a second to come back, old segments are no way down", () => {
  const { at } = climbing();
  at(250, { webrtc: { able: false } });
  at(1000, { flv: plays });
  assert.equal(at(1250, { flv: { health: "failed" } }), "flv flv");
  assert.equal(at(1750), "flv flv+hls");
  assert.equal(at(2000, { hls: { ...plays, proven: false } }), "flv flv+hls");
  assert.equal(at(2250, { hls: { proven: true } }), "hls flv+hls");
  assert.equal(at(3250), "hls hls");
});

test("ladder: nothing is offered: the last picture stays and goes on when it can", () => {
  const { at } = climbing();
  at(250, { webrtc: { offered: "no" } });
  at(1000, { flv: plays });
  assert.equal(at(5000, { flv: { health: "failed", offered: "no" }, hls: { offered: "no" } }), "flv flv");
  assert.equal(at(5500, { flv: { offered: "yes" }, hls: { offered: "yes" } }), "flv flv");
  assert.equal(at(5750, { flv: plays }), "flv flv");
});

test("ladder: a pinned rung takes the place of a good picture once it plays, and no other one is tried", () => {
  const { ladder, at } = climbing();
  at(1000, { webrtc: plays });
  ladder.pinned = "hls";
  assert.equal(at(1250), "webrtc webrtc+hls");
  assert.equal(at(3000, { hls: plays }), "hls hls");
  assert.equal(at(9000, { hls: { health: "stalled" } }), "hls hls");
  ladder.pinned = null;
  assert.match(at(9250), /^hls webrtc\+/);
});

test("ladder: what the server says of a rung", () => {
  assert.equal(offerOf(here("flv")), "yes");
  assert.equal(offerOf(gone("webrtc", "no_webrtc_source")), "maybe");
  assert.equal(offerOf(gone("webrtc", "bridge_starting")), "maybe");
  for (const why of ["bridge_no_slot", "bridge_down"]) assert.equal(offerOf(gone("webrtc", why)), "no");
  assert.equal(offerOf(gone("flv", "bridge_down")), "no");
  assert.equal(offerOf(gone("flv", "no_rtmp_source")), "no");
  assert.equal(offerOf(gone("webrtc", "sfu_unavailable")), "no");
  assert.equal(offerOf(undefined), "no");
});

test("pulse: starting, playing, stalled; a new try has its own time", () => {
  const pulse = new Pulse();
  pulse.start(1000);
  assert.equal(pulse.health(1500, 1500), "starting");
  pulse.count(5, 2000);
  assert.equal(pulse.health(3400, 1500), "playing");
  pulse.count(5, 3600);
  assert.equal(pulse.health(3600, 1500), "stalled");
  pulse.expect(3500);
  assert.equal(pulse.silentMs(3600), 100);
  assert.equal(pulse.health(3600, 1500), "stalled");
  pulse.count(1, 3700); // a new element begins at nothing
  pulse.count(2, 3800);
  assert.equal(pulse.health(3900, 1500), "playing");
});

test("figures are of the time between two snapshots of the same session", () => {
  const zero = totalsOf([], "inbound", 0);
  const one = (key, more) => ({ key, sessionId: null, totals: { ...zero, ...more }, bufferMs: null, latencyMs: null });
  const sampler = new Sampler();
  assert.equal(sampler.take("webrtc", one("a", {})), null);
  const { report, bufferMs, latencyMs } = sampler.take("webrtc", one("a", {
    atMs: 1000, videoBytes: 125_000, frames: 30, waitedMs: 900, waited: 30, rttMs: 20,
  }));
  assert.deepEqual([report.video_bitrate, report.fps, bufferMs, latencyMs], [1_000_000, 30, 30, 40]);
  assert.equal(sampler.take("flv", one("b", {})), null);
});
