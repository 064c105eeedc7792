"""Who may connect, and as whom: the URL and headers of a handshake in, a place in the room out.

Sync and run once per connection in the database thread, before anything is read from the socket.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.contrib.auth import get_user
from django.core import signing
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header
from rest_framework.exceptions import APIException
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import TokenError

from live import access, actions
from live.access_guests import access_room_to_join
from live.address import client_address
from live.errors import MicroVibeError
from live.gifts import catalogue
from live.media import Person
from live.models import Room, User
from live.signalling.codes import (
    CLOSE_CODE_OF_ERROR,
    PROTOCOL_VERSION,
    SUBPROTOCOL,
    CloseCode,
)
from live.signalling.snapshots import Snapshot, take_snapshot
from live.views_of import chat_payload, user_payload
from sfu_relay.events import Role

BEARER: Final = "bearer."
RESUME_MAX_AGE_SECS: Final = 6 * 3600
RESUME_SALT: Final = "live.signalling.resume"
HISTORY: Final = 50
ROOM_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Refused(Exception):
    """The connection is closed at once with this code."""

    def __init__(self, code: CloseCode):
        super().__init__(code.name)
        self.code = code


@dataclass(frozen=True)
class Handshake:
    """What a browser said while connecting."""

    query: Mapping[str, str]
    headers: Mapping[str, str]
    subprotocols: tuple[str, ...]
    remote: str = ""  # the other end of the socket

    @classmethod
    def from_scope(cls, scope: Mapping[str, Any]) -> Handshake:
        raw = bytes(scope.get("query_string") or b"")
        return cls(
            query=dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True)),
            headers={
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in scope.get("headers") or ()
            },
            subprotocols=tuple(scope.get("subprotocols") or ()),
            remote=str((scope.get("client") or [""])[0]),
        )

    @property
    def address(self) -> str:
        proxies = int(settings.REST_FRAMEWORK["NUM_PROXIES"])
        return client_address(self.remote, self.headers.get("x-forwarded-for", ""), proxies)

    @property
    def subprotocol(self) -> str | None:
        """What we answer with; a bearer token is never echoed."""
        return SUBPROTOCOL if SUBPROTOCOL in self.subprotocols else None

    @property
    def token(self) -> str | None:
        if self.query.get("token"):
            return self.query["token"]
        for offered in self.subprotocols:
            if offered.startswith(BEARER):
                return offered.removeprefix(BEARER)
        return None


@dataclass(frozen=True)
class Admitted:
    room_id: str
    role: Role
    person: Person
    language: str
    resumed: bool
    snapshot: Snapshot
    welcome: dict[str, Any]  # all of it but `sessions`
    manages: bool  # as the owner or staff
    is_guest: bool = False


def admit(
    handshake: Handshake, process_id: str, sfu_ok: bool, known: Snapshot | None = None
) -> Admitted:
    """`known`: of the room, read just now for others. Raises Refused."""
    query = handshake.query
    room_id, role_name = query.get("room_id", ""), query.get("role", "")
    if not ROOM_ID.fullmatch(room_id) or role_name not in tuple(Role):
        raise Refused(CloseCode.BAD_REQUEST)
    role = Role(role_name)
    user = _authenticate(handshake)
    user_id = query.get("user_id", "")
    if user_id and not re.fullmatch(r"[0-9]{1,18}", user_id):
        raise Refused(CloseCode.BAD_REQUEST)
    if user_id and user is None:
        raise Refused(CloseCode.UNAUTHENTICATED)
    if user_id and user is not None and int(user_id) != user.pk:
        raise Refused(CloseCode.FORBIDDEN)
    guest = None
    try:
        if role is Role.PUBLISHER:
            room, guest = access_room_to_join(user, room_id)
        else:
            room = access.access_room_to_watch(user, room_id)
    except MicroVibeError as error:
        raise Refused(CLOSE_CODE_OF_ERROR.get(error.code, CloseCode.INTERNAL)) from None
    language = _language(handshake, user)
    if known is not None and (role is Role.PUBLISHER or language not in known.ladders):
        known = None  # who sends has often just changed the room, and is to find it so

    def look(came: bool) -> Snapshot:
        if known is None:
            return take_snapshot(room, sfu_ok, {language})
        return known.with_one_more() if came else known

    with translation.override(language):
        seated = _seat(room, user, role, query.get("resume", ""), process_id, look, language)
    return replace(seated, is_guest=guest is not None)


def _seat(
    room: Room,
    user: User | None,
    role: Role,
    resume: str,
    process_id: str,
    look: Callable[[bool], Snapshot],
    language: str,
) -> Admitted:
    wanted = _read_resume(resume, room, user, role)
    participant = actions.do_join_presence(room, user, str(role), process_id, wanted)
    resumed = participant.participant_id == wanted
    snapshot = look(not resumed)
    person = Person(participant.participant_id, user.pk if user else None, user_payload(user))
    manages = user is not None and (user.is_staff or user.pk == room.owner_id)
    welcome = {
        "version": PROTOCOL_VERSION,
        "participant_id": participant.participant_id,
        "resume": _make_resume(participant.participant_id, room, user, role),
        "resumed": resumed,
        "role": str(role),
        "user": person.user,
        "room": snapshot.room,
        "presence": snapshot.presence,
        "likes": snapshot.likes,
        "ice_servers": list(settings.WEBRTC_ICE_SERVERS),
        "playback": snapshot.ladders[language],
        "gifts": catalogue(),
        "history": [chat_payload(message) for message in access.recent_chat(room, HISTORY)],
        "guest": snapshot.guests.of(person.user_id),
        "guests": snapshot.guests.listed if manages else None,
    }
    return Admitted(room.room_id, role, person, language, resumed, snapshot, welcome, manages)


def _authenticate(handshake: Handshake) -> User | None:
    """None: a guest. A token that is there but no good is no guest."""
    token = handshake.token
    if token is not None:
        return _user_of_token(token)
    if not _own_origin(handshake.headers):
        raise Refused(CloseCode.UNAUTHENTICATED)
    return _user_of_cookie(handshake.headers.get("cookie", ""))


def _user_of_token(token: str) -> User:
    jwt = JWTAuthentication()
    try:
        user = jwt.get_user(jwt.get_validated_token(token.encode("utf-8", "replace")))
    except (APIException, TokenError):
        raise Refused(CloseCode.UNAUTHENTICATED) from None
    if not isinstance(user, User):
        raise Refused(CloseCode.UNAUTHENTICATED)
    return user


def _user_of_cookie(header: str) -> User | None:
    cookie = _cookies(header).get(settings.SESSION_COOKIE_NAME)
    if not cookie:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(cookie)
    user = get_user(request)  # checks the session's hash too: a changed password signs out
    return user if isinstance(user, User) and user.is_active else None


def _cookies(header: str) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}


def _own_origin(headers: Mapping[str, str]) -> bool:
    """Browsers always send Origin, and other sites can't forge it; other programs need not."""
    origin = headers.get("origin")
    if origin is None:
        return True
    if origin in settings.ALLOWED_WS_ORIGINS or origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    try:
        return bool(origin) and urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    except ValueError:
        return False


def _language(handshake: Handshake, user: User | None) -> str:
    """The account's, else the cookie's, else the browser's: as pages choose it."""
    wishes = [_cookies(handshake.headers.get("cookie", "")).get(settings.LANGUAGE_COOKIE_NAME, "")]
    if user is not None:
        wishes.insert(0, user.language)
    header = handshake.headers.get("accept-language", "")
    wishes += [name for name, _ in parse_accept_lang_header(header.lower())]
    for wish in wishes:
        try:
            return translation.get_supported_language_variant(wish)
        except LookupError:
            continue
    return str(settings.LANGUAGE_CODE)


def _make_resume(participant_id: str, room: Room, user: User | None, role: Role) -> str:
    held = {"p": participant_id, "r": room.pk, "u": user.pk if user else None, "o": str(role)}
    return signing.dumps(held, salt=RESUME_SALT)


def _read_resume(resume: str, room: Room, user: User | None, role: Role) -> str | None:
    """The participant to go on as; None when the token is none of ours, too old, or another's."""
    if not resume:
        return None
    try:
        held = signing.loads(resume, salt=RESUME_SALT, max_age=RESUME_MAX_AGE_SECS)
    except signing.BadSignature:
        return None
    mine = (held["r"], held["u"], held["o"]) == (room.pk, user.pk if user else None, str(role))
    return str(held["p"]) if mine else None
