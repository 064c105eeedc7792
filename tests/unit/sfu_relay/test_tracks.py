"""Offers and announcements merged into the tracks of a room."""

from __future__ import annotations

from sfu_relay.events import RoomId, SessionId, Track
from sfu_relay.guard import OfferedTrack
from sfu_relay.tracks import MAX_TRACKS_PER_SESSION, AnnouncedTrack, TrackDirectory

ROOM, OTHER = RoomId("room_1"), RoomId("room_2")
ALICE, BOB = SessionId("alice"), SessionId("bob")
CAMERA = OfferedTrack("v1", "cam", "video", ("q", "h", "f"))
SCREEN = OfferedTrack("v2", "scr", "video")


def directory() -> TrackDirectory:
    tracks = TrackDirectory()
    tracks.opened(ALICE, ROOM)
    tracks.opened(BOB, ROOM)
    return tracks


def test_announced_tracks_take_source_and_layers_from_the_offer() -> None:
    tracks = directory()
    assert not tracks.offered(ALICE, [CAMERA, SCREEN], {"scr": "screen"})
    assert tracks.of_room(ROOM) == ()
    assert tracks.announced(
        ALICE, [AnnouncedTrack("v1", "cam", "video"), AnnouncedTrack("v2", "scr", "video")]
    )
    assert tracks.of_room(ROOM) == (
        Track(ALICE, "v1", "cam", "video", "camera", ("q", "h", "f")),
        Track(ALICE, "v2", "scr", "video", "screen"),
    )


def test_layers_that_come_one_by_one_are_one_track() -> None:
    tracks = directory()
    for layer in ("f", "q", "h", "q"):
        tracks.announced(ALICE, [AnnouncedTrack("v1", "cam", "video", layer)])
    (track,) = tracks.of_room(ROOM)
    assert track.layers == ("q", "h", "f")


def test_the_same_news_by_many_streams_changes_nothing() -> None:
    tracks = directory()
    news = [AnnouncedTrack("v1", "cam", "video")]
    assert tracks.announced(ALICE, news)
    assert not tracks.announced(ALICE, news)


def test_strangers_of_the_node_are_ignored() -> None:
    tracks = directory()
    stranger = SessionId("stranger")
    assert not tracks.announced(stranger, [AnnouncedTrack("v1", "cam", "video")])
    assert not tracks.removed(stranger, ["v1"])
    assert not tracks.offered(stranger, [CAMERA], {})
    assert not tracks.assumed(stranger)
    assert not tracks.closed(stranger)
    assert tracks.room_of(stranger) is None
    assert tracks.of_room(ROOM) == tracks.of_room(OTHER) == ()


def test_publishers_stay_in_order_of_arrival() -> None:
    tracks = directory()
    tracks.announced(BOB, [AnnouncedTrack("b", "b", "audio")])
    tracks.announced(ALICE, [AnnouncedTrack("a", "a", "audio")])
    assert [track.session_id for track in tracks.of_room(ROOM)] == [ALICE, BOB]


def test_tracks_go_by_removal_by_a_new_offer_and_with_their_publisher() -> None:
    tracks = directory()
    tracks.offered(ALICE, [CAMERA, SCREEN], {})
    assert tracks.assumed(ALICE)
    assert len(tracks.of_room(ROOM)) == 2
    assert tracks.offered(ALICE, [CAMERA], {})
    assert [track.track_id for track in tracks.of_room(ROOM)] == ["v1"]
    assert tracks.removed(ALICE, ["v1"])
    assert not tracks.removed(ALICE, ["v1"])
    assert not tracks.closed(ALICE)
    tracks.announced(BOB, [AnnouncedTrack("b", "b", "audio")])
    assert tracks.closed(BOB)
    assert tracks.of_room(ROOM) == ()


def test_tracks_of_one_session_are_bounded() -> None:
    tracks = directory()
    tracks.announced(ALICE, [AnnouncedTrack(str(i), "s", "audio") for i in range(1000)])
    assert len(tracks.of_room(ROOM)) == MAX_TRACKS_PER_SESSION
