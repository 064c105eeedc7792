"""The relay's front: opens peers, joins them to nodes, and knows what each room publishes."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable

import grpc.aio

from sfu_relay import codec
from sfu_relay.config import RelayConfig
from sfu_relay.elsewhere import Elsewhere, FindPublisher, Publisher
from sfu_relay.events import (
    Lost,
    NodeState,
    PeerEvent,
    Role,
    RoomId,
    SessionId,
    SfuStats,
)
from sfu_relay.messages import End, MediaSeen, Published, RoomTracks, SfuTracks
from sfu_relay.nodes import Node, NodePool
from sfu_relay.peer import Peer
from sfu_relay.placement import PlacementStore
from sfu_relay.tracks import DEFAULT_SOURCE, TrackDirectory

__all__ = ["Peer", "Relay"]

logger = logging.getLogger(__name__)

STATS_TIMEOUT_SECS = 2.0
FEW_MS = 200  # spread of rejoins after a loss, at least
PER_PEER_MS = 4  # and for each peer lost with it: 250 joins a second is what a node takes easily
RETRY_SLOWLY_MS = {"sfu_unavailable": 2000, "sfu_refused": 1000, "sfu_timeout": 500}


class Relay:
    """One per process. Made anywhere; every other call belongs into one event loop."""

    def __init__(self, config: RelayConfig, *, placement: PlacementStore | None = None) -> None:
        self.config = config
        self.on_health: Callable[[bool], None] | None = None
        self._placement_store = placement
        self._pool: NodePool | None = None
        self._peers: dict[SessionId, Peer] = {}
        self._rooms: dict[RoomId, dict[SessionId, Peer]] = {}
        self._peer_nodes: dict[SessionId, Node] = {}
        self._directory = TrackDirectory()
        self._elsewhere = Elsewhere(self._adopt)
        self._chance = random.Random()
        self._healthy = False
        self._closed = False
        _ = config.nodes  # a malformed address is told at once, not at the first join
        if config.enabled and _has_loop():
            self.start()

    def find_publishers_elsewhere(self, find: FindPublisher) -> None:
        """`find`: says whose a session of another app process is; None for one of no room of ours.

        Without it, viewers here are not told about tracks published through other processes.
        """
        self._elsewhere.find = find

    def start(self) -> None:
        """Begin to look at the nodes. Idempotent; done by itself at first use."""
        if self._pool is None and self.config.enabled and not self._closed:
            self._pool = NodePool(
                self.config,
                on_change=self._node_changed,
                placement=self._placement_store,
                chance=self._chance,
            )

    # --- peers ----------------------------------------------------------------------------------

    def open_peer(
        self,
        *,
        session_id: SessionId,
        room_id: RoomId,
        role: Role,
        on_event: Callable[[PeerEvent], None],
        watch: bool = False,
        by_offer: bool = False,
    ) -> Peer:
        """Make a peer; a subscriber's join starts at once, a publisher's with its first offer.

        `by_offer`: a subscriber that offers, too (WHEP): answered once, by nodes that can.

        `session_id` must be new: it is Ion's uid. Events come later, never from inside this call.
        """
        if session_id in self._peers or "~" in session_id:
            raise ValueError(f"session id {session_id!r} is in use or malformed")
        peer = Peer(
            self,
            session_id=session_id,
            room_id=room_id,
            role=role,
            watch=watch,
            on_event=on_event,
            by_offer=by_offer,
        )
        self.start()
        if self._pool is None:
            peer.refuse(Lost("sfu_unavailable", "This server runs without a media server.", None))
            return peer
        self._peers[session_id] = peer
        self._rooms.setdefault(room_id, {})[session_id] = peer
        self._attach_to(peer, self._pool.place(room_id))
        if role is Role.PUBLISHER:
            self._directory.opened(session_id, room_id)
        tracks = self._directory.of_room(room_id)
        if tracks:
            peer.handle(RoomTracks(tracks))
        peer.start()
        return peer

    def peer(self, session_id: SessionId) -> Peer | None:
        return self._peers.get(session_id)

    def peers_of(self, room_id: RoomId) -> list[Peer]:
        return list(self._rooms.get(room_id, {}).values())

    def peers(self) -> list[Peer]:
        return list(self._peers.values())

    # --- nodes ----------------------------------------------------------------------------------

    async def node_states(self) -> list[NodeState]:
        self.start()
        return self._pool.states() if self._pool else []

    def healthy(self) -> bool:
        """Whether some node can take a join, as last known."""
        if _has_loop():
            self.start()
        return self._healthy

    def placement(self, room_id: RoomId) -> str:
        """The address of the room's node; chosen now if there is none yet."""
        self.start()
        return self._pool.place(room_id).address if self._pool else ""

    async def session_stats(self, session_id: SessionId) -> SfuStats | None:
        """The SFU's counters of a session; None when it has none (Ion) or does not answer."""
        peer, node = self._peers.get(session_id), self._peer_nodes.get(session_id)
        if peer is None or node is None or not node.has_stats:
            return None
        request = codec.build_stats_request(session_id, peer.attempt)
        try:
            reply = await node.stats.Get(request, timeout=STATS_TIMEOUT_SECS)
        except grpc.aio.AioRpcError as error:
            logger.debug("no stats of %s: %s", session_id, error.code())
            return None
        return codec.parse_stats(reply, session_id)

    async def aclose(self) -> None:
        """Close every peer in order, then the channels."""
        self._closed = True
        await self._elsewhere.aclose()
        peers = self.peers()
        await asyncio.gather(*(peer.close("shutting down") for peer in peers))
        if self._pool is not None:
            await self._pool.aclose()
            self._pool = None

    # --- what peers need (PeerHost) -------------------------------------------------------------

    def connect(self, peer: Peer) -> Node:
        if self._pool is None:
            raise RuntimeError("the relay is closed")
        node = self._pool.place(peer.room_id)
        self._attach_to(peer, node)
        return node

    def got_end(self, peer: Peer, end: End) -> None:
        if self._directory.forget_elsewhere(peer.room_id):
            self._tell_room(peer.room_id)  # who is still there is told again to whoever joins
        node = self._peer_nodes.get(peer.session_id)
        if node is None or self._pool is None or end is not End.UNAVAILABLE:
            return
        if node.suspect():
            self._pool.lost(node)

    def got_tracks(self, event: SfuTracks) -> None:
        asking = self._elsewhere.is_asking(event.session_id)
        if asking or (
            event.change != "remove" and not self._directory.knows(event.session_id, event.tracks)
        ):
            self._elsewhere.got(event)
            return
        self._take_tracks(event)

    def published(self, peer: Peer, effect: Published) -> None:
        if self._directory.offered(peer.session_id, effect.tracks, effect.sources):
            self._tell_room(peer.room_id)

    def assume_published(self, peer: Peer) -> None:
        if self._directory.assumed(peer.session_id):
            self._tell_room(peer.room_id)

    def gone(self, peer: Peer) -> None:
        if self._peers.pop(peer.session_id, None) is None:
            return
        node = self._peer_nodes.pop(peer.session_id, None)
        if node is not None:
            node.peers -= 1
        room = self._rooms.get(peer.room_id, {})
        room.pop(peer.session_id, None)
        if not room:
            self._rooms.pop(peer.room_id, None)
            self._directory.forget_elsewhere(peer.room_id)
            if self._pool is not None:
                self._pool.forget_room(peer.room_id)
        if self._directory.closed(peer.session_id):
            self._tell_room(peer.room_id)

    def retry_in_ms(self, peer: Peer, code: str) -> int:
        """When a lost browser comes back: spread, so that a node is not met by all at once."""
        node = self._peer_nodes.get(peer.session_id)
        together = node.peers if node is not None else 1
        base = RETRY_SLOWLY_MS.get(code, 50)
        return base + int(self._chance.uniform(0, max(FEW_MS, PER_PEER_MS * together)))

    # --- inside ---------------------------------------------------------------------------------

    def _adopt(self, event: SfuTracks, publisher: Publisher) -> None:
        if publisher.room_id in self._rooms:
            sources = {track.stream_id: DEFAULT_SOURCE for track in event.tracks}
            sources |= publisher.sources
            self._directory.adopted(event.session_id, publisher.room_id, sources)
            self._take_tracks(event)

    def _take_tracks(self, event: SfuTracks) -> None:
        room_id = self._directory.room_of(event.session_id)
        if room_id is None:
            return
        if event.change == "remove":
            gone = [track.track_id for track in event.tracks]
            changed = self._directory.removed(event.session_id, gone)
        else:
            changed = self._directory.announced(event.session_id, event.tracks)
            publisher = self._peers.get(event.session_id)
            if publisher is not None and event.tracks:
                publisher.handle(MediaSeen())
        if changed:
            self._tell_room(room_id)

    def _attach_to(self, peer: Peer, node: Node) -> None:
        before = self._peer_nodes.get(peer.session_id)
        if before is not node:
            if before is not None:
                before.peers -= 1
            node.peers += 1
            self._peer_nodes[peer.session_id] = node
        peer.node = node.address

    def _tell_room(self, room_id: RoomId) -> None:
        tracks = self._directory.of_room(room_id)
        for peer in self.peers_of(room_id):
            peer.handle(RoomTracks(tracks))

    def _node_changed(self, node: Node) -> None:
        if node.hung and self._pool is not None:
            self._pool.lost(node)
            for peer in self.peers():
                if self._peer_nodes.get(peer.session_id) is node:
                    peer.end(End.UNAVAILABLE, "the media server hangs")
        healthy = self._pool is not None and any(
            each.state != "down" and not (each.state == "connecting" and not self._healthy)
            for each in self._pool
        )
        if healthy == self._healthy:
            return
        self._healthy = healthy
        if self.on_health is not None:
            try:
                self.on_health(healthy)
            except Exception:
                logger.exception("the news of the media server's health could not be handled")


def _has_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
