"""Downloading the profile for OBS: for the owner alone, and never from a cache."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.test import Client

from live import access, actions
from live.models import Room
from tests.integration.live.make import make_room


def url_of(room: Room) -> str:
    return f"/rooms/{room.room_id}/obs-profile"


@pytest.fixture
def as_owner(room: Room) -> Client:
    client = Client()
    client.force_login(room.owner)
    return client


def test_the_owner_downloads_it(as_owner, room, settings):
    answer = as_owner.post(url_of(room), {"preset": "1080p30"})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"].startswith('attachment; filename="MicroVibe-1080p30-')
    assert "no-store" in answer["Cache-Control"]
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    (name,) = [each for each in archive.namelist() if each.endswith("service.json")]
    service = json.loads(archive.read(name))["settings"]
    key = access.access_stream_key(room.owner, room.room_id)
    assert (service["server"], service["key"]) == (settings.RTMP_SERVER, key)
    assert room.room_id not in name


def test_720p30_unless_something_else_is_chosen(as_owner, room):
    assert "720p30" in as_owner.post(url_of(room))["Content-Disposition"]
    answer = as_owner.post(url_of(room), {"preset": "../../x"})
    assert answer.status_code in (400, 409)
    assert "Content-Disposition" not in answer


def test_a_room_for_the_browser_has_none(as_owner, room):
    browser_only = make_room(room.owner, streaming_mode="webrtc")
    answer = as_owner.post(url_of(browser_only))
    assert (answer.status_code, answer["Location"]) == (302, "/dashboard")


def test_nobody_else_gets_it(room, stranger, staff):
    for person, status in ((stranger, 403), (staff, 403), (None, 302)):
        client = Client()
        if person is not None:
            client.force_login(person)
        answer = client.post(url_of(room))
        assert answer.status_code == status, person
        assert "zip" not in answer["Content-Type"]
    actions.do_update_room(room, visibility="private")
    client = Client()
    client.force_login(stranger)
    assert client.post(url_of(room)).status_code == 404


def test_only_by_a_form_of_ours(as_owner, room):
    assert as_owner.get(url_of(room)).status_code == 405
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(room.owner)
    assert careful.post(url_of(room)).status_code == 403
