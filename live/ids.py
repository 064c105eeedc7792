"""Public ids: random, lower-case, without look-alike letters; nothing can be guessed from one."""

from __future__ import annotations

import secrets
from typing import NewType

RoomId = NewType("RoomId", str)
PlayId = NewType("PlayId", str)
ParticipantId = NewType("ParticipantId", str)
SessionId = NewType("SessionId", str)
RecordingId = NewType("RecordingId", str)

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base32: 5 bits a letter


def _random(letters: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(letters))


def new_room_id() -> RoomId:
    return RoomId(f"room_{_random(12)}")


def new_play_id() -> PlayId:
    return PlayId(f"play_{_random(16)}")


def new_participant_id() -> ParticipantId:
    return ParticipantId(f"part_{_random(16)}")


def new_session_id() -> SessionId:
    return SessionId(f"sess_{_random(16)}")


def new_recording_id() -> RecordingId:
    return RecordingId(f"rec_{_random(16)}")
