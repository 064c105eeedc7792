"""An SFU process, publishers, and a bridge child, around nginx and playback."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription

from bridge.webrtc.consent import wait_longer
from bridge.webrtc.outlet import Outlet
from bridge.webrtc.publisher import _add_candidate
from sfu_relay.config import RelayConfig
from sfu_relay.events import Answered, CandidateFound, Lost, Role, RoomId, SessionId
from sfu_relay.relay import Relay
from tests.integration.bridge.webrtc_media import FPS, pictures, sounds

ROOT = Path(__file__).resolve().parents[3]
ROOM = "room_bridge0001"
GREY = (120, 128, 128)


class Publisher:
    """One browser's session, as far as the SFU sees: prepared media, paced by the clock."""

    def __init__(
        self,
        room: Room,
        *,
        codec: str = "H264",
        width: int = 640,
        height: int = 360,
        colour: tuple[int, int, int] = GREY,
        tone: float = 1000.0,
        steady: bool = False,
        label: str = "",
    ) -> None:
        self.session_id = f"sess_p{secrets.token_hex(6)}"
        self.shows = True
        self.speaks = True
        self._zero = room.zero
        self._codec = codec
        self._pictures = pictures(codec, width, height, colour)
        self._sounds = sounds(tone, steady)
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._relay = Relay(room.config)
        self._tasks: list[asyncio.Task[None]] = []
        self.video = self._outlet("video", 90_000)
        self.audio = self._outlet("audio", 48_000)
        self.channel = self._connection.createDataChannel(label) if label else None

    def _outlet(self, kind: str, rate: int) -> Outlet:
        transceiver = self._connection.addTransceiver(kind, direction="sendonly")
        wait_longer(transceiver.sender.transport.transport.iceGatherer._connection)
        wanted = self._codec if kind == "video" else "OPUS"
        known = RTCRtpSender.getCapabilities(kind).codecs
        transceiver.setCodecPreferences(
            [one for one in known if one.mimeType.upper() == f"{kind.upper()}/{wanted}"]
        )
        return Outlet(transceiver.sender, self.session_id, rate)

    async def start(self) -> Publisher:
        await self._connection.setLocalDescription(await self._connection.createOffer())
        events: asyncio.Queue[Any] = asyncio.Queue()
        self._peer = self._relay.open_peer(
            session_id=SessionId(self.session_id),
            room_id=RoomId(ROOM),
            role=Role.PUBLISHER,
            on_event=events.put_nowait,
        )
        self._peer.offer(self._connection.localDescription.sdp)
        early: list[Any] = []  # of a node that trickles
        async with asyncio.timeout(20):
            while not (self.video.is_open and self.audio.is_open):
                try:
                    async with asyncio.timeout(0.05):
                        event = await events.get()
                except TimeoutError:
                    continue
                assert not isinstance(event, Lost), event
                if isinstance(event, Answered):
                    await self._connection.setRemoteDescription(
                        RTCSessionDescription(event.sdp, "answer")
                    )
                if isinstance(event, CandidateFound):
                    early.append(event.candidate)
                while early and self._connection.remoteDescription is not None:
                    await _add_candidate(self._connection, early.pop(0))
        self._tasks = [
            asyncio.create_task(self._send(self.video, 1 / FPS, 3_000, self._pictures)),
            asyncio.create_task(self._send(self.audio, 0.02, 960, [[one] for one in self._sounds])),
        ]
        return self

    async def _send(
        self, outlet: Outlet, step: float, rtp_step: int, parts: list[list[bytes]]
    ) -> None:
        epoch = time.time() - time.monotonic()  # of one clock: what the reports say
        number = int((time.monotonic() - self._zero) / step) + 1
        while True:
            due = self._zero + number * step
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if self.shows if outlet is self.video else self.speaks:
                payloads = parts[number % len(parts)]
                with contextlib.suppress(ConnectionError):
                    await outlet.send(payloads, number * rtp_step + 12_345, due + epoch)
            number += 1

    def told(self) -> str:
        broken = [task.exception() for task in self._tasks if task.done() and not task.cancelled()]
        return f"{self._codec}: {self.video.sent_packets} packets, {self.video.loss} lost, {broken}"

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for outlet in (self.video, self.audio):
            outlet.close()
        with contextlib.suppress(Exception):
            await self._peer.close("done")
        await self._connection.close()
        await self._relay.aclose()


class Room:
    def __init__(self, folder: Path, ports: list[int], rtmp_out_port: int) -> None:
        self.zero = time.monotonic() - 1
        self._folder = folder
        self._grpc_port, self._udp_port = ports
        self._rtmp_out_port = rtmp_out_port
        self.config = RelayConfig(enabled=True, server_url=f"127.0.0.1:{self._grpc_port}")
        self.sfu: subprocess.Popen[bytes] | None = None
        self.child: subprocess.Popen[bytes] | None = None
        self._publishers: list[Publisher] = []
        self.spec: dict[str, Any] = {}
        self.child_started = 0.0

    def start_sfu(self) -> None:
        with (self._folder / "sfu.log").open("ab") as log:
            self.sfu = subprocess.Popen(
                [sys.executable, "-m", "embedded_sfu"],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env={
                    "PATH": os.environ["PATH"],
                    "SFU_GRPC_PORT": str(self._grpc_port),
                    "SFU_UDP_PORT": str(self._udp_port),
                },
            )

    def kill_sfu(self) -> None:
        assert self.sfu is not None
        self.sfu.kill()
        self.sfu.wait(10)

    async def publish(self, **how: Any) -> Publisher:
        # Encoded beside the loop: a publisher that is there already must not fall silent.
        picture = (how.get("width", 640), how.get("height", 360), how.get("colour", GREY))
        await asyncio.to_thread(pictures, how.get("codec", "H264"), *picture)
        publisher = Publisher(self, **how)
        self._publishers.append(publisher)
        return await publisher.start()

    def bridge(self, *publishers: Publisher, play_id: str, **more: Any) -> None:
        """Start the child, or tell it of changes."""
        tiles = [
            {"session_id": one.session_id, "user_id": index, "name": str(index)}
            for index, one in enumerate(publishers)
        ]
        for tile, changes in zip(tiles, more.pop("of_tiles", []), strict=False):
            tile.update(changes)
        sfu = {"enabled": True, "server_url": self.config.server_url}
        self.spec = {
            "kind": "to_rtmp",
            "room_id": ROOM,
            "play_id": play_id,
            "run_id": "test",
            "rtmp_out_port": self._rtmp_out_port,
            "sfu": sfu,
            "tiles": tiles,
            **more,
        }
        path = self._folder / "spec.json"
        path.write_text(json.dumps(self.spec))
        if self.child is not None:
            self.child.send_signal(signal.SIGHUP)
            return
        self.child_started = time.monotonic()
        with (self._folder / "child.log").open("ab") as log:
            self.child = subprocess.Popen(
                [sys.executable, "-m", "bridge.child", "--spec", str(path)],
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )

    def reports(self) -> list[dict[str, Any]]:
        path = self._folder / "child.log"
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line) for line in lines if line.startswith("{")]

    def figures(self) -> dict[str, Any]:
        return next((one["figures"] for one in reversed(self.reports()) if one["figures"]), {})

    def state(self) -> tuple[str, str]:
        reports = self.reports()
        return (reports[-1]["state"], reports[-1]["reason"]) if reports else ("", "")

    def log(self) -> str:
        return "\n".join(
            f"== {name}\n" + (self._folder / name).read_text(errors="replace")[-6_000:]
            for name in ("sfu.log", "child.log")
            if (self._folder / name).exists()
        )

    async def close(self) -> None:
        for publisher in self._publishers:
            print(publisher.told())
            await publisher.close()
        for process in (self.child, self.sfu):
            if process is not None and process.poll() is None:
                process.terminate()
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait(5)
