"""One nginx and one playback process for each test, on ports of their own."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.nginx import NoNginx, find_nginx
from tests.integration.playback.rig import Rig


@pytest.fixture(scope="session")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("encoded")


@pytest.fixture
def rig_without_nginx(tmp_path: Path, encoded: Path, missing_part) -> Iterator[Rig]:
    nginx = find_nginx()
    if isinstance(nginx, NoNginx):
        missing_part(nginx.reason)
        raise AssertionError
    if shutil.which("ffmpeg") is None:
        missing_part("ffmpeg, as the encoder, is not installed")
    one = Rig(tmp_path, encoded, nginx, free_ports(5))
    try:
        one.start_playback()
        yield one
    finally:
        one.close()
    print(one.log()[-3_000:])
    assert "Traceback" not in one.log()


@pytest.fixture
def rig(rig_without_nginx: Rig) -> Rig:
    rig_without_nginx.start_nginx()
    return rig_without_nginx


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
