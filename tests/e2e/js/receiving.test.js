// Who shows and plays the others without sending, and when it joins and leaves for that. Run by `node --test`.

import assert from "node:assert/strict";
import { test } from "node:test";

import { StageJoin } from "../../../static/js/live/stage-join.js";
import { receivesOthers } from "../../../static/js/live/studio-receives.js";

const me = 1;
const room = (state, ...people) => ({
  state, streaming_mode: "hybrid", stage: { layout: "grid", people: people.map((id) => ({ user: { id }, muted: false })) },
});
const facts = { before: false, room: room("live"), me, owns: true, open: true, wanted: false, left: false };

for (const [what, given, receives] of [
  ["nobody of us is on stage", { room: room("live", 7) }, false],
  ["OBS sends for me", { room: room("live", 1, 7) }, true],
  ["on air from this page", { wanted: true }, true],
  ["my encoder dropped a moment ago", { before: true, room: room("live", 7) }, true],
  ["the grace time runs", { before: true, room: room("interrupted") }, true],
  ["I only sent along, and went", { owns: false, before: true, room: room("live", 7) }, false],
  ["I pressed End, the room has not noticed", { left: true, before: true, room: room("live", 1, 7) }, false],
  ["it is over", { before: true, room: room("ended") }, false],
  ["nothing goes by WebRTC there", { room: { ...room("live", 1), streaming_mode: "rtmp" } }, false],
  ["this page was replaced", { open: false, wanted: true }, false],
]) {
  test(`others in the studio: ${what}`, () => assert.equal(receivesOthers({ ...facts, ...given }), receives));
}

function socketOf() {
  const handlers = {};
  const sent = [];
  return {
    sent,
    on: (type, handler) => (handlers[type] = handler),
    send: (type, payload, fields = {}) => sent.push([type, payload, fields]) && "m1",
    hear: (type, message) => handlers[type](message),
  };
}

test("joins once, knows its session by the first offer, leaves also what has no name yet", () => {
  const socket = socketOf();
  const join = new StageJoin(socket);
  join.want(true, true);
  join.want(true, true);
  assert.deepEqual(socket.sent, [["join", { rejoin: true }, {}]]);
  join.gotNew("s1");
  join.gotNew("s2");
  assert.deepEqual([...join.ids], ["s1"]);
  join.want(false, true);
  assert.deepEqual(socket.sent.at(-1), ["leave", {}, { target: "subscriber" }]);
  join.want(true, true);
  join.want(false, true);
  assert.equal(socket.sent.length, 4);
});

test("does not begin beside a session that will carry the others, but stays beside it", () => {
  const socket = socketOf();
  const join = new StageJoin(socket);
  join.want(true, false);
  assert.deepEqual(socket.sent, []);
  join.want(true, true);
  join.want(true, false);
  assert.equal(socket.sent.length, 1);
});

test("a session that turns out to be the publisher's is given back", () => {
  const join = new StageJoin(socketOf());
  join.want(true, true);
  join.gotNew("sending");
  join.notOurs("sending");
  join.gotNew("joined");
  assert.deepEqual([...join.ids], ["joined"]);
});

test("after a broken connection it joins anew, unless its session was kept", () => {
  const socket = socketOf();
  const join = new StageJoin(socket);
  join.want(true, true);
  join.gotNew("s1");
  socket.hear("welcome", { payload: { sessions: ["s1"] } });
  assert.equal(socket.sent.length, 1);
  socket.hear("welcome", { payload: { sessions: [] } });
  assert.deepEqual(socket.sent.map(([type]) => type), ["join", "join"]);
});

test("what will not help is not tried again until something changes", async () => {
  const socket = socketOf();
  const join = new StageJoin(socket);
  join.want(true, true);
  socket.hear("error", { payload: { about: "join", code: "forbidden" } });
  await new Promise((done) => setTimeout(done, 20));
  assert.equal(socket.sent.length, 1);
  socket.hear("playback", {});
  await new Promise((done) => setTimeout(done, 20));
  assert.equal(socket.sent.length, 2);
  join.want(false, true);
});
