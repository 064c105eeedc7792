"""OBS alone in a hybrid room: a browser gets its picture by WebRTC, in step, at once, for long."""

from __future__ import annotations

import os
import signal
import statistics
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.harness import browse, obs
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.encoder import LOW_DELAY, OBS_DEFAULTS, Encoder
from tests.e2e.harness.site import Site, wait_for

pytestmark = [pytest.mark.media, pytest.mark.timeout(300)]


def job(site: Site, room_id: str) -> dict[str, Any]:
    columns = ("state", "reason", "mode", "pid", "session_id", "figures")
    selected = ", ".join(f"j.{each}" for each in columns)
    rows = site.rows(
        f"select {selected} from live_bridgejob j join live_room r on r.id = j.room_id "
        f"where r.room_id = '{room_id}' and j.kind = 'to_webrtc'"
    )
    return dict(zip(columns, rows[0], strict=True)) if rows else {}


def runs(site: Site, room_id: str) -> dict[str, Any]:
    return wait_for(
        "the bridge runs",
        lambda: found if (found := job(site, room_id)).get("state") == "running" else None,
        40,
    )


def told(what: str, page: Any, encoder: Encoder, found: dict[str, Any]) -> str:
    delays = encoder.behind_ms(browse.frames_seen(page, ms=3_000))
    return (
        f"{what}: delay in Chromium {statistics.median(delays):.0f} ms (goal < 500), "
        f"bridge {found['figures']}"
    )


def test_passed_on_with_sound_and_back_after_a_kill(
    site: Site, room_id: str, person: Callable[..., Visitor], show: Callable[[str], None]
) -> None:
    with obs.on_air(site, room_id, LOW_DELAY) as encoder:
        runs(site, room_id)
        page = browse.watch(person(), room_id)
        opened = page.evaluate("__probe.openedAt")
        browse.wait_for_rung(page, "webrtc")
        show(f"RTMP by WebRTC: first frame {browse.first_frame_ms(page) - opened:.0f} ms")
        browse.unmute(page)
        browse.wait_until_heard(page)
        wait_for("figures", lambda: (job(site, room_id)["figures"] or "").find('"fps": 3') > 0)
        show(told("passed on", page, encoder, job(site, room_id)))
        show(f"passed on: sound {browse.av_offset_ms(page):+.0f} ms (goal < 100)")
        assert browse.codecs(page, "inbound-rtp") == {"video/h264"}

        browse.keep_diary(page)
        os.kill(job(site, room_id)["pid"], signal.SIGKILL)
        wait_for("another child", lambda: job(site, room_id).get("state") != "running", 20)
        runs(site, room_id)
        browse.wait_for_rung(page, "webrtc")
        gap_ms = browse.longest_gap_ms(browse.diary(page))
        show(f"the bridge is killed: media back after {gap_ms / 1000:.1f} s (goal < 3)")
        assert page.evaluate("__probe.openedAt") == opened


def test_b_frames_are_transcoded(
    site: Site, room_id: str, person: Callable[..., Visitor], show: Callable[[str], None]
) -> None:
    with obs.on_air(site, room_id, OBS_DEFAULTS) as encoder:
        wait_for("a slot", lambda: job(site, room_id).get("mode") == "transcode", 40)
        runs(site, room_id)
        page = browse.watch(person(), room_id)
        browse.wait_for_rung(page, "webrtc")
        show(told("B-frames, transcoded", page, encoder, job(site, room_id)))
