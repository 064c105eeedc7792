"""nginx, app, worker and gateway on ports of their own; a room, and tickets to it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.nginx import NoNginx, find_nginx
from live.models import Room, User
from push.tokens import build_ticket, key_mark
from tests.integration.ingest.site import SECRET, Site, free_ports, listens, until
from tests.integration.live.make import make_room, make_user
from tests.integration.push.page import Material, make_material

Ticket = Callable[..., str]


@pytest.fixture(scope="session")
def material() -> Material:
    return make_material()


@pytest.fixture(scope="module")
def nginx(missing_part):
    found = find_nginx()
    if isinstance(found, NoNginx):
        missing_part(found.reason)
    return found


class PushSite(Site):
    def __init__(self, folder: Path, nginx, **env: str) -> None:
        self.push = free_ports(1)[0]
        super().__init__(folder, nginx, PUSH_PORT=str(self.push), HOST="127.0.0.1", **env)

    def start(self, *names: str) -> None:
        super().start(*names or ("nginx", "app", "worker", "push"))
        if not names or "push" in names:
            until(lambda: listens(self.push), "the gateway does not listen")

    def ws_url(self, ticket: str) -> str:
        return f"ws://127.0.0.1:{self.push}/push?token={ticket}"


@pytest.fixture(scope="module")
def running(django_db_setup, tmp_path_factory: pytest.TempPathFactory, nginx):
    site = PushSite(tmp_path_factory.mktemp("push"), nginx)
    site.start()
    yield site
    site.stop()


@pytest.fixture
def site(running: PushSite, db) -> PushSite:
    return running


@pytest.fixture
def room(transactional_db) -> Room:
    return make_room(make_user("mei"))


def ticket_for(
    room: Room, user: User | None = None, *, ago: float = 0.0, secret: str = SECRET
) -> str:
    mark = key_mark(room.stream_key.lookup_hash, secret)
    pk = (user or room.owner).pk
    return build_ticket(room.room_id, pk, mark, secret, time.time() - ago, os.urandom(8))
