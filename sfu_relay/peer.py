"""One peer as the application holds it: a thin shell that carries out what its machine decides."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from sfu_relay import codec
from sfu_relay.client import SfuStream
from sfu_relay.config import RelayConfig
from sfu_relay.events import Lost, PeerEvent, Role, RoomId, SessionId, Target
from sfu_relay.messages import (
    AssumePublished,
    Effect,
    End,
    GotAnswer,
    GotCandidate,
    GotChoice,
    GotLayer,
    GotOffer,
    Hangup,
    Join,
    Published,
    SessionInput,
    SfuTracks,
    Started,
    StreamEnded,
    Tell,
    TimePassed,
)
from sfu_relay.nodes import Node
from sfu_relay.outbox import OnEvent, Outbox
from sfu_relay.proto import rtc_pb2
from sfu_relay.session import Phase, Session

logger = logging.getLogger(__name__)


class PeerHost(Protocol):
    """What a peer needs of the relay around it."""

    config: RelayConfig

    def connect(self, peer: Peer) -> Node: ...
    def got_end(self, peer: Peer, end: End) -> None: ...
    def got_tracks(self, event: SfuTracks) -> None: ...
    def published(self, peer: Peer, effect: Published) -> None: ...
    def assume_published(self, peer: Peer) -> None: ...
    def gone(self, peer: Peer) -> None: ...
    def retry_in_ms(self, peer: Peer, code: str) -> int | None: ...


class Peer:
    """Made by `Relay.open_peer`. All methods are called in the event loop; none blocks."""

    def __init__(
        self,
        host: PeerHost,
        *,
        session_id: SessionId,
        room_id: RoomId,
        role: Role,
        watch: bool,
        on_event: OnEvent,
        by_offer: bool = False,
    ) -> None:
        self.session_id = session_id
        self.room_id = room_id
        self.role = role
        self.node: str | None = None  # host:port
        self.attempt = 0
        self.lost: Lost | None = None
        self._host = host
        self._outbox = Outbox(on_event)
        self._stream: SfuStream | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._joining: asyncio.TimerHandle | None = None
        self._closers: set[asyncio.Task[None]] = set()
        self._session = Session(
            role=role,
            watch=watch,
            config=host.config,
            retry_in_ms=lambda code: host.retry_in_ms(self, code),
            by_offer=by_offer,
        )

    @property
    def alive(self) -> bool:
        return self._session.phase is not Phase.OVER

    def offer(self, sdp: str, sources: Mapping[str, str] | None = None) -> None:
        """A publisher's offer: the first joins, later ones renegotiate."""
        self.handle(GotOffer(sdp, dict(sources or {})))

    def answer(self, sdp: str, offer_id: int | None) -> None:
        """The browser's answer to an `Offered`; no id means the one that is waiting."""
        self.handle(GotAnswer(sdp, offer_id))

    def candidate(self, candidate: Mapping[str, Any] | None, target: Target) -> None:
        self.handle(GotCandidate(candidate, target))

    def layer(self, stream_id: str, layer: str) -> None:
        """Ask for `auto`, `f`, `h`, `q` or `off` of a stream."""
        self.handle(GotLayer(stream_id, layer))

    def choose(self, track_ids: Iterable[str], never: Iterable[str] = ()) -> None:
        """Which picture and which sound a viewer by offer is sent from now on."""
        self.handle(GotChoice(tuple(track_ids), tuple(never)))

    async def close(self, reason: str = "") -> None:
        """End it on purpose: no `Lost`, the queue is sent, then half-close, cancelled after 1 s."""
        logger.debug("closing %s: %s", self.session_id, reason)
        self._outbox.close()
        self._carry_out(self._session.close())
        while self._closers:
            await asyncio.gather(*self._closers, return_exceptions=True)

    # --- for the relay --------------------------------------------------------------------------

    def start(self) -> None:
        self.handle(Started())

    def handle(self, message: SessionInput) -> None:
        """Feed the machine and carry out what it says."""
        now = asyncio.get_running_loop().time()
        self._carry_out(self._session.handle(message, now))
        self._arm()

    def refuse(self, lost: Lost) -> None:
        """There is no SFU to go to."""
        self._session.close()
        self._tell(lost)

    def end(self, end: End, detail: str) -> None:
        """The relay knows the stream to be dead though gRPC does not."""
        if self._session.phase is not Phase.NEW:
            self.handle(StreamEnded(end, detail))

    # --- effects --------------------------------------------------------------------------------

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Tell(event):
                    self._tell(event)
                case Join():
                    self._join_later(effect)
                case Published():
                    self._host.published(self, effect)
                case AssumePublished():
                    self._host.assume_published(self)
                case Hangup():
                    self._hang_up()
                case _:
                    self._send(codec.build_request(effect))

    def _tell(self, event: PeerEvent) -> None:
        if isinstance(event, Lost):
            self.lost = event
        self._outbox.put(event)

    def _send(self, request: rtc_pb2.Request | None) -> None:
        if request is not None and self._stream is not None:
            self._stream.send(request)

    def _join_later(self, join: Join) -> None:
        self._drop_stream()
        if self._joining is not None:
            self._joining.cancel()
        if join.delay_secs <= 0:
            self._join(join)
        else:
            loop = asyncio.get_running_loop()
            self._joining = loop.call_later(join.delay_secs, self._join, join)

    def _join(self, join: Join) -> None:
        self._joining = None
        node = self._host.connect(self)
        self.attempt = join.attempt
        if join.by_offer and not node.answers_viewers:
            code = "not_supported" if node.state == "ready" else "sfu_unavailable"
            self._carry_out(self._session.refuse(code, "The media server can't answer viewers."))
            return
        stream = SfuStream(
            node.rtc,
            on_reply=lambda reply: self._got_reply(stream, node, reply),
            on_end=lambda end, detail: self._got_end(stream, end, detail),
        )
        self._stream = stream
        stream.send(codec.build_join(join, self.room_id, self.session_id))

    def _got_reply(self, stream: SfuStream, node: Node, reply: rtc_pb2.Reply) -> None:
        for message in codec.parse_reply(reply, announces_publishers=node.announces_publishers):
            if stream is not self._stream:
                return
            if isinstance(message, SfuTracks):
                self._host.got_tracks(message)
            else:
                self.handle(message)

    def _got_end(self, stream: SfuStream, end: End, detail: str) -> None:
        if stream is not self._stream:
            return
        self._host.got_end(self, end)
        self.handle(StreamEnded(end, detail))

    def _hang_up(self) -> None:
        if self._joining is not None:
            self._joining.cancel()
            self._joining = None
        self._disarm()
        self._drop_stream()
        self._host.gone(self)

    def _drop_stream(self) -> None:
        stream, self._stream = self._stream, None
        if stream is None:
            return
        task = asyncio.create_task(
            stream.close(self._host.config.close_timeout_secs), name="sfu-close"
        )
        self._closers.add(task)
        task.add_done_callback(self._closers.discard)

    def _arm(self) -> None:
        self._disarm()
        deadline = self._session.deadline
        if deadline is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(deadline, self.handle, TimePassed())

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
