// Tables over what an HLS master says, what the menu lists of it, and when more are asked for. Run: node --test tests/e2e/js/

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.gettext ??= (text) => text;
globalThis.document ??= { documentElement: { lang: "en" } };
const { possible, qualitiesOf, streamChoices } = await import("../../../static/js/live/hls-qualities.js");
const { notes, qualityItems, qualityName } = await import("../../../static/js/live/menu-items.js");
const { MoreQualities } = await import("../../../static/js/live/more-qualities.js");

const AT = "https://x.test/hls/page/-/play_a/ladder";
const level = (name, width = 0, height = 0) => ({ url: `${AT}/${name}/index.m3u8`, width, height });
const ALL = qualitiesOf([level("360p", 640, 360), level("audio"), level("source", 1280, 720), level("480p", 854, 480)]);

test("qualities are named by their folders, best first, sound last", () => {
  assert.deepEqual(ALL.map(({ name, height }) => [name, height]), [["source", 720], ["480p", 480], ["360p", 360], ["audio", null]]);
  assert.deepEqual(qualitiesOf([level("source", 720, 1280), level("480p", 480, 854)]).map(({ height }) => height), [720, 480]);
  assert.deepEqual(qualitiesOf([{ url: "https://x.test/hls/page/-/play_a/index.m3u8" }]), []);
  assert.deepEqual(qualitiesOf([{ url: `${AT}/../480p/index.m3u8` }, { url: `${AT}/<b>/index.m3u8` }]), []);
});

test("the menu lists them; automatic says what it plays", () => {
  assert.deepEqual(streamChoices([], "auto", 720), [{ wish: "auto", height: 720 }]);
  const found = streamChoices(ALL, "auto", 480).map(({ wish, height }) => qualityName(wish, height));
  assert.deepEqual(found, ["Automatic (480p)", "720p (source)", "480p", "360p", "Sound only"]);
  assert.equal(streamChoices(ALL, "360p", 360)[0].height, null);
  assert.equal(possible(ALL, "720p"), "auto");
  assert.equal(possible(ALL, "360p"), "360p");
  const chosen = [];
  const state = { choices: streamChoices(ALL, "360p", 360), wish: "360p" };
  const items = qualityItems(state, { quality: (wish) => chosen.push(wish) });
  assert.deepEqual(items.map(({ checked }) => checked), [false, false, false, true, false]);
  items[4].act();
  assert.deepEqual(chosen, ["audio"]);
});

test("one quality is said only where there is one", () => {
  const rungs = (qualities) => [{ rung: "hls", qualities }, { rung: "flv", qualities: null }];
  const one = [{ wish: "auto", height: 720 }];
  const say = (rung, choices, qualities) => notes({ choices, savesData: false, rung, rungs: rungs(qualities) });
  assert.equal(say("hls", one, ["source"]).length, 1);
  assert.equal(say("flv", one, null).length, 1);
  assert.equal(say("hls", one, ["source", "360p"]).length, 0, "Safari chooses by itself");
  assert.equal(say("hls", streamChoices(ALL, "auto", 720), ["source", "360p"]).length, 0);
  assert.equal(say(null, one, ["source"]).length, 1);
});

test("more qualities are asked for once for each offer", () => {
  const more = new MoreQualities();
  assert.equal(more.due(false, 0), false);
  more.offer(["source"]);
  assert.equal(more.due(false, 0), false);
  more.offer(["source", "360p"]);
  assert.equal(more.due(false, 1), true);
  assert.equal(more.due(false, 2), false, "asked already, whatever came of it");
  more.offer(["source", "360p"]);
  assert.equal(more.due(false, 3), false);
  more.offer(["source"]);
  more.offer(["source", "360p"]);
  assert.equal(more.due(true, 4), false, "that is what plays");
});

test("qualities that do not play are left alone for longer each time", () => {
  for (const flaps of [true, false]) {
    const more = new MoreQualities();
    const asked = [];
    more.offer(["source", "360p"]);
    for (let nowMs = 2_000_000; nowMs < 4_600_000; nowMs += 500) {
      if (!more.due(false, nowMs)) continue;
      asked.push(nowMs);
      more.failed(nowMs);
      assert.equal(more.onlyOne(nowMs), true);
      // A maker that crashes as soon as somebody plays: gone, and there again.
      if (flaps) more.offer(["source"]);
      if (flaps) more.offer(["source", "360p"]);
    }
    const secs = asked.map((at) => (at - asked[0]) / 1000);
    assert.deepEqual(secs, [0, 10, 30, 70, 150, 310, 630, 1270, 1910, 2550]);
  }
});

test("an old failure is forgiven", () => {
  const more = new MoreQualities();
  more.offer(["source", "360p"]);
  for (const nowMs of [2_000_000, 2_100_000, 2_200_000]) more.failed(nowMs);
  more.failed(9_000_000);
  assert.equal(more.onlyOne(9_009_999), true);
  assert.equal(more.onlyOne(9_010_000), false);
});
