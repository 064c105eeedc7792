"""nginx's stat page: bytes → frozen values. Pure. Names in it come from strangers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree

MAX_BYTES: Final = 4 << 20
NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Unreadable(Exception):
    """Not a stat page that we would read."""


@dataclass(frozen=True)
class Client:
    client_id: str
    address: str = ""
    encoder: str = ""
    time_ms: int = 0
    dropped: int = 0
    publishing: bool = False


@dataclass(frozen=True)
class Meta:
    """What the encoder declares and nginx reads from the codec's headers. 0, "": not said."""

    video_codec: str = ""
    profile: str = ""
    level: str = ""
    width: int = 0
    height: int = 0
    fps: float = 0.0
    audio_codec: str = ""
    channels: int = 0
    sample_rate: int = 0


@dataclass(frozen=True)
class Stream:
    name: str
    time_ms: int = 0
    bytes_in: int = 0
    bw_in: int = 0  # bit/s; nginx counts 10 s before it says one, and says 0 until then
    bw_audio: int = 0
    bw_video: int = 0
    active: bool = False  # a frame came
    meta: Meta = field(default_factory=Meta)
    clients: tuple[Client, ...] = ()

    @property
    def publisher(self) -> Client | None:
        return next((client for client in self.clients if client.publishing), None)


@dataclass(frozen=True)
class Stat:
    pid: int = 0
    uptime_secs: int = 0
    streams: dict[str, dict[str, Stream]] = field(default_factory=dict)  # by application, name

    def publishers(self, application: str) -> dict[str, Stream]:
        """Streams of this application that somebody sends, by name."""
        found = self.streams.get(application, {})
        return {name: stream for name, stream in found.items() if stream.publisher is not None}


def parse_stat(raw: bytes) -> Stat:
    """Raises Unreadable. What is missing is left at its default, what is unknown is passed over."""
    if len(raw) > MAX_BYTES:
        raise Unreadable("too long")
    if b"<!" in raw:
        raise Unreadable("a declaration")  # nginx makes none; entities come with one
    # nginx escapes markup in an encoder's name, but passes bytes on that no XML may hold.
    text = NOT_XML.sub("\ufffd", raw.decode("utf-8", "replace"))
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  (without declarations it is harmless)
    except (ElementTree.ParseError, ValueError, LookupError):
        raise Unreadable("not XML") from None
    if root.tag != "rtmp":
        raise Unreadable("another page")
    streams: dict[str, dict[str, Stream]] = {}
    for application in root.iterfind("./server/application"):
        into = streams.setdefault(_text(application, "name", 64), {})
        for element in application.iterfind("./live/stream"):
            stream = _stream(element)
            into[stream.name] = stream
    return Stat(_int(root, "pid"), _int(root, "uptime"), streams)


def _stream(element: ElementTree.Element) -> Stream:
    return Stream(
        name=_text(element, "name", 300),
        time_ms=_int(element, "time"),
        bytes_in=_int(element, "bytes_in"),
        bw_in=_int(element, "bw_in"),
        bw_audio=_int(element, "bw_audio"),
        bw_video=_int(element, "bw_video"),
        active=element.find("active") is not None,
        meta=_meta(element),
        clients=tuple(_client(client) for client in element.iterfind("client")),
    )


def _client(element: ElementTree.Element) -> Client:
    return Client(
        client_id=_text(element, "id", 32),
        address=_text(element, "address", 45),
        encoder=_text(element, "flashver", 100),
        time_ms=_int(element, "time"),
        dropped=_int(element, "dropped"),
        publishing=element.find("publishing") is not None,
    )


def _meta(element: ElementTree.Element) -> Meta:
    return Meta(
        video_codec=_text(element, "meta/video/codec", 20),
        profile=_text(element, "meta/video/profile", 20),
        level=_text(element, "meta/video/level", 10),
        width=_int(element, "meta/video/width"),
        height=_int(element, "meta/video/height"),
        fps=_float(element, "meta/video/frame_rate"),
        audio_codec=_text(element, "meta/audio/codec", 20),
        channels=_int(element, "meta/audio/channels"),
        sample_rate=_int(element, "meta/audio/sample_rate"),
    )


def _text(element: ElementTree.Element, path: str, most: int) -> str:
    return (element.findtext(path) or "").strip()[:most]


def _int(element: ElementTree.Element, path: str) -> int:
    """0 for whatever is no number; bounded, since a database takes no more."""
    text = _text(element, path, 20)
    return min(int(text), 1 << 62) if text.isascii() and text.isdigit() else 0


def _float(element: ElementTree.Element, path: str) -> float:
    text = _text(element, path, 20)
    plain = text.replace(".", "", 1)
    return float(text) if plain.isascii() and plain.isdigit() else 0.0
