"""The SFU nodes: one gRPC channel each, their health kept fresh, and rooms placed on them."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Iterator

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from sfu_relay.config import RelayConfig
from sfu_relay.events import NodeState, RoomId
from sfu_relay.placement import LocalPlacement, NodeLoad, PlacementStore, choose_node
from sfu_relay.proto import rtc_pb2_grpc, stats_pb2, stats_pb2_grpc

logger = logging.getLogger(__name__)

DOWN_AFTER_SECS = 2.0  # of failed checks: a restart heals in less, and nobody need hear of it
HUNG_AFTER_SECS = 6.0  # then its peers are given up: a stopped process gives no other sign
CHECK_WHEN_NOT_READY_SECS = 0.5

# No keepalive pings: Ion ends every stream of a channel after the third one.
CHANNEL_OPTIONS = (
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 300),
    ("grpc.max_receive_message_length", 1024 * 1024),
    ("grpc.max_send_message_length", 256 * 1024),
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),  # no back-off inherited from another channel
)


class Node:
    """One node. Made and used within one event loop."""

    def __init__(self, address: str, config: RelayConfig, on_change: Callable[[Node], None]):
        self.address = address
        self.state = "connecting"
        self.last_error = ""
        self.peers = 0
        self.announces_publishers = False  # the embedded SFU does; Ion does not
        self.has_stats = True
        self._config = config
        self._on_change = on_change
        self.hung = False
        self._failing_since: float | None = None
        self._wake = asyncio.Event()
        self._channel = grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS)
        self.rtc = rtc_pb2_grpc.RTCStub(self._channel)
        self.stats = stats_pb2_grpc.StatsStub(self._channel)
        self._health = health_pb2_grpc.HealthStub(self._channel)
        self._watcher = asyncio.create_task(self._watch(), name=f"sfu-health-{address}")

    @property
    def answers_viewers(self) -> bool:
        """Whether a viewer may join with an offer of its own: Ion would take it for a publisher."""
        return self.announces_publishers

    def suspect(self) -> bool:
        """A stream ended as if the node were gone: look again now. Returns whether it is gone."""
        gone = self._channel.get_state() is not grpc.ChannelConnectivity.READY
        if gone and self.state == "ready":
            self._set_state("connecting")
        self._wake.set()
        return gone

    async def aclose(self) -> None:
        self._watcher.cancel()
        await asyncio.gather(self._watcher, return_exceptions=True)
        await self._channel.close()

    async def _watch(self) -> None:
        while True:
            try:
                await self._check()
            except asyncio.CancelledError:
                raise
            except Exception:
                logger.exception("the health check of %s failed oddly", self.address)
            pause = CHECK_WHEN_NOT_READY_SECS
            if self.state == "ready":
                pause = self._config.health_interval_secs
            self._wake.clear()
            try:
                async with asyncio.timeout(pause):  # wait_for of 3.11 may swallow a cancellation
                    await self._wake.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(0.05)  # let gRPC see the broken connection first

    async def _check(self) -> None:
        began = asyncio.get_running_loop().time()
        error = await self._ping()
        if error:
            self._failed(error, began)
            return
        if self.state != "ready":
            await self._recognise()
        self._failing_since, self.hung, self.last_error = None, False, ""
        self._set_state("ready")

    def _failed(self, error: str, began: float) -> None:
        self.last_error = error
        if self._failing_since is None:
            self._failing_since = began
        failing_secs = asyncio.get_running_loop().time() - self._failing_since
        if failing_secs >= DOWN_AFTER_SECS:
            self._set_state("down")
        elif self.state == "ready":
            self._set_state("connecting")
        if failing_secs >= HUNG_AFTER_SECS and not self.hung:
            self.hung = True
            self._on_change(self)

    async def _ping(self) -> str:
        """Empty when the node answers; else why not."""
        request = health_pb2.HealthCheckRequest()
        try:
            reply = await self._health.Check(
                request, timeout=self._config.health_timeout_secs, wait_for_ready=False
            )
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                return ""  # it answers, that is enough
            return f"{error.code().name}: {error.details() or ''}"[:200]
        if reply.status == health_pb2.HealthCheckResponse.NOT_SERVING:
            return "it says that it is not serving"
        return ""

    async def _recognise(self) -> None:
        """The embedded SFU has a Stats service, Ion has none."""
        try:
            await self.stats.Get(
                stats_pb2.StatsRequest(uid="-"), timeout=self._config.health_timeout_secs
            )
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                self.has_stats = self.announces_publishers = False
            return
        self.has_stats = self.announces_publishers = True

    def _set_state(self, state: str) -> None:
        if state == self.state:
            return
        logger.info("media server %s is %s %s", self.address, state, self.last_error)
        self.state = state
        self._on_change(self)


class NodePool:
    """All nodes and the placement of rooms on them."""

    def __init__(
        self,
        config: RelayConfig,
        *,
        on_change: Callable[[Node], None],
        placement: PlacementStore | None = None,
        chance: random.Random | None = None,
    ) -> None:
        self._config = config
        self._placement: PlacementStore = placement or LocalPlacement()
        self._chance = chance or random.Random()
        self._turn = 0
        self._nodes = {address: Node(address, config, on_change) for address in config.nodes}

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes.values())

    def node(self, address: str) -> Node:
        return self._nodes[address]

    def place(self, room_id: RoomId) -> Node:
        """The room's node; chosen now if it has none or its node is down while another is not."""
        address = self._placement.get(room_id)
        if address is not None and address in self._nodes:
            node = self._nodes[address]
            if node.state != "down" or node.peers:  # peers there: never split a room
                return node
            self._placement.forget(room_id)
        loads = [NodeLoad(node.address, node.state, node.peers) for node in self]
        chosen = choose_node(self._config.load_balance_method, loads, self._turn, self._chance)
        self._turn += 1
        return self._nodes[self._placement.put(room_id, chosen)]

    def forget_room(self, room_id: RoomId) -> None:
        self._placement.forget(room_id)

    def states(self) -> list[NodeState]:
        return [NodeState(node.address, node.state, node.last_error) for node in self]

    async def aclose(self) -> None:
        await asyncio.gather(*(node.aclose() for node in self))

    def lost(self, node: Node) -> None:
        """The node's peers are gone: its rooms are placed anew as they rejoin."""
        if any(other.state == "ready" for other in self if other is not node):
            self._placement.forget_node(node.address)
