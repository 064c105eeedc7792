"""RTP without WebRTC, for ffmpeg: the same payloads in the same rhythm, and a reader."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
import time
from pathlib import Path
from typing import Any

import av

from tests.e2e.harness.stream_reader import read_number
from tests.integration.bridge.webrtc_media import FPS, pictures, sounds

VIDEO_TYPE, AUDIO_TYPE = 96, 97
OPEN_SECS, SILENT_SECS = 30.0, 2.0
GREY = (120, 128, 128)


def free_port_pairs(count: int) -> list[int]:
    """Even UDP ports whose next one (RTCP's) is free as well."""
    found: list[int] = []
    while len(found) < count:
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            one, other = (
                held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                for _ in range(2)
            )
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            other.bind(("127.0.0.1", port + 1))
            if port % 2 == 0 and port not in found:
                found.append(port)
    return found


def description(codec: str, video_port: int, audio_port: int | None = None) -> str:
    """SDP of such a stream."""
    lines = ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=bench", "c=IN IP4 127.0.0.1", "t=0 0"]
    lines += [f"m=video {video_port} RTP/AVP {VIDEO_TYPE}", f"a=rtpmap:{VIDEO_TYPE} {codec}/90000"]
    if codec == "H264":
        lines.append(f"a=fmtp:{VIDEO_TYPE} packetization-mode=1")
    if audio_port is not None:
        lines.append(f"m=audio {audio_port} RTP/AVP {AUDIO_TYPE}")
        lines.append(f"a=rtpmap:{AUDIO_TYPE} opus/48000/2")
    return "\r\n".join([*lines, ""])


class PlainSender:
    """What webrtc_room.Publisher sends, over plain UDP."""

    def __init__(self, zero: float, codec: str, size: tuple[int, int], tone: float) -> None:
        self.ports = free_port_pairs(2)
        self.sdp = description(codec, *self.ports)
        self._zero = zero
        self._media = (
            (VIDEO_TYPE, 1 / FPS, 90_000 // FPS, pictures(codec, *size, GREY)),
            (AUDIO_TYPE, 0.02, 960, [[one] for one in sounds(tone, steady=False)]),
        )

    @contextlib.asynccontextmanager
    async def sending(self) -> Any:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.setblocking(False)
            both = zip(self._media, self.ports, strict=True)
            tasks = [asyncio.create_task(self._send(udp, port, *each)) for each, port in both]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(
        self,
        udp: socket.socket,
        port: int,
        payload_type: int,
        step: float,
        rtp_step: int,
        parts: list[list[bytes]],
    ) -> None:
        number, sequence = int((time.monotonic() - self._zero) / step) + 1, 0
        while True:
            await asyncio.sleep(max(0.0, self._zero + number * step - time.monotonic()))
            payloads = parts[number % len(parts)]
            for index, payload in enumerate(payloads):
                mark = 0x80 if index == len(payloads) - 1 else 0
                rtp_time = number * rtp_step & 0xFFFFFFFF
                head = struct.pack(
                    ">BBHII", 0x80, mark | payload_type, sequence & 0xFFFF, rtp_time, payload_type
                )
                with contextlib.suppress(OSError):  # nobody there yet
                    udp.sendto(head + payload, ("127.0.0.1", port))
                sequence += 1
            number += 1


class PlainReader:
    """Decodes the picture that comes to a port, and notes when each number was there."""

    def __init__(self, folder: Path) -> None:
        self.video_port, self.audio_port = free_port_pairs(2)
        self.seen: list[tuple[float, int]] = []  # (ms since 1970, number)
        self._path = folder / f"{self.video_port}.sdp"
        self._path.write_text(description("H264", self.video_port))
        self._ended = threading.Event()
        # Sound is taken in and thrown away: nobody at its port would be an error to its sender.
        self._sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sink.bind(("127.0.0.1", self.audio_port))
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        options = {"protocol_whitelist": "file,udp,rtp", "fflags": "nobuffer"}
        with (
            contextlib.suppress(av.FFmpegError),
            av.open(
                str(self._path), format="sdp", options=options, timeout=(OPEN_SECS, SILENT_SECS)
            ) as container,
        ):
            container.streams.video[0].codec_context.flags |= 1 << 19  # low delay
            for frame in container.decode(video=0):
                at = time.time() * 1000
                number = read_number(frame.to_ndarray(format="gray"))
                if number is not None:
                    self.seen.append((at, number))
                if self._ended.is_set():
                    break

    async def close(self) -> None:
        self._ended.set()
        await asyncio.to_thread(self._thread.join, OPEN_SECS)
        self._sink.close()
