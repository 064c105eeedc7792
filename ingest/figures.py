"""Stat pages, one after the other, and playback's inspection → the figures of each stream. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

from ingest.stat import Client, Stream

WINDOW_SECS: Final = 5.0  # bitrates are the mean of it: keyframes make shorter ones jump
LEAST_SECS: Final = 1.0
KEYFRAMES_SECS: Final = 60.0  # one look may be shorter than the distance of two keyframes
MOST_TEXT: Final = 20
INSPECTED: Final[Mapping[str, type]] = {
    "b_frames": bool,
    "measured_fps": float,
    "has_audio": bool,
    "has_video": bool,
    "hevc": bool,
    "av_offset_ms": float,
}
# What nginx knows as well, where it does: it can't read every codec's headers.
ALSO: Final[Mapping[str, type]] = {
    "video_codec": str,
    "profile": str,
    "level": str,
    "width": int,
    "height": int,
    "audio_codec": str,
    "audio_bitrate": int,
}


def declared(stream: Stream, publisher: Client) -> dict[str, Any]:
    """What needs one page only. What is not known is left out."""
    meta = stream.meta
    said = {
        "video_codec": meta.video_codec,
        "profile": meta.profile,
        "level": meta.level,
        "width": meta.width,
        "height": meta.height,
        "fps": meta.fps,
        "audio_codec": meta.audio_codec,
        "channels": meta.channels,
        "sample_rate": meta.sample_rate,
    }
    counted = {"dropped": publisher.dropped, "uptime_secs": publisher.time_ms // 1000}
    return {name: value for name, value in said.items() if value} | counted


def known_of(answer: Mapping[str, Any], kinds: Mapping[str, type]) -> dict[str, Any]:
    """Those of the named figures that are of their type."""
    return {
        name: value
        for name, kind in kinds.items()
        if (value := _of_kind(answer.get(name), kind)) is not None
    }


def _of_kind(value: Any, kind: type) -> Any:
    if kind is str:
        return value[:MOST_TEXT] or None if isinstance(value, str) else None
    if kind is bool:
        return value if isinstance(value, bool) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return int(value) if kind is int else round(value, 3)


class Figures:
    """Of all streams that are sent now; one that is sent anew starts from nothing."""

    def __init__(self) -> None:
        self._client: dict[str, str] = {}
        self._bytes: dict[str, deque[tuple[float, int]]] = {}
        self._inspected: dict[str, dict[str, Any]] = {}
        self._also: dict[str, dict[str, Any]] = {}
        self._keyframes: dict[str, deque[tuple[float, float]]] = {}

    def got_page(self, publishers: Mapping[str, Stream], at: float) -> None:
        """`at`: monotonic seconds."""
        for play_id in set(self._client) - set(publishers):
            self._forget(play_id)
        for play_id, stream in publishers.items():
            publisher = stream.publisher
            if publisher is None:
                continue
            if self._client.get(play_id) != publisher.client_id:
                self._forget(play_id)
                self._client[play_id] = publisher.client_id
            counted = self._bytes.setdefault(play_id, deque())
            if counted and stream.bytes_in < counted[-1][1]:
                counted.clear()
            counted.append((at, stream.bytes_in))
            while at - counted[0][0] > WINDOW_SECS:
                counted.popleft()

    def got_inspection(self, play_id: str, answer: object, at: float) -> None:
        """playback's. What it says in its first second is passed over: it heard no sound yet."""
        if play_id not in self._client or not isinstance(answer, dict):
            return
        if "video_bitrate" not in answer and "audio_bitrate" not in answer:
            return
        self._inspected.setdefault(play_id, {}).update(known_of(answer, INSPECTED))
        self._also.setdefault(play_id, {}).update(known_of(answer, ALSO))
        secs = _of_kind(answer.get("keyframe_secs"), float)
        if secs is not None:
            seen = self._keyframes.setdefault(play_id, deque())
            seen.append((at, secs))
            while at - seen[0][0] > KEYFRAMES_SECS:
                seen.popleft()

    def of(self, stream: Stream) -> dict[str, Any]:
        publisher = stream.publisher
        if publisher is None:
            return {}
        found = self._also.get(stream.name, {}) | declared(stream, publisher)
        found |= self._inspected.get(stream.name, {})
        if found.get("hevc"):
            found["video_codec"] = "HEVC"
        if seen := self._keyframes.get(stream.name):
            found["keyframe_secs"] = max(secs for _, secs in seen)
        return found | self._bitrates(stream)

    def _bitrates(self, stream: Stream) -> dict[str, int]:
        """bit/s. nginx says how much of it is audio when it has counted for 10 s."""
        counted = self._bytes.get(stream.name)
        if not counted or counted[-1][0] - counted[0][0] < LEAST_SECS:
            return {}
        (began, first), (ended, last) = counted[0], counted[-1]
        total = (last - first) * 8 / (ended - began)
        if not stream.meta.video_codec:
            return {"audio_bitrate": _rounded(total)}
        counted_audio = self._also.get(stream.name, {}).get("audio_bitrate", 0) or stream.bw_audio
        audio = min(counted_audio, total)
        known = {"audio_bitrate": _rounded(audio)} if audio else {}
        return {"video_bitrate": _rounded(total - audio)} | known

    def _forget(self, play_id: str) -> None:
        self._client.pop(play_id, None)
        self._bytes.pop(play_id, None)
        self._inspected.pop(play_id, None)
        self._also.pop(play_id, None)
        self._keyframes.pop(play_id, None)


def _rounded(bitrate: float) -> int:
    return round(bitrate / 1000) * 1000
