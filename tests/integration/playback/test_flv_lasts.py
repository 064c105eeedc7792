"""Pulls and viewers over time: one pull for all, other publishers, nginx that dies, a crowd."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.integration.playback.publisher import Publisher
from tests.integration.playback.rig import Rig, wait_for
from tests.integration.playback.test_flv_plays import tags_of_whole
from tests.unit.playback.media import AVC, video

pytestmark = pytest.mark.media
PLAY = "play_test1"
FPS = 30


class Sending:
    """A publisher in a thread of its own: a keyframe each second."""

    def __init__(self, rig: Rig, header: bytes = AVC, frame_bytes: int = 1_000) -> None:
        self.frames = 0
        self._rig, self._header, self._frame_bytes = rig, header, frame_bytes
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Sending:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(20)

    def _run(self) -> None:
        try:
            with Publisher(self._rig.rtmp_port, PLAY) as publisher:
                publisher.metadata({"videocodecid": 7.0})
                publisher.video(0, self._header)
                started = time.monotonic()
                while not self._stopping.wait(
                    max(0.0, started + self.frames / FPS - time.monotonic())
                ):
                    body = video(key=self.frames % FPS == 0, size=self._frame_bytes)
                    publisher.video(self.frames * 1000 // FPS, body)
                    self.frames += 1
        except OSError as error:
            print(f"the publisher lost nginx: {error}")


def frame_times(data: bytes) -> list[int]:
    return [at for kind, at, body in tags_of_whole(data) if kind == 9 and body[1] == 1]


def test_one_pull_for_all_and_none_for_nobody(rig: Rig) -> None:
    rig.mark(PLAY)
    with Sending(rig):
        wait_for("the stream", lambda: rig.json(f"/inspect/{PLAY}").get("has_video"))
        viewers = [rig.watch(PLAY) for _ in range(20)]
        for each in viewers:
            each.read_until(10_000)
        assert rig.pulls(PLAY) == 1
        status = rig.status(PLAY)
        assert status is not None and status["pulling"] and status["viewers"] == 20
        for each in viewers:
            each.close()
        started = time.monotonic()
        wait_for("the pull is over", lambda: not rig.pulls(PLAY), 40)
        took = time.monotonic() - started
        print(f"idle pull closed after {took:.1f} s")
        assert took > 8
        assert rig.status(PLAY) is None


def test_who_is_expected_is_had_from_the_first_keyframe_on(rig: Rig) -> None:
    """OBS as it comes has the second one 8.3 s later, and sends the first one at once."""
    assert rig.json(f"/expect/{PLAY}") == {}
    assert rig.pulls(PLAY) == 1  # nobody publishes yet
    with Publisher(rig.rtmp_port, PLAY) as publisher:
        publisher.metadata({"videocodecid": 7.0})
        publisher.video(0, AVC)
        for frame in range(30):
            publisher.video(frame * 33, video(key=frame == 0, size=1_000))
        rig.mark(PLAY)
        viewer = rig.watch(PLAY)
        viewer.read_until(20_000)
        assert frame_times(viewer.flv)[0] == 0
        viewer.close()


def test_who_follows_at_once_is_had_from_the_first_keyframe_on(rig: Rig) -> None:
    """A bridge feeds the name as soon as the encoder's push has gone, or the other way round."""
    rig.mark(PLAY)
    with Sending(rig):
        rig.watch(PLAY).read_until(10_000)
    with Publisher(rig.rtmp_port, PLAY) as publisher:
        publisher.metadata({"videocodecid": 7.0})
        publisher.video(5_000, AVC)
        for frame in range(30):
            publisher.video(5_000 + frame * 33, video(key=frame == 0, size=1_000))
        viewer = rig.watch(PLAY)
        viewer.read_until(20_000)
        times = frame_times(viewer.flv)
        assert len(times) >= 10 and times[10] - times[0] == 330
        assert rig.pulls(PLAY) == 1


def test_the_end_of_a_publisher_closes_its_viewers(rig: Rig) -> None:
    rig.mark(PLAY)
    with Sending(rig):
        first = rig.watch(PLAY)
        first.read_until(10_000)
    started = time.monotonic()
    first.read_to_end()
    print(f"closed {(time.monotonic() - started) * 1000:.0f} ms after the publisher")
    with Sending(rig, AVC + b"other"):
        second = rig.watch(PLAY)
        data = second.read_until(10_000)
    assert AVC + b"other" in data and frame_times(data)[0] == frame_times(data)[0]


@pytest.mark.parametrize("is_same", [True, False], ids=["same headers", "other headers"])
def test_nginx_dies_and_comes_back(rig: Rig, is_same: bool) -> None:
    rig.mark(PLAY)
    with Sending(rig):
        viewer = rig.watch(PLAY)
        viewer.read_until(10_000)
        rig.kill_nginx()
        viewer.read(0.5)
        before = frame_times(viewer.flv)
    assert not viewer.is_closed
    rig.start_nginx()
    with Sending(rig, AVC if is_same else AVC + b"other"):
        if is_same:
            more = wait_for("more frames", lambda: frame_times(viewer.read(0.1))[len(before) :])
            assert more[0] > before[-1] and more == sorted(more)
            print(f"went on after {more[0] - before[-1]} ms")
            assert not viewer.is_closed
        else:
            viewer.read_to_end()
            assert rig.watch(PLAY).read_until(5_000)
    assert rig.playback is not None and rig.playback.poll() is None


class Crowd:
    """Hundreds of sockets read by one loop; the first reads nothing at all."""

    def __init__(self, rig: Rig, count: int) -> None:
        self.received = [bytearray() for _ in range(count)]
        self.ended = [False] * count
        self._poll = select.epoll()
        self._sockets: dict[int, tuple[int, socket.socket]] = {}
        for index in range(count):
            one = socket.socket()
            if index == 0:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            one.connect(("127.0.0.1", rig.flv_port))
            one.sendall(f"GET /flv/{PLAY}.flv HTTP/1.1\r\n\r\n".encode())
            one.setblocking(False)
            self._sockets[one.fileno()] = index, one
            if index:
                self._poll.register(one.fileno(), select.EPOLLIN)

    def read_until(self, done: Callable[[], object], within_secs: float) -> None:
        deadline = time.monotonic() + within_secs
        while not done():
            assert time.monotonic() < deadline, "never came"
            for number, _ in self._poll.poll(0.1):
                index, one = self._sockets[number]
                data = one.recv(1 << 18)
                if data:
                    self.received[index] += data
                else:
                    self.ended[index] = True
                    self._poll.unregister(number)

    def close(self) -> None:
        for _, one in self._sockets.values():
            one.close()
        self._poll.close()


@pytest.fixture
def crowd_of(rig: Rig) -> Iterator[Callable[[int], Crowd]]:
    made: list[Crowd] = []

    def make(count: int) -> Crowd:
        made.append(Crowd(rig, count))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_300_viewers_one_of_them_stalled(rig: Rig, crowd_of: Callable[[int], Crowd]) -> None:
    """0.75 Mbit/s each; the stalled one costs no memory, and all others get every frame."""
    rig.mark(PLAY)
    assert rig.playback is not None
    pid = rig.playback.pid
    empty_kb = resident_kb(pid)
    with Sending(rig, frame_bytes=3_100) as sending:
        crowd = crowd_of(300)
        crowd.read_until(lambda: all(crowd.received[1:]), 40)
        cpu, started = cpu_secs(pid), time.monotonic()
        crowd.read_until(lambda: dropped(rig), 60)
        cpu_percent = 100 * (cpu_secs(pid) - cpu) / (time.monotonic() - started)
        full_kb = resident_kb(pid)
        assert rig.pulls(PLAY) == 1
        print(
            f"300 viewers, 0.75 Mbit/s each: {cpu_percent:.1f} % of a core, {full_kb / 1024:.0f} MB"
            f" ({empty_kb / 1024:.0f} before), {dropped(rig)} frames dropped for the stalled one"
        )
    crowd.read_until(lambda: all(crowd.ended[1:]), 40)
    times = [frame_times(bytes(each).partition(b"\r\n\r\n")[2]) for each in crowd.received[1:]]
    lasts = {each[-1] for each in times}
    assert len(lasts) == 1, "everybody has the last frame"
    for each in times:
        steps = {later - earlier for earlier, later in pairwise(each)}
        assert steps <= {33, 34}, "nobody else misses a frame"
    assert max(map(len, times)) >= sending.frames - 2 * FPS
    assert full_kb - empty_kb < 60 * 1024


def dropped(rig: Rig) -> int:
    return int((rig.status(PLAY) or {"dropped_frames": 0})["dropped_frames"])


def resident_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def cpu_secs(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
