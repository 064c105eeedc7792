"""A browser's broadcast over FLV and HLS, an encoder's over WebRTC: told, and got."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.harness import browse, obs
from tests.e2e.harness.browse import Visitor, is_advancing
from tests.e2e.harness.encoder import SMALL
from tests.e2e.harness.site import Site, wait_for
from tests.e2e.harness.stream_reader import read

pytestmark = [pytest.mark.media, pytest.mark.timeout(300)]


def available(site: Site, room_id: str, rung: str) -> bool:
    return bool(obs.rungs(site, room_id)[rung]["available"])


def ready(site: Site, room_id: str) -> bool:
    """One recording of the one broadcast."""
    _, answer = site.call("GET", f"/api/v1/live/{room_id}/recordings", token=site.token())
    found = answer["data"]["items"]
    assert len(found) <= 1
    return bool(found) and found[0]["state"] == "ready" and found[0]["duration_secs"] > 5


def stats(site: Site, room_id: str) -> dict[str, Any]:
    status, answer = site.call("GET", f"/api/v1/live/{room_id}/stats", token=site.token())
    assert status == 200, answer
    return dict(answer["data"])


def test_a_browsers_broadcast_in_players_elsewhere(
    site: Site, room_id: str, person: Callable[..., Visitor], show: Callable[[str], None]
) -> None:
    studio = browse.open_studio(person("demo"), room_id, "?codec=h264&simulcast=0")
    browse.go_live(studio)
    wait_for("FLV and HLS are offered", lambda: available(site, room_id, "hls"))
    rungs = obs.rungs(site, room_id)
    began = time.monotonic()
    status, url, playlist = obs.fetch(rungs["hls"]["url"])
    while status == 404 and time.monotonic() - began < 40:  # players ask again, too
        status, url, playlist = obs.fetch(rungs["hls"]["url"])
    assert status == 200, url
    assert b"#EXTINF" in playlist
    show(
        f"browser → HLS: the first request had its playlist after {time.monotonic() - began:.1f} s"
    )
    began = time.monotonic()
    heard = read(rungs["flv"]["url"], 3)
    # Not each number: a browser sends fewer frames when the machine is busy.
    assert len(heard.numbers) >= 10 and is_advancing([*heard.arrivals]), heard.numbers
    show(f"browser → FLV: three seconds of it within {time.monotonic() - began:.1f} s")
    wait_for("the player elsewhere is counted", lambda: stats(site, room_id)["viewers"] >= 1)
    by_way = stats(site, room_id)["viewers_by_protocol"]
    assert by_way["webrtc"] == 0
    browse.end_live(studio)
    wait_for("nothing stale plays", lambda: obs.status_of(rungs["hls"]["url"]) == 404)
    wait_for("its recording is ready", lambda: ready(site, room_id), 60, 0.5)


def test_an_encoders_broadcast_over_webrtc(
    site: Site, room_id: str, person: Callable[..., Visitor], show: Callable[[str], None]
) -> None:
    with obs.on_air(site, room_id, SMALL):
        page = browse.watch(person(), room_id)
        began = time.monotonic()
        browse.wait_for_rung(page, "webrtc")
        browse.wait_until_advancing(page)
        show(f"RTMP → WebRTC: on that rung {time.monotonic() - began:.1f} s after the page")
        told = obs.rungs(site, room_id)["webrtc"]
        assert (told["available"], told["reason"]) == (True, None)
        assert site.room(room_id)["publishing"] == ["rtmp"]
        advice = {each["code"] for each in obs.ingest(site, room_id)["advice"]}
        assert "webrtc_waits" not in advice
