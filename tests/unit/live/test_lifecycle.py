"""The life of a room: every state × event, and that no order of events breaks its promises."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from live.lifecycle import (
    ON_AIR,
    Banned,
    CloseBroadcast,
    EndAsked,
    EndReason,
    Event,
    GraceExpired,
    LifecycleError,
    MarkLive,
    MediaStarted,
    OpenBroadcast,
    PublisherBack,
    PublisherLost,
    RoomState,
    StartAsked,
    Unbanned,
    decide,
)
from tests.effort import few

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
GRACE = 20.0
SOON = NOW + timedelta(seconds=GRACE)
IDLE, STARTING, LIVE, INTERRUPTED, ENDED, BANNED = RoomState
STAY: tuple[()] = ()
OWNER = EndAsked(EndReason.BY_OWNER)

MOVES = [
    # state, event, next state, effects
    (IDLE, StartAsked(), STARTING, (OpenBroadcast(),)),
    (ENDED, StartAsked(), STARTING, (OpenBroadcast(),)),
    (IDLE, MediaStarted(), LIVE, (OpenBroadcast(), MarkLive())),
    (ENDED, MediaStarted(), LIVE, (OpenBroadcast(), MarkLive())),
    (STARTING, MediaStarted(), LIVE, (MarkLive(),)),
    (INTERRUPTED, MediaStarted(), LIVE, STAY),
    (INTERRUPTED, PublisherBack(), LIVE, STAY),
    (LIVE, PublisherLost(NOW), INTERRUPTED, STAY),
    (INTERRUPTED, GraceExpired(NOW), ENDED, (CloseBroadcast(EndReason.PUBLISHER_LEFT),)),
    (INTERRUPTED, GraceExpired(None), ENDED, (CloseBroadcast(EndReason.PUBLISHER_LEFT),)),
    (STARTING, GraceExpired(NOW), ENDED, (CloseBroadcast(EndReason.NEVER_STARTED),)),
    (STARTING, OWNER, ENDED, (CloseBroadcast(EndReason.BY_OWNER),)),
    (LIVE, OWNER, ENDED, (CloseBroadcast(EndReason.BY_OWNER),)),
    (INTERRUPTED, EndAsked(EndReason.BY_STAFF), ENDED, (CloseBroadcast(EndReason.BY_STAFF),)),
    (IDLE, Banned(), BANNED, STAY),
    (ENDED, Banned(), BANNED, STAY),
    (STARTING, Banned(), BANNED, (CloseBroadcast(EndReason.BANNED),)),
    (LIVE, Banned(), BANNED, (CloseBroadcast(EndReason.BANNED),)),
    (INTERRUPTED, Banned(), BANNED, (CloseBroadcast(EndReason.BANNED),)),
    (BANNED, Unbanned(), IDLE, STAY),
]
REFUSED = [
    (BANNED, StartAsked(), "banned"),
    (BANNED, MediaStarted(), "banned"),
    (IDLE, OWNER, "not_live"),
    (ENDED, OWNER, "not_live"),
    (BANNED, OWNER, "not_live"),
]
EVENTS: list[Event] = [
    StartAsked(),
    MediaStarted(),
    PublisherLost(NOW),
    PublisherBack(),
    GraceExpired(NOW),
    OWNER,
    Banned(),
    Unbanned(),
]


@pytest.mark.parametrize(("state", "event", "after", "effects"), MOVES)
def test_moves(state, event, after, effects):
    decision = decide(state, event, NOW, GRACE)
    assert (decision.state, decision.effects, decision.changed) == (after, effects, True)


@pytest.mark.parametrize(("state", "event", "code"), REFUSED)
def test_refusals(state, event, code):
    with pytest.raises(LifecycleError) as refused:
        decide(state, event, NOW, GRACE)
    assert refused.value.code == code


def test_all_else_changes_nothing():
    named = {(state, type(event)) for state, event, *_ in [*MOVES, *REFUSED]}
    rest = [(s, e) for s in RoomState for e in EVENTS if (s, type(e)) not in named]
    assert len(rest) == len(RoomState) * len(EVENTS) - len(named)
    for state, event in rest:
        decision = decide(state, event, NOW, GRACE)
        assert (decision.state, decision.effects, decision.changed) == (state, STAY, False)


def test_grace_times():
    assert decide(LIVE, PublisherLost(NOW), NOW, GRACE).grace_until == SOON
    assert decide(IDLE, StartAsked(), NOW, GRACE).grace_until == SOON
    assert decide(INTERRUPTED, PublisherBack(), NOW, GRACE).grace_until is None
    early = decide(INTERRUPTED, GraceExpired(SOON), NOW, GRACE)
    assert (early.state, early.grace_until, early.changed) == (INTERRUPTED, SOON, False)


class RoomLife(RuleBasedStateMachine):
    """Whatever happens in whatever order: one open broadcast exactly while on air."""

    def __init__(self) -> None:
        super().__init__()
        self.state, self.grace_until, self.now = RoomState.IDLE, None, NOW
        self.open_broadcasts = self.opened = self.closed = 0

    def feed(self, event: Event) -> None:
        try:
            decision = decide(self.state, event, self.now, GRACE)
        except LifecycleError:
            return
        if not decision.changed:
            assert decision.state is self.state
            assert not decision.effects
            return
        self.state, self.grace_until = decision.state, decision.grace_until
        for effect in decision.effects:
            match effect:
                case OpenBroadcast():
                    self.open_broadcasts += 1
                    self.opened += 1
                case CloseBroadcast():
                    self.open_broadcasts -= 1
                    self.closed += 1
                case MarkLive():
                    assert self.open_broadcasts == 1

    @rule(event=st.sampled_from([StartAsked(), MediaStarted(), PublisherBack(), OWNER, Unbanned()]))
    def something(self, event: Event) -> None:
        self.feed(event)

    @rule()
    def lost(self) -> None:
        self.feed(PublisherLost(self.now))

    @rule(secs=st.floats(0, 60))
    def time_passes(self, secs: float) -> None:
        self.now += timedelta(seconds=secs)
        waiting, until = self.state in (STARTING, INTERRUPTED), self.grace_until
        self.feed(GraceExpired(until))
        if waiting:  # it ends when its time is up, not before
            assert (self.state is ENDED) == (self.now >= until)

    @precondition(lambda self: self.state is not BANNED)
    @rule()
    def ban(self) -> None:
        self.feed(Banned())
        assert self.state is BANNED

    @invariant()
    def one_open_broadcast_exactly_while_on_air(self) -> None:
        assert self.open_broadcasts == (1 if self.state in ON_AIR else 0)
        assert self.opened - self.closed == self.open_broadcasts

    @invariant()
    def only_waiting_states_have_a_time_limit(self) -> None:
        assert (self.grace_until is not None) == (self.state in (STARTING, INTERRUPTED))


TestRoomLife = RoomLife.TestCase
TestRoomLife.settings = few  # an example is up to 50 events
