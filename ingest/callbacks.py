"""nginx asks who may publish, and tells who went.

302 means yes, and so would any other 3xx; all that is not welcome gets one and the same 403.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from ingest import control
from ingest.admission import Asked, Rules, why_refused
from ingest.hooks import MAX_BODY_BYTES, PROXY_HEADERS, Call, is_from_here, is_secret, parse_call
from ingest.senders import BROWSER, Sender, room_id_of, sender_of
from ingest.stat import Unreadable, parse_stat
from live import access
from live.actions import ingest as actions
from live.address import client_address
from live.errors import MicroVibeError
from live.models import Ingest, Room
from live.secrets import hash_key

logger = logging.getLogger(__name__)
REFUSED: Final = b"refused\n"


def _hook(answer: Callable[[Call], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Only nginx's own calls come through to `answer`; all others are refused alike."""

    def view(request: HttpRequest) -> HttpResponse:
        call = _call_of(request)
        return _refused() if call is None else answer(call)

    return csrf_exempt(view)


def _call_of(request: HttpRequest) -> Call | None:
    if not settings.RTMP_ENABLED or request.method != "POST":
        return None
    if not is_from_here(request.META.get("REMOTE_ADDR", "")):
        return None
    if any(name in request.headers for name in PROXY_HEADERS):
        return None
    if not is_secret(request.GET.get("secret", ""), settings.INGEST_SECRET):
        return None
    return parse_call(request.read(MAX_BODY_BYTES + 1))


@_hook
def publish(call: Call) -> HttpResponse:
    """An encoder wants to send."""
    sender = sender_of(call.name)
    if sender is None:
        return _refused()
    room = sender.room
    why = why_refused(_asked(sender, call), _rules())
    if why is None:
        encoder = call.encoder if sender.user is None else BROWSER
        try:
            actions.do_ingest_accepted(
                room, call.client_id, sender.key_hash, call.address, encoder, sender.user
            )
        except MicroVibeError as error:
            why = error.code
    if why is not None:
        logger.info("ingest of %s refused: %s", room.room_id, why)
        if sender.user is None:  # a page is told by its own connection
            actions.do_ingest_refused(room, why)
        return _refused()
    _take_over(room)
    with contextlib.suppress(control.NotAnswering):
        control.expect(room.play_id)
    return HttpResponse(status=302, headers={"Location": room.play_id})


@_hook
def publish_done(call: Call) -> HttpResponse:
    """By the key's hash as of then: meanwhile it may have been rotated."""
    room_id = room_id_of(call.name)
    whose = Q(key_hash=hash_key(call.name)) if room_id is None else Q(room__room_id=room_id)
    mine = Ingest.objects.filter(whose, client_id=call.client_id)
    for ingest in mine.select_related("room"):
        actions.do_ingest_lost(ingest.room, call.client_id)
    return HttpResponse(status=204)


@_hook
def record_done(call: Call) -> HttpResponse:
    """The worker looks at the files itself."""
    return HttpResponse(status=204)


def _refused() -> HttpResponse:
    return HttpResponse(REFUSED, status=403, content_type="text/plain")


def _take_over(room: Room) -> None:
    """Whoever still sends under this name goes, or nginx would refuse the one we accepted.

    After the row has changed: the publish-done of the old one is then nobody's.
    """
    try:
        control.drop_publisher(room.play_id)
    except control.NotAnswering as error:
        logger.warning("ingest of %s: the old publisher was not dropped: %s", room.room_id, error)


def _asked(sender: Sender, call: Call) -> Asked:
    room = sender.room
    others = Ingest.objects.filter(access.CONNECTED).exclude(room=room)
    now = timezone.now()
    sends: Ingest | None = getattr(room, "ingest", None)
    sends = sends if sends is not None and sends.is_connected else None
    if sends is not None and sender.user is not None and sends.sender_id == sender.user.pk:
        sends = None  # their own page, whose connection was lost
    let_in_at = sends.accepted_at if sends is not None else None
    from_elsewhere = sends is not None and (
        _host(sends.address) != _host(call.address)
        or sends.sender_id != (sender.user.pk if sender.user is not None else None)
    )
    page_secs = (now - sender.began).total_seconds() if sender.began is not None else None
    return Asked(
        state=room.state,
        mode=room.streaming_mode,
        owner_banned=room.owner.is_banned,
        ended_reason=room.ended_reason,
        since_state_secs=(now - room.state_changed_at).total_seconds(),
        streams=others.count(),
        streams_of_owner=others.filter(room__owner=room.owner_id).count(),
        another_sends=(from_elsewhere or settings.RTMP_TAKEOVER == "oldest")
        and sends is not None
        and _has_publisher(room),
        another_for_secs=(now - let_in_at).total_seconds() if let_in_at is not None else 0.0,
        from_elsewhere=from_elsewhere,
        page_secs=page_secs,
        is_owner=sender.user is None or sender.user.pk == room.owner_id,
    )


def _host(address: str) -> str:
    """One of IPv6 reconnects with any address of its network."""
    return client_address(address, "", proxies=0)


def _has_publisher(room: Room) -> bool:
    """A row may be late: nginx knows who is gone. (And the row, who is there and silent.)"""
    try:
        return room.play_id in parse_stat(control.fetch(control.STAT)).publishers("live")
    except (control.NotAnswering, Unreadable):
        return True


def _rules() -> Rules:
    return Rules(
        settings.RTMP_TAKEOVER,
        settings.RTMP_MAX_STREAMS,
        settings.RTMP_MAX_STREAMS_PER_USER,
        settings.RTMP_REFUSE_AFTER_END_SECS,
    )
