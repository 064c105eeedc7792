"""nginx and playback as the tests of playback have them."""

from __future__ import annotations

from tests.integration.playback.conftest import encoded, rig, rig_without_nginx

__all__ = ["encoded", "rig", "rig_without_nginx"]
