"""A browser publishes from the studio page; three others see and hear it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.harness import browse
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.site import Site

pytestmark = pytest.mark.media
GENEROUS_LAG_MS = 3000  # the goal is 500; a busy machine is no failure


def listed(values: list[float]) -> str:
    return " ".join(f"{value:.0f}" for value in values)


@pytest.mark.parametrize("simulcast", [0, 1], ids=["single", "simulcast"])
@pytest.mark.parametrize("codec", ["h264", "vp8"])
def test_three_viewers_see_and_hear_the_studio(
    person: Callable[..., Visitor],
    room_id: str,
    show: Callable[[str], None],
    codec: str,
    simulcast: int,
):
    demo, guest = person("demo"), person()
    studio = browse.open_studio(demo, room_id, f"?codec={codec}&simulcast={simulcast}")
    waiting = browse.watch(guest, room_id)
    browse.wait_for_state(waiting, "#player", "waiting")
    clicked = browse.now_ms()
    browse.go_live(studio)
    waited_ms = browse.first_frame_ms(waiting) - clicked
    late = []
    late_ms = []
    for _ in range(2):
        viewer = person()  # a window of its own: Chromium hardly paints tabs in the background
        opened = browse.now_ms()
        page = browse.watch(viewer, room_id)
        late.append(page)
        late_ms.append(browse.first_frame_ms(page) - opened)
    viewers = [waiting, *late]
    for page in viewers:
        browse.wait_for_state(page, "#player", "live")
        assert page.locator("#player").get_attribute("data-rung") == "webrtc"
        browse.wait_until_advancing(page)
    assert browse.codecs(studio, "outbound-rtp") == {f"video/{codec}"}
    assert browse.codecs(late[0], "inbound-rtp") == {f"video/{codec}"}
    sent = browse.stats(studio, "outbound-rtp", "video")
    if simulcast:
        assert [s["rid"] for s in sorted(sent, key=lambda s: s["encodingIndex"])] == ["f", "h", "q"]
    else:
        assert len(sent) == 1

    lags = browse.lag_ms(studio, viewers)
    assert all(-100 < lag < GENEROUS_LAG_MS for lag in lags)
    levels = []
    for page in viewers:
        browse.unmute(page)
        levels.append(browse.wait_until_heard(page))
    show(
        f"{codec} simulcast={simulcast}: lag {listed(lags)} ms (goal < 500); first frame: "
        f"viewer who waited {waited_ms:.0f} ms after the click (goal < 1000), "
        f"late ones {listed(late_ms)} ms after opening the page; "
        f"sound level {min(levels):.2f}"
    )


def test_a_late_viewer_is_quick_after_its_join(
    person: Callable[..., Visitor], room_id: str, show: Callable[[str], None]
):
    """Without page load: from the `join` message to the first frame."""
    demo, guest = person("demo"), person()
    browse.go_live(browse.open_studio(demo, room_id))
    times = []
    for _ in range(3):
        page = browse.watch(guest, room_id)
        first = browse.first_frame_ms(page)
        joined = page.evaluate("__probe.sent.find(m => m.type === 'join').at")
        times.append(first - joined)
        page.close()
    assert max(times) < 5000
    show(f"late viewer: join to first frame {listed(times)} ms (goal < 300)")


def test_viewers_choose_a_layer(person: Callable[..., Visitor], room_id: str):
    demo, guest = person("demo"), person()
    browse.go_live(browse.open_studio(demo, room_id, "?codec=h264&simulcast=1"))
    page = browse.watch(guest, room_id)
    browse.wait_until_advancing(page)
    heights = []
    for wish in ("q", "f"):
        page.evaluate(
            """wish => {
              const socket = __probe.sockets.at(-1);
              const stream = __probe.tracks.findLast(t => t.kind === 'video');
              const payload = {stream_id: stream.stream_id, layer: wish};
              socket.send(JSON.stringify({type: 'layer', payload}));
            }""",
            wish,
        )
        height = {"q": 180, "f": 720}[wish]
        browse.wait_for(
            f"the picture is {height} lines high",
            lambda height=height: (
                page.locator(browse.MAIN).evaluate("v => v.videoHeight") == height
            ),
        )
        browse.wait_until_advancing(page)
        heights.append(height)
    assert heights == [180, 720]


def test_ending_the_show_is_told_to_viewers(
    person: Callable[..., Visitor], site: Site, room_id: str
):
    demo, guest = person("demo"), person()
    studio = browse.open_studio(demo, room_id)
    browse.go_live(studio)
    page = browse.watch(guest, room_id)
    browse.wait_until_advancing(page)
    browse.end_live(studio)
    browse.wait_for_state(studio, "#studio", "ended")
    browse.wait_for_state(page, "#player", "ended")
    room = site.room(room_id)
    assert (room["state"], room["ended_reason"]) == ("ended", "by_owner")


def test_going_live_twice(person: Callable[..., Visitor], room_id: str):
    demo, guest = person("demo"), person()
    studio = browse.open_studio(demo, room_id)
    browse.go_live(studio)
    browse.end_live(studio)
    browse.wait_for_state(studio, "#studio", "ended")
    page = browse.watch(guest, room_id)
    browse.wait_for_state(page, "#player", "ended")
    again = browse.open_studio(demo, room_id)
    browse.go_live(again)
    browse.wait_until_advancing(page)
    browse.wait_for_state(page, "#player", "live")
