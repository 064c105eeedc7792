"""A room with its key, and nginx's calls as nginx makes them."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from django.http import HttpResponse
from django.test import Client

from live import access
from live.models import Room
from tests.integration.live.conftest import owner, room, staff, stranger

__all__ = ["owner", "room", "staff", "stranger"]
SECRET = "between-nginx-and-us"
Call = Callable[..., HttpResponse]


@pytest.fixture(autouse=True)
def rtmp_settings(settings, unused_tcp_port: int) -> None:
    settings.RTMP_ENABLED = True
    settings.INGEST_SECRET = SECRET
    settings.RTMP_CONTROL_PORT = unused_tcp_port  # nobody there, unless a test starts nginx


@pytest.fixture
def key(room: Room) -> str:
    return access.access_stream_key(room.owner, room.room_id)


@pytest.fixture
def call() -> Call:
    """`call("publish", key, client_id=1)`: as nginx sends it, "?…" of the name appended raw."""

    def make(
        what: str,
        name: str,
        client_id: int | str = 1,
        *,
        secret: str = SECRET,
        method: str = "POST",
        headers: dict[str, str] | None = None,
        peer: str = "127.0.0.1",
        address: str = "192.0.2.7",
    ) -> HttpResponse:
        name, _, extra = name.partition("?")
        body = (
            "app=live&flashver=FMLE/3.0%20(compatible%3B%20FMSc/1.0)&swfurl=&pageurl="
            f"&tcurl=rtmp://127.0.0.1:1935/live&addr={address}&clientid={client_id}"
            f"&call={what.replace('-', '_')}&name={quote(name, safe='')}&type=live&{extra}"
        )
        return Client().generic(
            method,
            f"/ingest/{what}?secret={quote(secret)}",
            data=body,
            content_type="application/x-www-form-urlencoded",
            headers={"host": "127.0.0.1", **(headers or {})},
            REMOTE_ADDR=peer,
        )

    return make
