"""The benchmark of bridges still runs: real children, SFU and nginx, and ffmpeg beside them."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.nginx import NoNginx, find_nginx

ROOT = Path(__file__).resolve().parents[3]
CASES = ("to_webrtc-pass", "to_rtmp-pass")  # those that cost little


@pytest.mark.media
@pytest.mark.timeout(300)
async def test_both_ways_once(tmp_path: Path, missing_part: Callable[[str], None]) -> None:
    nginx = find_nginx()
    if isinstance(nginx, NoNginx):
        missing_part(nginx.reason)
    if shutil.which("ffmpeg") is None:
        missing_part("ffmpeg is not installed")
    report = tmp_path / "bridge.json"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bench.bridge", "--cases", ",".join(CASES), "--secs", "1", "--rounds", "1"),
        *("--settle", "0.5", "--json", str(report)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), 280)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    print(output.decode())
    assert process.returncode == 0, output.decode()
    results = json.loads(report.read_text("utf-8"))
    assert [each["case"] for each in results] == list(CASES)
    for each in results:
        for side in ("ours", "ffmpeg"):
            assert 0 < each[side]["cpu_percent"] < 200, each
            assert each[side]["rss_mb"] > 10, each
            assert 0 < each[side]["delay_ms"] < 10_000, each
            assert each[side]["fps"] > 0, each
