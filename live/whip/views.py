"""The two endpoints and their sessions, as plain HTTP: bodies are SDP, refusals problem details."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from live import access
from live.errors import MicroVibeError
from live.models import Via
from live.tries import address_of, count_try, refuse_too_many
from live.whip import sessions
from live.whip.callers import caller_of, room_to_publish
from live.whip.links import build_link, ice_server_links, make_link
from live.whip.play import open_player
from live.whip.problems import problem
from live.whip.publish import open_publisher
from sfu_relay.guard import Rejected, guard_offer, guard_viewer_offer

logger = logging.getLogger(__name__)
SDP: Final = "application/sdp"
FRAGMENT: Final = "application/trickle-ice-sdpfrag"
MAX_BODY_BYTES: Final = 64 * 1024
View = Callable[..., HttpResponse]


def _edge(*methods: str) -> Callable[[View], View]:
    """What all four have in common: methods, CORS, refusals; no CSRF, as cookies prove nothing."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @functools.wraps(view)
        def edge(request: HttpRequest, **fields: str) -> HttpResponse:
            if request.method == "OPTIONS":
                response = HttpResponse(status=204)
            elif request.method not in methods:
                response = problem(MicroVibeError("method_not_allowed"))
                response["Allow"] = ", ".join(("OPTIONS", *methods))
            else:
                response = _answer(view, request, fields)
            if "POST" in methods:
                response["Accept-Post"] = SDP
            else:
                response["Accept-Patch"] = FRAGMENT
            response["Cache-Control"] = "no-store"
            return _share(response, request, methods)

        return edge

    return decorate


def _answer(view: View, request: HttpRequest, fields: dict[str, str]) -> HttpResponse:
    try:
        return view(request, **fields)
    except MicroVibeError as error:
        return problem(error)
    except RequestDataTooBig:
        return problem(MicroVibeError("too_large"))
    except UnreadablePostError:
        return problem(MicroVibeError("bad_sdp", "The request broke off."))
    except OperationalError:
        logger.exception("WHIP: the database failed")
        return problem(MicroVibeError("unavailable"))


def _share(response: HttpResponse, request: HttpRequest, methods: tuple[str, ...]) -> HttpResponse:
    """CORS: players and encoders may be pages of other sites; they have no cookies of ours."""
    allowed = settings.PLAYBACK_CORS_ORIGINS
    origin = request.headers.get("Origin", "")
    if "*" in allowed:
        response["Access-Control-Allow-Origin"] = "*"
    else:
        patch_vary_headers(response, ["Origin"])
        if origin not in allowed:
            return response
        response["Access-Control-Allow-Origin"] = origin
    response["Access-Control-Expose-Headers"] = "Location, ETag, Link, Retry-After"
    if request.method == "OPTIONS":
        response["Access-Control-Allow-Methods"] = ", ".join(("OPTIONS", *methods))
        response["Access-Control-Allow-Headers"] = "Authorization, Content-Type, If-Match"
        response["Access-Control-Max-Age"] = "600"
    return response


@_edge("POST")
def whip(request: HttpRequest, room_id: str | None = None) -> HttpResponse:
    """Publish. Without a room in the address it is the one of the stream key."""
    offer = _offer(request)
    caller = caller_of(request)
    room = room_to_publish(caller, room_id)
    _look_at(offer, guard_offer)
    user = caller.user if caller is not None else room.owner
    session_id, answer = open_publisher(room, user, offer)
    return _created("whip-session", room.room_id, session_id, offer, answer)


@_edge("POST")
def whep(request: HttpRequest, room_id: str) -> HttpResponse:
    """Play."""
    offer = _offer(request)
    caller = caller_of(request)
    room = access.access_room_to_watch(caller.user if caller else None, room_id)
    _look_at(offer, guard_viewer_offer)
    session_id, answer = open_player(room, caller.user if caller else None, offer)
    return _created("whep-session", room.room_id, session_id, offer, answer)


@_edge("PATCH", "DELETE")
def whip_session(request: HttpRequest, room_id: str, session: str) -> HttpResponse:
    return _session(request, room_id, session, Via.WHIP)


@_edge("PATCH", "DELETE")
def whep_session(request: HttpRequest, room_id: str, session: str) -> HttpResponse:
    return _session(request, room_id, session, Via.WHEP)


def _session(request: HttpRequest, room_id: str, address: str, via: Via) -> HttpResponse:
    link, row = sessions.find(room_id, address, via)
    if request.method == "DELETE":
        sessions.end(row)
        return HttpResponse(status=200)
    text = _body(request, FRAGMENT)
    sessions.trickle(link, row, text, request.headers.get("If-Match"))
    return HttpResponse(status=204)


def _offer(request: HttpRequest) -> str:
    """The body of a request for a session, of which an address may make only so many."""
    address = address_of(request)
    refuse_too_many("whip_by_address", address)
    count_try("whip_by_address", address)
    offer = _body(request, SDP)
    if not offer.strip():
        raise MicroVibeError("bad_sdp", "The SDP is empty.")
    return offer


def _look_at(offer: str, guard: Callable[[str], object]) -> None:
    """The relay looks for itself; but what it won't have need not become a row first."""
    try:
        guard(offer)
    except Rejected as error:
        raise MicroVibeError(error.code, error.detail) from None


def _body(request: HttpRequest, content_type: str) -> str:
    if request.content_type != content_type:
        raise MicroVibeError("unsupported_media_type")
    if not (request.headers.get("Content-Length") or "0").isdigit():
        raise MicroVibeError("bad_sdp")
    if int(request.headers.get("Content-Length") or 0) > MAX_BODY_BYTES:
        raise MicroVibeError("too_large")
    body = request.body
    if len(body) > MAX_BODY_BYTES:
        raise MicroVibeError("too_large")
    try:
        return body.decode("ascii")
    except UnicodeDecodeError:
        raise MicroVibeError("bad_sdp", "The body is not plain ASCII.") from None


def _created(name: str, room_id: str, session_id: str, offer: str, answer: str) -> HttpResponse:
    link = make_link(session_id, offer)
    response = HttpResponse(answer, status=201, content_type=SDP)
    response["Location"] = reverse(
        name, kwargs={"room_id": room_id, "session": build_link(settings.SECRET_KEY, link)}
    )
    response["ETag"] = link.etag
    response["Accept-Patch"] = FRAGMENT
    ice_servers = ice_server_links(settings.WEBRTC_ICE_SERVERS)
    if ice_servers:
        response["Link"] = ice_servers
    return response
