"""One front for a module, put back into order for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ingest import nginx as conf
from ingest.nginx import Nginx, NoNginx
from playback.marks import KINDS
from tests.integration.front.alone import Alone, alone, stand_in


@pytest.fixture(scope="module")
def nginx() -> Nginx | NoNginx:
    return conf.find_nginx()


@pytest.fixture(autouse=True)
def needs_nginx(nginx: Nginx | NoNginx, missing_part: Callable[[str], None]) -> None:
    if isinstance(nginx, NoNginx):
        missing_part(f"{nginx.reason}: apt-get install nginx libnginx-mod-rtmp")


@pytest.fixture(scope="module")
def shared(nginx: Nginx, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    if isinstance(nginx, NoNginx):
        pytest.skip(nginx.reason)
    folder = tmp_path_factory.mktemp("front") / ("far-down-" * 12)  # deeper than a socket may be
    with alone(folder / "var", nginx, "front") as made:
        yield made


@pytest.fixture
def front(shared: Alone) -> Alone:
    """On the air, and not open."""
    for kind in KINDS:
        for file in (shared.values.media_dir / "marks" / kind).iterdir():
            file.unlink()
    shared.mark("air")
    return shared


@pytest.fixture
def app(front: Alone) -> Iterator[Any]:
    with stand_in(front.values.app_port) as server:
        yield server
