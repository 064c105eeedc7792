"""One smaller picture of a stream: scaled, encoded, with keyframes where the source has them."""

from __future__ import annotations

from typing import Final

from av.video.frame import PictureType, VideoFrame

from bridge import h264
from bridge.hls.rendition import Rendition
from bridge.video import Scaler, kbps_for, x264_encoder

FASTEST_FPS: Final = 33.0  # twice as many pictures are halved


class Scaled:
    def __init__(self, rendition: Rendition, width: int, height: int, fps: int) -> None:
        self.rendition = rendition
        self.width, self.height = width, height
        self.kbps = kbps_for(width, height, fps)
        self.codec = ""
        self._encoder = x264_encoder(width, height, fps, self.kbps, in_band=True)
        self._scaler = Scaler()
        self._cuts: set[int] = set()

    def cut(self, at_ms: int) -> None:
        """The picture of this time begins a segment."""
        self._cuts.add(at_ms)

    def picture(self, frame: VideoFrame, at_ms: int, *, keyframe: bool) -> None:
        small = self._scaler.scaled(frame, self.width, self.height)
        small.pts = at_ms
        small.pict_type = PictureType.I if keyframe or at_ms in self._cuts else PictureType.NONE
        for packet in self._encoder.encode(small):
            pts_ms = packet.pts if packet.pts is not None else at_ms
            data = bytes(packet)
            if pts_ms in self._cuts:
                self._cuts.discard(pts_ms)
                self.codec = self.codec or codec_of(data)
                self.rendition.cut(pts_ms)
            self.rendition.video(pts_ms, pts_ms, data, keyframe=packet.is_keyframe)


def codec_of(annex_b: bytes) -> str:
    """ "avc1.4D401E" of in-band parameter sets; "" without."""
    for nal in h264.split_annex_b(annex_b):
        if h264.kind_of(nal) == h264.SPS and len(nal) > 3:
            return f"avc1.{nal[1:4].hex().upper()}"
    return ""


def size_of(short_side: int, width: int, height: int) -> tuple[int, int] | None:
    """None: the source is not larger."""
    if min(width, height) <= short_side:
        return None
    scale = short_side / min(width, height)
    return round(width * scale / 2) * 2, round(height * scale / 2) * 2


def short_side_of(name: str) -> int:
    """720 of "720p"; 0 of what is no picture's name."""
    return int(name[:-1]) if name.endswith("p") and name[:-1].isdecimal() else 0
