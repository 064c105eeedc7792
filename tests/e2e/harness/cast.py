"""Several people with a colour, a tone and a counter each, and who of them is where in HLS."""

from __future__ import annotations

import io
import json
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import av
import numpy as np

from bridge.canvas import box_of
from live.layouts import Rect, rectangles
from tests.e2e.harness import obs
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.stream_reader import read_number
from tests.e2e.harness.ways import CLAPPER

NEAR = 40  # of 255, each of red, green, blue: a codec and a matrix lie between
EDGE = 8  # pixels inside of a rectangle; a codec smears its edge
BELOW_COUNTER = 0.28  # of a picture's height: the code takes 0.18 at the top


@dataclass(frozen=True)
class Part:
    """One of the cast."""

    name: str
    ground: tuple[int, int, int]
    hz: int

    def play(self, someone: Visitor) -> None:
        """Camera and microphone of all pages that `someone` opens from now on."""
        ground = "#" + bytes(self.ground).hex()
        part = json.dumps({"ground": ground, "hz": self.hz})
        script = CLAPPER.read_text(encoding="utf-8")
        someone.context.add_init_script(f"window.__part = {part};\n{script}")


OWNER = Part("owner", (160, 50, 50), 600)
GUEST = Part("guest", (40, 70, 170), 1500)


@dataclass
class Piece:
    """The newest segments, decoded."""

    pictures: list[Any] = field(default_factory=list)  # RGB
    samples: Any = None  # mono, 48 kHz

    @property
    def size(self) -> tuple[int, int]:
        height, width = self.pictures[-1].shape[:2]
        return int(width), int(height)

    def numbers(self, rect: Rect) -> list[int]:
        """What the counter in a rectangle says, picture by picture."""
        box = box_of(rect, *self.size)
        cut = [each[box.y : box.y + box.h, box.x : box.x + box.w] for each in self.pictures]
        found = [read_number(each.mean(axis=2)) for each in cut]
        return [number for number in found if number is not None]

    def ground(self, rect: Rect) -> list[tuple[int, int, int]]:
        """Colours at the corners of a rectangle (the upper ones below the counter)."""
        box, picture = box_of(rect, *self.size), self.pictures[-1]
        left, right = box.x + EDGE, box.x + box.w - EDGE
        top, low = box.y + int(box.h * BELOW_COUNTER), box.y + box.h - EDGE
        found = []
        for x, y in ((left, top), (right, top), (left, low), (right, low)):
            patch = picture[y - 3 : y + 3, x - 3 : x + 3].reshape(-1, 3)
            red, green, blue = np.median(patch, axis=0).astype(int)
            found.append((int(red), int(green), int(blue)))
        return found


def newest(site: Any, room_id: str, segments: int = 2) -> Piece | None:
    """By playlist and segments, as any player gets them."""
    status, where, body = obs.fetch(site.hls_url(room_id))
    names = re.findall(r"^[^#\s]\S*$", body.decode(), re.MULTILINE) if status == 200 else []
    data = b""
    for name in names[-segments:]:
        status, _, part = obs.fetch(urllib.parse.urljoin(where, name), 50_000_000)
        data += part if status == 200 else b""
    return decode(data) if data else None


def decode(transport_stream: bytes) -> Piece | None:
    piece, sounds = Piece(), [np.zeros(0, np.float32)]
    resampler = av.AudioResampler("flt", "mono", 48_000)
    with av.open(io.BytesIO(transport_stream), format="mpegts") as container:
        for frame in container.decode():
            if isinstance(frame, av.VideoFrame):
                piece.pictures.append(frame.to_ndarray(format="rgb24"))
            elif isinstance(frame, av.AudioFrame):
                sounds += [flat.to_ndarray().ravel() for flat in resampler.resample(frame)]
    piece.samples = np.concatenate(sounds)
    return piece if piece.pictures else None


def who_is_at(piece: Piece, rect: Rect, parts: tuple[Part, ...]) -> str:
    """Whose colour all corners of a rectangle have; else the colours."""
    found = piece.ground(rect)
    for part in parts:
        if all(_near(colour, part.ground) for colour in found):
            return part.name
    return str(found)


def _near(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < NEAR for a, b in zip(one, other, strict=True))


def standing(piece: Piece, layout: str, parts: tuple[Part, ...]) -> Mapping[Rect, str]:
    """Who is in each rectangle of the layout."""
    found = rectangles(layout, len(parts))
    return {rect: who_is_at(piece, rect, parts) for rect in found}
