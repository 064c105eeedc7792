"""OBS sends by RTMP: the watch page plays it by FLV and by HLS, and so do players outside."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.harness import browse, obs, stream_reader
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.encoder import LOW_DELAY, OBS_DEFAULTS, Encoder
from tests.e2e.harness.site import Site, wait_for

pytestmark = pytest.mark.media
# Goals are printed; what is asserted leaves room for a busy machine.
GOALS = {"flv": (1.0, 1.0), "hls": (4.0, 3.0)}  # behind, first frame; seconds
GENEROUS_BEHIND_MS = 15_000
AV_OFFSET_MS = 100
GENEROUS_AV_OFFSET_MS = 400  # a busy machine paints late

OnAir = tuple[str, Encoder]


@pytest.fixture(scope="module", params=[LOW_DELAY, OBS_DEFAULTS], ids=lambda style: style.name)
def on_air(site: Site, request: pytest.FixtureRequest) -> Iterator[OnAir]:
    """A room that is live by RTMP."""
    room_id = site.create_room(f"OBS: {request.param.name}")
    with obs.on_air(site, room_id, request.param) as encoder:
        yield room_id, encoder


@pytest.mark.parametrize("rung", ["flv", "hls"])
def test_the_watch_page_plays_it(
    site: Site,
    person: Callable[..., Visitor],
    on_air: OnAir,
    rung: str,
    show: Callable[[str], None],
):
    room_id, encoder = on_air
    obs.play_url(site, room_id, rung)  # there by now
    guest = person()
    opened = browse.now_ms()
    page = browse.watch(guest, room_id, f"?rung={rung}")
    first = browse.first_frame_ms(page) - opened
    browse.wait_for_rung(page, rung)
    browse.wait_for_state(page, "#player", "live")
    # A player that has just begun is still catching up.
    wait_for("the delay is steady", lambda: is_steady(page, encoder), 25)
    seen = browse.frames_seen(page, ms=2000)
    behind = encoder.behind_ms(seen)
    assert browse.is_advancing(seen)
    assert max(behind) < GENEROUS_BEHIND_MS + 1000 * encoder_gop_secs(encoder)
    browse.unmute(page)
    offset = browse.av_offset_ms(page, 4500)
    assert abs(offset) < GENEROUS_AV_OFFSET_MS
    assert guest.problems == []
    goal_behind, goal_first = GOALS[rung]
    goals = f"goals {goal_behind:g} and {goal_first:g}" if is_low_delay(encoder) else "no goal"
    show(
        f"{encoder.style.name} by {rung}: {statistics.median(behind) / 1000:.2f} s behind what is "
        f"sent (worst {max(behind) / 1000:.2f}); first frame {first / 1000:.2f} s after opening "
        f"the page ({goals}); heard {offset:+.0f} ms after it is seen"
    )


@pytest.mark.parametrize("rung", ["flv", "hls"])
def test_players_outside_read_it(site: Site, on_air: OnAir, rung: str, show: Callable[[str], None]):
    """ffprobe, and each picture and beep read by time stamp: complete, in order, in step."""
    room_id, encoder = on_air
    url = obs.play_url(site, room_id, rung)
    found = stream_reader.ffprobe(url)
    assert (found["video"]["codec_name"], found["video"]["width"]) == ("h264", 1280)
    assert found["audio"]["codec_name"] == "aac"
    heard = stream_reader.read(url, secs=4.0, within_secs=40)
    assert heard.unreadable == 0
    assert stream_reader.is_running_on(heard.numbers), heard.numbers
    assert abs(heard.av_offset_ms) < AV_OFFSET_MS
    show(
        f"{encoder.style.name} by {rung} outside: {len(heard.frames)} pictures without a gap, "
        f"sound {heard.av_offset_ms:+.0f} ms from its picture (goal within 100)"
    )


def test_the_dashboard_is_told_what_is_sent(site: Site, on_air: OnAir):
    room_id, encoder = on_air
    wanted = {"all_good"} if is_low_delay(encoder) else {"keyframes_far", "b_frames"}

    def look() -> bool:
        told = obs.ingest(site, room_id)
        # A keyframe that has not come yet is not counted in full.
        far = abs(told["figures"].get("keyframe_secs", 0) - encoder_gop_secs(encoder))
        return wanted <= {each["code"] for each in told["advice"]} and far < 0.3

    wait_for(f"advice {wanted}: {obs.ingest(site, room_id)}", look, 40, 0.5)
    figures = obs.ingest(site, room_id)["figures"]
    assert (figures["width"], figures["height"], figures["video_codec"]) == (1280, 720, "H264")
    assert 27 <= figures["measured_fps"] <= 33
    assert 1_000_000 < figures["video_bitrate"] < 4_000_000
    assert figures["b_frames"] is not is_low_delay(encoder)


def is_low_delay(encoder: Encoder) -> bool:
    return encoder.style is LOW_DELAY


def encoder_gop_secs(encoder: Encoder) -> float:
    return 1.0 if is_low_delay(encoder) else 250 / 30


def is_steady(page, encoder: Encoder) -> bool:
    """Two looks, a second apart, find the same delay."""
    seen = browse.frames_seen(page, ms=1500)
    if len(seen) < 6:
        return False
    behind = encoder.behind_ms(seen)
    half = len(behind) // 2
    return abs(statistics.median(behind[:half]) - statistics.median(behind[half:])) < 60
