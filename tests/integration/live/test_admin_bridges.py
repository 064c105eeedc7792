"""What staff sees of bridges, and starts anew."""

from __future__ import annotations

import pytest
from django.utils import timezone

from live import actions, parts
from live.actions.bridges import BridgeNow
from live.models import BridgeJob, Part, Room
from tests.integration.live.test_admin import admin, messages_on, run

__all__ = ["admin"]


@pytest.fixture
def bridge(room: Room) -> BridgeJob:
    now = BridgeNow(
        key=f"to_webrtc:{room.room_id}",
        room_id=room.room_id,
        kind="to_webrtc",
        mode="pass",
        state="waiting",
        reason="no_slot",
        since=timezone.now(),
        run_id="abc",
        pid=4711,
        figures={"kbps": 2100},
    )
    assert actions.do_set_bridges([now]) == 1
    assert actions.do_set_bridges([now]) == 0  # no news
    return BridgeJob.objects.get()


def test_what_runs_and_why_it_waits(admin, bridge):
    page = admin.get("/admin/live/bridgejob/").content.decode()
    assert "RTMP to WebRTC" in page and "BRIDGE_MAX_TRANSCODES" in page and "4711" in page
    page = admin.get(f"/admin/live/bridgejob/{bridge.pk}/change/").content.decode()
    assert "kbps: 2100" in page


def test_staff_starts_one_anew(admin, bridge):
    page = run(admin, "bridgejob", "start_anew", bridge)
    assert messages_on(page) == [("success", "Bridge restarted: 1.")]
    bridge.refresh_from_db()
    assert (bridge.run_id, bridge.pid) == ("", None)


def test_bridges_that_do_not_start_are_told(admin, db, settings):
    settings.RTMP_ENABLED = True
    Part.objects.create(name="bridge", ok=False, detail="no such file")
    parts.forget_parts()
    page = admin.get("/admin/live/part/").content.decode()
    assert "Bridges can&#x27;t be started" in page and "no such file" in page


def test_a_row_goes_with_its_room_and_its_job(bridge, room):
    assert actions.do_set_bridges([], [bridge.key]) == 1
    assert not BridgeJob.objects.exists()
    assert actions.do_set_bridges([], [bridge.key]) == 0
