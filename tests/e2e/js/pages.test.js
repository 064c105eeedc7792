// Tables for the pure modules of dashboard and replay page, run by `node --test`.

import assert from "node:assert/strict";
import { test } from "node:test";

import { encoderName, statusWords, summary } from "../../../static/js/obs/ingest-words.js";
import { waitMs } from "../../../static/js/obs/poll.js";
import { countUntil, LINES_KEPT, step } from "../../../static/js/replay-lines.js";

const time = () => "12:03";
const nothing = { state: "waiting", reason: null, encoder: "", since: null, figures: {}, advice: [], refused: null, recording: false };
const seen = { width: 1280, height: 720, fps: 30, video_bitrate: 2_240_000, audio_bitrate: 160_000 };
const refused = { at: "2026-11-21T12:03:00Z", title: "This room takes the browser only.", detail: "Change it." };

for (const [name, changes, look, title] of [
  ["nobody", {}, "waiting", "OBS is not sending"],
  ["let in", { state: "connected" }, "coming", "OBS is here"],
  ["the raised hand", { state: "live", figures: seen }, "seen", "We see you: 1280×720, 30 fps, 2.4 Mbps"],
  ["not measured yet", { state: "live" }, "seen", "We see you: measuring"],
  ["refused", { state: "refused", refused }, "refused", "OBS tried at 12:03. This room takes the browser only."],
  ["refused, but not told why", { state: "refused" }, "waiting", "OBS is not sending"],
  ["off", { state: "off", reason: "mode_webrtc" }, "none", ""],
  ["down", { state: "down", reason: "rtmp_down" }, "none", ""],
]) {
  test(`OBS card: ${name}`, () => {
    const words = statusWords({ ...nothing, ...changes }, time);
    assert.deepEqual([words.look, words.title], [look, title]);
  });
}

for (const [figures, text] of [
  [{}, ""],
  [{ width: 1920, height: 1080 }, "1920×1080"],
  [{ fps: 60, measured_fps: 29.6 }, "30 fps"],
  [{ video_bitrate: 12_400_000 }, "12 Mbps"],
  [{ audio_bitrate: 128_000 }, "0.1 Mbps"],
]) {
  test(`summary of ${JSON.stringify(figures)}`, () => assert.equal(summary(figures), text));
}

for (const [said, name] of [
  ["FMLE/3.0 (compatible; FMSc/1.0)", "OBS"],
  ["obs-output module (libobs version 29.0.2)", "OBS 29.0.2"],
  ["Lavf59.27.100", "Lavf59.27.100"],
  ["", ""],
]) {
  test(`encoder ${said || "unknown"}`, () => assert.equal(encoderName(said), name));
}

for (const [facts, ms] of [
  [{ busy: true, quietMs: 0, failures: 0 }, 2_000],
  [{ busy: false, quietMs: 0, failures: 0 }, 3_000],
  [{ busy: false, quietMs: 600_000, failures: 0 }, 8_000],
  [{ busy: true, quietMs: 0, failures: 1 }, 6_000],
  [{ busy: false, quietMs: 0, failures: 30 }, 30_000],
]) {
  test(`asks again after ${ms} ms: ${JSON.stringify(facts)}`, () => assert.equal(waitMs(facts), ms));
}

const lines = [0, 1000, 1000, 5000].map((at_ms) => ({ at_ms, user: null }));
for (const [ms, count] of [[-1, 0], [0, 1], [999, 1], [1000, 3], [4999, 3], [9e9, 4]]) {
  test(`${count} lines until ${ms} ms`, () => assert.equal(countUntil(lines, ms), count));
}

for (const [shown, wanted, anew, from] of [
  [3, 3, false, 3],
  [3, 5, false, 3],
  [5, 3, true, 0],
  [0, 1000, true, 1000 - LINES_KEPT],
  [1000, 10, true, 0],
]) {
  test(`the list goes from ${shown} to ${wanted}`, () => assert.deepEqual(step(shown, wanted), { anew, from, to: wanted }));
}
