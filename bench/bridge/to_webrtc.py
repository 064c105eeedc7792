"""From an encoder to WebRTC: the child with the SFU behind it; ffmpeg from RTMP to plain RTP."""

from __future__ import annotations

import asyncio
import statistics
from pathlib import Path

from bench.bridge.plain_rtp import PlainReader
from bench.bridge.processes import started
from bench.bridge.rig import Bench, Outcome
from sfu_relay.elsewhere import Publisher
from sfu_relay.events import RoomId
from sfu_relay.relay import Relay
from tests.e2e.harness.encoder import LOW_DELAY, Encoder, Style, pushing
from tests.integration.bridge.webrtc_viewer import WebrtcViewer

HIGH = Style("bench-high", ("-preset", "veryfast", "-profile:v", "high", "-bf", "2", "-g", "60"))
STYLES = {"pass": LOW_DELAY, "transcode": HIGH}
OPUS = ("-c:a", "libopus", "-b:a", "128k")
X264 = ["-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency"]
X264 += ["-profile:v", "baseline", "-crf", "23", "-g", "60"]


async def ours(bench: Bench, mode: str, secs: float) -> Outcome:
    name = bench.new_name()
    with pushing(bench.rtmp_url("raw", name), STYLES[mode]) as encoder:
        spec = bench.spec("to_webrtc", name, mode)
        async with bench.relay() as relay, bench.child(spec) as child:
            _let_find(relay, str(spec["room_id"]))
            await bench.until("the child joins", lambda: bench.session_of(child))
            viewer = WebrtcViewer(relay, str(spec["room_id"]))
            try:
                await viewer.sees(30)
                await asyncio.sleep(bench.settle_secs)
                seen = len(viewer.heard.frames)
                cost = await child.cost(secs)
                arrivals = viewer.heard.arrivals[seen:]
            finally:
                await viewer.close()
        return Outcome.of(cost, _delay(encoder, arrivals), len(arrivals) / secs)


async def by_ffmpeg(bench: Bench, mode: str, secs: float) -> Outcome:
    name = bench.new_name()
    reader = PlainReader(bench.folder)
    video = ["-c:v", "copy", "-bsf:v", "h264_mp4toannexb"] if mode == "pass" else X264
    rtp = "rtp://127.0.0.1:{}?pkt_size=1200"
    with pushing(bench.rtmp_url("raw", name), STYLES[mode]) as encoder:
        await bench.until("the encoder sends", lambda: encoder.frames_sent > 10)
        command = ["ffmpeg", "-v", "error", "-nostdin", "-fflags", "nobuffer"]
        command += ["-probesize", "100000", "-i", bench.rtmp_url("raw", name)]
        command += ["-map", "0:v", *video, "-f", "rtp", rtp.format(reader.video_port)]
        command += ["-map", "0:a", *OPUS, "-f", "rtp", rtp.format(reader.audio_port)]
        try:
            async with started(command, bench.log) as process:
                await bench.until("pictures by RTP", lambda: len(reader.seen) > 30, process)
                await asyncio.sleep(bench.settle_secs)
                seen = len(reader.seen)
                cost = await process.cost(secs)
                arrivals = reader.seen[seen:]
        finally:
            await reader.close()
        return Outcome.of(cost, _delay(encoder, arrivals), len(arrivals) / secs)


def _delay(encoder: Encoder, arrivals: list[tuple[float, int]]) -> float:
    if not arrivals:
        raise SystemExit("No picture came while it was measured.")
    return statistics.median(encoder.behind_ms(arrivals))


def _let_find(relay: Relay, room_id: str) -> None:
    async def find(session_id: str) -> Publisher:
        return Publisher(RoomId(room_id), {session_id: "camera"})

    relay.find_publishers_elsewhere(find)


def prepare() -> list[Path]:
    """Encoded once per machine, before anything is measured."""
    from tests.e2e.harness.encoder import stream_file

    return [stream_file(style) for style in STYLES.values()]
