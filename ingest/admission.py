"""May somebody with the right key send now? Facts in, the reason for a refusal out. No I/O here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from live.lifecycle import EndReason, RoomState

BY_HAND = frozenset({EndReason.BY_OWNER.value, EndReason.BY_STAFF.value})
# Two encoders with one key, each of which comes back by itself 2 s after it was dropped, would take
# each other over for ever: whoever came last is left alone for a while. OBS tries again after 2, 3,
# 4.5 … s; by the sixth time somebody has read in the dashboard why.
HOLD_SECS: Final = 30.0


@dataclass(frozen=True)
class Rules:
    takeover: str  # "newest" or "oldest"
    max_streams: int
    max_streams_per_user: int
    refuse_after_end_secs: float


@dataclass(frozen=True)
class Asked:
    """What is known when an encoder asks. Streams are those of other rooms."""

    state: str
    mode: str
    owner_banned: bool
    ended_reason: str
    since_state_secs: float
    streams: int
    streams_of_owner: int
    another_sends: bool
    another_for_secs: float = 0.0  # since it was let in
    from_elsewhere: bool = False  # than the other one: a reconnect has its address
    page_secs: float | None = None  # since its person asked to send by WebSocket; None: an encoder
    is_owner: bool = True  # who asks: the owner, or whoever has the owner's key


def why_refused(asked: Asked, rules: Rules) -> str | None:
    """None: welcome. The code is for the owner alone; the encoder is never told."""
    if asked.owner_banned or asked.state == RoomState.BANNED:
        return "banned"
    if asked.mode == "webrtc":
        return "mode_webrtc"
    if (
        asked.state == RoomState.ENDED
        and asked.ended_reason in BY_HAND
        and asked.since_state_secs < rules.refuse_after_end_secs
    ):
        return "just_ended"  # OBS comes back by itself 2 s after it was dropped
    if asked.another_sends and (rules.takeover == "oldest" or _stays(asked)):
        return "already_live"
    if asked.streams >= rules.max_streams or asked.streams_of_owner >= rules.max_streams_per_user:
        return "too_many_streams"
    return None


def _stays(asked: Asked) -> bool:
    """Whoever sends already. A clock that was set back holds nothing up.

    A page is not held up, as a person pressed its button; but one that comes back by itself does
    not take over from what began after it, and guests of the room take over from nobody.
    """
    if asked.page_secs is not None:
        return not asked.is_owner or 0 <= asked.another_for_secs < asked.page_secs
    return asked.from_elsewhere and 0 <= asked.another_for_secs < HOLD_SECS
