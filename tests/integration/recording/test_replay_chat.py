"""What was said and given, in step with the video; views; what the room says of its replay."""

from __future__ import annotations

from datetime import timedelta

import pytest

from live import actions
from live.models import ChatMessage, GiftSent, Recording, RecordingState
from live.replays import latest_replay
from tests.integration.live.make import make_live
from tests.integration.recording.make import make_broadcast, make_recording


def say(room, user, broadcast, after_secs: float, text: str) -> ChatMessage:
    message = actions.do_send_chat(room, user, text)
    at = broadcast.started_at + timedelta(seconds=after_secs)
    ChatMessage.objects.filter(pk=message.pk).update(sent_at=at)
    return message


@pytest.fixture
def chatty(room, owner, stranger):
    """Ten seconds, twenty away, ten seconds; words before, in, between and after."""
    broadcast = make_broadcast(room, ended=False)
    for after, text in ((0.5, "early"), (3.25, "first"), (15, "gap"), (35, "second"), (99, "late")):
        say(room, stranger, broadcast, after, text)
    actions.do_delete_chat(say(room, stranger, broadcast, 4, "rude"), owner)
    gift = actions.do_send_gift(room, stranger, "rose", 2)
    GiftSent.objects.filter(pk=gift.pk).update(sent_at=broadcast.started_at + timedelta(seconds=5))
    actions.do_end_broadcast(room, "by_owner")
    actions.do_send_chat(room, stranger, "afterwards")
    return make_recording(room, broadcast, [(1.0, 10.0), (31.0, 10.0)])


def test_positions_across_pieces(guest, chatty):
    url = f"/api/v1/recordings/{chatty.recording_id}/chat"
    data = guest.get(url).json()["data"]
    assert [(item["text"], item["at_ms"]) for item in data["items"]] == [
        ("early", 0),
        ("first", 2_250),
        ("gap", 10_000),
        ("second", 14_000),
        ("late", 20_000),
    ]
    assert [(gift["gift"], gift["count"], gift["at_ms"]) for gift in data["gifts"]] == [
        ("rose", 2, 4_000)
    ]
    assert data["next"] is None


def test_pages(guest, chatty):
    url = f"/api/v1/recordings/{chatty.recording_id}/chat?limit=2"
    found, after = [], 0
    while after is not None:
        data = guest.get(f"{url}&after={after}").json()["data"]
        assert len(data["items"]) <= 2
        assert bool(data["gifts"]) is (after == 0)
        found += [item["text"] for item in data["items"]]
        after = data["next"]
    assert found == ["early", "first", "gap", "second", "late"]
    for wrong in ("after=-1", "limit=0", "limit=501", "after=x", f"after={10**30}"):
        assert guest.get(f"{url}&{wrong}").json()["code"] == "invalid"


def test_each_part_of_a_broadcast_has_its_own(guest, room, stranger):
    broadcast = make_broadcast(room, ended=False)
    for after, text in ((1, "a"), (15, "between"), (25, "b"), (99, "late")):
        say(room, stranger, broadcast, after, text)
    actions.do_end_broadcast(room, "by_owner")
    first = make_recording(room, broadcast, [(0.0, 10.0)])
    second = make_recording(room, broadcast, [(20.0, 10.0)])
    assert (first.number, second.number) == (1, 2)
    said = {}
    for recording in (first, second):
        data = guest.get(f"/api/v1/recordings/{recording.recording_id}/chat").json()["data"]
        said[recording.number] = [(item["text"], item["at_ms"]) for item in data["items"]]
    assert said == {
        1: [("a", 1_000), ("between", 10_000)],
        2: [("b", 5_000), ("late", 10_000)],
    }


def test_without_its_broadcast_by_time(guest, chatty):
    Recording.objects.update(broadcast=None)
    data = guest.get(f"/api/v1/recordings/{chatty.recording_id}/chat").json()["data"]
    assert "first" in [item["text"] for item in data["items"]]


def test_views_are_counted_once_an_hour(db, room):
    recording = make_recording(room)
    counted = [actions.do_count_view(recording, who) for who in ("a", "b", "a", "a", "b")]
    recording.refresh_from_db()
    assert (counted, recording.views) == ([True, True, False, False, False], 2)


def test_what_the_room_says_of_its_replay(db, room, staff):
    assert latest_replay(room) is None
    broadcast = make_broadcast(room, ended=False)
    at = broadcast.started_at
    recording = actions.do_note_piece(room, broadcast, f"{room.play_id}-1795276755.flv", at)
    room.refresh_from_db()
    assert latest_replay(room) is None  # on air
    actions.do_end_broadcast(room, "by_owner")
    room.refresh_from_db()
    shown = {"recording_id": recording.recording_id, "ready": False}
    assert latest_replay(room) == shown
    actions.do_claim_recording(recording)
    assert latest_replay(room) == shown
    Recording.objects.update(state=RecordingState.READY)
    assert latest_replay(room) == {**shown, "ready": True}
    recording.refresh_from_db()
    actions.do_update_recording(recording, visibility="private")
    assert latest_replay(room) is None
    actions.do_update_recording(recording, visibility="unlisted")
    Recording.objects.update(state=RecordingState.FAILED)
    assert latest_replay(room) is None
    Recording.objects.update(state=RecordingState.READY)
    make_live(room)
    actions.do_end_broadcast(room, "by_owner")
    room.refresh_from_db()
    assert latest_replay(room) is None  # the last one has none


def test_actions_may_be_repeated(db, room):
    broadcast = make_broadcast(room, ended=False)
    name, at = f"{room.play_id}-1795276755.flv", broadcast.started_at
    recording = actions.do_note_piece(room, broadcast, name, at)
    assert actions.do_note_piece(room, broadcast, name, at) is None
    assert actions.do_recording_failed(recording, "broken") is False
    assert actions.do_claim_recording(recording) is not None
    assert actions.do_claim_recording(recording) is not None  # after a crash
    assert actions.do_note_piece(room, broadcast, name, at) is None
    other = actions.do_note_piece(room, broadcast, f"{room.play_id}-1795276799.flv", at)
    assert other is not None
    assert (other.number, Recording.objects.count()) == (2, 2)
    assert actions.do_recording_failed(recording, "broken") is True
    assert actions.do_recording_failed(recording, "broken") is False
    assert actions.do_claim_recording(recording) is None
