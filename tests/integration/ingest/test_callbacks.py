"""What nginx is told when somebody wants to send: one table of refusals, all alike."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from ingest import callbacks
from ingest.admission import HOLD_SECS
from live import actions
from live.models import Broadcast, Ingest, Room
from tests.integration.live.make import make_live, make_room


def shown(answer) -> tuple[int, bytes, dict[str, str]]:
    return answer.status_code, answer.content, dict(answer.headers)


def test_the_right_key_is_renamed_to_the_play_id(room, key, call):
    answer = call("publish", key, 7)
    assert (answer.status_code, answer["Location"]) == (302, room.play_id)
    ingest = Ingest.objects.get()
    assert (ingest.client_id, ingest.address, ingest.has_media) == ("7", "192.0.2.7", False)
    assert ingest.encoder.startswith("FMLE/3.0 (compatible; FMSc")
    room.refresh_from_db()
    assert room.state == "starting"
    assert key not in repr(Ingest.objects.values())


def banned(room, settings):
    actions.do_ban_room(room)


def owner_banned(room, settings):
    actions.do_ban_user(room.owner)


def mode(room, settings):
    actions.do_update_room(room, streaming_mode="webrtc")


def just_ended(room, settings):
    actions.do_end_broadcast(make_live(room), "by_owner")


def full(room, settings):
    settings.RTMP_MAX_STREAMS = 0


def full_for_the_owner(room, settings):
    settings.RTMP_MAX_STREAMS_PER_USER = 1
    actions.do_ingest_accepted(make_room(room.owner, "another"), "99", "other")


def already_live(room, settings):
    settings.RTMP_TAKEOVER = "oldest"
    actions.do_ingest_accepted(room, "99", "hash")


REFUSED = {
    "banned": banned,
    "owner_banned": owner_banned,
    "mode_webrtc": mode,
    "just_ended": just_ended,
    "too_many_streams": full,
    "too_many_streams_of_owner": full_for_the_owner,
    "already_live": already_live,
}
TOLD = {"owner_banned": "banned", "too_many_streams_of_owner": "too_many_streams"}


@pytest.mark.parametrize("why", REFUSED)
def test_refused_alike_and_the_owner_is_told_why(room, key, call, settings, why):
    wrong = shown(call("publish", "no-such-key", 8))
    assert wrong[0] == 403
    REFUSED[why](room, settings)
    assert shown(call("publish", key, 8)) == wrong
    ingest = Ingest.objects.get(room=room)
    assert ingest.refused_why == TOLD.get(why, why)
    assert ingest.refused_at is not None
    assert ingest.client_id != "8"


def test_a_rotated_key_is_a_wrong_one(room, key, call):
    actions.do_rotate_key(room)
    assert shown(call("publish", key)) == shown(call("publish", "no-such-key"))
    assert not Ingest.objects.exists()


def test_some_time_after_the_end_the_key_is_good_again(room, key, call, settings):
    actions.do_end_broadcast(make_live(room), "by_owner")
    assert call("publish", key).status_code == 403
    long_ago = timezone.now() - timedelta(seconds=settings.RTMP_REFUSE_AFTER_END_SECS + 1)
    Room.objects.update(state_changed_at=long_ago)
    assert call("publish", key).status_code == 302
    assert Ingest.objects.get().refused_why == ""
    assert Broadcast.objects.filter(ended_at__isnull=True).count() == 1


NOT_NGINX = {
    "wrong secret": {"secret": "guess"},
    "no secret": {"secret": ""},
    "GET": {"method": "GET"},
    "PUT": {"method": "PUT"},
    "from outside": {"peer": "192.0.2.9"},
    "no address": {"peer": ""},
    "through a proxy": {"headers": {"X-Forwarded-For": "127.0.0.1"}},
    "through another": {"headers": {"Forwarded": "for=127.0.0.1"}},
    "no client id": {"client_id": ""},
    "a made-up client id": {"client_id": "1 or 1"},
    "too long": {"client_id": "1&x=" + "x" * 20_000},
    "too many fields": {"client_id": "1" + "&a=b" * 200},
}


@pytest.mark.parametrize("odd", NOT_NGINX)
@pytest.mark.parametrize("what", ["publish", "publish-done", "record-done"])
def test_only_nginx_is_heard(room, key, call, odd, what):
    assert call(what, key, **NOT_NGINX[odd]).status_code == 403
    assert not Ingest.objects.exists()


def test_without_a_secret_nobody_is_heard(room, key, call, settings):
    settings.INGEST_SECRET = ""
    assert call("publish", key, secret="").status_code == 403


def test_without_rtmp_nobody_is_heard(room, key, call, settings):
    settings.RTMP_ENABLED = False
    assert call("publish", key).status_code == 403


@pytest.mark.parametrize(
    "path", ["publish/", "", "publish/x", "publish-done/", "../ingest/publish", "nothing"]
)
def test_nothing_there_is_ever_a_redirect(client, db, path, settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["example.org"]
    for ask in (client.get, client.post):
        assert ask(f"/ingest/{path}", headers={"host": "127.0.0.1"}).status_code in (403, 404)


def test_https_and_host_rules_do_not_catch_nginx(room, key, call, settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["example.org"]
    assert call("publish", key)["Location"] == room.play_id
    assert call("publish", "wrong").status_code == 403
    assert call("publish-done", key).status_code == 204


def test_a_failure_is_no_redirect_and_tells_no_key(room, key, call, monkeypatch, caplog):
    def fail(*args):
        raise OperationalError(f"database is locked at {key}")

    monkeypatch.setattr(callbacks.access, "room_of_stream_key_hash", fail)
    with caplog.at_level(logging.DEBUG):
        answer = call("publish", key)
    assert answer.status_code == 500
    assert "OperationalError" in caplog.text
    assert key not in caplog.text


def test_the_first_value_counts(room, key, call, owner):
    other = make_room(owner, "victim")
    victim_key = callbacks.access.access_stream_key(owner, other.room_id)
    assert call("publish", f"wrong?name={key}").status_code == 403
    answer = call("publish", f"{key}?name={victim_key}&clientid=66&addr=10.0.0.1")
    assert answer["Location"] == room.play_id
    ingest = Ingest.objects.get()
    assert (ingest.client_id, ingest.address) == ("1", "192.0.2.7")


@pytest.mark.parametrize(
    "name", ["", "x" * 2_048, "../../etc", "a?b", "a&b=c", "\x00", "%00", "é", "\udcff", "play_0"]
)
def test_odd_names_are_wrong_keys(room, call, name):
    name = name.encode("utf-8", "replace").decode()
    assert call("publish", name).status_code == 403


def test_the_newest_takes_over(room, key, call):
    call("publish", key, 1)
    actions.do_ingest_media(room)
    assert call("publish", key, 2).status_code == 302
    assert call("publish-done", key, 1).status_code == 204  # late
    ingest = Ingest.objects.get()
    assert (ingest.client_id, ingest.is_connected) == ("2", True)
    room.refresh_from_db()
    assert room.state == "live"


def test_two_encoders_do_not_take_each_other_over_for_ever(room, key, call):
    """From two addresses; the same one is a reconnect."""
    call("publish", key, 1)
    assert call("publish", key, 2, address="192.0.2.8").status_code == 403
    ingest = Ingest.objects.get()
    assert (ingest.client_id, ingest.refused_why) == ("1", "already_live")
    assert call("publish", key, 3).status_code == 302
    Ingest.objects.update(accepted_at=timezone.now() - timedelta(seconds=HOLD_SECS))
    assert call("publish", key, 4, address="192.0.2.8").status_code == 302
    assert call("publish", key, 5).status_code == 403
    assert call("publish-done", key, 4).status_code == 204
    assert call("publish", key, 6, address="2001:db8::1").status_code == 302, "the other is gone"
    assert call("publish", key, 7, address="2001:db8::2").status_code == 302, "the same network"
    assert call("publish", key, 8, address="2001:db8:0:1::1").status_code == 403


def test_publish_done(room, key, call):
    call("publish", key, 1)
    actions.do_ingest_media(room)
    old_key, _ = key, actions.do_rotate_key(room)
    assert call("publish-done", "another", 1).status_code == 204
    assert Ingest.objects.get().is_connected
    assert call("publish-done", old_key, 1).status_code == 204
    assert not Ingest.objects.get().is_connected
    room.refresh_from_db()
    assert room.state == "interrupted"


def test_a_room_that_is_being_watched_is_told(room, key, call, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as told:
        call("publish", key)
    assert told
