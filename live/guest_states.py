"""The life of a guest as a pure state machine: standing × verb → standing. No I/O here.

invited → waiting → on_stage → left | removed; by a link one comes to waiting at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from live.errors import MicroVibeError


class GuestState(StrEnum):
    INVITED = "invited"  # from the chat
    WAITING = "waiting"  # in the green room
    ON_STAGE = "on_stage"
    LEFT = "left"
    REMOVED = "removed"


class GuestReason(StrEnum):
    """Why somebody is where they are, where it is not plain."""

    LEFT = "left"  # by themselves
    AWAY = "away"  # nothing was heard of them
    DECLINED = "declined"
    REMOVED = "removed"  # by the owner or staff
    BANNED = "banned"
    ENDED = "ended"  # back in the green room: the broadcast is over
    ALONE = "alone"  # back in the green room: nobody whose room it is was there any more


class GuestVerb(StrEnum):
    JOIN = "join"  # by a link
    INVITE = "invite"
    ASK = "ask"
    DECLINE = "decline"
    LEAVE = "leave"
    ADMIT = "admit"
    REMOVE = "remove"
    MUTE = "mute"
    UNMUTE = "unmute"
    AWAY = "away"
    BAN = "ban"
    CLEAR = "clear"  # the stage, as nobody whose room it is is there


BY_GUEST: Final = (GuestVerb.ASK, GuestVerb.DECLINE, GuestVerb.LEAVE)
BY_MANAGER: Final = (GuestVerb.ADMIT, GuestVerb.REMOVE, GuestVerb.MUTE, GuestVerb.UNMUTE)
# May know the room, also when it is private, and connect to it as a publisher.
PRESENT: Final = (GuestState.INVITED.value, GuestState.WAITING.value, GuestState.ON_STAGE.value)


@dataclass(frozen=True)
class Standing:
    state: GuestState = GuestState.LEFT
    reason: str = ""
    muted: bool = False


def decide(now: Standing, verb: GuestVerb) -> Standing:
    """What `verb` makes of it; the same for a repetition. Raises wrong_order, guest_removed."""
    here = now.state.value in PRESENT
    match verb, now.state:
        case GuestVerb.JOIN | GuestVerb.ASK, GuestState.REMOVED:
            raise MicroVibeError("guest_removed")
        case GuestVerb.JOIN, GuestState.INVITED | GuestState.LEFT:
            return Standing(GuestState.WAITING)
        case GuestVerb.ASK, GuestState.INVITED:
            return Standing(GuestState.WAITING)
        case GuestVerb.JOIN | GuestVerb.ASK, GuestState.WAITING | GuestState.ON_STAGE:
            return now
        case GuestVerb.INVITE, _:
            return now if here else Standing(GuestState.INVITED)
        case GuestVerb.DECLINE, GuestState.INVITED:
            return Standing(GuestState.LEFT, GuestReason.DECLINED)
        case GuestVerb.LEAVE, _:
            return Standing(GuestState.LEFT, GuestReason.LEFT) if here else now
        case GuestVerb.AWAY, _:
            return Standing(GuestState.LEFT, GuestReason.AWAY) if here else now
        case GuestVerb.ADMIT, GuestState.WAITING:
            return Standing(GuestState.ON_STAGE, muted=now.muted)
        case GuestVerb.ADMIT, GuestState.ON_STAGE:
            return now
        case GuestVerb.REMOVE, _:
            gone = now.state is GuestState.REMOVED
            return now if gone else Standing(GuestState.REMOVED, GuestReason.REMOVED)
        case GuestVerb.BAN, _:
            return Standing(GuestState.REMOVED, GuestReason.BANNED) if here else now
        case GuestVerb.MUTE | GuestVerb.UNMUTE, GuestState.WAITING | GuestState.ON_STAGE:
            return replace(now, muted=verb is GuestVerb.MUTE)
        case GuestVerb.CLEAR, _:
            on_stage = now.state is GuestState.ON_STAGE
            return Standing(GuestState.WAITING, GuestReason.ALONE) if on_stage else now
        case _:
            raise MicroVibeError("wrong_order")
