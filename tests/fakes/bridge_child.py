"""A child whose work sends nothing: `python -m tests.fakes.bridge_child` in place of bridge.child.

What its room is called says what it does: "…crash…" breaks after 0.3 s, "…needs…" asks for a slot,
"…taken…" finds its name taken once, "…join…" opens a session.
"""

from __future__ import annotations

import asyncio
import os
import sys

from bridge.child.__main__ import main
from bridge.child.spec import Spec
from bridge.child.work import Make, Report


class Idle:
    def __init__(self, spec: Spec, report: Report) -> None:
        self._spec = spec
        self._report = report
        self._changes = 0

    async def run(self) -> None:
        room = self._spec.room_id
        if "crash" in room:
            await asyncio.sleep(0.3)
            raise RuntimeError("as it was told")
        if "taken" in room:
            self._report("waiting", "taken")
            await asyncio.sleep(0.5)
        if "needs" in room and self._spec.mode == "pass":
            self._report("waiting", "b_frames", needs="transcode")
        else:
            self._running()
        await asyncio.Event().wait()

    def changed(self, spec: Spec) -> None:
        self._spec = spec
        self._changes += 1
        if "needs" not in spec.room_id or spec.mode != "pass":
            self._running()

    def _running(self) -> None:
        session_id = f"sess_{os.getpid()}" if "join" in self._spec.room_id else ""
        tiles = [tile.session_id for tile in self._spec.tiles]
        figures = {"changes": self._changes, "mode": self._spec.mode, "tiles": tiles}
        needs = "transcode" if "needs" in self._spec.room_id else ""
        self._report("running", needs=needs, session_id=session_id, figures=figures)

    async def close(self) -> None:
        return None


def load(kind: str) -> Make:
    return Idle


if __name__ == "__main__":
    sys.exit(main(load))
