"""What ffprobe and a decoder say of a finished file: not the library that made it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any


def probe(path: Path) -> dict[str, Any]:
    """{"secs", "codecs", "starts": {codec: seconds}}"""
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_format", str(path)]
    said = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    return {
        "secs": float(said["format"]["duration"]),
        "codecs": sorted(stream["codec_name"] for stream in said["streams"]),
        "starts": {s["codec_name"]: float(s["start_time"]) for s in said["streams"]},
    }


def decodes(path: Path) -> list[str]:
    """What a decoder complains of; [] for a good file."""
    command = ["ffmpeg", "-v", "warning", "-xerror", "-nostdin", "-i", str(path), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.stderr.splitlines()


def starts_at_once(path: Path) -> bool:
    """The index stands before the media (faststart)."""
    data = path.read_bytes()
    return 0 < data.find(b"moov") < data.find(b"mdat")


def jpeg_size(path: Path) -> tuple[int, int]:
    command = ["ffprobe", "-v", "error", "-of", "csv=p=0", "-show_entries", "stream=width,height"]
    said = subprocess.run([*command, str(path)], capture_output=True, check=True, timeout=60)
    width, height = said.stdout.decode().strip().split(",")[:2]
    return int(width), int(height)


def sizes(mp4: Path) -> list[str]:
    """Of its pictures, as they follow each other."""
    command = ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries"]
    command += ["frame=width,height", "-of", "csv=p=0", str(mp4)]
    said = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.decode()
    found = [",".join(line.split(",")[:2]) for line in said.split()]
    return [size for at, size in enumerate(found) if at == 0 or found[at - 1] != size]
