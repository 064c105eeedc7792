"""A WHEP session: the programme's main picture and sound, for as long as the broadcast lasts."""

from __future__ import annotations

from typing import Final

from live.errors import MicroVibeError
from live.ids import new_session_id
from live.lifecycle import ON_AIR
from live.media import MediaService, Person
from live.media.muted import muted_guests
from live.media.rest import ANSWER_SECS, Waiter, open_by_rest
from live.media.session import MediaSession
from live.models import Room, StreamingMode, User, Via
from live.refusals import refusal
from live.views_of import user_payload
from live.whip.process import needed_process, wait
from live.whip.tracks import main_tracks, muted_sounds
from sfu_relay.events import PeerEvent, Role, Track, TracksChanged

MAX_OPEN: Final = 1_000  # players of one app process
SHOWN: Final = frozenset(state.value for state in ON_AIR)


class Player(Waiter):
    """Owner of a WHEP session: says what is to be shown whenever the room's tracks change."""

    def __init__(self, media: MediaService, owner_id: int, muted: frozenset[int]) -> None:
        super().__init__()
        self._media = media
        self._owner_id = owner_id
        self._muted = muted
        self._tracks: tuple[Track, ...] = ()

    def got_media_event(self, session: MediaSession, event: PeerEvent) -> None:
        if isinstance(event, TracksChanged):
            self._tracks = event.tracks
            self._choose(session)
        else:
            super().got_media_event(session, event)

    def got_muted(self, session: MediaSession, muted: frozenset[int]) -> None:
        if muted != self._muted:
            self._muted = muted
            self._choose(session)

    def _choose(self, session: MediaSession) -> None:
        tracks, muted = self._tracks, self._muted
        chosen = main_tracks(tracks, self._user_of, self._owner_id, muted)
        self._media.choose(session, chosen, muted_sounds(tracks, self._user_of, muted))

    def _user_of(self, session_id: str) -> int | None:
        return self._media.people.get(session_id).user_id


def open_player(room: Room, user: User | None, offer: str) -> tuple[str, str]:
    """The session's id and the answer. Raises MicroVibeError."""
    if room.streaming_mode == StreamingMode.RTMP:
        raise refusal("room_not_webrtc")
    if room.state not in SHOWN:
        raise refusal("not_live")
    process = needed_process()
    media = process.media
    playing = sum(session.via == Via.WHEP for session in list(media.sessions.values()))
    if playing >= MAX_OPEN:
        raise refusal("too_many_sessions")
    session_id = new_session_id()
    muted = muted_guests([room.room_id])[room.room_id]

    async def opened() -> str:
        return await open_by_rest(
            media,
            room_id=room.room_id,
            role=Role.SUBSCRIBER,
            person=Person(None, user.pk if user else None, user_payload(user)),
            session_id=session_id,
            sdp=offer,
            via=Via.WHEP.value,
            waiter=Player(media, room.owner_id, muted),
        )

    try:
        return session_id, wait(process, opened(), ANSWER_SECS + 6)
    except MicroVibeError as error:
        if error.code == "sfu_refused":
            raise refusal("sfu_unavailable") from None
        raise
