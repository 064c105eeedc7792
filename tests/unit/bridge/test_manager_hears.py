"""What a child says is believed only as far as it may be: it decodes the media of strangers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bridge.children import Child
from bridge.folder import Folder
from bridge.plan_terms import Heard


def heard(tmp_path: Path, said: Any) -> Child:
    child = Child(Folder(tmp_path), "abc", lambda: None)
    child._got(said)
    return child


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"state": "running"}, Heard("running")),
        (
            {"state": "waiting", "reason": "codec", "needs": "transcode", "session_id": "sess_a"},
            Heard("waiting", "codec", "transcode", "sess_a"),
        ),
        ({"state": "waiting", "reason": "<b>"}, Heard("waiting")),
        ({"state": "waiting", "reason": "a" * 31, "session_id": "../x"}, Heard("waiting")),
        ({"state": ["running"], "reason": {}}, None),
        ({"state": "stopping"}, None),
        ({"hello": {}}, None),
    ],
)
def test_states(tmp_path: Path, said: Any, wanted: Heard | None) -> None:
    assert heard(tmp_path, said).heard == wanted


def test_figures_are_few_and_short(tmp_path: Path) -> None:
    said = {"kbps": 7, "What?": 1, "long": "x" * 201, **{f"f{n}": n for n in range(99)}}
    figures = heard(tmp_path, {"state": "running", "figures": said}).figures
    assert figures["kbps"] == 7 and len(figures) == 40
    assert not {"What?", "long"} & set(figures)


async def test_a_folder_has_one_owner_and_short_addresses(tmp_path: Path) -> None:
    deep = tmp_path / ("deep-" * 30)
    first, second = Folder(deep), Folder(deep)
    assert first.lock() and first.lock() and not second.lock()
    assert deep.stat().st_mode & 0o777 == 0o700
    assert len(first.address("a" * 16)) < 100
    server = await asyncio.start_unix_server(lambda r, w: w.close(), first.address("a" * 16))
    assert first.run_ids() == ["a" * 16]
    server.close()
    first.log("x").write_text("one\ntwo\n")
    assert first.tail("x") == "one\ntwo" and first.tail("y") == ""
    first.remove("x")
    assert not first.log("x").exists()
    first.unlock()
    assert second.lock()
    second.unlock()
