"""The OpenAPI description, its page, and health."""

from __future__ import annotations

import json
import re
import socket
from contextlib import ExitStack
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.utils import OperationalError
from django.urls import get_resolver
from django.utils import timezone

from live import parts
from live.api import health
from live.models import Part
from tests.integration.api.schema import described_api


def test_the_description_is_valid_and_without_warnings():
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", "--format=openapi-json", stdout=out)
    assert json.loads(out.getvalue())["openapi"].startswith("3.1")


def test_it_is_served(guest, db):
    response = guest.get("/api/v1/openapi.json")
    assert response.status_code == 200
    assert response.json()["paths"].keys() == described_api()["paths"].keys()


def test_every_address_is_described():
    described = {re.sub(r"\{.*?\}", "", path) for path in described_api()["paths"]}
    served = {
        "/" + re.sub(r"%\(.*?\)s", "", pattern)
        for name, (possible, *_) in get_resolver().reverse_dict.items()
        if isinstance(name, str) and name.startswith(("api-", "health"))
        for pattern, _params in possible
    }
    assert served - described == {"/api/docs", "/api/v1/openapi.json"}


def test_every_operation_has_a_summary_and_examples():
    for path, operations in described_api()["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation.get("summary"), where
            for status, answer in operation["responses"].items():
                content = answer["content"]["application/json"]
                assert content.get("examples") or path.startswith("/health"), (where, status)
            if "requestBody" in operation:
                assert operation["requestBody"]["content"]["application/json"]["examples"], where


def test_the_page_to_try_it_has_no_inline_script_or_style(guest, db):
    response = guest.get("/api/docs")
    page = response.content.decode()
    assert response.status_code == 200
    assert "unsafe" not in response["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", page)
    script = guest.get("/api/docs?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert b"/api/v1/openapi.json" in script.content


def test_health(guest, db):
    assert guest.get("/health").json() == {"status": "ok"}


@pytest.fixture
def sfu(monkeypatch):
    def say(ok: bool) -> None:
        monkeypatch.setattr("live.media.sfu_ok", lambda: ok)

    return say


def test_ready_names_each_part(guest, db, sfu):
    sfu(True)
    response = guest.get("/health/ready")
    body = response.json()
    assert (response.status_code, body["status"]) == (200, "ok")
    assert set(body["parts"]) == set(health.READY_EXAMPLE["parts"])
    assert all(part["ok"] and part["detail"] for part in body["parts"].values())


def test_not_ready_without_the_sfu(guest, db, sfu, settings):
    sfu(False)
    response = guest.get("/health/ready")
    assert (response.status_code, response.json()["parts"]["sfu"]["ok"]) == (503, False)
    settings.SFU_ENABLED = False
    assert guest.get("/health/ready").status_code == 200


def test_not_ready_without_database_or_channel_layer(guest, db, sfu, monkeypatch):
    def fail(*args: object) -> None:
        raise OperationalError("password of db.internal is wrong")

    sfu(True)
    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", fail)
        response = guest.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["parts"]["database"] == {"ok": False, "detail": "OperationalError"}
    assert connection.vendor

    class DeadLayer:
        async def new_channel(self, prefix: str) -> str:
            raise ConnectionError

    monkeypatch.setattr(health, "get_channel_layer", DeadLayer)
    response = guest.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["parts"]["channel_layer"] == {"ok": False, "detail": "ConnectionError"}


@pytest.fixture
def listening(settings):
    """RTMP is on; somebody listens where nginx and playback should."""
    settings.RTMP_ENABLED = True
    with ExitStack() as sockets:
        for name in ("RTMP_CONTROL_PORT", "FLV_PORT"):
            server = sockets.enter_context(socket.create_server(("127.0.0.1", 0)))
            setattr(settings, name, server.getsockname()[1])
        yield


def seen(**states: bool) -> None:
    for name, ok in states.items():
        Part.objects.update_or_create(name=name, defaults={"ok": ok, "seen_at": timezone.now()})
    parts.forget_parts()


def ready(guest) -> tuple[int, set[str]]:
    """The status, and what is not ok."""
    response = guest.get("/health/ready")
    found = response.json()["parts"]
    return response.status_code, {name for name, part in found.items() if not part["ok"]}


def test_what_is_switched_off_is_not_waited_for(guest, db, sfu, settings):
    sfu(True)
    settings.RTMP_ENABLED = False
    assert ready(guest) == (200, set())


def test_every_process_beside_the_app_must_be_up(guest, db, sfu, listening, settings):
    sfu(True)
    assert ready(guest) == (503, {"rtmp", "playback", "worker"})
    seen(rtmp=True, flv=True, worker=True)
    assert ready(guest) == (200, set())
    seen(flv=False)
    assert ready(guest) == (503, {"playback"})
    seen(flv=True, disk=False)
    assert ready(guest) == (200, {"disk"})
    Part.objects.filter(name="worker").update(seen_at=timezone.now() - timedelta(seconds=11))
    parts.forget_parts()
    assert ready(guest) == (503, {"worker", "disk"})
    seen(worker=True, disk=True)
    settings.RTMP_CONTROL_PORT = 9  # discard: nobody is there, whatever the rows say
    assert ready(guest) == (503, {"rtmp"})


def test_the_gateway_of_broadcasts_by_websocket_is_told_only(guest, db, sfu, settings, listening):
    sfu(True)
    seen(rtmp=True, flv=True, worker=True)
    settings.STREAMING_SOCKET_FALLBACK = settings.BEHIND_FRONT = False
    assert ready(guest) == (200, set())
    settings.STREAMING_SOCKET_FALLBACK = settings.BEHIND_FRONT = True
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.PUSH_PORT = server.getsockname()[1]
        assert ready(guest) == (200, {"push"})  # nobody has looked at it yet
        seen(push=True)
        assert ready(guest) == (200, set())
    assert ready(guest) == (200, {"push"})
    assert guest.get("/health/ready").json()["parts"]["push"]["detail"] == "does not answer"
