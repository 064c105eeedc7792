"""Several threads at once: one broadcast, one peak, nothing lost."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from live import actions
from live.errors import MicroVibeError
from live.models import Broadcast, Participant, Room
from tests.integration.live.make import make_live, make_room, make_user

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 6


def all_at_once(*calls: Callable[[], object]) -> list[object]:
    """What each returned, or its MicroVibeError; anything else fails the test."""
    barrier, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(index: int, call: Callable[[], object]) -> None:
        try:
            barrier.wait(10)
            results[index] = call()
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, MicroVibeError):
            raise result
    return results


@pytest.fixture
def room() -> Room:
    return make_room(make_user("mei"))


def fresh(room: Room) -> Room:
    return Room.objects.get(pk=room.pk)


def test_simultaneous_starts_open_one_broadcast(room):
    starts = [lambda: actions.do_start_broadcast(fresh(room)) for _ in range(THREADS // 2)]
    media = [lambda: actions.do_media_started(fresh(room)) for _ in range(THREADS // 2)]
    results = all_at_once(*starts, *media)
    assert not any(isinstance(result, Exception) for result in results)
    assert Broadcast.objects.count() == 1
    assert fresh(room).state == "live"


def test_start_and_ban_at_once_never_leave_a_banned_room_on_air(room):
    for _ in range(5):
        all_at_once(
            lambda: actions.do_start_broadcast(fresh(room)),
            lambda: actions.do_media_started(fresh(room)),
            lambda: actions.do_ban_room(fresh(room)),
        )
        assert fresh(room).state == "banned"
        assert not Broadcast.objects.filter(ended_at__isnull=True).exists()
        actions.do_unban_room(fresh(room))


def test_simultaneous_joins_all_count(room):
    make_live(room)
    joins = [
        lambda: actions.do_join_presence(room, None, "subscriber", "p1") for _ in range(THREADS)
    ]
    people = all_at_once(*joins)
    broadcast = Broadcast.objects.get()
    assert (broadcast.peak_viewers, broadcast.total_viewers) == (THREADS, THREADS)
    same = people[0].participant_id
    left = all_at_once(*[lambda: actions.do_leave_presence(same) for _ in range(3)])
    assert sorted(left) == [False, False, True]
    assert Participant.objects.filter(left_at__isnull=True).count() == THREADS - 1


def test_likes_are_not_lost(room):
    make_live(room)
    totals = all_at_once(*[lambda: actions.do_like(room, 2) for _ in range(THREADS)])
    assert sorted(totals) == [2 * n for n in range(1, THREADS + 1)]
    assert Broadcast.objects.get().likes == 2 * THREADS


def test_the_limit_of_rooms_holds(room, settings):
    settings.MAX_ROOMS_PER_USER = 3
    results = all_at_once(*[lambda: make_room(room.owner) for _ in range(THREADS)])
    assert Room.objects.count() == 3
    assert {r.code for r in results if isinstance(r, MicroVibeError)} == {"too_many_rooms"}
