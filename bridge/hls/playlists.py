"""The texts of HLS playlists (RFC 8216), and what an older one says of where to go on. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Segment:
    name: str
    secs: float
    began_at: float  # seconds since 1970 of its first picture
    breaks: bool = False  # what comes decodes otherwise than what came: a discontinuity


@dataclass(frozen=True, slots=True)
class Variant:
    """`bandwidth`: bit/s at most. `width` 0: sound only."""

    uri: str
    bandwidth: int
    codecs: tuple[str, ...]
    width: int = 0
    height: int = 0
    fps: float = 0.0


def media_playlist(segments: Sequence[Segment], first_number: int, breaks_before: int) -> str:
    """`first_number`, `breaks_before`: how many segments and discontinuities went before."""
    longest = max((segment.secs for segment in segments), default=1.0)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        f"#EXT-X-TARGETDURATION:{max(1, math.ceil(longest))}",
        f"#EXT-X-MEDIA-SEQUENCE:{first_number}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{breaks_before}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]
    for segment in segments:
        if segment.breaks:
            lines.append("#EXT-X-DISCONTINUITY")
        at = datetime.fromtimestamp(segment.began_at, UTC)
        lines += [
            f"#EXT-X-PROGRAM-DATE-TIME:{at.isoformat(timespec='milliseconds')}",
            f"#EXTINF:{segment.secs:.3f},",
            segment.name,
        ]
    return "\n".join([*lines, ""])


def master_playlist(variants: Sequence[Variant]) -> str:
    """In the order given: players begin with the first."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for variant in variants:
        codecs = ",".join(variant.codecs)
        attributes = [f"BANDWIDTH={variant.bandwidth}", f'CODECS="{codecs}"']
        if variant.width:
            attributes.append(f"RESOLUTION={variant.width}x{variant.height}")
        if variant.fps:
            attributes.append(f"FRAME-RATE={variant.fps:.3f}")
        lines += ["#EXT-X-STREAM-INF:" + ",".join(attributes), variant.uri]
    return "\n".join([*lines, ""])


def numbers_after(text: str) -> tuple[int, int]:
    """The number of the segment after those of an older playlist, and its discontinuities."""
    sequence = re.search(r"^#EXT-X-MEDIA-SEQUENCE:(\d{1,12})$", text, re.MULTILINE)
    breaks = re.search(r"^#EXT-X-DISCONTINUITY-SEQUENCE:(\d{1,12})$", text, re.MULTILINE)
    if sequence is None:
        return 0, 0
    segments = len(re.findall(r"^#EXTINF:", text, re.MULTILINE))
    seen = len(re.findall(r"^#EXT-X-DISCONTINUITY$", text, re.MULTILINE))
    return int(sequence[1]) + segments, (int(breaks[1]) if breaks else 0) + seen
