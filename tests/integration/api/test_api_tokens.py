"""Signing in: tokens, the session cookie with CSRF, bans."""

from __future__ import annotations

from datetime import timedelta

import pytest
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from live import actions
from live.models import Room, User
from tests.integration.api.conftest import client_of
from tests.integration.api.schema import assert_as_described
from tests.integration.api.test_api_rooms import error_of
from tests.integration.live.make import PASSWORD

TOKEN, REFRESH, MINE = "/api/v1/auth/token", "/api/v1/auth/token/refresh", "/api/v1/live/mine"
LOGIN = {"username": "mei", "password": PASSWORD}


def test_a_pair_and_its_refresh(guest, owner):
    response = guest.post(TOKEN, LOGIN)
    assert response.json()["code"] == 0
    pair = assert_as_described(response, "post", TOKEN)
    assert set(pair) == {"access", "refresh"}
    assert AccessToken(pair["access"])["user_id"] == owner.pk
    newer = assert_as_described(guest.post(REFRESH, {"refresh": pair["refresh"]}), "post", REFRESH)
    for access in (pair["access"], newer["access"]):
        caller = APIClient(headers={"Authorization": f"Bearer {access}"})
        assert caller.get(MINE).status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"password": "wrong"}, 401, "bad_credentials"),
        ({"username": "nobody"}, 401, "bad_credentials"),
        ({"username": "a\x00b"}, 400, "invalid"),
        ({"password": ""}, 400, "invalid"),
        ({"password": {"x": 1}}, 400, "invalid"),
        ({"password": "x" * 5000}, 400, "invalid"),
    ],
)
def test_refused_sign_ins(guest, owner, change, status, code):
    response = guest.post(TOKEN, {**LOGIN, **change})
    assert error_of(response, status) == code
    assert_as_described(response, "post", TOKEN)


def test_tokens_that_are_not_good(guest, owner):
    refresh, access = RefreshToken.for_user(owner), AccessToken.for_user(owner)
    old = AccessToken.for_user(owner)
    old.set_exp(lifetime=timedelta(seconds=-1))
    for wrong in ("x", "", str(refresh), str(old), f"{access}x", "é"):
        caller = APIClient(headers={"Authorization": f"Bearer {wrong}"})
        response = caller.get(MINE)
        assert error_of(response, 401) in {"token_invalid", "unauthenticated"}
        assert response["WWW-Authenticate"].startswith("Bearer")
    for wrong in ("x", str(access)):
        assert error_of(guest.post(REFRESH, {"refresh": wrong}), 401) == "token_invalid"
    User.objects.all().delete()
    assert error_of(guest.post(REFRESH, {"refresh": str(refresh)}), 401) == "token_invalid"
    caller = APIClient(headers={"Authorization": f"Bearer {access}"})
    assert error_of(caller.get(MINE), 401) == "unauthenticated"


def test_the_banned_are_refused_everywhere(guest, owner, staff, as_owner):
    refresh = str(RefreshToken.for_user(owner))
    with_cookie = APIClient()
    with_cookie.force_login(owner)
    assert with_cookie.get(MINE).status_code == 200
    actions.do_ban_user(owner, staff)
    assert error_of(guest.post(TOKEN, LOGIN), 403) == "banned"
    assert error_of(guest.post(REFRESH, {"refresh": refresh}), 403) == "banned"
    assert error_of(as_owner.get(MINE), 403) == "banned"
    assert error_of(with_cookie.get(MINE), 403) == "banned"
    User.objects.filter(pk=owner.pk).update(banned_at=None, is_active=False)
    assert error_of(guest.post(TOKEN, LOGIN), 401) == "bad_credentials"
    assert error_of(client_of(owner).get(MINE), 401) == "unauthenticated"


def test_a_session_cookie_needs_a_csrf_token_to_write(owner):
    caller = APIClient(enforce_csrf_checks=True)
    caller.force_login(owner)
    response = caller.post("/api/v1/live/create", {"title": "t"})
    assert error_of(response, 403) == "csrf_failed"
    assert not Room.objects.exists()
    caller.get("/admin/login/")  # any page with a form gives the cookie
    caller.cookies["csrftoken"] = "a" * 32
    headers = {"X-CSRFToken": "a" * 32}
    assert caller.post("/api/v1/live/create", {"title": "t"}, headers=headers).status_code == 201


def test_sign_in_is_throttled_by_address(guest, owner, settings):
    settings.API_THROTTLE_RATES = {**settings.API_THROTTLE_RATES, "sign_in": "2/min"}
    wrong = {**LOGIN, "password": "wrong"}
    answers = [guest.post(TOKEN, wrong, headers={"X-Forwarded-For": f"10.0.0.{n}"}) for n in "123"]
    assert [a.status_code for a in answers] == [401, 401, 429]
    assert error_of(answers[2], 429) == "rate_limited"
    assert 0 < answers[2].json()["data"]["retry_in_ms"] <= 60_000
    assert int(answers[2]["Retry-After"]) > 0
    assert_as_described(answers[2], "post", TOKEN)
    assert guest.get("/api/v1/live/list").status_code == 200


def test_everybody_is_throttled_somewhere(guest, as_owner, as_stranger, settings):
    settings.API_THROTTLE_RATES = {"guest": "2/min", "user": "3/min", "sign_in": ""}
    assert [guest.get("/api/v1/live/list").status_code for _ in range(3)] == [200, 200, 429]
    assert [as_owner.get(MINE).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert as_stranger.get(MINE).status_code == 200
    assert guest.get("/health").status_code == 200
