"""What may be done to a session by whoever knows its address: end it, tell candidates for it.

The address is the proof: an access token may have expired and a key may have been rotated while
the session went on, and its client must be able to end it all the same.
"""

from __future__ import annotations

from django.conf import settings

from live import actions
from live.errors import MicroVibeError
from live.media.remote import TIMEOUT_SECS
from live.models import Role, SfuSession, Via
from live.refusals import refusal
from live.whip.links import SessionLink, ice_mark, parse_link
from live.whip.process import needed_process, wait
from live.whip.sdpfrag import BadFragment, parse_fragment


def find(room_id: str, address: str, via: Via) -> tuple[SessionLink, SfuSession]:
    """Raises session_not_found."""
    link = parse_link(settings.SECRET_KEY, address)
    if link is None:
        raise refusal("session_not_found")
    opened = SfuSession.objects.filter(ended_at__isnull=True, via=via, room__room_id=room_id)
    row = opened.select_related("room").filter(session_id=link.session_id).first()
    if row is None:
        raise refusal("session_not_found")
    return link, row


def end(row: SfuSession) -> None:
    process = needed_process()
    try:
        wait(process, process.remote.ask(row.process_id, row.session_id, "close"), TIMEOUT_SECS + 2)
    except MicroVibeError:
        # Its process is gone or never knew it: then only the row is left.
        actions.do_close_session(row.session_id, "left")
        if row.role == Role.PUBLISHER:
            actions.do_publisher_lost(row.room)


def trickle(link: SessionLink, row: SfuSession, text: str, if_match: str | None) -> None:
    """Raises bad_fragment, ice_restart, etag_mismatch, session_not_found, sfu_timeout."""
    try:
        fragment = parse_fragment(text)
    except BadFragment as error:
        raise MicroVibeError("bad_fragment", str(error)) from None
    restarts = fragment.ufrag and ice_mark(fragment.ufrag) != link.ice
    if restarts or (if_match is not None and if_match.strip() == "*"):
        raise MicroVibeError("ice_restart")
    if if_match is not None and link.etag not in [tag.strip() for tag in if_match.split(",")]:
        raise MicroVibeError("etag_mismatch")
    if not fragment.candidates:
        return
    process = needed_process()
    asked = process.remote.ask(
        row.process_id, row.session_id, "candidates", candidates=list(fragment.candidates)
    )
    wait(process, asked, TIMEOUT_SECS + 2)
