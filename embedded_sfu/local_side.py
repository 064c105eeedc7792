"""Our side of a peer's two transports, as its browser is told of it: SDP text and candidates."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Literal

from sfu_relay.proto import rtc_pb2

from .sdp import LocalSection, LocalTransport
from .sdp_build import build
from .transport.association import Association
from .transport.endpoint import Endpoint


def answering_setup(theirs: str) -> Literal["active", "passive"]:
    """Our DTLS role towards an offer: server, unless the other side can be nothing else."""
    return "active" if theirs == "passive" else "passive"


class LocalSide:
    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.offers = 0  # made to this peer so far
        self._session_id = random.randrange(1, 1 << 62)

    def text(
        self,
        sections: tuple[LocalSection, ...],
        association: Association | None,
        setup: Literal["active", "passive", "actpass"],
    ) -> str:
        """Without an association (a viewer's fixed offer): credentials that nobody will use."""
        transport = LocalTransport(
            ufrag=association.ufrag if association else "none",
            pwd=association.pwd if association else "no-transport-was-made-here",
            fingerprint=self.endpoint.fingerprint,
            setup=setup,
            candidates=tuple(self.endpoint.candidates()) if association else (),
        )
        return build(sections, transport, session_id=self._session_id, version=self.offers + 1)

    def candidates(
        self, target: rtc_pb2.Target, association: Association | None
    ) -> Iterator[rtc_pb2.Reply]:
        if association is None:
            return
        for candidate in self.endpoint.candidates():
            init = {"candidate": candidate, "sdpMid": "0", "sdpMLineIndex": 0}
            trickle = rtc_pb2.Trickle(target=target, init=json.dumps(init))
            yield rtc_pb2.Reply(trickle=trickle)
