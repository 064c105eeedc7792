"""What nginx has × what the row says: one table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.reconcile import (
    Adopt,
    DropPublisher,
    Effect,
    Lost,
    MediaSeen,
    Row,
    all_lost,
    marks,
    reconcile,
)
from ingest.stat import Client, Stream
from live.lifecycle import RoomState
from tests.effort import few

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
LONG_AGO, JUST_NOW = NOW - timedelta(minutes=1), NOW - timedelta(seconds=1)
TOMORROW = NOW + timedelta(days=1)
P = "play_a"
MEDIA, ADOPT, LOST = MediaSeen(P, "7"), Adopt(P, "7", "192.0.2.1", "OBS"), Lost(P, "7")

IDLE = Row(P, "idle", key_hash_now="k")
STARTING = Row(P, "starting", key_hash_now="k", client_id="7", key_hash="k", accepted_at=LONG_AGO)
LIVE = replace(STARTING, state="live", media_at=LONG_AGO)
FRESH = {"accepted_at": JUST_NOW, "media_at": None}


def drop(why: str) -> list[Effect]:
    return [DropPublisher(P, why)]


def stream(client_id: str = "7", active: bool = True) -> Stream:
    publisher = Client(client_id, "192.0.2.1", "OBS", publishing=True)
    return Stream(P, active=active, clients=(Client("3", "127.0.0.1:1936/out"), publisher))


SENT = [
    # what is known, row, what to do while 7 sends
    ("nobody knows it", None, drop("unknown")),
    ("first media", STARTING, [MEDIA]),
    ("live", LIVE, []),
    ("first media beside a browser", replace(LIVE, media_at=None), [MEDIA]),
    ("media is back", replace(LIVE, state="interrupted"), [MEDIA]),
    ("never accepted, as far as we know", IDLE, [ADOPT]),
    ("said to be lost", replace(LIVE, state="interrupted", lost_at=LONG_AGO), [ADOPT]),
    ("lost in this moment", replace(LIVE, state="interrupted", lost_at=JUST_NOW), []),
    ("another was accepted, and refused by nginx", replace(LIVE, client_id="8"), [ADOPT]),
    ("another takes over in this moment", replace(LIVE, client_id="8", **FRESH), []),
    ("ended by its owner", replace(LIVE, state="ended", ended_reason="by_owner"), drop("ended")),
    ("ended by staff", replace(LIVE, state="ended", ended_reason="by_staff"), drop("ended")),
    ("time was up", replace(LIVE, state="ended", ended_reason="publisher_left"), [ADOPT]),
    ("never started, but does now", replace(STARTING, state="ended"), [ADOPT]),
    ("banned", replace(LIVE, state="banned"), drop("banned")),
    ("owner banned", replace(LIVE, state="ended", owner_banned=True), drop("banned")),
    ("browsers only", replace(LIVE, mode="webrtc"), drop("mode_webrtc")),
    ("key rotated", replace(LIVE, key_hash_now="new"), drop("key_rotated")),
    (
        "key rotated, another comes with the new one",
        replace(LIVE, client_id="8", key_hash="new", key_hash_now="new", **FRESH),
        [],
    ),
]


@pytest.mark.parametrize(("row", "effects"), [c[1:] for c in SENT], ids=[c[0] for c in SENT])
def test_somebody_sends(row: Row | None, effects: list[Effect]):
    rows = {} if row is None else {P: row}
    assert reconcile({P: stream()}, rows, NOW) == effects


SILENT = [
    ("live", LIVE, [LOST]),
    ("starting", STARTING, [LOST]),
    ("lost for it", replace(LIVE, state="interrupted", lost_at=LONG_AGO), []),
    ("a silent stranger", IDLE, []),
    ("time was up", replace(LIVE, state="ended", ended_reason="publisher_left"), [LOST]),
    ("banned", replace(LIVE, state="banned"), drop("banned")),
    ("key rotated", replace(LIVE, key_hash_now="new"), drop("key_rotated")),
    ("key rotated since", replace(LIVE, lost_at=LONG_AGO, key_hash_now="new"), drop("key_rotated")),
    ("another takes over", replace(LIVE, client_id="8", **FRESH), []),
]


@pytest.mark.parametrize(("row", "effects"), [c[1:] for c in SILENT], ids=[c[0] for c in SILENT])
def test_somebody_is_there_and_sends_nothing(row: Row, effects: list[Effect]):
    assert reconcile({P: stream()}, {P: row}, NOW, silent={P}) == effects


def test_silence_forgives_no_rotated_key():
    """Taken for lost, and when it sends again the key is another: it is not adopted with it."""
    row = replace(LIVE, state="interrupted", lost_at=LONG_AGO, key_hash_now="new")
    assert reconcile({P: stream()}, {P: row}, NOW) == drop("key_rotated")


@pytest.mark.parametrize("row", [STARTING, replace(STARTING, state="ended"), LIVE])
def test_connected_without_a_frame_is_no_news(row: Row):
    assert reconcile({P: stream(active=False)}, {P: row}, NOW) == []


NOT_SENT = [
    ("live", LIVE, [LOST]),
    ("accepted long ago", STARTING, [LOST]),
    ("accepted just now", replace(STARTING, accepted_at=JUST_NOW), []),
    ("accepted before the clock was set back", replace(STARTING, accepted_at=TOMORROW), [LOST]),
    ("lost already", replace(LIVE, lost_at=LONG_AGO), []),
    ("never there", IDLE, []),
    ("ended while it was sent", replace(LIVE, state="ended", ended_reason="by_owner"), [LOST]),
]


@pytest.mark.parametrize(
    ("row", "effects"), [c[1:] for c in NOT_SENT], ids=[c[0] for c in NOT_SENT]
)
def test_nobody_sends(row: Row, effects: list[Effect]):
    assert reconcile({}, {P: row}, NOW) == effects
    assert all_lost([row], NOW) == effects


def test_marks():
    private = replace(LIVE, play_id="play_b", is_public=False, private_epoch=3)
    others = [
        replace(LIVE, play_id="play_c", state="interrupted"),
        replace(LIVE, play_id="play_d", lost_at=JUST_NOW),  # a browser's broadcast goes on
        replace(STARTING, play_id="play_e"),
        replace(LIVE, play_id="play_f", state="ended"),
        replace(LIVE, play_id="play_g", state="banned"),
    ]
    found = marks([LIVE, private, *others])
    assert found.air == {P, "play_b"}
    assert found.open == {P}
    assert found.private == {"play_b", "play_b.3"}


def test_a_browsers_broadcast_has_marks_where_a_bridge_may_feed_it():
    page = replace(LIVE, client_id="", sends_webrtc=True)
    assert marks([page]).air == {P}
    assert marks([replace(page, is_public=False, private_epoch=3)]).private == {P, f"{P}.3"}
    assert marks([replace(page, sends_webrtc=False)]).air == set()
    assert marks([replace(page, state="interrupted")]).air == set()
    assert marks([replace(LIVE, lost_at=JUST_NOW, sends_webrtc=True)]).air == {P}


def test_a_takeover_leaves_the_mark():
    assert marks([replace(LIVE, client_id="8", **FRESH)]).air == {P}


AT = st.sampled_from([None, LONG_AGO, JUST_NOW])
ROWS = st.builds(
    Row,
    play_id=st.just(P),
    state=st.sampled_from([state.value for state in RoomState]),
    mode=st.sampled_from(["hybrid", "rtmp", "webrtc"]),
    ended_reason=st.sampled_from(["", "by_owner", "publisher_left"]),
    owner_banned=st.booleans(),
    key_hash_now=st.sampled_from(["k", "new"]),
    client_id=st.sampled_from(["", "7", "8"]),
    key_hash=st.just("k"),
    accepted_at=AT,
    media_at=AT,
    lost_at=AT,
)


@few
@given(ROWS, st.booleans(), st.booleans())
def test_one_thing_at_a_time(row: Row, sent: bool, active: bool):
    publishers = {P: stream(active=active)} if sent else {}
    effects = reconcile(publishers, {P: row}, NOW)
    assert len(effects) <= 1
    if row.state == "banned" or row.owner_banned:
        assert not any(isinstance(effect, MediaSeen | Adopt) for effect in effects)
        assert marks([replace(row, state="banned")]).air == set()
