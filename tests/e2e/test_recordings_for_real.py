"""Broadcasts that are killed in the middle: what was written is made playable, chat in step."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.harness import browse, obs, stream_reader
from tests.e2e.harness import site as sites
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.camera import FPS, FRAMES
from tests.e2e.harness.encoder import LOW_DELAY, SILENT, Style
from tests.e2e.harness.raw_socket import RawSocket
from tests.e2e.harness.site import Site, descendants_of, wait_for

pytestmark = [pytest.mark.media, pytest.mark.timeout(300)]
LONG_SECS = 12.0
LATE_MS = 1500  # how far a chat line may be from the picture that was sent with it
TEXT = "was heard at this very moment"


@dataclass
class Broadcast:
    """One that was killed, and what is known of it from outside."""

    room_id: str
    sent_secs: float
    chat_number: int  # the frame that was being sent when the chat line was
    recording: dict[str, Any]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Site]]:
    """A site that a test may end and start anew in the same place."""
    found = {"site": sites.start(tmp_path_factory.mktemp("recordings") / "var")}
    yield found
    found["site"].stop()
    assert found["site"].process.stdout is not None
    found["site"].process.stdout.close()


def broadcast(
    site: Site, browser: Browser, room_id: str, style: Style, kill: Callable[[], None]
) -> tuple[float, int]:
    """Sends, says something after half of it, and is killed; seconds sent, number at the chat."""
    with contextlib.ExitStack() as leaving:
        encoder = leaving.enter_context(obs.on_air(site, room_id, style))
        demo = leaving.enter_context(browse.visitor(browser, site, "demo"))
        wait_for("it is recorded", lambda: state_of(site, room_id) == "recording")
        wait_for("half of it was sent", lambda: encoder.frames_sent > LONG_SECS / 2 * FPS, 30)
        socket = RawSocket(demo.open("/sign-up"), f"{site.ws_url}{socket_path(site, room_id)}")
        socket.next("welcome")
        socket.send("chat", {"text": TEXT})
        socket.next("chat")
        number = encoder.newest_number
        wait_for("all of it was sent", lambda: encoder.frames_sent > LONG_SECS * FPS, 30)
        kill()
        wait_for("OBS was dropped", lambda: not encoder.is_running, 20)
        return encoder.frames_sent / FPS, number


def socket_path(site: Site, room_id: str) -> str:
    user = site.user_id("demo")
    return f"/api/v1/live/ws?room_id={room_id}&role=subscriber&user_id={user}"


def recordings(site: Site, room_id: str) -> list[dict[str, Any]]:
    status, answer = site.call("GET", f"/api/v1/live/{room_id}/recordings", token=site.token())
    assert status == 200, answer
    return list(answer["data"]["items"])


def state_of(site: Site, room_id: str) -> str | None:
    found = recordings(site, room_id)
    return found[0]["state"] if found else None


def ready(site: Site, room_id: str) -> dict[str, Any]:
    def look() -> bool:
        state = state_of(site, room_id)
        assert state != "failed", recordings(site, room_id)
        return state == "ready"

    wait_for("the recording is ready", look, 60, 0.3)
    (found,) = recordings(site, room_id)
    return found


def kill_everything(site: Site) -> None:
    for pid in [site.process.pid, *descendants_of(site.process.pid)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    site.process.wait(10)


@pytest.fixture(scope="module", params=["nginx", "everything"])
def killed(request: pytest.FixtureRequest, stage: dict[str, Site], browser: Browser) -> Broadcast:
    site = stage["site"]
    room_id = site.create_room(f"Killed: {request.param}")
    if request.param == "nginx":
        style, kill = LOW_DELAY, lambda: site.kill("rtmp")
    else:
        style, kill = SILENT, lambda: kill_everything(site)
    sent_secs, number = broadcast(site, browser, room_id, style, kill)
    if request.param == "everything":
        assert site.process.stdout is not None
        site.process.stdout.close()
        site = stage["site"] = sites.start(site.data_dir)
    return Broadcast(room_id, sent_secs, number, ready(site, room_id))


def test_its_length_is_what_was_sent(
    stage: dict[str, Site], killed: Broadcast, show: Callable[[str], None]
):
    url = killed.recording["url"]
    heard = stream_reader.read(url, secs=1000, within_secs=60)
    assert heard.unreadable == 0
    assert stream_reader.is_running_on(heard.numbers), heard.numbers
    length = killed.recording["duration_secs"]
    assert abs(len(heard.frames) / FPS - length) < 0.5
    assert abs(length - killed.sent_secs) < 2, (length, killed.sent_secs)
    described = stream_reader.ffprobe(url)
    assert abs(float(described["video"]["duration"]) - length) < 0.5
    show(
        f"recording of a broadcast that was killed: {length:.2f} s of {killed.sent_secs:.2f} s "
        "sent (goal: within 2)"
    )


def test_it_plays_and_seeks_in_the_browser(
    stage: dict[str, Site], killed: Broadcast, person: Callable[..., Visitor]
):
    first = first_number(killed)
    guest = person(at=stage["site"])
    page = guest.open(f"/replays/{killed.recording['recording_id']}")
    video = "video[data-video]"
    wait_for("the video is loaded", lambda: page.locator(video).evaluate("v => v.readyState >= 1"))
    for secs in (8.0, 2.0):
        assert abs(number_at(page, secs) - (first + secs * FPS) % FRAMES) <= 3
    page.locator(video).evaluate("v => { v.muted = true; return v.play(); }")
    browse.wait_until_advancing(page, video)
    assert guest.problems == []


def test_the_chat_comes_in_step(
    stage: dict[str, Site],
    killed: Broadcast,
    person: Callable[..., Visitor],
    show: Callable[[str], None],
):
    site = stage["site"]
    recording_id = killed.recording["recording_id"]
    status, answer = site.call("GET", f"/api/v1/recordings/{recording_id}/chat")
    assert status == 200, answer
    (line,) = answer["data"]["items"]
    assert line["text"] == TEXT
    meant = ((killed.chat_number - first_number(killed)) % FRAMES) * 1000 / FPS
    assert abs(line["at_ms"] - meant) < LATE_MS, (line["at_ms"], meant)
    page = person(at=site).open(f"/replays/{recording_id}")
    lines = page.locator("[data-chat-lines]")
    number_at(page, max(0.0, line["at_ms"] / 1000 - 1))
    assert TEXT not in lines.inner_text()
    page.locator("video[data-video]").evaluate("v => { v.muted = true; return v.play(); }")
    wait_for("the chat line comes", lambda: TEXT in lines.inner_text(), 15)
    came = page.locator("video[data-video]").evaluate("v => v.currentTime") * 1000
    assert came >= line["at_ms"] - 200
    show(
        f"chat of a replay: {line['at_ms'] - meant:+.0f} ms from the picture it was said with, "
        f"shown {came - line['at_ms']:+.0f} ms from its time"
    )


def test_guests_need_its_token(stage: dict[str, Site], killed: Broadcast):
    url = killed.recording["url"]
    bare, _, token = url.partition("?token=")
    site, recording_id = stage["site"], killed.recording["recording_id"]
    for name, secs, wanted in (
        (recording_id, 600, 200),
        (recording_id, -5, 403),
        ("rec_another", 600, 403),
        (site.play_id(killed.room_id), 600, 403),
    ):
        assert obs.status_of(f"{bare}?token={obs.play_token(site, name, secs)}") == wanted, name
    assert obs.fetch(url, 100, Range="bytes=0-99")[0] == 206
    assert obs.status_of(bare) == 403
    assert obs.status_of(f"{bare}?token=2{token[1:]}") == 403
    assert obs.status_of(f"{bare}?token={token[:-3]}AAA") == 403
    for path in ("/recordings/", f"/recordings/.{recording_id}.mp4"):
        assert obs.status_of(site.base_url + path) in {403, 404}


def first_number(killed: Broadcast) -> int:
    return stream_reader.read(killed.recording["url"], secs=0).numbers[0]


def number_at(page: Page, secs: float) -> int:
    """Seeks there; the number of the picture that is shown then."""
    page.locator("video[data-video]").evaluate(
        """(video, secs) => new Promise((done) => {
          video.pause();
          video.addEventListener('seeked', () => done(), { once: true });
          video.currentTime = secs;
        })""",
        secs,
    )
    read = "__probe.read(document.querySelector('video[data-video]')) ?? -1"

    def look() -> int | None:
        number = int(page.evaluate(read))
        return None if number < 0 else number + 1  # 0 is a number, too

    return wait_for(f"a number at {secs:g} s", look) - 1
