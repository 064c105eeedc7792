"""What staff sees of RTMP: who sends, what, the parts, and a banner while one is down."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from live import actions, parts
from live.api.examples import FIGURES
from live.models import Ingest, Part, Room, StreamKey, User
from tests.integration.live.make import make_room
from tests.integration.live.test_admin import admin, messages_on, run

__all__ = ["admin"]


@pytest.fixture(autouse=True)
def installed(settings, db):
    settings.RTMP_ENABLED = True
    for name in ("rtmp", "flv", "disk", "worker"):
        Part.objects.create(name=name, ok=True)


def find(name: str, ok: bool, **fields) -> None:
    Part.objects.update_or_create(name=name, defaults={"ok": ok, **fields})
    parts.forget_parts()


@pytest.fixture
def sending(room: Room) -> Ingest:
    key = StreamKey.objects.get(room=room)
    actions.do_ingest_accepted(room, "7", key.lookup_hash, "192.0.2.7", "FMLE/3.0")
    actions.do_ingest_media(room, FIGURES)
    Ingest.objects.update(advice=[{"code": "keyframes_far", "values": {"secs": 8.3}}])
    return Ingest.objects.get()


def page_of(admin: Client, url: str) -> str:
    response = admin.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


def test_who_sends_what(admin, owner, sending):
    make_room(owner, "Silent")
    page = page_of(admin, "/admin/live/ingest/?sends=yes&q=mei")
    for words in ("FMLE/3.0", "192.0.2.7", "1280×720 30/s H264", "2560", "Sends"):
        assert words in page, words
    assert admin.get("/admin/live/ingest/?sends=no").context["cl"].result_list.count() == 0
    page = page_of(admin, f"/admin/live/ingest/{sending.pk}/change/")
    assert "keyframe_secs: 8.3" in page
    assert "Keyframes are 8.3 s apart." in page
    key = StreamKey.objects.get(room=sending.room)
    assert key.lookup_hash not in page
    assert actions.do_rotate_key(sending.room) not in page


def test_a_room_shows_who_sends(admin, owner, room, sending):
    make_room(owner, "Silent")
    page = page_of(admin, "/admin/live/room/")
    assert re.findall(r'mv-(?:idle|connected|joining)">(Nobody|Sends|Connected)<', page) in (
        ["Nobody", "Sends"],
        ["Sends", "Nobody"],
    )
    assert "Sends" in page_of(admin, f"/admin/live/room/{room.pk}/change/")


def test_ending_the_broadcast_of_who_sends(admin, sending):
    page = run(admin, "ingest", "end_broadcast", sending)
    assert messages_on(page)[0][0] == "success"
    assert (Room.objects.get().state, Room.objects.get().ended_reason) == ("ended", "by_staff")
    assert messages_on(run(admin, "ingest", "end_broadcast", sending))[0][0] == "error"


def test_only_to_look_at(admin, staff, sending):
    for url in ("ingest/add/", "part/add/", f"ingest/{sending.pk}/delete/", "part/rtmp/change/"):
        assert admin.post(f"/admin/live/{url}").status_code in (403, 302), url
    assert Ingest.objects.count() == 1
    User.objects.filter(pk=staff.pk).update(is_superuser=False)
    helper = Client()
    helper.force_login(staff)
    assert helper.get("/admin/live/ingest/").status_code == 403


def test_parts_are_told_in_words(admin):
    assert page_of(admin, "/admin/live/part/").count("Works.") == 4
    find("rtmp", False, detail="connection refused")
    find("worker", True, seen_at=timezone.now() - timedelta(seconds=20))
    page = page_of(admin, "/admin/live/part/")
    assert "publish from the browser" in page
    assert "The worker is not running" in page


def test_a_banner_while_a_part_is_down(admin, settings):
    assert "messagelist" not in page_of(admin, "/admin/")
    find("rtmp", False, detail="connection refused")
    find("disk", False, detail="1.2 GB free")
    page = page_of(admin, "/admin/")
    assert "RTMP is down: publish from the browser." in page
    assert "connection refused" in page
    assert "nothing is recorded" in page
    Part.objects.all().delete()
    parts.forget_parts()
    assert "The worker is not running" in page_of(admin, "/admin/")
    settings.RTMP_ENABLED = False
    assert "messagelist" not in page_of(admin, "/admin/")
