"""nginx and playback as the tests of playback have them; a room with an SFU and a bridge child."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.bridge.webrtc_room import Room
from tests.integration.playback.conftest import encoded, free_ports, rig, rig_without_nginx
from tests.integration.playback.rig import Rig

__all__ = ["encoded", "rig", "rig_without_nginx"]


@pytest.fixture
async def room(rig: Rig, tmp_path: Path) -> AsyncIterator[Room]:
    one = Room(tmp_path, free_ports(2), rig.rtmp_port)
    one.start_sfu()
    try:
        yield one
    finally:
        await one.close()
        print(one.log())
    assert "Traceback" not in one.log()
