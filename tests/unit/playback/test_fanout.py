"""The fan-out and its viewers: who gets what, how much waits, who skips and who is given up."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from playback import flv, viewer
from playback.fanout import Fanout
from playback.gop import Chunk
from playback.headers import Headers
from playback.viewer import DEAD_SECS, QUEUE_BYTES, QUEUE_SECS, Viewer

BOTH = Headers(has_video=True, has_audio=True, video=b"v", audio=b"a")


class FakeTransport:
    """Takes `room` bytes, keeps the rest, and tells its viewer as asyncio does."""

    def __init__(self, room: int = 10**12) -> None:
        self.room = room
        self.taken = bytearray()
        self.left = bytearray()
        self.viewer: Viewer | None = None
        self.closed = self.aborted = False
        self.was_aborted = asyncio.Event()

    def set_write_buffer_limits(self, high: int) -> None:
        assert high == 0

    def get_write_buffer_size(self) -> int:
        return len(self.left)

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.left += data
        self._take()
        if self.left and self.viewer is not None:
            self.viewer.is_paused = True

    def read(self, count: int) -> None:
        """Its player reads."""
        self.room += count
        self._take()
        if not self.left and self.viewer is not None and self.viewer.is_paused:
            self.viewer.is_paused = False
            self.viewer.drain()

    def _take(self) -> None:
        count = min(self.room, len(self.left))
        self.taken += self.left[:count]
        del self.left[:count]
        self.room -= count

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True
        self.was_aborted.set()


def join(fanout: Fanout | None, room: int = 10**12, now: float = 0.0) -> FakeTransport:
    transport: Any = FakeTransport(room)
    transport.viewer = Viewer(transport, now, is_page=False, by_mark=False)
    if fanout is not None:
        fanout.add(transport.viewer)
    return transport  # type: ignore[no-any-return]


def push(fanout: Fanout, at_ms: int, *, key: bool = False, name: bytes = b"frame") -> None:
    tag = flv.build_tag(flv.VIDEO, at_ms, name)
    fanout.push(tag, at_ms, is_start=key, is_frame=True)
    fanout.settle()


def frames(transport: FakeTransport) -> list[int]:
    """Timestamps of what was taken, after the file's header and two sequence headers."""
    data = bytes(transport.taken)
    start = data.find(b"FLV\x01")
    assert start == 0 and data.count(b"FLV\x01") == 1
    at, times = 13, []
    while at < len(data):
        size = int.from_bytes(data[at + 1 : at + 4])
        if size > 1:
            times.append(int.from_bytes(data[at + 4 : at + 7]))
        at += size + 15
    return times


@pytest.fixture
async def fanout() -> Fanout:
    return Fanout()


async def gathered(fanout: Fanout) -> None:
    await asyncio.sleep(0)
    fanout._flush()


async def test_who_waits_begins_with_the_first_keyframe(fanout: Fanout) -> None:
    one = join(fanout)
    assert one.taken == b""
    fanout.begin(BOTH, 0)
    push(fanout, 0)
    push(fanout, 40, key=True)
    push(fanout, 80)
    await gathered(fanout)
    assert frames(one) == [40, 80]


async def test_who_comes_late_gets_the_group_at_once(fanout: Fanout) -> None:
    early = join(fanout)
    fanout.begin(BOTH, 0)
    for at_ms in range(0, 400, 40):
        push(fanout, at_ms, key=at_ms == 120)
        await gathered(fanout)
    late = join(fanout)
    assert frames(late) == list(range(120, 400, 40))
    push(fanout, 400)
    await gathered(fanout)
    assert frames(late)[-1] == frames(early)[-1] == 400


async def test_who_comes_just_after_a_keyframe_does_not_get_the_group_before(
    fanout: Fanout,
) -> None:
    for _ in range(100):
        join(fanout)  # many: tags are gathered
    fanout.begin(BOTH, 0)
    push(fanout, 0, key=True)
    push(fanout, 40)
    push(fanout, 80, key=True)
    assert frames(join(fanout)) == [80]


async def test_with_many_viewers_tags_are_gathered_for_40_ms_at_most(fanout: Fanout) -> None:
    viewers = [join(fanout) for _ in range(100)]
    fanout.begin(BOTH, 0)
    loop = asyncio.get_running_loop()
    push(fanout, 0, key=True)
    assert frames(viewers[0]) == [0], "the first goes at once"
    push(fanout, 10)
    push(fanout, 20)
    assert frames(viewers[0]) == [0]
    started = loop.time()
    while len(frames(viewers[0])) < 3:
        await asyncio.sleep(0.002)
        assert loop.time() - started < 5
    assert {bytes(each.taken) for each in viewers} == {bytes(viewers[0].taken)}


async def test_other_headers_close_those_who_began(fanout: Fanout) -> None:
    began = join(fanout)
    fanout.begin(BOTH, 0)
    push(fanout, 0, key=True)
    await gathered(fanout)
    fanout.interrupt()
    waits = join(fanout)
    fanout.begin(Headers(True, True, b"V", b"a"), 100)
    assert began.closed and not waits.closed
    assert list(fanout.viewers) == [waits.viewer]


async def test_the_same_headers_go_on_at_a_keyframe(fanout: Fanout) -> None:
    one = join(fanout)
    fanout.begin(BOTH, 0)
    push(fanout, 0, key=True)
    await gathered(fanout)
    fanout.interrupt()
    fanout.begin(BOTH, 100)
    push(fanout, 100)
    push(fanout, 140, key=True)
    await gathered(fanout)
    assert frames(one) == [0, 140] and not one.closed


async def test_the_end_of_a_broadcast_closes_those_who_began(fanout: Fanout) -> None:
    began = join(fanout)
    fanout.begin(BOTH, 0)
    push(fanout, 0, key=True)
    fanout.end()
    assert began.closed and frames(began) == [0]
    assert fanout.headers is None and fanout.gop.chunks == []


def feed(one: FakeTransport, *chunks: Chunk) -> None:
    assert one.viewer is not None
    for each in chunks:
        one.viewer.send(each)


def chunk(at: float, *, start: bool = False, size: int = 1_000) -> Chunk:
    tag = flv.build_tag(flv.VIDEO, round(at * 1000), bytes(size))
    return Chunk(tag, start, 1, round(at * 1000), at)


def begun(room: int) -> FakeTransport:
    one = join(None, room)
    assert one.viewer is not None
    one.viewer.start(BOTH.build_start(0), [])
    return one


def test_a_slow_viewer_skips_to_the_latest_keyframe_that_waits() -> None:
    one = begun(room=5_000)
    for tenth in range(60):
        feed(one, chunk(tenth / 10, start=tenth % 20 == 0))
    one.read(10**9)
    times = frames(one)
    assert times[-1] == 5_900
    jump = next(i for i in range(1, len(times)) if times[i] - times[i - 1] > 100)
    assert times[jump] % 2_000 == 0, "it goes on with a keyframe"
    assert one.viewer is not None
    assert one.viewer.dropped_frames == 60 - len(times)


def test_without_a_keyframe_that_waits_it_waits_for_one() -> None:
    one = begun(room=3_000)
    for tenth in range(70):
        feed(one, chunk(tenth / 10, start=tenth == 0))
    one.read(10**9)
    assert frames(one)[-1] < 1_000
    feed(one, chunk(8.0), chunk(8.1, start=True), chunk(8.2))
    assert frames(one)[-2:] == [8_100, 8_200]


def test_what_waits_is_bounded_in_bytes_and_time() -> None:
    one = begun(room=0)
    for index in range(2_000):
        feed(one, chunk(index / 100, start=index % 50 == 0, size=50_000))
        assert one.viewer is not None
        assert one.viewer._queued_bytes <= QUEUE_BYTES + 50_100
        waiting = one.viewer._queue
        assert not waiting or waiting[-1].made_at - waiting[0].made_at <= QUEUE_SECS + 0.1
    assert len(one.left) < 300_000


def test_a_burst_larger_than_the_queue_is_no_reason_to_skip() -> None:
    one = join(None, room=0, now=8.0)
    assert one.viewer is not None
    burst = [chunk(index / 10, start=index == 0, size=100_000) for index in range(80)]
    one.viewer.start(BOTH.build_start(0), burst)
    feed(one, chunk(8.1), chunk(8.2))
    assert one.viewer.dropped_frames == 0
    one.read(10**9)
    assert len(frames(one)) == 82


def test_only_who_reads_nothing_is_dead() -> None:
    one, slow, stalled = begun(10**12), begun(1_500), begun(1_500)
    dead = {}
    for second in range(40):
        for name, each in (("one", one), ("slow", slow), ("stalled", stalled)):
            feed(each, chunk(float(second), start=True, size=100_000))
            assert each.viewer is not None
            if each.viewer.is_dead(float(second)):
                dead.setdefault(name, second)
        slow.read(1_000)
    assert list(dead) == ["stalled"]
    assert DEAD_SECS <= dead["stalled"] <= DEAD_SECS + 3


async def test_closing_waits_a_little_for_what_the_socket_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(viewer, "FLUSH_SECS", 0.01)
    stalled, slow = begun(room=100), begun(room=100)
    for each in (stalled, slow):
        feed(each, chunk(0, start=True), chunk(0.1))
        assert each.viewer is not None
        each.viewer.close()
        assert not each.closed and not each.aborted
    slow.read(100_000)
    assert slow.closed and frames(slow) == [0, 100]
    assert slow.viewer is not None
    slow.viewer.lost()
    async with asyncio.timeout(5):
        await stalled.was_aborted.wait()
    assert not slow.aborted
