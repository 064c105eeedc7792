"""Sessions without a WebSocket: a request opens one and waits for its description."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final

from live.errors import MicroVibeError
from live.media.candidates import has_candidates, with_candidates
from live.media.session import MediaSession, Person
from sfu_relay.events import Answered, CandidateFound, Lost, Offered, PeerEvent, Refused, Role

if TYPE_CHECKING:
    from live.media.service import MediaService

ANSWER_SECS: Final = 16.0  # the relay itself gives a join up after 15
OFFER_SECS: Final = 5.0  # nobody publishes: there is nothing to offer
CANDIDATES_SECS: Final = 0.5  # for an SFU that trickles: collected, then put into the SDP


class Waiter:
    """Owner of a session: keeps the first description and the candidates that go with it."""

    def __init__(self) -> None:
        self.description: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.candidates: list[dict[str, Any]] = []
        self.all_found = asyncio.Event()

    def got_media_event(self, session: MediaSession, event: PeerEvent) -> None:
        match event:
            case Answered(sdp=sdp) | Offered(sdp=sdp):
                if not self.description.done():
                    self.description.set_result(sdp)
            case CandidateFound(candidate=None):
                self.all_found.set()
            case CandidateFound(candidate=candidate):
                if candidate is not None and len(self.candidates) < 32:
                    self.candidates.append(dict(candidate))
            case Refused(code=code, detail=detail) | Lost(code=code, detail=detail):
                self._fail(code, detail)

    def got_session_end(self, session: MediaSession, code: str) -> None:
        self._fail(code, "")

    def _fail(self, code: str, detail: str) -> None:
        if not self.description.done():
            self.description.set_exception(MicroVibeError(code, detail))

    async def whole_description(self, timeout_secs: float, otherwise: str) -> str:
        """The SDP with candidates inside. Raises MicroVibeError; `otherwise` when nothing came."""
        try:
            sdp = await asyncio.wait_for(asyncio.shield(self.description), timeout_secs)
        except TimeoutError:
            raise MicroVibeError(otherwise) from None
        if not has_candidates(sdp):
            with contextlib.suppress(TimeoutError):  # Ion never says that it has found them all
                await asyncio.wait_for(self.all_found.wait(), CANDIDATES_SECS)
        return with_candidates(sdp, self.candidates)


async def open_by_rest(
    media: MediaService,
    *,
    room_id: str,
    role: Role,
    person: Person,
    session_id: str,
    sdp: str,
    via: str = "rest",
    waiter: Waiter | None = None,
) -> str:
    """The SFU's answer (to publishers, and to viewers by WHEP) or its offer (to other viewers).

    Raises MicroVibeError.
    """
    if not media.enabled:
        raise MicroVibeError("sfu_unavailable")
    waiter = waiter or Waiter()
    by_offer = via == "whep"
    session = media.open(
        room_id=room_id,
        role=role,
        person=person,
        owner=waiter,
        session_id=session_id,
        via=via,
        by_offer=by_offer,
    )
    try:
        if role is Role.PUBLISHER or by_offer:
            media.offer(session, sdp, {})
            description = await waiter.whole_description(ANSWER_SECS, "sfu_timeout")
        else:
            description = await waiter.whole_description(OFFER_SECS, "not_live")
    except BaseException:
        media.close(session, "not_opened")
        raise
    with contextlib.suppress(TimeoutError):
        await media.journal.flush()  # a stats request that follows at once finds the row
    return description
