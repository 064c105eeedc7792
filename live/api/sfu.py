"""SFU sessions by REST: for clients that publish or watch without a WebSocket.

Any process may get the request; the one that owns the session's gRPC stream is asked over the
channel layer.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Coroutine
from contextvars import Context
from typing import Any, Final, TypeVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from live import access, actions
from live.access_guests import access_room_to_send
from live.api.base import ApiView, checked
from live.api.describe import described
from live.api.envelope import ok
from live.errors import MicroVibeError
from live.ids import new_session_id
from live.media import Person
from live.media.remote import TIMEOUT_SECS
from live.media.rest import ANSWER_SECS, open_by_rest
from live.media.stats import BITRATES, RATIOS_AND_TIMES, merge_stats
from live.models import SfuSession, StreamingMode, User
from live.models.presence import OPEN_SESSION
from live.process import Process, running_process
from live.refusals import refusal
from live.signalling.wording import words_for
from live.views_of import user_payload
from sfu_relay.events import Role

MAX_SDP_CHARS: Final = 60_000
MAX_OPEN: Final = 4  # of one user by REST
T = TypeVar("T")
GIVEN_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")


class SessionRequest(serializers.Serializer[Any]):
    session_id = serializers.RegexField(
        r"^[A-Za-z0-9_-]{1,40}$", required=False, help_text="Your name for it; yours alone."
    )
    room_id = serializers.CharField(max_length=64)
    user_id = serializers.IntegerField(required=False, help_text="Must be the caller's own.")
    role = serializers.ChoiceField([role.value for role in Role])
    sdp = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=MAX_SDP_CHARS,
        trim_whitespace=False,
        help_text="A publisher's offer, candidates inside. A subscriber sends none.",
    )


class SessionShape(serializers.Serializer[Any]):
    session_id = serializers.CharField()
    sdp = serializers.CharField()
    type = serializers.ChoiceField(["answer", "offer"], help_text="What `sdp` is.")


class AnswerRequest(serializers.Serializer[Any]):
    sdp = serializers.CharField(max_length=MAX_SDP_CHARS, trim_whitespace=False)


class StatsShape(serializers.Serializer[Any]):
    session_id = serializers.CharField()
    room_id = serializers.CharField()
    user_id = serializers.IntegerField(allow_null=True)
    role = serializers.ChoiceField([role.value for role in Role])
    video_bitrate = serializers.IntegerField(help_text="bit/s")
    audio_bitrate = serializers.IntegerField(help_text="bit/s")
    packet_loss = serializers.FloatField(help_text="0 to 1")
    jitter = serializers.FloatField(help_text="ms")
    round_trip_time = serializers.FloatField(help_text="ms")


class SessionCreateView(ApiView):
    @described(
        "SfuSessionCreate",
        "Open a session. A publisher's offer is answered; a subscriber gets an offer to answer",
        tag="sfu",
        request=SessionRequest,
        request_example={
            "session_id": "session-123",
            "room_id": "room_abc123",
            "user_id": 789,
            "role": "publisher",
            "sdp": "v=0\r\n…",
        },
        answer=SessionShape(),
        example={"session_id": "session-123", "sdp": "v=0\r\n…", "type": "answer"},
        errors=(
            *("bad_json", "invalid", "bad_sdp", "no_common_codec", "forbidden", "room_not_found"),
            *("not_on_stage", "session_exists", "room_not_webrtc", "not_live", "too_many_sessions"),
            *("sfu_unavailable", "sfu_refused", "sfu_timeout"),
        ),
    )
    def post(self, request: Request) -> Response:
        given = checked(SessionRequest, request.data)
        user = access.access_signed_in(_user(request))
        if given.get("user_id") not in (None, user.pk):
            raise refusal("forbidden")
        role = Role(given["role"])
        publishing = role is Role.PUBLISHER
        look_up = access_room_to_send if publishing else access.access_room_to_watch
        room = look_up(user, given["room_id"])
        if room.streaming_mode == StreamingMode.RTMP:
            raise refusal("room_not_webrtc")
        if publishing and not (given.get("sdp") or "").strip():
            raise refusal("bad_sdp")
        session_id = _new_id(user, given.get("session_id"))
        process = _process()
        sdp = _wait(
            process,
            open_by_rest(
                process.media,
                room_id=room.room_id,
                role=role,
                person=Person(None, user.pk, user_payload(user)),
                session_id=session_id,
                sdp=given.get("sdp") or "",
            ),
            ANSWER_SECS + 6,
        )
        shown = given.get("session_id") or session_id
        kind = "answer" if publishing else "offer"
        return ok({"session_id": shown, "sdp": sdp, "type": kind})


class SessionAnswerView(ApiView):
    @described(
        "SfuSessionAnswer",
        "A subscriber's answer to the offer that it got",
        tag="sfu",
        request=AnswerRequest,
        request_example={"sdp": "v=0\r\n…"},
        example=None,
        errors=("bad_json", "invalid", "session_not_found", "wrong_order", "sfu_timeout"),
    )
    def post(self, request: Request, session_id: str) -> Response:
        sdp = checked(AnswerRequest, request.data)["sdp"]
        row = _find(_user(request), session_id)
        if row.user_id is None or row.user_id != request.user.pk:
            raise refusal("session_not_found")
        _ask(row, "answer", sdp=sdp)
        return ok()


class SessionView(ApiView):
    @described(
        "SfuSessionDelete",
        "Close a session: one's own, one in one's own room, or any for staff",
        tag="sfu",
        example=None,
        errors=("session_not_found",),
    )
    def delete(self, request: Request, session_id: str) -> Response:
        row = _find(_user(request), session_id)
        if row.ended_at is None:
            try:
                _ask(row, "close")
            except MicroVibeError:
                # Its process is gone or never knew it: then only the row is left.
                actions.do_close_session(row.session_id, "left")
                if row.role == Role.PUBLISHER:
                    actions.do_publisher_lost(row.room)
        return ok()


class SessionStatsView(ApiView):
    @described(
        "SfuSessionStats",
        "What a session sends or receives now",
        tag="sfu",
        answer=StatsShape(),
        example={
            "session_id": "session-123",
            "room_id": "room_abc123",
            "user_id": 789,
            "role": "publisher",
            "video_bitrate": 1500000,
            "audio_bitrate": 128000,
            "packet_loss": 0.02,
            "jitter": 5.5,
            "round_trip_time": 30.2,
        },
        errors=("session_not_found",),
    )
    def get(self, request: Request, session_id: str) -> Response:
        row = _find(_user(request), session_id)
        counters = None
        if row.ended_at is None:
            try:
                counters = _ask(row, "stats")
            except MicroVibeError:
                counters = None  # the browser's own report is what there is
        report = {}  # one that has ended sends nothing now, whatever was reported last
        if row.ended_at is None:
            report = {name: getattr(row, name) for name in (*BITRATES, *RATIOS_AND_TIMES)}
        return ok(
            {
                "session_id": session_id,
                "room_id": row.room.room_id,
                "user_id": row.user_id,
                "role": row.role,
                **merge_stats(counters, report),
            }
        )


def _user(request: Request) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _new_id(user: User, given: str | None) -> str:
    """A client's name is its own only: it lives under the user, and the SFU never sees it twice."""
    opened = SfuSession.objects.filter(user=user, participant=None, state__in=OPEN_SESSION)
    if opened.filter(ended_at__isnull=True).count() >= MAX_OPEN:
        raise refusal("too_many_sessions")
    if given is None:
        return new_session_id()
    prefix = _prefix(user, given)
    if opened.filter(session_id__startswith=prefix, ended_at__isnull=True).exists():
        raise refusal("session_exists")
    return prefix + secrets.token_hex(3)


def _prefix(user: User, given: str) -> str:
    return f"u{user.pk}.{given}."


def _find(user: User | None, session_id: str) -> SfuSession:
    person = access.access_signed_in(user)
    if GIVEN_ID.fullmatch(session_id):
        mine = SfuSession.objects.filter(
            user=person, session_id__startswith=_prefix(person, session_id)
        )
        newest = mine.select_related("room__owner", "user").order_by("-pk").first()
        if newest is not None:
            return newest
    return access.access_session(person, session_id)


def _ask(row: SfuSession, verb: str, **fields: Any) -> dict[str, Any]:
    process = _process()
    question = process.remote.ask(row.process_id, row.session_id, verb, **fields)
    return _wait(process, question, TIMEOUT_SECS + 6)


def _process() -> Process:
    process = running_process()
    if process is None:
        raise refusal("sfu_unavailable")
    return process


def _wait(process: Process, work: Coroutine[Any, Any, T], timeout_secs: float) -> T:
    """The relay lives in the event loop; a view runs in a thread.

    In a context of its own: database work in this request's would wait for this very thread.
    """
    future = Context().run(asyncio.run_coroutine_threadsafe, work, process.loop)
    try:
        return future.result(timeout_secs)
    except TimeoutError:
        future.cancel()
        raise refusal("sfu_timeout") from None
    except MicroVibeError as error:
        words = words_for(error.code, error.message)
        raise MicroVibeError(error.code, words, error.data) from None
