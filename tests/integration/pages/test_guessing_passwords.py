"""Who guesses is stopped on every way in; sign-up may be limited or closed."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from live.models import User
from tests.integration.live.make import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few_tries(settings: Any) -> None:
    cache.clear()
    settings.TRIES = {
        "wrong_password_by_address": "5/day",
        "wrong_password_by_name": "3/day",
        "sign_up_by_address": "2/day",
    }


def sign_in(client: Client, name: str, password: str, address: str = "192.0.2.1") -> Any:
    form = {"username": name, "password": password}
    return client.post("/sign-in", form, REMOTE_ADDR=address)


def sign_up(client: Client, name: str) -> Any:
    return client.post("/sign-up", {"username": name, "password": "long-enough-93"})


def test_one_account_is_guessed_from_many_addresses(client: Client, owner: User) -> None:
    for last in range(3):
        assert sign_in(client, "mei", "wrong", f"192.0.2.{last}").status_code == 200
    refused = sign_in(client, "MEI", PASSWORD, "192.0.2.99")
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 86_400
    assert "Too many tries" in refused.content.decode()
    assert client.get("/dashboard").status_code == 302


def test_many_accounts_are_guessed_from_one_address(client: Client, owner: User) -> None:
    for number in range(5):
        assert sign_in(client, f"someone{number}", "wrong").status_code == 200
    assert sign_in(client, "mei", PASSWORD).status_code == 429
    assert sign_in(client, "mei", PASSWORD, "192.0.2.2").status_code == 302


def test_all_ways_in_count_together(client: Client, owner: User) -> None:
    for _ in range(2):
        sign_in(client, "mei", "wrong")
    given = {"username": "mei", "password": "wrong"}
    token = "/api/v1/auth/token"
    assert client.post(token, given, content_type="application/json").status_code == 401
    refused = client.post(token, given, content_type="application/json")
    assert refused.status_code == 429
    assert refused.json()["code"] == "rate_limited"
    assert refused.json()["data"]["retry_in_ms"] > 0
    assert int(refused["Retry-After"]) > 0
    assert client.post("/admin/login/", given).status_code == 429


def test_the_right_password_counts_for_nothing(client: Client, owner: User) -> None:
    for _ in range(8):
        assert sign_in(Client(), "mei", PASSWORD).status_code == 302


def test_empty_is_no_limit(client: Client, owner: User, settings: Any) -> None:
    settings.TRIES = dict.fromkeys(settings.TRIES, "")
    for _ in range(8):
        assert sign_in(client, "mei", "wrong").status_code == 200


def test_new_accounts_are_limited(owner: User) -> None:
    assert sign_up(Client(), "mei").status_code == 200  # taken: counts for nothing
    for number in range(2):
        assert sign_up(Client(), f"new{number}").status_code == 302
    assert sign_up(Client(), "new3").status_code == 429
    assert not User.objects.filter(username="new3").exists()


def test_sign_up_may_be_closed(client: Client, settings: Any) -> None:
    assert "/sign-up" in client.get("/").content.decode()
    settings.SIGN_UP_OPEN = False
    assert sign_up(client, "lin").status_code == 403
    assert client.get("/sign-up").status_code == 403
    assert not User.objects.exists()
    for page in ("/", "/sign-in"):
        assert "/sign-up" not in client.get(page).content.decode()
