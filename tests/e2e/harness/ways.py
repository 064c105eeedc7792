"""The ways into a room: studio (H.264, VP8, without UDP), RTMP (as wanted, with B-frames), WHIP."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from playwright.sync_api import Browser

from tests.e2e.harness import browse, obs
from tests.e2e.harness.browse import LOOP_MS, Visitor
from tests.e2e.harness.camera import FPS
from tests.e2e.harness.encoder import SMALL, Style, pushing
from tests.e2e.harness.site import Site
from tests.e2e.harness.whip_sender import whip

CLAPPER = Path(__file__).with_name("clapper.js")
# As OBS's defaults, but for the keyframes: 8.3 s apart would make every test wait for them.
SMALL_B_FRAMES = Style(
    "small-b-frames",
    ("-preset", "veryfast", "-profile:v", "high", "-bf", "2", "-g", "60"),
    size=(640, 360),
)
# ICE without a candidate of the server: what a firewall that drops UDP comes to.
NO_UDP = """(() => {
  const real = RTCPeerConnection.prototype, { setRemoteDescription } = real;
  real.setRemoteDescription = function ({ type, sdp }) {
    return setRemoteDescription.call(this, { type, sdp: sdp.replace(/a=candidate:.*\\r\\n/g, "") });
  };
  real.addIceCandidate = () => Promise.resolve();
})()"""


class Sending(Protocol):
    """Whoever sends the counter and knows when."""

    errors: list[str]

    def behind_ms(self, seen: list[tuple[float, int]]) -> list[float]:
        """How long after its sending each frame was seen; [(ms since 1970, number), …]."""
        ...


class Studio:
    """The owner's studio, live, with camera and microphone in step."""

    def __init__(self, someone: Visitor, room_id: str, query: str, via: str) -> None:
        someone.context.add_init_script(path=CLAPPER)
        self.page = browse.open_studio(someone, room_id, query)
        self.page.locator("#go-live").click()
        browse.wait_for_state(self.page, "#studio", "live", 60)
        assert self.page.locator("#studio").get_attribute("data-via") == via
        self.errors = someone.problems
        self._zero_ms: float = self.page.evaluate("performance.timeOrigin")

    def behind_ms(self, seen: list[tuple[float, int]]) -> list[float]:
        delays = [(at - self._zero_ms - number * 1000 / FPS) % LOOP_MS for at, number in seen]
        return [each if each < LOOP_MS / 2 else each - LOOP_MS for each in delays]

    @property
    def longest_gap_secs(self) -> float:
        """Between two pictures of its own: a busy machine's page stands still at times."""
        return float(self.page.evaluate("__clapper.longestMs")) / 1000

    @property
    def late_beep_ms(self) -> float:
        """How much later its beeps came than they were to, lately: the worst of ten."""
        return float(self.page.evaluate("Math.max(0, ...__clapper.lateMs.slice(-10))"))


@contextlib.contextmanager
def studio(
    site: Site, room_id: str, browser: Browser, query: str, via: str = "webrtc", script: str = ""
) -> Iterator[Studio]:
    with browse.visitor(browser, site, "demo") as demo:
        if script:
            demo.context.add_init_script(script)
        yield Studio(demo, room_id, query, via)


@contextlib.contextmanager
def rtmp(site: Site, room_id: str, style: Style) -> Iterator[Sending]:
    with pushing(site.rtmp_url(site.stream_key(room_id)), style) as encoder:
        obs.wait_until_live(site, room_id, encoder)
        yield encoder


@contextlib.contextmanager
def by_whip(site: Site, room_id: str) -> Iterator[Sending]:
    with whip(f"{site.base_url}/whip/{room_id}", site.stream_key(room_id), SMALL) as sender:
        obs.wait_until_live(site, room_id)
        yield sender


@dataclass(frozen=True)
class Way:
    """How to begin to send, and what then runs between the worlds."""

    name: str
    begin: Callable[[Site, str, Browser], AbstractContextManager[Sending]]
    kind: str
    mode: str = "pass"


WAYS = (
    Way("studio H.264", lambda s, r, b: studio(s, r, b, "?codec=h264&simulcast=0"), "to_rtmp"),
    Way(
        "studio VP8",
        lambda s, r, b: studio(s, r, b, "?codec=vp8&simulcast=0"),
        "to_rtmp",
        "transcode",
    ),
    Way("RTMP", lambda s, r, b: rtmp(s, r, SMALL), "to_webrtc"),
    Way("RTMP B-frames", lambda s, r, b: rtmp(s, r, SMALL_B_FRAMES), "to_webrtc", "transcode"),
    Way("WHIP", lambda s, r, b: by_whip(s, r), "to_rtmp"),
    Way("WebSocket", lambda s, r, b: studio(s, r, b, "", "push", NO_UDP), "to_webrtc"),
)
