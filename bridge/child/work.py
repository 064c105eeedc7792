"""What a kind of child is: a module with `make(spec, report) -> Work`, imported by its name."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from bridge.child.spec import Spec


class Report(Protocol):
    """How a work says how it is; in the event loop only, as often as it likes.

    Told to the manager at once when anything but figures changed, else with the next beat (2 s).
    """

    def __call__(
        self,
        state: str,  # starting | running (media flows) | waiting
        reason: str = "",  # why it waits: docs/bridge.md, "Reasons"
        *,
        needs: str = "",  # "transcode": go on when the spec's mode is no more "pass"
        session_id: str | None = None,  # None: as before
        figures: Mapping[str, Any] | None = None,  # None: as before
    ) -> None: ...


class Work(Protocol):
    """One job. Never blocks the event loop for long: silent for 5 s, it is taken for hung."""

    async def run(self) -> None:
        """Until cancelled. Returns when there is nothing more to do; raises when it can't go on:
        either way the process ends, and another is started if it is still wanted."""

    def changed(self, spec: Spec) -> None:
        """Tiles, layout, muted or mode are others now; kind, room and play id never."""

    async def close(self) -> None:
        """After run() has ended, however it did: leave in order, within 1.5 s."""


Make = Callable[[Spec, Report], Work]

MODULES: Final[dict[str, str]] = {
    "to_webrtc": "bridge.child.to_webrtc",
    "to_rtmp": "bridge.child.to_rtmp",
    "ladder": "bridge.child.ladder",
    "restream": "bridge.child.restream",
}


def load(kind: str) -> Make:
    """Takes half a second (PyAV, aiortc): for a thread. Raises ImportError."""
    make: Make = importlib.import_module(MODULES[kind]).make
    return make
