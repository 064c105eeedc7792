"""The FLV benchmark still runs against the real processes."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from ingest.nginx import NoNginx, find_nginx

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.media
async def test_five_viewers(tmp_path: Path, missing_part) -> None:
    if isinstance(found := find_nginx(), NoNginx):
        missing_part(found.reason)
    report = tmp_path / "flv.json"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bench.flv", "--viewers", "5", "--secs", "1", "--json", str(report)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 90)
    print(output.decode())
    assert process.returncode == 0
    for result in json.loads(report.read_text("utf-8")):
        assert result["mbit_per_viewer"] > 0.5
        assert 0 < result["delay_p50_ms"] < 5_000
