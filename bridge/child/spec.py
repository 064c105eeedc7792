"""What a child is to do, and how that is written as JSON (docs/bridge.md). Pure."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, TypeVar

from sfu_relay.config import ConfigError, RelayConfig

KINDS: Final = ("to_webrtc", "to_rtmp", "ladder", "restream")
MODES: Final = ("pass", "transcode", "mix")
LAYOUTS: Final = ("speaker", "grid", "pip")
SOURCES: Final = ("camera", "screen")
MOST_TILES: Final = 32
MOST_NAME: Final = 50  # letters; a display name has no more
MOST_MARKS: Final = 2  # upon one letter; more of them are made to reach over the next lines
_T = TypeVar("_T")


class SpecError(ValueError):
    """A spec that no child can do; the text names the field, never its value."""


@dataclass(frozen=True)
class Tile:
    """Somebody on the programme who sends by WebRTC."""

    session_id: str
    streams: Mapping[str, str] = field(default_factory=dict)  # stream id → "camera" | "screen"
    user_id: int = 0
    name: str = ""
    muted: bool = False


@dataclass(frozen=True)
class Spec:
    """Kind, room, play id and run id stay as they are while a child lives."""

    kind: str
    room_id: str
    play_id: str
    run_id: str
    rtmp_out_port: int  # loopback: nginx's app "out"
    mode: str = "pass"
    sfu: RelayConfig = field(default_factory=lambda: RelayConfig(enabled=False, server_url=""))
    audio_only: bool = False
    tiles: tuple[Tile, ...] = ()  # in the order of the programme
    layout: str = "speaker"
    width: int = 1280
    height: int = 720
    fps: int = 30
    url: str = field(default="", repr=False)  # restream: with the key of the other platform
    private_ok: bool = False  # restream: to addresses that are not public as well
    renditions: tuple[str, ...] = ()  # ladder: "720p", "480p", "360p", "audio"
    hls_dir: str = ""  # ladder: where nginx writes the HLS of this play id

    @property
    def spec_id(self) -> str:
        """Names this spec without telling it."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """In one line, the same for equal specs."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))


def parse_spec(said: Any) -> Spec:
    """The object of a `run` message. Raises SpecError; unknown fields are of a newer manager."""
    if not isinstance(said, dict):
        raise SpecError("a spec is an object")
    sfu = said.get("sfu")
    spec = Spec(
        kind=_one_of(said, "kind", KINDS),
        room_id=_name(said, "room_id"),
        play_id=_name(said, "play_id"),
        run_id=_name(said, "run_id"),
        rtmp_out_port=_number(said, "rtmp_out_port", 1, 65535),
        mode=_one_of(said, "mode", MODES),
        sfu=_relay_config(sfu if isinstance(sfu, dict) else {}),
        audio_only=_given(said, "audio_only", bool, False),
        tiles=tuple(_tile(each) for each in _given(said, "tiles", list, [])[:MOST_TILES]),
        layout=_one_of(said, "layout", LAYOUTS),
        width=_number(said, "width", 16, 3840),
        height=_number(said, "height", 16, 3840),
        fps=_number(said, "fps", 1, 120),
        url=_given(said, "url", str, ""),
        private_ok=_given(said, "private_ok", bool, False),
        renditions=tuple(map(str, _given(said, "renditions", list, [])[:8])),
        hls_dir=_given(said, "hls_dir", str, ""),
    )
    return spec


def from_json(text: str | bytes) -> Spec:
    """Raises SpecError."""
    try:
        return parse_spec(json.loads(text))
    except (ValueError, RecursionError) as error:
        if isinstance(error, SpecError):
            raise
        raise SpecError("not JSON") from None


def shown_name(name: str) -> str:
    """A stranger's name as it is drawn: one line, no controls, nothing that turns the direction.

    The same again for what it returned: manager and child compare specs by their hash.
    """
    kept: list[str] = []
    marks = 0
    for letter in unicodedata.normalize("NFC", name[: 4 * MOST_NAME]):
        category = unicodedata.category(letter)
        if category[0] == "Z" or letter in "\t\n\r":
            letter = " "
        elif category[0] == "C":
            continue
        marks = marks + 1 if category[0] == "M" else 0
        if marks <= MOST_MARKS:
            kept.append(letter)
    one_line = " ".join(unicodedata.normalize("NFC", "".join(kept)).split())
    return one_line[:MOST_NAME].rstrip()


def _tile(said: Any) -> Tile:
    if not isinstance(said, dict):
        raise SpecError("tiles are objects")
    streams = _given(said, "streams", dict, {})
    if not all(isinstance(name, str) and source in SOURCES for name, source in streams.items()):
        raise SpecError("streams: ids with camera or screen")
    return Tile(
        session_id=_name(said, "session_id"),
        streams=dict(streams),
        user_id=_number(said, "user_id", 0, 1 << 62),
        name=shown_name(_given(said, "name", str, "")),
        muted=_given(said, "muted", bool, False),
    )


def _relay_config(said: Mapping[str, Any]) -> RelayConfig:
    known = {each.name for each in fields(RelayConfig)}
    given: dict[str, Any] = {"enabled": False, "server_url": ""}
    for name, value in said.items():
        if name in known:
            given[name] = tuple(value) if isinstance(value, list) else value
    try:
        return RelayConfig(**given)
    except (ConfigError, TypeError, AttributeError) as error:
        raise SpecError(f"sfu: {error}") from None


def _given(said: Mapping[str, Any], name: str, kind: type[_T], otherwise: _T) -> _T:
    value = said.get(name, otherwise)
    if not isinstance(value, kind):
        raise SpecError(f"{name} must be {kind.__name__}")
    return value


def _name(said: Mapping[str, Any], name: str) -> str:
    value = _given(said, name, str, "")
    if not value or len(value) > 80 or not value.isascii() or not value.isprintable():
        raise SpecError(f"{name} must be 1 to 80 printable characters")
    return value


def _number(said: Mapping[str, Any], name: str, least: int, most: int) -> int:
    default = {"width": 1280, "height": 720, "fps": 30, "user_id": 0}.get(name)
    value = said.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise SpecError(f"{name} must be {least} to {most}")
    return value


def _one_of(said: Mapping[str, Any], name: str, allowed: Sequence[str]) -> str:
    value = said.get(name, {"mode": "pass", "layout": "speaker"}.get(name))
    if value not in allowed:
        raise SpecError(f"{name} must be one of {', '.join(allowed)}")
    return str(value)
