from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StatsRequest(_message.Message):
    __slots__ = ("uid",)
    UID_FIELD_NUMBER: _ClassVar[int]
    uid: str
    def __init__(self, uid: _Optional[str] = ...) -> None: ...

class SessionStats(_message.Message):
    __slots__ = ("uid", "video_bitrate", "audio_bitrate", "packet_loss", "jitter", "round_trip_time", "packets", "bytes", "connected")
    UID_FIELD_NUMBER: _ClassVar[int]
    VIDEO_BITRATE_FIELD_NUMBER: _ClassVar[int]
    AUDIO_BITRATE_FIELD_NUMBER: _ClassVar[int]
    PACKET_LOSS_FIELD_NUMBER: _ClassVar[int]
    JITTER_FIELD_NUMBER: _ClassVar[int]
    ROUND_TRIP_TIME_FIELD_NUMBER: _ClassVar[int]
    PACKETS_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    CONNECTED_FIELD_NUMBER: _ClassVar[int]
    uid: str
    video_bitrate: int
    audio_bitrate: int
    packet_loss: float
    jitter: float
    round_trip_time: float
    packets: int
    bytes: int
    connected: bool
    def __init__(self, uid: _Optional[str] = ..., video_bitrate: _Optional[int] = ..., audio_bitrate: _Optional[int] = ..., packet_loss: _Optional[float] = ..., jitter: _Optional[float] = ..., round_trip_time: _Optional[float] = ..., packets: _Optional[int] = ..., bytes: _Optional[int] = ..., connected: _Optional[bool] = ...) -> None: ...

class NodeStats(_message.Message):
    __slots__ = ("rooms", "peers", "transports", "publishers", "packets_in", "packets_out", "bytes_in", "bytes_out", "dropped", "cpu_seconds", "rss_bytes")
    ROOMS_FIELD_NUMBER: _ClassVar[int]
    PEERS_FIELD_NUMBER: _ClassVar[int]
    TRANSPORTS_FIELD_NUMBER: _ClassVar[int]
    PUBLISHERS_FIELD_NUMBER: _ClassVar[int]
    PACKETS_IN_FIELD_NUMBER: _ClassVar[int]
    PACKETS_OUT_FIELD_NUMBER: _ClassVar[int]
    BYTES_IN_FIELD_NUMBER: _ClassVar[int]
    BYTES_OUT_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    CPU_SECONDS_FIELD_NUMBER: _ClassVar[int]
    RSS_BYTES_FIELD_NUMBER: _ClassVar[int]
    rooms: int
    peers: int
    transports: int
    publishers: int
    packets_in: int
    packets_out: int
    bytes_in: int
    bytes_out: int
    dropped: int
    cpu_seconds: float
    rss_bytes: int
    def __init__(self, rooms: _Optional[int] = ..., peers: _Optional[int] = ..., transports: _Optional[int] = ..., publishers: _Optional[int] = ..., packets_in: _Optional[int] = ..., packets_out: _Optional[int] = ..., bytes_in: _Optional[int] = ..., bytes_out: _Optional[int] = ..., dropped: _Optional[int] = ..., cpu_seconds: _Optional[float] = ..., rss_bytes: _Optional[int] = ...) -> None: ...

class StatsReply(_message.Message):
    __slots__ = ("node", "sessions")
    NODE_FIELD_NUMBER: _ClassVar[int]
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    node: NodeStats
    sessions: _containers.RepeatedCompositeFieldContainer[SessionStats]
    def __init__(self, node: _Optional[_Union[NodeStats, _Mapping]] = ..., sessions: _Optional[_Iterable[_Union[SessionStats, _Mapping]]] = ...) -> None: ...
