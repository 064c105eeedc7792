"""Bridges by themselves: they start, outlive the worker, come back when killed, and end with us."""

from __future__ import annotations

import os
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import browse, obs
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.camera import FPS
from tests.e2e.harness.encoder import Encoder
from tests.e2e.harness.site import Site, is_alive, running, wait_for

pytestmark = [pytest.mark.media, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One of this module's own: it is stopped in the last test."""
    with running(tmp_path_factory.mktemp("bridges") / "var") as started:
        yield started


@pytest.fixture(scope="module")
def room_id(site: Site) -> str:
    return site.create_room("OBS for a browser")


@pytest.fixture(scope="module")
def encoder(site: Site, room_id: str) -> Iterator[Encoder]:
    with obs.on_air(site, room_id) as sending:
        yield sending


@pytest.fixture
def page(person: Callable[..., Visitor], site: Site, room_id: str, encoder: Encoder) -> Any:
    """Of a viewer over WebRTC, playing."""
    bridge(site)
    watching = browse.watch(person(at=site), room_id, "?rung=webrtc")
    browse.wait_for_rung(watching, "webrtc")
    browse.wait_until_advancing(watching)
    return watching


def bridge(site: Site, starts: int = 0) -> tuple[int, int]:
    """Pid and count of starts of the one bridge, once it runs (and was started so often)."""
    asked = "select pid, starts from live_bridgejob where state = 'running' and starts >= "
    pid, count = wait_for("the bridge runs", lambda: site.rows(asked + str(starts)), 40)[0]
    return int(pid), int(count)


def test_an_encoder_is_seen_over_webrtc(
    site: Site,
    person: Callable[..., Visitor],
    room_id: str,
    encoder: Encoder,
    show: Callable[[str], None],
):
    bridge(site)
    guest = person(at=site)
    opened = browse.now_ms()
    page = browse.watch(guest, room_id, "?rung=webrtc")
    first = browse.first_frame_ms(page) - opened
    browse.wait_for_rung(page, "webrtc")
    seen = browse.frames_seen(page, ms=2000)
    assert browse.is_advancing(seen)
    behind = statistics.median(encoder.behind_ms(seen))
    assert guest.problems == []
    show(
        f"OBS over WebRTC by a bridge: {behind:.0f} ms behind what is sent (goal 500); "
        f"first frame {first / 1000:.2f} s after opening the page"
    )


def test_viewers_do_not_notice_that_the_worker_dies(
    site: Site, page: Any, show: Callable[[str], None]
):
    pid, starts = bridge(site)
    browse.keep_diary(page)
    worker = site.kill("worker")
    site.wait_for_another("worker", worker)
    wait_for("it is adopted", lambda: "found at work" in site.log("worker"), 40)
    time.sleep(1.0)  # of pictures with the new one
    gap = browse.longest_gap_ms(browse.diary(page))
    assert bridge(site) == (pid, starts)
    browse.wait_until_advancing(page)
    show(f"worker killed under a bridge: longest gap between two pictures {gap:.0f} ms")


def test_a_bridge_that_is_killed_is_back_soon(site: Site, page: Any, show: Callable[[str], None]):
    pid, starts = bridge(site)
    browse.keep_diary(page)
    began = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    assert bridge(site, starts + 1)[0] != pid
    runs = time.monotonic() - began
    browse.wait_until_advancing(page)
    time.sleep(1.0)
    gap = browse.longest_gap_ms(browse.diary(page)) / 1000
    show(f"bridge killed: runs again after {runs:.2f} s, viewers' gap {gap:.2f} s (goal 3)")


def test_viewers_follow_from_obs_to_a_browser_and_back(
    site: Site,
    person: Callable[..., Visitor],
    room_id: str,
    encoder: Encoder,
    show: Callable[[str], None],
):
    """The owner's browser comes beside the encoder, which goes on sending, and leaves again."""
    guest = person(at=site)
    pages = {rung: browse.watch(guest, room_id, f"?rung={rung}") for rung in ("webrtc", "flv")}
    for rung, page in pages.items():
        browse.wait_for_rung(page, rung)
    studio = browse.open_studio(person("demo", at=site), room_id)
    to_browser = Stages(site, pages)
    browse.go_live(studio)
    to_browser.note("the studio is live")
    to_browser.wait_for_jobs("to_rtmp")
    for rung, page in pages.items():
        wait_for(f"{rung} shows the camera", lambda page=page: shows_camera(studio, page), 60, 0.3)
    to_browser.pictures_since(camera_offset_ms(studio))
    show(f"OBS to browser (goal 4 s): {to_browser}")
    to_obs = Stages(site, pages)
    studio.close()
    to_obs.wait_for_jobs("to_webrtc")
    for rung, page in pages.items():
        wait_for(f"{rung} shows OBS", lambda page=page: shows_encoder(encoder, page), 60, 0.3)
    to_obs.pictures_since(encoder.first_frame_at - 100)
    show(f"browser to OBS (goal 4 s): {to_obs}")
    broadcasts = "select count(*) from live_broadcast b join live_room r on r.id = b.room_id"
    assert site.rows(f"{broadcasts} where r.room_id = '{room_id}'")[0][0] == 1
    assert guest.problems == []


class Stages:
    """When each step of a change was done, in seconds since it began. Pages keep diaries of their
    own: to look at them one after the other takes longer than the change."""

    def __init__(self, site: Site, pages: dict[str, Any]) -> None:
        self._site, self._pages = site, pages
        for page in pages.values():
            browse.keep_diary(page)
        self._began_ms = browse.now_ms()
        self._done: list[str] = []

    def note(self, what: str, at_ms: float | None = None) -> None:
        secs = ((at_ms or browse.now_ms()) - self._began_ms) / 1000
        self._done.append(f"{what} {secs:.1f}")

    def wait_for_jobs(self, kind: str) -> None:
        """One of this kind alone, and at work."""
        asked = "select kind, state, reason from live_bridgejob"
        told: list[str] = []

        def look() -> bool:
            rows = self._site.rows(asked)
            for found, state, reason in rows:
                said = " ".join(filter(None, (found, state, reason)))
                if said not in told and found == kind:
                    told.append(said)
                    self.note(said)
            return [row[:2] for row in rows] == [(kind, "running")]

        wait_for(f"{kind} runs alone", look, 60)

    def pictures_since(self, offset_ms: float) -> None:
        """Of each page: its first picture of who counts from `offset_ms` on."""
        for rung, page in self._pages.items():
            seen = [one for one in browse.diary(page) if one.number is not None]
            new = [is_of(offset_ms, one.at, one.number or 0) for one in seen]
            # None: both count alike just now, and can't be told apart.
            last_old = max((i for i, is_new in enumerate(new) if not is_new), default=None)
            if last_old is not None and last_old + 1 < len(seen):
                self.note(f"{rung} shows it", seen[last_old + 1].at)
            else:
                self._done.append(f"{rung} ?")

    def __str__(self) -> str:
        return "; ".join(self._done) + " s"


def is_of(offset_ms: float, at: float, number: int) -> bool:
    """Less than a quarter of the loop after it was made."""
    return (at - number * 1000 / FPS - offset_ms) % browse.LOOP_MS < browse.LOOP_MS / 4


def camera_offset_ms(studio: Any) -> float:
    return browse.offset_ms(browse.frames_seen(studio, browse.PREVIEW)) - 100


def shows_camera(studio: Any, page: Any) -> bool:
    """What the studio's preview shows comes some seconds later at most."""
    seen = browse.frames_seen(page, ms=600)
    return browse.is_advancing(seen) and 0 <= browse.lag_ms(studio, [page])[0] < 6_000


def shows_encoder(encoder: Encoder, page: Any) -> bool:
    seen = browse.frames_seen(page, ms=600)
    return browse.is_advancing(seen) and statistics.median(encoder.behind_ms(seen)) < 6_000


def test_nothing_is_left_when_microvibe_is_stopped(
    site: Site, encoder: Encoder, show: Callable[[str], None]
):
    pid, _ = bridge(site)
    began = time.monotonic()
    os.kill(site.process.pid, signal.SIGINT)
    wait_for("the launcher ends", lambda: site.process.poll() is not None, 20)
    stopped = time.monotonic() - began
    wait_for("the bridge ends", lambda: not is_alive(pid), 20)
    show(
        f"Ctrl-C with a bridge at work: launcher gone after {stopped:.1f} s, "
        f"bridge after {time.monotonic() - began:.1f} s"
    )
    assert not Path(f"/proc/{pid}").exists() or not is_alive(pid)
