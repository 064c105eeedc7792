"""Restream targets over REST: who may, what is refused, that keys never come out again."""

from __future__ import annotations

import pytest
from django.utils import timezone

from live import actions
from live.models import BridgeJob, RestreamTarget
from live.restreams import BadServer, clean_server, full_url

pytestmark = pytest.mark.django_db
TWITCH = {"name": "Twitch", "url": "rtmps://live.example.net/app/", "key": "live_1?test=true"}


@pytest.fixture
def url(room) -> str:
    return f"/api/v1/live/{room.room_id}/restreams"


def add(client, where: str, **changes: object):
    return client.post(where, TWITCH | changes, format="json")


def test_added_changed_removed(as_owner, room, url):
    made = add(as_owner, url)
    assert made.status_code == 201, made.content
    shape = made.json()["data"]
    assert shape["url"] == "rtmps://live.example.net/app"
    assert (shape["state"], shape["has_key"], shape["enabled"]) == ("off", True, True)
    target = RestreamTarget.objects.get()
    assert full_url(target) == "rtmps://live.example.net/app/live_1?test=true"
    assert "live_1" not in target.ciphertext
    one = f"{url}/{shape['id']}"
    changed = as_owner.patch(one, {"enabled": False, "key": "live_2"}, format="json")
    assert changed.json()["data"]["enabled"] is False
    target.refresh_from_db()
    assert full_url(target).endswith("/live_2")
    listed = as_owner.get(url)
    assert listed.json()["data"]["limit"] == 3
    for answer in (made, changed, listed):
        assert b"live_1" not in answer.content
        assert b"live_2" not in answer.content
    assert as_owner.delete(one).status_code == 200
    assert as_owner.delete(one).json()["code"] == "restream_not_found"


def test_how_it_goes(as_owner, room, url):
    add(as_owner, url)
    target = RestreamTarget.objects.get()
    actions.do_media_started(room)
    assert as_owner.get(url).json()["data"]["items"][0]["state"] == "starting"
    job = BridgeJob.objects.create(
        key=f"restream:{room.room_id}:{target.pk}",
        room=room,
        kind="restream",
        target=target,
        state="waiting",
        reason="refused",
        run_id="run",
    )
    waiting = as_owner.get(url).json()["data"]["items"][0]
    assert (waiting["state"], waiting["reason"]) == ("waiting", "refused")
    assert "key" in waiting["detail"]
    job.state, job.reason, job.running_at = "running", "", timezone.now()
    job.figures = {"kbps": 2650}
    job.save()
    live = as_owner.get(url).json()["data"]["items"][0]
    assert (live["state"], live["reason"], live["kbps"]) == ("live", None, 2650)
    as_owner.patch(f"{url}/{target.pk}", {"key": "live_3"}, format="json")
    job.refresh_from_db()
    assert job.run_id == "", "it begins anew with the new key"


def test_who_may(guest, as_stranger, as_staff, as_owner, room, url):
    target = add(as_owner, url).json()["data"]["id"]
    one = f"{url}/{target}"
    assert guest.get(url).json()["code"] == "unauthenticated"
    assert as_stranger.get(url).json()["code"] == "forbidden"
    assert add(as_stranger, url).json()["code"] == "forbidden"
    assert as_stranger.delete(one).json()["code"] == "forbidden"
    assert as_staff.get(url).status_code == 200
    assert add(as_staff, url).json()["code"] == "forbidden"
    assert as_staff.patch(one, {"key": "x"}, format="json").json()["code"] == "forbidden"
    assert as_staff.patch(one, {"enabled": False}, format="json").status_code == 200


def test_limits(as_owner, url, settings):
    for number in range(3):
        assert add(as_owner, url, name=str(number)).status_code == 201
    refused = add(as_owner, url)
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_restreams")


@pytest.mark.parametrize(
    "bad",
    [
        {"url": "http://live.example.net/app"},
        {"url": "rtmp://live.example.net"},
        {"url": "rtmp://user:pw@live.example.net/app"},
        {"url": "rtmp://127.0.0.1/live"},
        {"url": "rtmp://[::1]/live"},
        {"url": "rtmp://localhost:1935/live"},
        {"url": "rtmp://10.0.0.1/live"},
        {"url": "rtmp://live.example.net:99999/app"},
        {"url": "rtmp://[/app"},
        {"url": "rtmp://live.example.net/app?x=1"},
        {"url": "rtmp://live.example.net/a b"},
        {"key": ""},
        {"key": "a b"},
        {"key": "ключ"},
        {"name": ""},
    ],
)
def test_what_is_refused(as_owner, url, bad):
    answer = add(as_owner, url, **bad)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert list(answer.json()["data"]["fields"]) == list(bad)
    assert not RestreamTarget.objects.exists()


def test_private_servers_where_allowed(settings):
    settings.RESTREAM_ALLOW_PRIVATE = True
    assert clean_server(" rtmp://127.0.0.1:1999/live/ ") == "rtmp://127.0.0.1:1999/live"
    settings.RESTREAM_ALLOW_PRIVATE = False
    with pytest.raises(BadServer):
        clean_server("rtmp://127.0.0.1:1999/live")


def test_a_key_goes_to_no_other_server_than_it_was_given_for(as_owner, url):
    """Else a stolen token would be enough to have it sent to a server of the thief's."""
    one = f"{url}/{add(as_owner, url).json()['data']['id']}"
    there = {"url": "rtmp://thief.example/app"}
    refused = as_owner.patch(one, there, format="json")
    assert refused.status_code == 400
    assert list(refused.json()["data"]["fields"]) == ["key"]
    assert as_owner.patch(one, {**there, "key": "another"}, format="json").status_code == 200
    assert as_owner.patch(one, there, format="json").status_code == 200  # as it is
