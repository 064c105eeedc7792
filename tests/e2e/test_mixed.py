"""Two in one picture: what HLS and the recording have when owner and guest are on stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from live.layouts import FULL, rectangles
from tests.e2e.harness import browse, cast, obs, outs
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.cast import GUEST, OWNER, Part, Piece
from tests.e2e.harness.encoder import SMALL
from tests.e2e.harness.site import Site, running, wait_for
from tests.e2e.harness.stream_reader import ffprobe
from tests.integration.bridge.rtmp_tape import tones

pytestmark = [pytest.mark.media, pytest.mark.timeout(420)]
QUERY = "?simulcast=0&push=0"
BEEP_HZ = 1000  # of the encoder
BOTH = (OWNER, GUEST)
LOUD = 60  # against the median of all frequencies
WITHIN_SECS = 60.0  # a playlist is some seconds behind, a busy machine more


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One slot, and nobody but the mix to take it."""
    folder = tmp_path_factory.mktemp("mixed") / "var"
    with running(folder, BRIDGE_MAX_TRANSCODES="1", HLS_LADDER="") as started:
        yield started


def picture(user_id: int) -> str:
    return f'.picture[data-key="user_{user_id}:camera"] video'


def until(site: Site, room_id: str, what: str, good: Callable[[Piece], Any]) -> Piece:
    """The newest piece of HLS that is good; says what the last one was like otherwise."""
    last: list[Any] = [None]

    def look() -> Piece | None:
        piece = cast.newest(site, room_id)
        if piece is None:
            return None
        last[0] = good(piece)
        return piece if last[0] is True else None

    try:
        return wait_for(what, look, WITHIN_SECS, 0.5)
    except AssertionError as error:
        told = f"{error}; last: {last[0]}; {outs.jobs(site, room_id)}"
        raise AssertionError(told) from None


def stands(layout: str, parts: tuple[Part, ...] = BOTH) -> Callable[[Piece], Any]:
    """Each rectangle of the layout has one of them, all of it; nobody is missing."""
    names = sorted(part.name for part in parts)

    def good(piece: Piece) -> Any:
        found = cast.standing(piece, layout, parts)
        return sorted(found.values()) == names or found

    return good


def sounds(loud: tuple[int, ...], quiet: tuple[int, ...] = ()) -> Callable[[Piece], Any]:
    def good(piece: Piece) -> Any:
        strengths = tones(piece.samples[-48_000:], [*loud, *quiet])
        there, gone = strengths[: len(loud)], strengths[len(loud) :]
        least = min(there)
        return (least > LOUD and all(each < least / 50 for each in gone)) or strengths

    return good


def counters(layout: str) -> Callable[[Piece], Any]:
    """In every rectangle the counter goes on."""

    def good(piece: Piece) -> Any:
        found = [piece.numbers(rect) for rect in rectangles(layout, 2)]
        return all(len(set(numbers)) >= 5 for numbers in found) or found

    return good


def mode(site: Site, room_id: str, wanted: str) -> None:
    def look() -> bool:
        job = outs.jobs(site, room_id).get("to_rtmp", {})
        return (job.get("state"), job.get("mode")) == ("running", wanted)

    try:
        wait_for(f"to_rtmp runs in mode {wanted}", look, WITHIN_SECS)
    except AssertionError as error:
        raise AssertionError(f"{error}; {outs.jobs(site, room_id)}") from None


def mix_cost(site: Site, room_id: str) -> str:
    job = wait_for(
        "its figures",
        lambda: (found := outs.jobs(site, room_id)["to_rtmp"]).get("cpu_percent") and found,
        30,
    )
    return f"{job['cpu_percent']} % of a core, {job['rss_mb']} MB, {job['fps']} pictures/s"


def choose(site: Site, room_id: str, layout: str) -> None:
    path = f"/api/v1/live/{room_id}"
    status, answer = site.call("PATCH", path, {"layout": layout}, site.token())
    assert status == 200, answer


def tell_guest(site: Site, room_id: str, what: str) -> None:
    path = f"/api/v1/live/{room_id}/guests/{site.user_id('staff')}"
    status, answer = site.call("POST", path, {"do": what}, site.token())
    assert status == 200, answer


def on_stage(site: Site, room_id: str, staff: Visitor) -> Page:
    """The guest's page: by link, through the green room, let in."""
    path = f"/api/v1/live/{room_id}/invites"
    status, answer = site.call("POST", path, {}, site.token())
    assert status == 201, answer
    green = staff.open(f"/guest/{answer['data']['token']}{QUERY}")
    browse.wait_for_state(green, "#guest", "ready")
    green.locator("#ask").click()
    browse.wait_for_state(green, "#guest", "waiting")
    tell_guest(site, room_id, "admit")
    browse.wait_for_state(green, "#guest", "on-stage")
    return green


def both_are_seen(site: Site, page: Page) -> None:
    for name in ("demo", "staff"):
        browse.wait_until_advancing(page, picture(site.user_id(name)))


def the_recording(site: Site, room_id: str, secs: float) -> str:
    """One file with all of it; returns what to print."""
    outs.end(site, room_id)
    url = outs.recording(site, room_id)
    found = ffprobe(url)
    length = float(found["video"]["duration"])
    assert length > secs
    assert "audio" in found
    return f"one recording of {length:.0f} s"


def test_owner_and_guest_from_browsers(
    site: Site, person: Callable[..., Visitor], show: Callable[[str], None]
) -> None:
    room_id = site.create_room("Mixed", record=True, layout="grid")
    demo, staff, anyone = person("demo", at=site), person("staff", at=site), person(at=site)
    OWNER.play(demo)
    GUEST.play(staff)
    studio = browse.open_studio(demo, room_id, QUERY)
    browse.go_live(studio)
    mode(site, room_id, "pass")
    until(
        site, room_id, "the owner alone", lambda piece: cast.who_is_at(piece, FULL, BOTH) == "owner"
    )

    green = on_stage(site, room_id, staff)
    page = browse.watch(anyone, room_id, "?rung=webrtc")
    both_are_seen(site, page)
    mode(site, room_id, "mix")
    piece = until(site, room_id, "both side by side", stands("grid"))
    assert piece.size == (1280, 720)
    until(site, room_id, "both are heard", sounds((OWNER.hz, GUEST.hz)))
    show(f"mix of two cameras (640x360 to 720p30): {mix_cost(site, room_id)}")

    for layout in ("pip", "speaker"):
        choose(site, room_id, layout)
        until(site, room_id, f"layout {layout}", stands(layout))
        if layout == "pip":  # the others cut off a part of the counter
            until(site, room_id, "both counters go on", counters(layout))

    tell_guest(site, room_id, "mute")
    until(site, room_id, "the guest is not heard", sounds((OWNER.hz,), (GUEST.hz,)))
    tell_guest(site, room_id, "remove")
    browse.wait_for_state(green, "#guest", "removed")
    mode(site, room_id, "pass")

    def alone(piece: Piece) -> Any:
        numbers = piece.numbers(FULL)
        found = cast.who_is_at(piece, FULL, BOTH)
        return (found == "owner" and len(set(numbers)) >= 5) or (found, numbers)

    until(site, room_id, "the owner alone again", alone)
    assert outs.jobs(site, room_id)["to_rtmp"]["starts"] == 1, "one child did all of it"
    show(f"browser and guest: {the_recording(site, room_id, 10)}")
    assert [*demo.problems, *staff.problems, *anyone.problems] == []


def test_an_encoder_and_a_guest(
    site: Site, person: Callable[..., Visitor], show: Callable[[str], None]
) -> None:
    room_id = site.create_room("OBS and a guest", record=True, layout="pip")
    staff, anyone = person("staff", at=site), person(at=site)
    GUEST.play(staff)
    corner = rectangles("pip", 2)[1]
    with obs.on_air(site, room_id, SMALL):
        on_stage(site, room_id, staff)
        page = browse.watch(anyone, room_id, "?rung=webrtc")
        both_are_seen(site, page)
        mode(site, room_id, "mix")

        def guest_is_there(piece: Piece) -> Any:
            found = cast.who_is_at(piece, corner, BOTH)
            return found == "guest" or found

        until(site, room_id, "the guest in the corner", guest_is_there)
        until(site, room_id, "both counters go on", counters("pip"))
        until(site, room_id, "both are heard", sounds((BEEP_HZ, GUEST.hz)))
        show(f"mix of OBS and a browser: {mix_cost(site, room_id)}")
        tell_guest(site, room_id, "remove")
        wait_for(
            "nginx's own push is all there is",
            lambda: "to_rtmp" not in outs.jobs(site, room_id),
            WITHIN_SECS,
        )

        def alone(piece: Piece) -> Any:
            numbers = piece.numbers(FULL)
            return (
                cast.who_is_at(piece, corner, BOTH) != "guest" and len(set(numbers)) >= 5
            ) or numbers

        until(site, room_id, "OBS alone again", alone)
        show(f"OBS and guest: {the_recording(site, room_id, 10)}")
    assert [*staff.problems, *anyone.problems] == []
