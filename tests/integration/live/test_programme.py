"""The programme of a room, from its rows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from live.actions import do_close_session, do_ingest_accepted, do_ingest_lost, do_ingest_media
from live.models import Guest, GuestState, Ingest, Role, Room, SessionState, SfuSession, User, Via
from live.program import Source
from live.programme_of import programme_of, programmes_of
from tests.integration.live.make import make_room, make_user

pytestmark = pytest.mark.django_db


def session(room: Room, user: User | None, via: str = Via.BROWSER, ago: float = 0) -> SfuSession:
    return SfuSession.objects.create(
        room=room,
        user=user,
        role=Role.PUBLISHER,
        via=via,
        state=SessionState.CONNECTED,
        started_at=timezone.now() - timedelta(seconds=ago),
    )


def obs(room: Room) -> None:
    do_ingest_accepted(room, "7", "hash")
    do_ingest_media(room)


def shown(room: Room) -> list[tuple[int, str]]:
    return [(source.person, source.session_id) for source in programme_of(room)]


def test_nobody_sends(room: Room) -> None:
    assert programme_of(room) == ()
    do_ingest_accepted(room, "7", "hash")  # connected, no media yet
    assert programme_of(room) == ()


def test_the_owner_by_both_is_shown_once_by_what_began_last(room: Room, owner: User) -> None:
    browser = session(room, owner, ago=5)
    obs(room)
    assert shown(room) == [(owner.pk, "")]
    newer = session(room, owner)
    assert shown(room) == [(owner.pk, newer.session_id)]
    do_close_session(newer.session_id, "left")
    assert shown(room) == [(owner.pk, "")]
    do_ingest_lost(room)
    assert shown(room) == [(owner.pk, browser.session_id)]


def test_whoever_sends_by_websocket_is_its_sender(room: Room, owner: User) -> None:
    obs(room)
    sender = make_user("kim")
    Ingest.objects.update(sender=sender)
    assert shown(room) == [(sender.pk, "")]


def test_guests_come_after_the_owner_and_a_bridge_is_nobody(room: Room, owner: User) -> None:
    guest = make_user("kim")
    Guest.objects.create(room=room, user=guest, state=GuestState.ON_STAGE, muted=True)
    theirs = session(room, guest, ago=9)
    session(room, owner, via=Via.BRIDGE)
    obs(room)
    assert shown(room) == [(owner.pk, ""), (guest.pk, theirs.session_id)]
    found = programme_of(room)
    assert [source.muted for source in found] == [False, True]
    assert isinstance(found[0], Source) and found[0].by_rtmp


def test_many_rooms_in_three_queries(
    room: Room, owner: User, django_assert_num_queries: object
) -> None:
    other = make_room(make_user("other"))
    whip = session(other, None, via=Via.WHIP)
    obs(room)
    with django_assert_num_queries(3):  # type: ignore[operator]
        found = programmes_of([room, other])
    assert [source.person for source in found[room.pk]] == [owner.pk]
    assert found[other.pk][0].session_id == whip.session_id
    assert found[other.pk][0].person == other.owner_id
