// The ladder under random weather: whatever fails and heals in whatever order, the picture goes on.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Ladder, RUNGS } from "../../../static/js/live/ladder.js";

const WALKS = 200;
const WALK_MS = 180_000;
const STEP_MS = 250;
// What each rung needs from the first byte to the first frame, and after which silence it counts as stalled.
const START_MS = { webrtc: 500, flv: 500, hls: 1_000 };
const STALL_MS = { webrtc: 1_500, flv: 1_000, hls: 2_000 };
// Counted from when one could play or from the last frame, with the stall and the start in it.
const GOES_ON_WITHIN_MS = 4_500;
const BACK_OFF_MS = [2_000, 5_000, 10_000, 30_000];

/** mulberry32: the same walk for the same seed. */
function dice(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One way to play as the page would see it. `up`: what runs brings frames, `offered`: by the server. */
class Way {
  up = true;
  offered = "yes";
  startedMs = null;
  upMs = 0;
  worksMs = null;
  lastFrameMs = 0;
  firstFrameMs = 0;
  starts = [];

  constructor(name) {
    this.name = name;
  }

  get works() {
    return this.up && this.offered === "yes";
  }

  run(on, nowMs) {
    if (on === (this.startedMs !== null)) return;
    this.startedMs = on ? nowMs : null;
    this.lastFrameMs = this.firstFrameMs = 0;
    if (on) this.starts.push(nowMs);
  }

  set(up, nowMs) {
    if (up && !this.up) this.upMs = nowMs;
    this.up = up;
  }

  /** A single frame, as broken paths give. */
  blink(nowMs) {
    if (this.startedMs !== null) this.lastFrameMs = nowMs;
  }

  play(nowMs) {
    if (this.startedMs === null || !this.up) return;
    if (nowMs - Math.max(this.startedMs, this.upMs) < START_MS[this.name]) return;
    if (nowMs - this.lastFrameMs > STALL_MS[this.name]) this.firstFrameMs = nowMs;
    this.lastFrameMs = nowMs;
  }

  facts(nowMs) {
    const { offered, lastFrameMs } = this;
    let health = "off";
    if (this.startedMs !== null) health = lastFrameMs === 0 ? "starting" : "stalled";
    if (lastFrameMs > 0 && nowMs - lastFrameMs < STALL_MS[this.name]) health = "playing";
    const proven = this.name !== "hls" || (lastFrameMs > 0 && lastFrameMs - this.firstFrameMs >= 1_000);
    return { able: true, offered, health, proven, lastFrameMs };
  }
}

function walk(seed) {
  const random = dice(seed);
  const ways = Object.fromEntries(RUNGS.map((name) => [name, new Way(name)]));
  const ladder = new Ladder();
  let eventMs = 0;
  let shownMs = 0;
  let worseSinceMs = null;
  const log = [];
  for (let nowMs = STEP_MS; nowMs < WALK_MS; nowMs += STEP_MS) {
    if (nowMs >= eventMs) {
      const way = ways[RUNGS[Math.floor(random() * 3)]];
      const what = random();
      if (what < 0.4) way.set(!way.up, nowMs);
      else if (what < 0.7) way.blink(nowMs);
      else way.offered = way.offered === "yes" ? (way.name === "webrtc" && random() < 0.5 ? "maybe" : "no") : "yes";
      log.push(`${nowMs} ${way.name} up=${way.up} offered=${way.offered} ${what.toFixed(2)}`);
      // Now and then nothing happens for long, so that back-offs are forgiven.
      eventMs = nowMs + (random() < 0.05 ? 45_000 : 200 + random() * 6_000);
    }
    for (const way of Object.values(ways)) way.play(nowMs);
    const facts = Object.fromEntries(RUNGS.map((name) => [name, ways[name].facts(nowMs)]));
    const { current, run } = ladder.step(nowMs, facts);
    for (const name of RUNGS) ways[name].run(run.includes(name), nowMs);
    log.push(`${nowMs} → ${current} (${run})`);
    const check = (good, what) => good || assert.fail(`${what}, seed ${seed}\n${log.slice(-60).join("\n")}`);

    if (current !== null && ways[current].lastFrameMs === nowMs) shownMs = nowMs;
    // Which one could play may change: only one that holds is to be found.
    for (const way of Object.values(ways)) way.worksMs = way.works ? (way.worksMs ?? nowMs) : nowMs;
    const heldMs = Math.max(...Object.values(ways).map((way) => nowMs - way.worksMs));
    check(Math.min(nowMs - shownMs, heldMs) <= GOES_ON_WITHIN_MS, "dark for too long");

    // Beside a good picture nothing worse is loaded, and so is never heard either.
    const good = current !== null && ways[current].lastFrameMs === nowMs;
    const worse = good && run.some((name) => RUNGS.indexOf(name) > RUNGS.indexOf(current));
    worseSinceMs = worse ? (worseSinceMs ?? nowMs) : null;
    check(worseSinceMs === null || nowMs - worseSinceMs <= 1_500, "two at once");
  }
}

test(`ladder: ${WALKS} random walks: never dark while one way works, never two for long`, () => {
  for (let seed = 1; seed <= WALKS; seed += 1) walk(seed);
});

for (const [name, blinks] of [["never shows anything", false], ["shows one frame and no more", true]]) {
  test(`ladder: a better way that ${name} is tried with growing patience`, () => {
    const ways = Object.fromEntries(RUNGS.map((rung) => [rung, new Way(rung)]));
    ways.webrtc.set(false, 0);
    const ladder = new Ladder();
    let shown = 0;
    for (let nowMs = STEP_MS; nowMs < 600_000; nowMs += STEP_MS) {
      for (const way of Object.values(ways)) way.play(nowMs);
      if (blinks && ways.webrtc.startedMs === nowMs - STEP_MS) ways.webrtc.blink(nowMs);
      const facts = Object.fromEntries(RUNGS.map((rung) => [rung, ways[rung].facts(nowMs)]));
      const { current, run } = ladder.step(nowMs, facts);
      for (const rung of RUNGS) ways[rung].run(run.includes(rung), nowMs);
      if (nowMs > 10_000 && current === "webrtc") shown += 1;
    }
    assert.equal(shown, 0, "a frozen picture took the screen");
    const waits = ways.webrtc.starts.map((at, i, all) => at - (all[i - 1] ?? 0)).slice(1);
    waits.forEach((wait, i) => assert.ok(wait >= BACK_OFF_MS[Math.min(i, 3)], `${waits}`));
    assert.ok(waits.length < 20, `${waits}`);
  });
}
