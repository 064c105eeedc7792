"""aiortc as a player by WHEP: numbers and beeps, with the times that the sender reports say."""

from __future__ import annotations

import asyncio
import time
import urllib.request
from dataclasses import dataclass, field
from typing import Any

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from tests.e2e.harness.stream_reader import Heard, _listen, read_number
from tests.integration.bridge.webrtc_viewer import ReportClock, is_over, states, widen


@dataclass
class Played(Heard):
    """`came`: (RTP time in secs, ms since 1970) of each picture's first packet, decoded or not."""

    came: list[tuple[float, float]] = field(default_factory=list)


def read_by_whep(
    url: str, secs: float, within_secs: float = 60.0, least: tuple[int, int] = (0, 0)
) -> Played:
    """As `stream_reader.read` does, of what is played at `url`. Blocks: for a thread of its own."""
    return asyncio.run(WhepPlayer(url).play(secs, within_secs, least))


class WhepPlayer:
    def __init__(self, url: str) -> None:
        self._url = url
        self._heard = Played()
        self._tasks: list[asyncio.Task[None]] = []

    async def play(self, secs: float, within_secs: float, least: tuple[int, int]) -> Played:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        location = ""
        try:
            for kind in ("video", "audio"):
                connection.addTransceiver(kind, direction="recvonly")
            connection.on("track", lambda track: self._got_track(connection, track))
            await connection.setLocalDescription(await connection.createOffer())
            widen(connection)
            offer = connection.localDescription.sdp
            sdp, location = await asyncio.to_thread(_post, self._url, offer)
            await connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
            deadline = time.monotonic() + within_secs
            while not self._lasted(secs, least):
                came = f"{len(self._heard.frames)} pictures, {len(self._heard.beeps)} beeps"
                how = f"{self._url}: only {came} came; {states(connection)}"
                assert time.monotonic() < deadline and not is_over(connection), how
                for task in self._tasks:
                    if task.done():
                        task.result()
                await asyncio.sleep(0.1)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if location:
                await asyncio.to_thread(_delete, self._url, location)
            await connection.close()
        return self._heard

    def _lasted(self, secs: float, least: tuple[int, int]) -> bool:
        frames, beeps = self._heard.frames, self._heard.beeps
        if not frames or frames[-1][0] - frames[0][0] < secs:
            return False
        return len(set(self._heard.numbers)) >= least[0] and len(beeps) >= least[1]

    def _got_track(self, connection: RTCPeerConnection, track: MediaStreamTrack) -> None:
        (receiver,) = [each for each in connection.getReceivers() if each.track is track]
        if track.kind == "video":
            _note_pictures(receiver, self._heard.came)
            work = self._look(track, ReportClock(receiver, 90_000))
        else:
            work = self._listen(track, ReportClock(receiver, 48_000))
        self._tasks.append(asyncio.create_task(work))

    async def _look(self, track: Any, clock: ReportClock) -> None:
        while True:
            frame = await track.recv()
            at = time.time() * 1000
            plane = frame.planes[0]
            grey = np.frombuffer(plane, np.uint8).reshape(frame.height, plane.line_size)
            number = read_number(grey[:, : frame.width])
            if number is None:
                self._heard.unreadable += 1
            elif clock.reports:
                self._heard.frames.append((clock.at(frame.pts), number, at))

    async def _listen(self, track: Any, clock: ReportClock) -> None:
        resampler = av.AudioResampler("flt", "mono", 48_000)
        quiet_since: float | None = None
        while True:
            frame = await track.recv()
            if not clock.reports:
                continue
            start = clock.at(frame.pts)
            for flat in resampler.resample(frame):
                quiet_since = _listen(flat, start, quiet_since, self._heard.beeps)


def _note_pictures(receiver: Any, came: list[tuple[float, float]]) -> None:
    """aiortc itself leaves out pictures where the machine is too slow for it."""
    before, seen = receiver._handle_rtp_packet, 0

    async def look(packet: Any, arrival_time_ms: int) -> None:
        nonlocal seen
        step = (packet.timestamp - seen + 2**31) % 2**32 - 2**31
        if not came or step > 0:
            last = came[-1][0] if came else 0.0
            came.append((last + step / 90_000 if came else 0.0, time.time() * 1000))
            seen = packet.timestamp
        await before(packet, arrival_time_ms)

    receiver._handle_rtp_packet = look


def _post(url: str, sdp: str) -> tuple[str, str]:
    headers = {"Content-Type": "application/sdp"}
    request = urllib.request.Request(url, sdp.encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode(), answer.headers["Location"]


def _delete(url: str, location: str) -> None:
    origin = "/".join(url.split("/")[:3])
    request = urllib.request.Request(origin + location, method="DELETE")
    urllib.request.urlopen(request, timeout=30).close()
