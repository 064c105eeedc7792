"""The fan-out benchmark still runs against the real SFU, and its stream is what it says."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from pathlib import Path

from bench.fanout import stream
from embedded_sfu.wire import rtp
from embedded_sfu.wire.keyframes import starts_keyframe

ROOT = Path(__file__).resolve().parents[3]


def test_stream_is_valid_and_has_its_rate() -> None:
    secs = 12.0
    packets = list(itertools.takewhile(lambda p: p.due_secs < secs, stream.packets(65000)))
    assert abs(len(packets) / secs - stream.PACKETS_PER_SEC) < 5
    numbers, keyframes = [], set()
    for packet in packets:
        header = rtp.parse_header(packet.data)
        assert header is not None and header.payload_start == stream.MARK_AT - 2
        numbers.append(header.sequence_number)
        if starts_keyframe("H264", packet.data, header.payload_start, header.payload_end):
            keyframes.add(header.timestamp)
    assert numbers == [number & 0xFFFF for number in range(65000, 65000 + len(packets))]
    assert keyframes == {0, 270000, 540000, 810000}


async def test_three_viewers(tmp_path: Path) -> None:
    report = tmp_path / "fanout.json"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bench.fanout", "--viewers", "3", "--secs", "1", "--json", str(report)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    print(output.decode())
    assert process.returncode == 0, output.decode()
    (result,) = json.loads(report.read_text("utf-8"))
    assert result["viewers"] == 3
    assert result["rejected"] == 0, "viewers could not decrypt what they got"
    assert result["loss_percent"] < 50
    assert result["delay_p50_ms"] < 5_000
    assert result["us_per_packet"] > 0 and result["bare_us_per_packet"] > 0
