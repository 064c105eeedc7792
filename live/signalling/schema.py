"""Reads a client's frame: text in, frozen dataclass or ProtocolError out. No I/O here."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from live.signalling.codes import MAX_REF_CHARS, ErrorCode

MAX_TRACKS: Final = 16
MAX_CANDIDATE_CHARS: Final = 2048
ID = re.compile(r"[A-Za-z0-9_.{}+/=-]{1,128}")
LAYERS: Final = frozenset({"auto", "f", "h", "q", "off"})
SOURCES: Final = frozenset({"camera", "screen"})
TARGETS: Final = frozenset({"publisher", "subscriber"})
RUNGS: Final = frozenset({"", "webrtc", "flv", "hls"})


class ProtocolError(Exception):
    """A frame that says nothing we can carry out. `code` is an error code of the protocol."""

    def __init__(self, code: ErrorCode, detail: str, about: str = "", ref: str | None = None):
        super().__init__(f"{code}: {detail}")
        self.code, self.detail, self.about, self.ref = code, detail, about, ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What all messages from a client may carry beside their payload."""

    ref: str | None = None
    session_id: str | None = None  # None: the newest session of the connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Join(Message):
    rejoin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(Message):
    sdp: str
    rejoin: bool = False
    subscribe: bool = False
    sources: Mapping[str, str] = field(default_factory=dict)  # stream id -> "camera" | "screen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Message):
    sdp: str
    offer_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ice(Message):
    candidate: Mapping[str, Any] | None
    target: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave(Message):
    target: str | None = None  # only the sessions that send, or that receive alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer(Message):
    stream_id: str
    layer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Message):
    values: Mapping[str, float]
    rung: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat(Message):
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Like(Message):
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift(Message):
    gift: str
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping(Message):
    echo: str | int | float | bool | None = None


# Highest value that a report may claim, by field (units as in the protocol).
REPORT_LIMITS: Final = {
    "video_bitrate": 100_000_000.0,
    "audio_bitrate": 5_000_000.0,
    "packet_loss": 1.0,
    "jitter": 60_000.0,
    "round_trip_time": 60_000.0,
    "fps": 240.0,
    "width": 16_384.0,
    "height": 16_384.0,
}


def parse(text: str | bytes, room_id: str) -> Message:
    """The message in one frame. `room_id`: the connection's; the frame must not contradict it."""
    envelope = _envelope(text)
    ref = _ref(envelope)
    kind = envelope.get("type")
    if not isinstance(kind, str) or len(kind) > 32:
        raise ProtocolError(ErrorCode.BAD_MESSAGE, "type is missing", "type", ref)
    parser = PARSERS.get(kind)
    if parser is None:
        raise ProtocolError(ErrorCode.UNKNOWN_TYPE, "no such message", kind, ref)
    named_room = envelope.get("room_id")
    if named_room is not None and named_room != room_id:
        raise ProtocolError(ErrorCode.WRONG_ROOM, "this connection is in another room", kind, ref)
    try:
        common = {"ref": ref, "session_id": _optional_id(envelope, "session_id")}
        return parser(envelope, envelope.get("payload"), common)
    except _Bad as bad:
        raise ProtocolError(bad.code, str(bad), kind, ref) from None


class _Bad(Exception):
    def __init__(self, detail: str, code: ErrorCode = ErrorCode.BAD_MESSAGE):
        super().__init__(detail)
        self.code = code


def _envelope(text: str | bytes) -> dict[str, Any]:
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        value = json.loads(text, parse_constant=_no_constant)
        if "\\u" in text:  # "\ud800" alone is JSON, but no text that could be stored or sent
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise ProtocolError(ErrorCode.BAD_JSON, "the frame is not JSON") from None
    if not isinstance(value, dict):
        raise ProtocolError(ErrorCode.BAD_JSON, "the frame is not a JSON object")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are not JSON


def _ref(envelope: Mapping[str, Any]) -> str | None:
    ref = envelope.get("ref")
    return ref if isinstance(ref, str) and len(ref) <= MAX_REF_CHARS else None


def _join(envelope: Mapping[str, Any], payload: Any, common: Mapping[str, Any]) -> Join:
    return Join(rejoin=_flag(_object(payload), "rejoin"), **common)


def _offer(envelope: Mapping[str, Any], payload: Any, common: Mapping[str, Any]) -> Offer:
    tracks = envelope.get("tracks")
    if tracks is None:
        tracks = []
    if not isinstance(tracks, list) or len(tracks) > MAX_TRACKS:
        raise _Bad(f"tracks is not a list of at most {MAX_TRACKS}")
    sources: dict[str, str] = {}
    for track in tracks:
        entry = _object(track)
        sources[_id(entry, "stream_id")] = _choice(entry, "source", SOURCES)
    return Offer(
        sdp=_sdp(payload, "offer"),
        rejoin=_flag(envelope, "rejoin"),
        subscribe=_flag(envelope, "subscribe"),
        sources=sources,
        **common,
    )


def _answer(envelope: Mapping[str, Any], payload: Any, common: Mapping[str, Any]) -> Answer:
    offer_id = envelope.get("offer_id")
    if offer_id is not None and not _is_int(offer_id, 0, 2**31):
        raise _Bad("offer_id is not a number")
    return Answer(sdp=_sdp(payload, "answer"), offer_id=offer_id, **common)


def _ice(envelope: Mapping[str, Any], payload: Any, common: Mapping[str, Any]) -> Ice:
    return Ice(candidate=_candidate(payload), target=_target(envelope), **common)


def _leave(envelope: Mapping[str, Any], payload: Any, common: Mapping[str, Any]) -> Leave:
    return Leave(target=_target(envelope), **common)


def _layer(envelope: Mapping[str, Any], payload: Any, common: Mapping[str, Any]) -> Layer:
    body = _object(payload)
    return Layer(stream_id=_id(body, "stream_id"), layer=_choice(body, "layer", LAYERS), **common)


def _report(envelope: Mapping[str, Any], payload: Any, common: Mapping[str, Any]) -> Report:
    body = _object(payload)
    rung = body.get("rung")
    if rung is not None and (not isinstance(rung, str) or rung not in RUNGS):
        raise _Bad("rung is none of webrtc, flv, hls")
    values = {
        name: min(max(float(body[name]), 0.0), highest)
        for name, highest in REPORT_LIMITS.items()
        if _is_number(body.get(name))
    }
    return Report(values=values, rung=rung, **common)


def _chat(envelope: Mapping[str, Any], payload: Any, common: Mapping[str, Any]) -> Chat:
    text = payload if isinstance(payload, str) else _object(payload).get("text")
    if not isinstance(text, str):
        raise _Bad("text is missing")
    return Chat(text=text.replace("\x00", ""), **common)


def _like(envelope: Mapping[str, Any], payload: Any, common: Mapping[str, Any]) -> Like:
    return Like(count=_count(_object(payload), 20), **common)


def _gift(envelope: Mapping[str, Any], payload: Any, common: Mapping[str, Any]) -> Gift:
    body = _object(payload)
    return Gift(gift=_id(body, "gift"), count=_count(body, 99), **common)


def _ping(envelope: Mapping[str, Any], payload: Any, common: Mapping[str, Any]) -> Ping:
    if isinstance(payload, str) and len(payload) <= 64:
        return Ping(echo=payload, **common)
    if payload is None or isinstance(payload, bool) or _is_number(payload):
        return Ping(echo=payload, **common)
    raise _Bad("payload is neither a number nor a short string")


PARSERS: Final[Mapping[str, Callable[[Mapping[str, Any], Any, Mapping[str, Any]], Message]]] = {
    "join": _join,
    "offer": _offer,
    "answer": _answer,
    "ice": _ice,
    "leave": _leave,
    "layer": _layer,
    "report": _report,
    "chat": _chat,
    "like": _like,
    "gift": _gift,
    "ping": _ping,
}


def _object(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _Bad("payload is not an object")
    return value


def _flag(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise _Bad(f"{name} is neither true nor false")
    return value


def _id(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise _Bad(f"{name} is missing or malformed")
    return value


def _optional_id(body: Mapping[str, Any], name: str) -> str | None:
    return None if body.get(name) is None else _id(body, name)


def _choice(body: Mapping[str, Any], name: str, choices: frozenset[str]) -> str:
    value = body.get(name)
    if not isinstance(value, str) or value not in choices:
        raise _Bad(f"{name} is none of {', '.join(sorted(choices))}")
    return value


def _target(envelope: Mapping[str, Any]) -> str | None:
    target = envelope.get("target")
    if target is not None and (not isinstance(target, str) or target not in TARGETS):
        raise _Bad("target is neither publisher nor subscriber")
    return target


def _count(body: Mapping[str, Any], highest: int) -> int:
    value = body.get("count", 1)
    if not _is_int(value, 1, highest):
        raise _Bad(f"count is not a whole number from 1 to {highest}")
    return int(value)


def _sdp(payload: Any, kind: str) -> str:
    """A plain string; browsers' own {type, sdp} objects are taken too."""
    if isinstance(payload, dict) and payload.get("type") in (None, kind):
        payload = payload.get("sdp")
    if not isinstance(payload, str):
        raise _Bad("payload is not an SDP string")
    if not payload.strip():
        raise _Bad("the SDP is empty", ErrorCode.BAD_SDP)
    return payload


def _candidate(payload: Any) -> Mapping[str, Any] | None:
    """Known fields of an RTCIceCandidateInit, or None for the end of candidates."""
    if payload is None:
        return None
    if not isinstance(payload, dict):
        raise _Bad("payload is not a candidate object")
    text, mid = payload.get("candidate"), payload.get("sdpMid")
    index, ufrag = payload.get("sdpMLineIndex"), payload.get("usernameFragment")
    if text is None:
        return None
    if not isinstance(text, str) or len(text) > MAX_CANDIDATE_CHARS:
        raise _Bad("candidate is not a string", ErrorCode.BAD_CANDIDATE)
    if mid is not None and (not isinstance(mid, str) or len(mid) > 64):
        raise _Bad("sdpMid is malformed", ErrorCode.BAD_CANDIDATE)
    if index is not None and not _is_int(index, 0, 1000):
        raise _Bad("sdpMLineIndex is malformed", ErrorCode.BAD_CANDIDATE)
    if ufrag is not None and (not isinstance(ufrag, str) or len(ufrag) > 256):
        raise _Bad("usernameFragment is malformed", ErrorCode.BAD_CANDIDATE)
    candidate = {"candidate": text, "sdpMid": mid, "sdpMLineIndex": index}
    return candidate if ufrag is None else candidate | {"usernameFragment": ufrag}


def _is_int(value: Any, lowest: int, highest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest


def _is_number(value: Any) -> bool:
    """A JSON number that fits a float."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False
