"""The only permissioned look-ups: what a person (None: a guest) may see, publish in or manage.

Each raises MicroVibeError: unauthenticated, banned, forbidden, room_not_found, session_not_found.
A room or session that the person may not know of is answered like one that does not exist.
"""

from __future__ import annotations

import re
from typing import TypedDict

from django.contrib.auth.models import AnonymousUser
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Concat

from live.guest_states import PRESENT
from live.lifecycle import ON_AIR, RoomState
from live.models import (
    BY_PEOPLE,
    SENDING,
    BridgeJob,
    BridgeKind,
    BridgeState,
    Broadcast,
    ChatMessage,
    Guest,
    Ingest,
    Participant,
    Role,
    Room,
    SessionState,
    SfuSession,
    StreamKey,
    User,
    Via,
    Visibility,
)
from live.models.presence import OPEN_SESSION
from live.refusals import refusal
from live.replays import last_recordings
from live.secrets import Unreadable, hash_key, open_sealed

Person = User | AnonymousUser | None  # all but a User are guests
PUBLIC_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)  # anything else no database need be asked about
CONNECTED = Q(lost_at__isnull=True) & ~Q(client_id="")  # Ingest.is_connected
ON_AIR_STATES = tuple(sorted(state.value for state in ON_AIR))
OUTSIDE_VIEWERS = Case(  # in a query over rooms
    When(
        state__in=ON_AIR_STATES,
        ingest__isnull=False,
        then=F("ingest__flv_viewers") + F("ingest__hls_viewers"),
    ),
    default=0,
)
PLAYS_BY_WHEP = Q(
    via=Via.WHEP, role=Role.SUBSCRIBER, state=SessionState.CONNECTED, ended_at__isnull=True
)
WHEP_PLAYERS = Coalesce(  # in a query over rooms
    Subquery(
        SfuSession.objects.filter(PLAYS_BY_WHEP, room=OuterRef("pk"))
        .order_by()
        .values("room")
        .annotate(players=Count("pk"))
        .values("players")
    ),
    0,
)
SHOWN_AS_LIVE = (RoomState.LIVE.value, RoomState.INTERRUPTED.value)


class Counts(TypedDict):
    viewers: int
    peak: int


def access_signed_in(user: Person) -> User:
    if not isinstance(user, User) or not user.is_active:
        raise refusal("unauthenticated")
    if user.is_banned:
        raise refusal("banned")
    return user


def access_room_to_watch(user: Person, room_id: str) -> Room:
    room = _known_room(user, room_id)
    if room.state == RoomState.BANNED and not _manages(user, room):
        raise refusal("banned")
    return room


def access_room_to_publish(user: Person, room_id: str) -> Room:
    """The owner, or somebody the owner allowed. Staff may not, as staff."""
    person = access_signed_in(user)
    room = _known_room(person, room_id)
    if not (room.owner_id == person.pk or _is_publisher(person, room)):
        raise refusal("forbidden")
    if room.state == RoomState.BANNED:
        raise refusal("banned")
    return room


def access_room_to_manage(user: Person, room_id: str) -> Room:
    """The owner or staff."""
    person = access_signed_in(user)
    room = _known_room(person, room_id)
    if not _manages(person, room):
        raise refusal("forbidden")
    return room


def access_room_to_own(user: Person, room_id: str) -> Room:
    """The owner alone: for what concerns the stream key."""
    room = access_room_to_manage(user, room_id)
    if not isinstance(user, User) or room.owner_id != user.pk:
        raise refusal("forbidden")
    return room


def access_stream_key(user: Person, room_id: str) -> str:
    """The key in clear, for its owner. Raises key_unreadable when STREAM_KEY_SECRET was changed."""
    room = access_room_to_own(user, room_id)
    try:
        return open_sealed(StreamKey.objects.get(room=room).ciphertext)
    except (Unreadable, StreamKey.DoesNotExist):
        raise refusal("key_unreadable") from None


def room_by_stream_key(key: str) -> Room:
    """For ingest. The keys of banned rooms and owners get the answer that a wrong one gets."""
    room = room_of_stream_key_hash(hash_key(key))
    if room is None or room.state == RoomState.BANNED or room.owner.is_banned:
        raise refusal("room_not_found")
    return room


def room_of_stream_key_hash(key_hash: str) -> Room | None:
    """With owner, key and ingest, banned or not: for ingest, which tells the owner why not."""
    found = Room.objects.select_related("owner", "stream_key", "ingest")
    return found.filter(stream_key__lookup_hash=key_hash).first()


def access_session(user: Person, session_id: str) -> SfuSession:
    """One's own session, one in one's own room, or any for staff."""
    person = access_signed_in(user)
    found = SfuSession.objects.select_related("room__owner", "user", "participant")
    known = PUBLIC_ID.fullmatch(session_id)
    session = found.filter(session_id=session_id).first() if known else None
    if session is None or not (
        session.user_id == person.pk or session.room.owner_id == person.pk or person.is_staff
    ):
        raise refusal("session_not_found")
    return session


def rooms_with_viewers() -> QuerySet[Room]:
    """All rooms with owner, ingest, open broadcast and what views_of.playback reads of them.

    `viewers`: how many watch now, also with players outside of our pages.
    """
    watching = Q(participants__left_at__isnull=True, participants__role=Role.SUBSCRIBER)
    opened = Broadcast.objects.filter(ended_at__isnull=True)
    sending = SfuSession.objects.filter(SENDING, room=OuterRef("pk"))
    bridging = BridgeJob.objects.filter(kind=BridgeKind.TO_WEBRTC, room=OuterRef("pk"))
    ladders = BridgeJob.objects.filter(kind=BridgeKind.LADDER, state=BridgeState.RUNNING)
    ladder = ladders.filter(room=OuterRef("pk"))
    return (
        Room.objects.select_related("owner", "ingest")
        .prefetch_related(Prefetch("broadcasts", opened, to_attr="open_broadcasts"))
        .annotate(
            sends_webrtc=Exists(sending),
            to_webrtc_job=Subquery(bridging.values(said=Concat("state", Value(" "), "reason"))[:1]),
            ladder_figures=Subquery(ladder.values("figures")[:1]),
            viewers=Count("participants", filter=watching) + OUTSIDE_VIEWERS + WHEP_PLAYERS,
        )
    )


def rooms_with_replays() -> QuerySet[Room]:
    """The same with the recordings of their last broadcasts: where there are rooms off the air."""
    fetch = Prefetch("recordings", last_recordings(), to_attr="last_recordings")
    return rooms_with_viewers().prefetch_related(fetch)


def live_rooms_query() -> QuerySet[Room]:
    """Public rooms that are live now, most watched first."""
    live = rooms_with_viewers().filter(state__in=SHOWN_AS_LIVE, visibility=Visibility.PUBLIC)
    return _most_watched_first(live)


def rooms_on_air() -> QuerySet[Room]:
    """All that are starting, live or interrupted, most watched first: for staff."""
    return _most_watched_first(rooms_with_viewers().filter(state__in=ON_AIR_STATES))


def _most_watched_first(rooms: QuerySet[Room]) -> QuerySet[Room]:
    return rooms.order_by(F("viewers").desc(), "-state_changed_at", "-pk")


def live_rooms(limit: int = 50) -> list[Room]:
    return list(live_rooms_query()[:limit])


def rooms_of(user: User) -> QuerySet[Room]:
    return rooms_with_replays().filter(owner=user).order_by("-created_at", "-pk")


def recent_broadcasts(room: Room, limit: int = 10) -> list[Broadcast]:
    return list(Broadcast.objects.filter(room=room)[:limit])


def recent_chat(room: Room, limit: int = 50) -> list[ChatMessage]:
    """Oldest first, without deleted ones."""
    newest = ChatMessage.objects.filter(room=room, deleted_at__isnull=True)
    return list(reversed(newest.select_related("user", "room").order_by("-pk")[:limit]))


def viewers_now(room: Room) -> int:
    """On our pages and in players elsewhere."""
    watching = Participant.objects.filter(room=room, role=Role.SUBSCRIBER, left_at__isnull=True)
    return watching.count() + sum(outside_viewers(room).values())


def outside_viewers(room: Room) -> dict[str, int]:
    """Players of others (VLC, another site), which have no WebSocket.

    {"flv": 2, "hls": 1, "webrtc": 0}, the last of these by WHEP.
    """
    if not room.is_on_air:
        return {"flv": 0, "hls": 0, "webrtc": 0}
    found = Ingest.objects.filter(room=room).values_list("flv_viewers", "hls_viewers").first()
    flv, hls = found or (0, 0)
    whep = SfuSession.objects.filter(PLAYS_BY_WHEP, room=room).count()
    return {"flv": flv, "hls": hls, "webrtc": whep}


def counts(room: Room) -> Counts:
    """Viewers now, and the peak of the open broadcast (0 when off the air)."""
    peaks = Broadcast.objects.filter(room=room, ended_at__isnull=True)
    peak = peaks.values_list("peak_viewers", flat=True).first()
    return {"viewers": viewers_now(room), "peak": peak or 0}


def open_sessions(room: Room, role: str | None = None) -> QuerySet[SfuSession]:
    """Of people, not of bridges."""
    sessions = SfuSession.objects.filter(
        BY_PEOPLE, room=room, ended_at__isnull=True, state__in=OPEN_SESSION
    )
    return sessions.filter(role=role) if role else sessions


def sends_by_rtmp(room: Room) -> bool:
    """An encoder is connected, even if its first frame is still to come: nginx drops idle ones."""
    return Ingest.objects.filter(CONNECTED, room=room).exists()


def _known_room(user: Person, room_id: str) -> Room:
    if isinstance(user, User) and user.is_banned:
        raise refusal("banned")
    found = Room.objects.select_related("owner").filter(room_id=room_id)
    room = found.first() if PUBLIC_ID.fullmatch(room_id) else None
    if room is None or not may_know(user, room):
        raise refusal("room_not_found")
    return room


def who_may_know(room: Room) -> frozenset[int] | None:
    """Users' primary keys; None: everybody. For those who were let in before it became private."""
    if room.visibility != Visibility.PRIVATE:
        return None
    guests = Guest.objects.filter(room=room, state__in=PRESENT).values("user_id")
    allowed = Q(pk=room.owner_id) | Q(is_staff=True) | Q(publishes_in__room=room)
    allowed |= Q(pk__in=guests)
    return frozenset(User.objects.filter(allowed).values_list("pk", flat=True))


def may_know(user: Person, room: Room) -> bool:
    if room.visibility != Visibility.PRIVATE:
        return True
    if not isinstance(user, User):
        return False
    return _manages(user, room) or _is_publisher(user, room) or _is_guest(user, room)


def _manages(user: Person, room: Room) -> bool:
    return isinstance(user, User) and (room.owner_id == user.pk or user.is_staff)


def _is_publisher(user: User, room: Room) -> bool:
    return room.publishers.filter(user_id=user.pk).exists()


def _is_guest(user: User, room: Room) -> bool:
    """Invited, in the green room, or on stage."""
    return room.guests.filter(user_id=user.pk, state__in=PRESENT).exists()
