"""A place for media, FLV files as encoders send them, nginx with its rtmp module."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.cache import cache

from ingest.nginx import NoNginx, find_nginx
from tests.integration.api.conftest import as_owner, as_staff, as_stranger, guest
from tests.integration.live.conftest import owner, room, staff, stranger
from tests.integration.recording.rtmp import Rtmp

__all__ = ["as_owner", "as_staff", "as_stranger", "guest", "owner", "room", "staff", "stranger"]
FAST = ("-preset", "ultrafast", "-g", "30")
# Keyword: what ffmpeg encodes.
STYLES = {
    "both": [*FAST, "-s", "320x180"],
    "b_frames": ["-preset", "veryfast", "-bf", "2", "-g", "60", "-s", "320x180"],
    "larger": [*FAST, "-s", "640x360"],
    "stereo": [*FAST, "-s", "320x180", "-ac", "2", "-ar", "48000"],
    "silent": [*FAST, "-s", "320x180", "-an"],
    "sound": ["-vn"],
}


@pytest.fixture(autouse=True)
def media_dir(tmp_path: Path, settings) -> Path:
    """Ours alone; and no count of views or requests of other tests."""
    cache.clear()
    settings.MEDIA_DIR = tmp_path / "media"
    settings.PLAY_TOKEN_SECRET = "only-for-tests-" + "p" * 40
    settings.RTMP_ENABLED = True
    settings.RECORDING_MIN_FREE_GB = 0.0
    (settings.MEDIA_DIR / "recordings").mkdir(parents=True)
    return settings.MEDIA_DIR


@pytest.fixture(scope="session")
def flv(tmp_path_factory, missing_part) -> Callable[..., Path]:
    """flv("both", secs=5): an FLV file, made once."""
    if shutil.which("ffmpeg") is None:
        missing_part("ffmpeg is not installed")
    folder = tmp_path_factory.mktemp("flv")

    def make(style: str, secs: int = 5) -> Path:
        path = folder / f"{style}-{secs}.flv"
        if not path.exists():
            command = [
                "ffmpeg",
                "-v",
                "error",
                "-y",
                "-f",
                "lavfi",
                "-i",
                "testsrc2=s=640x360:r=30",
            ]
            command += ["-f", "lavfi", "-i", "sine=f=440:r=44100", "-t", str(secs)]
            command += ["-c:v", "libx264", "-c:a", "aac", *STYLES[style], str(path)]
            subprocess.run(command, check=True, timeout=120)
        return path

    return make


@pytest.fixture
def rtmp(tmp_path: Path, settings, missing_part) -> Iterator[Rtmp]:
    program = find_nginx()
    if isinstance(program, NoNginx):
        missing_part(program.reason)
    server = Rtmp(program, tmp_path)
    settings.RTMP_CONTROL_PORT = server.control_port
    server.start()
    try:
        yield server
    finally:
        server.stop()
