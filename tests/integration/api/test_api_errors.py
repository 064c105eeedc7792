"""Errors of the framework have our envelope and proper statuses too."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import OperationalError
from django.test import Client

from live import actions
from live.api.codes import STATUS_OF
from live.api.parsers import MAX_BODY_BYTES
from live.refusals import WORDS
from tests.integration.api.test_api_rooms import error_of

CREATE = "/api/v1/live/create"
DOC = Path(__file__).parents[3] / "docs" / "api.md"


@pytest.mark.parametrize(
    "body",
    [b"{", b"", b"\xff\xfe", b"[" * 100_000, b'{"title": NaN}', b'{"title": "x"} trailing'],
)
def test_bad_bodies(as_owner, body):
    response = as_owner.post(CREATE, body, content_type="application/json")
    assert error_of(response, 400) in {"bad_json", "invalid"}


def test_a_charset_does_not_matter(as_owner):
    kind = "application/json; charset=hex"
    assert as_owner.post(CREATE, b'{"title": "t"}', content_type=kind).status_code == 201


def test_too_large(as_owner):
    body = b'{"title": "' + b"x" * MAX_BODY_BYTES + b'"}'
    response = as_owner.post(CREATE, body, content_type="application/json")
    assert error_of(response, 413) == "too_large"


def test_other_media_types(as_owner):
    response = as_owner.post(CREATE, "title=t", content_type="application/x-www-form-urlencoded")
    assert error_of(response, 415) == "unsupported_media_type"
    response = as_owner.get("/api/v1/live/list", headers={"Accept": "text/html"})
    assert error_of(response, 406) == "not_acceptable"


def test_other_methods(as_owner, room):
    response = as_owner.put(f"/api/v1/live/{room.room_id}", {})
    assert error_of(response, 405) == "method_not_allowed"
    assert set(response["Allow"].split(", ")) >= {"GET", "PATCH"}


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
@pytest.mark.parametrize(
    "path",
    ["/api/", "/api/v1/nothing", "/api/v2/live/list", "/api/v1/live/list/", "/api/v1/live/a%00b"],
)
def test_unknown_addresses_are_json(db, method, path):
    response = getattr(Client(enforce_csrf_checks=True), method)(path)
    assert error_of(response, 404) == "not_found"
    assert response["Content-Type"] == "application/json"


def test_a_dead_database_is_unavailable(guest, monkeypatch):
    def fail() -> None:
        raise OperationalError("connection to host db.internal refused")

    monkeypatch.setattr("live.access.live_rooms_query", fail)
    response = guest.get("/api/v1/live/list")
    assert error_of(response, 503) == "unavailable"
    assert b"db.internal" not in response.content


def test_a_fault_of_ours_is_logged_and_says_nothing(guest, db, monkeypatch, caplog):
    def fail() -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("live.access.live_rooms_query", fail)
    guest.raise_request_exception = False
    response = guest.get("/api/v1/live/list")
    assert error_of(response, 500) == "internal"
    assert b"secret" not in response.content
    assert "a secret detail" in caplog.text


def test_every_refusal_has_a_status_and_is_documented():
    assert set(WORDS) <= set(STATUS_OF)
    rows = [line.split("|") for line in DOC.read_text().splitlines() if line.startswith("| `")]
    documented = {row[1].strip(" `"): int(row[2]) for row in rows if row[2].strip().isdigit()}
    assert documented == STATUS_OF


def test_refusals_speak_the_readers_language(guest, room, staff):
    actions.do_ban_room(room, staff)
    response = guest.get(f"/api/v1/live/{room.room_id}", headers={"Accept-Language": "en"})
    assert response.json()["message"] == str(WORDS["banned"])
