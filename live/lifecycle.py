"""The life of a room as a pure state machine: state × event → next state and effects. No I/O here.

idle → starting → live ⇄ interrupted → ended (→ starting or live again); banned from any.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from live.errors import MicroVibeError


class RoomState(StrEnum):
    IDLE = "idle"
    STARTING = "starting"
    LIVE = "live"
    INTERRUPTED = "interrupted"
    ENDED = "ended"
    BANNED = "banned"


class EndReason(StrEnum):
    BY_OWNER = "by_owner"
    BY_STAFF = "by_staff"
    PUBLISHER_LEFT = "publisher_left"
    NEVER_STARTED = "never_started"
    BANNED = "banned"


ON_AIR = frozenset({RoomState.STARTING, RoomState.LIVE, RoomState.INTERRUPTED})


class LifecycleError(MicroVibeError):
    """This can't happen to a room in that state. Codes: not_live, banned."""


# --- Events -------------------------------------------------------------------------------------
@dataclass(frozen=True)
class StartAsked:
    pass


@dataclass(frozen=True)
class MediaStarted:
    """The first packet arrived (again)."""


@dataclass(frozen=True)
class PublisherLost:
    at: datetime


@dataclass(frozen=True)
class PublisherBack:
    pass


@dataclass(frozen=True)
class GraceExpired:
    """Somebody believes that the room's time is up; `until` is what the room itself says."""

    until: datetime | None


@dataclass(frozen=True)
class EndAsked:
    by: EndReason


@dataclass(frozen=True)
class Banned:
    pass


@dataclass(frozen=True)
class Unbanned:
    pass


Event = (
    StartAsked
    | MediaStarted
    | PublisherLost
    | PublisherBack
    | GraceExpired
    | EndAsked
    | Banned
    | Unbanned
)


# --- Effects ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class OpenBroadcast:
    pass


@dataclass(frozen=True)
class MarkLive:
    pass


@dataclass(frozen=True)
class CloseBroadcast:
    reason: EndReason


Effect = OpenBroadcast | MarkLive | CloseBroadcast


@dataclass(frozen=True)
class Decision:
    """`changed` false: the event is a repetition or no longer matters; write and tell nothing."""

    state: RoomState
    grace_until: datetime | None = None
    effects: tuple[Effect, ...] = ()
    changed: bool = True


def decide(state: RoomState, event: Event, now: datetime, grace_secs: float) -> Decision:
    """grace_secs: how long a lost publisher, or for StartAsked a first packet, is waited for."""
    match event, state:
        case (StartAsked() | MediaStarted(), RoomState.BANNED):
            raise LifecycleError("banned")
        case StartAsked(), RoomState.IDLE | RoomState.ENDED:
            first_packet_until = now + timedelta(seconds=grace_secs)
            return Decision(RoomState.STARTING, first_packet_until, (OpenBroadcast(),))
        case MediaStarted(), RoomState.IDLE | RoomState.ENDED:
            return Decision(RoomState.LIVE, None, (OpenBroadcast(), MarkLive()))
        case MediaStarted(), RoomState.STARTING:
            return Decision(RoomState.LIVE, None, (MarkLive(),))
        case (MediaStarted() | PublisherBack(), RoomState.INTERRUPTED):
            return Decision(RoomState.LIVE)
        case PublisherLost(at), RoomState.LIVE:
            return Decision(RoomState.INTERRUPTED, at + timedelta(seconds=grace_secs))
        case GraceExpired(until), RoomState.INTERRUPTED | RoomState.STARTING:
            if until is not None and until > now:
                return Decision(state, until, changed=False)
            left = state is RoomState.INTERRUPTED
            reason = EndReason.PUBLISHER_LEFT if left else EndReason.NEVER_STARTED
            return Decision(RoomState.ENDED, None, (CloseBroadcast(reason),))
        case EndAsked(by), _:
            if state not in ON_AIR:
                raise LifecycleError("not_live")
            return Decision(RoomState.ENDED, None, (CloseBroadcast(by),))
        case Banned(), RoomState.IDLE | RoomState.ENDED:
            return Decision(RoomState.BANNED)
        case Banned(), RoomState.STARTING | RoomState.LIVE | RoomState.INTERRUPTED:
            return Decision(RoomState.BANNED, None, (CloseBroadcast(EndReason.BANNED),))
        case Unbanned(), RoomState.BANNED:
            return Decision(RoomState.IDLE)
        case _:
            return Decision(state, changed=False)
