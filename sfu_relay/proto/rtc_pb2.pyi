from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Target(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PUBLISHER: _ClassVar[Target]
    SUBSCRIBER: _ClassVar[Target]

class MediaType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MediaUnknown: _ClassVar[MediaType]
    UserMedia: _ClassVar[MediaType]
    ScreenCapture: _ClassVar[MediaType]
    Cavans: _ClassVar[MediaType]
    Streaming: _ClassVar[MediaType]
    VoIP: _ClassVar[MediaType]
PUBLISHER: Target
SUBSCRIBER: Target
MediaUnknown: MediaType
UserMedia: MediaType
ScreenCapture: MediaType
Cavans: MediaType
Streaming: MediaType
VoIP: MediaType

class JoinRequest(_message.Message):
    __slots__ = ("sid", "uid", "config", "description")
    class ConfigEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SID_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    sid: str
    uid: str
    config: _containers.ScalarMap[str, str]
    description: SessionDescription
    def __init__(self, sid: _Optional[str] = ..., uid: _Optional[str] = ..., config: _Optional[_Mapping[str, str]] = ..., description: _Optional[_Union[SessionDescription, _Mapping]] = ...) -> None: ...

class JoinReply(_message.Message):
    __slots__ = ("success", "error", "description")
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    success: bool
    error: Error
    description: SessionDescription
    def __init__(self, success: _Optional[bool] = ..., error: _Optional[_Union[Error, _Mapping]] = ..., description: _Optional[_Union[SessionDescription, _Mapping]] = ...) -> None: ...

class TrackInfo(_message.Message):
    __slots__ = ("id", "kind", "muted", "type", "streamId", "label", "layer", "width", "height", "frameRate")
    ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MUTED_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    STREAMID_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    FRAMERATE_FIELD_NUMBER: _ClassVar[int]
    id: str
    kind: str
    muted: bool
    type: MediaType
    streamId: str
    label: str
    layer: str
    width: int
    height: int
    frameRate: int
    def __init__(self, id: _Optional[str] = ..., kind: _Optional[str] = ..., muted: _Optional[bool] = ..., type: _Optional[_Union[MediaType, str]] = ..., streamId: _Optional[str] = ..., label: _Optional[str] = ..., layer: _Optional[str] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., frameRate: _Optional[int] = ...) -> None: ...

class SessionDescription(_message.Message):
    __slots__ = ("target", "type", "sdp", "trackInfos")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SDP_FIELD_NUMBER: _ClassVar[int]
    TRACKINFOS_FIELD_NUMBER: _ClassVar[int]
    target: Target
    type: str
    sdp: str
    trackInfos: _containers.RepeatedCompositeFieldContainer[TrackInfo]
    def __init__(self, target: _Optional[_Union[Target, str]] = ..., type: _Optional[str] = ..., sdp: _Optional[str] = ..., trackInfos: _Optional[_Iterable[_Union[TrackInfo, _Mapping]]] = ...) -> None: ...

class Trickle(_message.Message):
    __slots__ = ("target", "init")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    INIT_FIELD_NUMBER: _ClassVar[int]
    target: Target
    init: str
    def __init__(self, target: _Optional[_Union[Target, str]] = ..., init: _Optional[str] = ...) -> None: ...

class Error(_message.Message):
    __slots__ = ("code", "reason")
    CODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    code: int
    reason: str
    def __init__(self, code: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class TrackEvent(_message.Message):
    __slots__ = ("state", "uid", "tracks")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ADD: _ClassVar[TrackEvent.State]
        UPDATE: _ClassVar[TrackEvent.State]
        REMOVE: _ClassVar[TrackEvent.State]
    ADD: TrackEvent.State
    UPDATE: TrackEvent.State
    REMOVE: TrackEvent.State
    STATE_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    TRACKS_FIELD_NUMBER: _ClassVar[int]
    state: TrackEvent.State
    uid: str
    tracks: _containers.RepeatedCompositeFieldContainer[TrackInfo]
    def __init__(self, state: _Optional[_Union[TrackEvent.State, str]] = ..., uid: _Optional[str] = ..., tracks: _Optional[_Iterable[_Union[TrackInfo, _Mapping]]] = ...) -> None: ...

class Subscription(_message.Message):
    __slots__ = ("trackId", "mute", "subscribe", "layer")
    TRACKID_FIELD_NUMBER: _ClassVar[int]
    MUTE_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIBE_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    trackId: str
    mute: bool
    subscribe: bool
    layer: str
    def __init__(self, trackId: _Optional[str] = ..., mute: _Optional[bool] = ..., subscribe: _Optional[bool] = ..., layer: _Optional[str] = ...) -> None: ...

class SubscriptionRequest(_message.Message):
    __slots__ = ("subscriptions",)
    SUBSCRIPTIONS_FIELD_NUMBER: _ClassVar[int]
    subscriptions: _containers.RepeatedCompositeFieldContainer[Subscription]
    def __init__(self, subscriptions: _Optional[_Iterable[_Union[Subscription, _Mapping]]] = ...) -> None: ...

class SubscriptionReply(_message.Message):
    __slots__ = ("success", "error")
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    success: bool
    error: Error
    def __init__(self, success: _Optional[bool] = ..., error: _Optional[_Union[Error, _Mapping]] = ...) -> None: ...

class Request(_message.Message):
    __slots__ = ("join", "description", "trickle", "subscription")
    JOIN_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    TRICKLE_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    join: JoinRequest
    description: SessionDescription
    trickle: Trickle
    subscription: SubscriptionRequest
    def __init__(self, join: _Optional[_Union[JoinRequest, _Mapping]] = ..., description: _Optional[_Union[SessionDescription, _Mapping]] = ..., trickle: _Optional[_Union[Trickle, _Mapping]] = ..., subscription: _Optional[_Union[SubscriptionRequest, _Mapping]] = ...) -> None: ...

class Reply(_message.Message):
    __slots__ = ("join", "description", "trickle", "trackEvent", "subscription", "error")
    JOIN_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    TRICKLE_FIELD_NUMBER: _ClassVar[int]
    TRACKEVENT_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    join: JoinReply
    description: SessionDescription
    trickle: Trickle
    trackEvent: TrackEvent
    subscription: SubscriptionReply
    error: Error
    def __init__(self, join: _Optional[_Union[JoinReply, _Mapping]] = ..., description: _Optional[_Union[SessionDescription, _Mapping]] = ..., trickle: _Optional[_Union[Trickle, _Mapping]] = ..., trackEvent: _Optional[_Union[TrackEvent, _Mapping]] = ..., subscription: _Optional[_Union[SubscriptionReply, _Mapping]] = ..., error: _Optional[_Union[Error, _Mapping]] = ...) -> None: ...
