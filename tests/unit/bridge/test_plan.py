"""Rooms × demand × what children say → jobs: the table of docs/bridge.md, line by line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.plan import held_of, plan
from bridge.plan_terms import Demand, Heard, Held, Job, Limits, Plan, RoomNow, Shown
from bridge.wishes import LINGER_SECS

OWNER = 1
OBS = Shown(OWNER)
BROWSER = Shown(OWNER, "sess_owner", (("cam", "camera"),))
WITH_SCREEN = replace(BROWSER, streams=(("cam", "camera"), ("scr", "screen")))
GUEST = Shown(2, "sess_guest", (("g", "camera"),))
NOBODY = Demand()
FLV = Demand(flv=1)
ROOM = RoomNow("room_a", "play_a")
LIMITS = Limits()


def room(*programme: Shown, demand: Demand = NOBODY, **other: object) -> RoomNow:
    return replace(ROOM, programme=programme, demand=demand, **other)  # type: ignore[arg-type]


def keys(made: Plan) -> list[str]:
    return [job.key for job in made.jobs]


def only(made: Plan, kind: str) -> Job:
    (job,) = (job for job in made.jobs if job.kind == kind)
    return job


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        (room(), []),
        (room(demand=FLV), []),  # nobody sends
        (room(OBS), ["to_webrtc"]),
        (room(OBS, demand=FLV), ["to_webrtc"]),  # nginx's own push feeds `out`
        (room(BROWSER), []),  # nobody wants FLV or HLS
        (room(BROWSER, demand=FLV), ["to_rtmp"]),
        (room(BROWSER, demand=Demand(hls=1)), ["to_rtmp"]),
        (room(BROWSER, demand=Demand(waits=True)), ["to_rtmp"]),
        (room(BROWSER, demand=Demand(record=True)), ["to_rtmp"]),
        (room(OBS, GUEST, demand=FLV), ["to_rtmp", "to_webrtc"]),
        (room(OBS, mode="rtmp"), []),
        (room(BROWSER, demand=FLV, mode="webrtc"), []),
        (room(OBS, targets=(7,)), ["restream:7", "to_webrtc"]),
        (room(OBS, targets=(7,), mode="rtmp"), ["restream:7"]),
        (room(BROWSER, targets=(7, 8)), ["restream:7", "restream:8", "to_rtmp"]),
        (room(BROWSER, targets=(7,), mode="webrtc"), []),
    ],
)
def test_what_should_run(now: RoomNow, wanted: list[str]) -> None:
    assert sorted(key.replace(":room_a", "") for key in keys(plan([now], {}, LIMITS, 0))) == wanted


@pytest.mark.parametrize(
    "limits",
    [
        Limits(to_webrtc=False, to_rtmp=False),
        Limits(sfu=False),
        Limits(rtmp=False),
    ],
)
def test_switched_off(limits: Limits) -> None:
    rooms = [room(OBS), replace(room(BROWSER, demand=FLV), room_id="room_b")]
    assert plan(rooms, {}, limits, 0).jobs == ()


def test_a_bridge_for_players_goes_on_for_a_while() -> None:
    held = held_of(plan([room(BROWSER, demand=FLV)], {}, LIMITS, 100), {})
    for now, there in ((101, True), (115, True), (115.1, False)):
        assert bool(plan([room(BROWSER)], held, LIMITS, now).jobs) is there
    back = plan([room(BROWSER, demand=FLV)], held, LIMITS, 114)
    assert back.jobs[0].since == 100 and back.jobs[0].wished_at == 114


def test_it_outlives_a_reload_of_the_studio_but_not_an_encoder_that_takes_over() -> None:
    held = held_of(plan([room(BROWSER, demand=FLV)], {}, LIMITS, 0), {})
    assert keys(plan([room(demand=FLV)], held, LIMITS, 1)) == ["to_rtmp:room_a"]
    assert keys(plan([room(OBS, demand=FLV)], held, LIMITS, 1)) == ["to_webrtc:room_a"]


def test_an_encoder_that_reconnects_finds_its_bridge_but_a_browser_replaces_it() -> None:
    held = held_of(plan([room(OBS)], {}, LIMITS, 0), {})
    assert keys(plan([room()], held, LIMITS, LINGER_SECS)) == ["to_webrtc:room_a"]
    assert keys(plan([room(GUEST)], held, LIMITS, 1)) == ["to_webrtc:room_a"]
    assert keys(plan([room()], held, LIMITS, LINGER_SECS + 1)) == []
    assert keys(plan([room(BROWSER)], held, LIMITS, 1)) == []


def says(made: Plan, key: str, heard: Heard, before: dict[str, Held] | None = None) -> dict:
    held = held_of(made, before or {})
    return held | {key: replace(held[key], heard=heard)}


def test_a_child_that_needs_transcoding_gets_a_slot_and_keeps_it() -> None:
    rooms = [room(OBS)]
    first = plan(rooms, {}, LIMITS, 0)
    assert only(first, "to_webrtc").mode == "pass" and not first.jobs[0].has_slot
    asks = says(first, "to_webrtc:room_a", Heard("waiting", "b_frames", "transcode"))
    second = plan(rooms, asks, LIMITS, 1)
    assert second.jobs[0].mode == "transcode" and second.jobs[0].has_slot
    runs = says(second, "to_webrtc:room_a", Heard("running", "", "transcode"), asks)
    assert plan(rooms, runs, LIMITS, 2).jobs == tuple(
        replace(job, wished_at=2) for job in second.jobs
    )
    # It crashed, and is not started yet: what it needed is still known.
    gone = {"to_webrtc:room_a": replace(runs["to_webrtc:room_a"], heard=None, mode="transcode")}
    assert plan(rooms, gone, LIMITS, 3).jobs[0].mode == "transcode"
    # OBS came back without B-frames.
    fine = says(second, "to_webrtc:room_a", Heard("running"), asks)
    third = plan(rooms, fine, LIMITS, 4).jobs[0]
    assert third.mode == "pass" and third.has_slot


def test_slots_go_to_the_oldest_and_are_not_taken_back() -> None:
    a, b = room(OBS), replace(room(OBS), room_id="room_b", play_id="play_b")
    held = {
        "to_webrtc:room_a": Held(5, 5, heard=Heard("waiting", "b_frames", "transcode")),
        "to_webrtc:room_b": Held(9, 9, heard=Heard("waiting", "codec", "transcode")),
    }
    first = plan([b, a], held, LIMITS, 10)
    assert [(job.room_id, job.mode, job.reason) for job in first.jobs] == [
        ("room_a", "transcode", ""),
        ("room_b", "pass", "no_slot"),
    ]
    assert all(job.may_run for job in first.jobs)  # it says so when it no longer needs one
    # Were b the holder, a would wait although it is older.
    held["to_webrtc:room_b"] = replace(held["to_webrtc:room_b"], has_slot=True)
    assert [job.has_slot for job in plan([a, b], held, LIMITS, 11).jobs] == [False, True]
    # a ends: b is next.
    held["to_webrtc:room_b"] = replace(held["to_webrtc:room_b"], has_slot=False)
    assert plan([b], held, LIMITS, 12).jobs[0].mode == "transcode"


@pytest.mark.parametrize("programme", [(BROWSER, GUEST), (WITH_SCREEN,)])
def test_several_pictures_are_mixed_or_the_first_is_shown(programme: tuple[Shown, ...]) -> None:
    rooms = [room(*programme, demand=FLV)]
    mixed = only(plan(rooms, {}, LIMITS, 0), "to_rtmp")
    assert (mixed.mode, mixed.has_slot, mixed.tiles) == ("mix", True, programme)
    alone = only(plan(rooms, {}, replace(LIMITS, max_transcodes=0), 0), "to_rtmp")
    assert (alone.mode, alone.may_run, alone.reason) == ("pass", True, "no_slot")


def test_sound_alone_is_mixed_without_a_slot() -> None:
    none = replace(LIMITS, max_transcodes=0)
    job = only(plan([room(BROWSER, GUEST, demand=FLV, audio_only=True)], {}, none, 0), "to_rtmp")
    assert (job.mode, job.has_slot, job.reason) == ("mix", False, "")


def test_an_encoder_among_browsers_is_mixed_once_it_is_in_the_sfu() -> None:
    rooms = [room(OBS, GUEST, demand=FLV)]
    first = plan(rooms, {}, LIMITS, 0)
    waits = only(first, "to_rtmp")
    assert (waits.may_run, waits.reason) == (False, "bridge_starting")
    held = says(first, "to_webrtc:room_a", Heard("running", session_id="sess_bridge"))
    mixed = only(plan(rooms, held, LIMITS, 1), "to_rtmp")
    assert mixed.may_run and mixed.mode == "mix"
    assert [tile.session_id for tile in mixed.tiles] == ["sess_bridge", "sess_guest"]
    # Its bridge breaks: the others go on.
    held = held_of(plan(rooms, held, LIMITS, 1), held)
    held["to_webrtc:room_a"] = replace(held["to_webrtc:room_a"], heard=None)
    alone = only(plan(rooms, held, LIMITS, 2), "to_rtmp")
    assert alone.mode == "mix" and [tile.session_id for tile in alone.tiles] == ["sess_guest"]


def test_without_a_slot_an_encoder_among_browsers_is_shown_by_nginx() -> None:
    none = replace(LIMITS, max_transcodes=0)
    job = only(plan([room(OBS, GUEST, demand=FLV)], {}, none, 0), "to_rtmp")
    assert (job.may_run, job.reason) == (False, "no_slot")


def test_what_broke_waits() -> None:
    held = {"to_webrtc:room_a": Held(0, 0, not_before=5.0, broke="crashed")}
    waits = plan([room(OBS)], held, LIMITS, 4.9).jobs[0]
    assert (waits.may_run, waits.reason) == (False, "crashed")
    assert plan([room(OBS)], held, LIMITS, 5).jobs[0].may_run


def test_no_more_jobs_than_allowed() -> None:
    rooms = [replace(room(OBS), room_id=f"room_{n}") for n in range(4)]
    held = {f"to_webrtc:room_{n}": Held(float(-n), 0.0) for n in range(4)}
    made = plan(rooms, held, replace(LIMITS, max_jobs=2), 1)
    assert [(job.room_id, job.may_run) for job in made.jobs] == [
        ("room_3", True),
        ("room_2", True),
        ("room_1", False),
        ("room_0", False),
    ]
    assert {job.reason for job in made.jobs if not job.may_run} == {"too_many_jobs"}


def test_who_is_in_the_way_is_dropped() -> None:
    rooms = [room(BROWSER, demand=FLV)]
    held = says(plan(rooms, {}, LIMITS, 0), "to_rtmp:room_a", Heard("waiting", "taken"))
    assert plan(rooms, held, LIMITS, 1).drop_out == ("play_a",)
    assert plan([room(OBS, demand=FLV)], held, LIMITS, 1).drop_out == ()


def test_qualities_need_a_player_and_a_slot() -> None:
    limits = replace(LIMITS, ladder=True)
    assert plan([room(OBS, demand=FLV)], {}, replace(limits, to_webrtc=False), 0).jobs == ()
    rooms = [room(OBS, demand=Demand(hls=2))]
    job = only(plan(rooms, {}, limits, 0), "ladder")
    assert (job.mode, job.may_run) == ("transcode", True)
    job = only(plan(rooms, {}, replace(limits, max_transcodes=0), 0), "ladder")
    assert (job.may_run, job.reason) == (False, "no_slot")
    held = held_of(plan(rooms, {}, limits, 0), {})
    assert only(plan([room(OBS)], held, limits, 15), "ladder").mode == "transcode"
    assert keys(plan([room(OBS)], held, limits, 16)) == ["to_webrtc:room_a"]


def test_qualities_leave_their_slot_to_what_nobody_sees_without() -> None:
    limits = replace(LIMITS, ladder=True, max_transcodes=1)
    watched = [room(BROWSER, demand=Demand(hls=1))]
    made = plan(watched, {}, limits, 0)
    assert only(made, "ladder").has_slot
    held = says(made, "to_rtmp:room_a", Heard("starting", needs="transcode"))
    after = plan(watched, held, limits, 1)
    assert (only(after, "to_rtmp").mode, only(after, "to_rtmp").may_run) == ("transcode", True)
    assert (only(after, "ladder").may_run, only(after, "ladder").reason) == (False, "no_slot")
    held = says(after, "to_rtmp:room_a", Heard("running"))  # H.264 now
    assert only(plan(watched, held_of(after, held) | held, limits, 2), "to_rtmp").has_slot
    assert only(plan([room(OBS, demand=Demand(hls=1))], held, limits, 3), "ladder").has_slot


def test_a_ladder_of_sound_needs_no_slot() -> None:
    limits = Limits(ladder=True, ladder_transcodes=False, max_transcodes=0)
    job = only(plan([room(OBS, demand=Demand(hls=1))], {}, limits, 0), "ladder")
    assert (job.mode, job.may_run, job.has_slot) == ("pass", True, False)


def test_sound_alone_has_one_quality() -> None:
    limits = replace(LIMITS, ladder=True)
    now = room(OBS, demand=Demand(hls=1), audio_only=True)
    assert keys(plan([now], {}, limits, 0)) == ["to_webrtc:room_a"]


def test_a_target_whose_key_nobody_can_read_waits() -> None:
    job = only(plan([room(OBS, targets=(7,), sealed=frozenset({7}))], {}, LIMITS, 0), "restream")
    assert (job.may_run, job.reason) == (False, "key_unreadable")


def test_many_rooms_of_one_owner_keep_nobody_else_out():
    """Even if they were there first, and all with other platforms."""
    many = [
        replace(room(OBS, targets=(n * 10, n * 10 + 1, n * 10 + 2)), room_id=f"room_{n}", owner=1)
        for n in range(20)
    ]
    held = {
        job.key: Held(0.0, 100.0, heard=Heard("running"))
        for job in plan(many, {}, LIMITS, 0.0).jobs
    }
    late = replace(room(BROWSER, demand=FLV), room_id="room_late", owner=2)
    made = plan([*many, late], held, LIMITS, 100.0)
    running = [job for job in made.jobs if job.may_run]
    assert len(running) == LIMITS.max_jobs
    assert only(made, "to_rtmp").may_run
    # And of their own jobs viewers come before other platforms.
    assert all(job.may_run for job in made.jobs if job.kind == "to_webrtc")


def test_nothing_is_passed_on_of_a_room_that_is_on_the_air_by_a_button_alone():
    made = plan([room(targets=(1, 2, 3))], {}, LIMITS, 100.0)
    assert keys(made) == []
    made = plan([room(OBS, targets=(1,))], {}, LIMITS, 100.0)
    held = held_of(made, {})
    assert "restream:room_a:1" in keys(plan([room(targets=(1,))], held, LIMITS, 100.0))


def test_a_key_that_nobody_can_read_takes_no_place():
    sealed = replace(room(OBS, targets=(1, 2), sealed=frozenset({1, 2})), mode="rtmp")
    good = replace(room(OBS, targets=(3,)), room_id="room_b", mode="rtmp")
    made = plan([sealed, good], {}, replace(LIMITS, max_jobs=1), 100.0)
    assert [job.target for job in made.jobs if job.may_run] == [3]


def test_slots_that_become_free_go_by_turns_of_owners():
    def mixed(n: int, owner: int) -> RoomNow:
        return replace(
            room(BROWSER, GUEST, demand=FLV), room_id=f"room_{n}", play_id=f"play_{n}", owner=owner
        )

    rooms = [mixed(1, 1), mixed(2, 1), mixed(3, 1), mixed(4, 2)]
    made = plan(rooms, {}, replace(LIMITS, max_transcodes=2), 100.0)
    assert {job.room_id for job in made.jobs if job.has_slot} == {"room_1", "room_4"}
