"""A publisher without a browser: joins a room's SFU by the relay, and again when it is lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal

from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp

from bridge.webrtc.consent import wait_longer
from bridge.webrtc.outlet import Outlet
from bridge.webrtc.pulse import Pulse
from sfu_relay.events import (
    Answered,
    CandidateFound,
    Lost,
    PeerEvent,
    Refused,
    Role,
    RoomId,
    SessionId,
    Target,
)
from sfu_relay.relay import Relay

logger = logging.getLogger("bridge")
Kind = Literal["audio", "video"]
# str: why the connection is of no more use. None: its state changed.
Events = asyncio.Queue[PeerEvent | str | None]
CONNECT_SECS: Final = 15.0
RETRY_SECS: Final = 0.5  # when it was not the SFU that said how long
SLOW_RETRY_SECS: Final = 2.0
CLOSE_SECS: Final = 1.0
LOOK_SECS: Final = 1.0
SOURCE: Final = "camera"
PROFILE: Final = "42e01f"  # constrained baseline: what every browser takes, whatever is sent then
_LETTERS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_RATES: Final = {"audio": 48_000, "video": 90_000}


class Publisher:
    """`on_change` is called whenever `session_id` or `problem` changes or an outlet opens."""

    def __init__(self, relay: Relay, room_id: str, on_change: Callable[[], None]) -> None:
        self.session_id = ""
        """Of the join that is going on, told before it: its row has to be there first."""
        self.problem = ""  # "sfu_unavailable", while it is so
        self.joins = 0
        self.outlets: dict[Kind, Outlet] = {}
        self.on_keyframe_wanted: Callable[[], None] = lambda: None
        self._relay = relay
        self._room_id = RoomId(room_id)
        self._on_change = on_change

    def outlet(self, kind: Kind) -> Outlet | None:
        """Where media may be sent now."""
        found = self.outlets.get(kind)
        return found if found is not None and found.is_open else None

    async def run(self, kinds: Iterable[Kind]) -> None:
        """Until cancelled: then it leaves the room in order."""
        wanted = tuple(kinds)
        while True:
            try:
                pause_secs = await self._session(wanted)
            finally:
                self.outlets = {}
                self._set(session_id="")
            await asyncio.sleep(pause_secs)

    async def _session(self, kinds: tuple[Kind, ...]) -> float:
        """One join, from its name to its loss. Returns when to try again, in seconds."""
        while not self._relay.healthy():  # a session that can't be is not named
            self._set(problem="sfu_unavailable")
            await asyncio.sleep(0.1)
        session_id = SessionId("sess_" + "".join(secrets.choice(_LETTERS) for _ in range(16)))
        self._set(session_id=session_id)
        events: Events = asyncio.Queue()
        watching = asyncio.create_task(self._watch(events), name="publisher's watch")
        # No STUN server: aiortc would ask a public one, and the SFU is on this machine or network.
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.outlets = {kind: self._outlet(connection, kind, session_id) for kind in kinds}
        peer = None
        try:
            connection.on("connectionstatechange", lambda: self._looked(connection, events))
            await connection.setLocalDescription(await connection.createOffer())
            peer = self._relay.open_peer(
                session_id=session_id,
                room_id=self._room_id,
                role=Role.PUBLISHER,
                on_event=events.put_nowait,
            )
            self.joins += 1
            peer.offer(connection.localDescription.sdp, {session_id: SOURCE})
            return await self._live(connection, events)
        finally:
            watching.cancel()
            for outlet in self.outlets.values():
                outlet.close()
            await asyncio.shield(_leave(connection, peer))

    def _outlet(self, connection: Any, kind: Kind, stream_id: str) -> Outlet:
        transceiver = connection.addTransceiver(kind, direction="sendonly")
        transceiver.setCodecPreferences(_preferences(kind))
        wait_longer(transceiver.sender.transport.transport.iceGatherer._connection)
        outlet = Outlet(transceiver.sender, stream_id, _RATES[kind])
        outlet.on_open = self._opened
        outlet.on_keyframe_wanted = lambda: self.on_keyframe_wanted()
        return outlet

    async def _watch(self, events: Events) -> None:
        """aiortc tells of ICE's and DTLS's ends, the relay of the SFU's; neither of media's."""
        pulse = Pulse()
        while True:
            await asyncio.sleep(LOOK_SECS)
            outlets = list(self.outlets.values())
            sent = sum(each.sent_packets for each in outlets)
            heard = sum(each.heard_packets for each in outlets)
            if pulse.is_lost(sent=sent, heard=heard):
                events.put_nowait("the media server reports nothing")

    async def _live(self, connection: Any, events: Events) -> float:
        deadline: float | None = asyncio.get_running_loop().time() + CONNECT_SECS
        early: list[Any] = []  # a node's candidates may overtake its answer
        answered = False
        while True:
            if any(outlet.is_open for outlet in self.outlets.values()):
                deadline = None
            try:
                async with asyncio.timeout_at(deadline):
                    event = await events.get()
            except TimeoutError:
                logger.warning("%s: no connection to the media server", self.session_id)
                self._set(problem="sfu_unavailable")
                return RETRY_SECS
            match event:
                case Answered(sdp):
                    await connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
                    answered = True
                    while early:
                        await _add_candidate(connection, early.pop(0))
                case CandidateFound(Target.PUBLISHER, candidate) if answered:
                    await _add_candidate(connection, candidate)
                case CandidateFound(Target.PUBLISHER, candidate):
                    early.append(candidate)
                case Refused(code, detail):
                    logger.warning("%s: refused: %s %s", self.session_id, code, detail)
                    return SLOW_RETRY_SECS
                case Lost(code, detail, retry_in_ms):
                    logger.warning("%s: lost: %s %s", self.session_id, code, detail)
                    if code == "sfu_unavailable":
                        self._set(problem="sfu_unavailable")
                    return SLOW_RETRY_SECS if retry_in_ms is None else retry_in_ms / 1_000
                case str(why):
                    logger.warning("%s: joining anew: %s", self.session_id, why)
                    return RETRY_SECS
                case None if connection.connectionState in ("failed", "closed"):
                    logger.warning("%s: the connection failed", self.session_id)
                    return RETRY_SECS
                case _:
                    pass

    def _looked(self, connection: Any, events: Events) -> None:
        logger.debug("%s: connection %s", self.session_id, connection.connectionState)
        events.put_nowait(None)

    def _opened(self) -> None:
        self.problem = ""
        self._on_change()

    def _set(self, *, session_id: str | None = None, problem: str | None = None) -> None:
        before = (self.session_id, self.problem)
        if session_id is not None:
            self.session_id = session_id
        if problem is not None:
            self.problem = problem
        if before != (self.session_id, self.problem):
            self._on_change()


def _preferences(kind: Kind) -> list[Any]:
    """H.264 with its RTX alone, Opus alone."""
    found = RTCRtpSender.getCapabilities(kind).codecs
    if kind == "audio":
        return [each for each in found if each.mimeType.lower() == "audio/opus"]
    return [
        each
        for each in found
        if each.parameters.get("profile-level-id") == PROFILE or each.mimeType == "video/rtx"
    ]


async def _add_candidate(connection: Any, said: Any) -> None:
    """Of a node that trickles. What can't be read is passed over: others will come."""
    if not said or not said.get("candidate"):
        await connection.addIceCandidate(None)
        return
    try:
        candidate = candidate_from_sdp(str(said["candidate"]).removeprefix("candidate:"))
        candidate.sdpMid = said.get("sdpMid")
        candidate.sdpMLineIndex = said.get("sdpMLineIndex")
        await connection.addIceCandidate(candidate)
    except (ValueError, IndexError, AssertionError) as error:
        logger.debug("a candidate that is none: %s", error)


async def _leave(connection: Any, peer: Any) -> None:
    for closing in (
        peer.close("the bridge leaves") if peer is not None else None,
        connection.close(),
    ):
        if closing is not None:
            with contextlib.suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(CLOSE_SECS):
                    await closing
