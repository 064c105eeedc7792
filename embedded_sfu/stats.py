"""The answer of microvibe.sfu.v1.Stats: counters of the process and of each session."""

from __future__ import annotations

import resource
import time

from sfu_relay.proto import stats_pb2

from .forward import totals
from .peer import Peer
from .room import Rooms
from .transport.endpoint import Endpoint


def node_stats(rooms: Rooms, endpoint: Endpoint) -> stats_pb2.NodeStats:
    peers = _peers(rooms)
    return stats_pb2.NodeStats(
        rooms=len(rooms.rooms),
        peers=len(rooms.members),
        transports=len(endpoint.associations),
        publishers=sum(1 for peer in peers if any(True for _ in peer.published())),
        packets_in=totals.packets_in,
        packets_out=totals.packets_out,
        bytes_in=totals.bytes_in,
        bytes_out=totals.bytes_out,
        dropped=endpoint.counters.send_full + endpoint.counters.send_errors,
        cpu_seconds=time.process_time(),
        rss_bytes=_rss_bytes(),
    )


def session_stats(rooms: Rooms, uid: str) -> list[stats_pb2.SessionStats]:
    member = rooms.members.get(uid)
    return [_session(member)] if isinstance(member, Peer) else []


def _session(peer: Peer) -> stats_pb2.SessionStats:
    """A publisher's session tells what is received of it, any other what it is sent."""
    stats = stats_pb2.SessionStats(uid=peer.uid)
    if peer.publisher is not None:
        stats.connected = peer.publisher.connected
        for layer, reception in peer.publisher.receptions():
            _add_rate(stats, layer.video, layer.bitrate)
            stats.packets += layer.packets
            stats.bytes += layer.octets
            stats.packet_loss = max(stats.packet_loss, reception.fraction_lost)
            stats.jitter = max(stats.jitter, reception.jitter_ms)
    elif peer.subscriber is not None:
        stats.connected = peer.subscriber.connected
        for delivery in peer.subscriber.deliveries.values():
            row = delivery.row
            if row.layer is not None:
                _add_rate(stats, row.layer.video, row.layer.bitrate)
            stats.packets += row.packets
            stats.bytes += row.octets
            stats.packet_loss = max(stats.packet_loss, row.loss)
            stats.round_trip_time = max(stats.round_trip_time, row.rtt_ms)
    return stats


def _add_rate(stats: stats_pb2.SessionStats, video: bool, bitrate: int) -> None:
    if video:
        stats.video_bitrate += bitrate
    else:
        stats.audio_bitrate += bitrate


def _peers(rooms: Rooms) -> list[Peer]:
    return [member for member in rooms.members.values() if isinstance(member, Peer)]


def _rss_bytes() -> int:
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
