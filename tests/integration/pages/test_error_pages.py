"""Error pages and the headers on every page."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client, RequestFactory

from live.models import Room, User
from live.pages import errors

PAGES = ["/", "/sign-in", "/sign-up", "/nothing-here", "/covers/room_a.svg", "/jsi18n/"]


@pytest.mark.django_db
def test_not_found_says_what_one_can_do(client: Client) -> None:
    response = client.get("/nothing-here")
    assert response.status_code == 404
    html = response.content.decode()
    assert "There is nothing at this address" in html
    assert "404 not_found" in html


@pytest.mark.django_db
def test_below_the_api_errors_are_json(client: Client) -> None:
    response = client.get("/api/v1/nothing-here")
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


@pytest.mark.django_db
def test_a_foreign_host_gets_the_400_page(client: Client) -> None:
    response = client.get("/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    html = response.content.decode()
    assert "400 bad_request" in html
    assert "evil.example" not in html


def test_our_own_failure_needs_no_database(rf: RequestFactory) -> None:
    """Without the db mark a query would raise."""
    response = errors.internal(rf.get("/"))
    assert response.status_code == 500
    html = response.content.decode()
    assert "Something broke on our side" in html
    assert "500 internal" in html


def test_our_own_failure_below_the_api_is_json(rf: RequestFactory) -> None:
    assert b'"code": "internal"' in errors.internal(rf.get("/api/v1/live/list")).content


def test_a_page_that_breaks_becomes_the_500_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("broken for a test")

    monkeypatch.setattr("live.access.live_rooms", broken)
    response = Client(raise_request_exception=False).get("/")
    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()
    assert "broken for a test" not in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_the_policy(path: str, client: Client) -> None:
    response = client.get(path)
    policy = response["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "ws://testserver" in policy
    assert "camera=(self)" in response["Permissions-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"


def test_pages_hold_no_inline_code(
    room: Room, owner: User, browser_of: Callable[[User], Client]
) -> None:
    """The policy would block it; here it is found before a browser is asked."""
    browser = browser_of(owner)
    ids = room.room_id
    own = ["/dashboard", "/rooms/new", f"/rooms/{ids}/edit", f"/rooms/{ids}/key"]
    for path in [*PAGES[:4], *own, f"/live/{ids}", f"/studio/{ids}"]:
        html = browser.get(path, follow=True).content.decode()
        inline = [
            attributes
            for attributes, body in re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL)
            if body.strip() and "application/json" not in attributes
        ]
        assert not inline, path
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", html), path


def test_a_policy_that_is_there_already_is_kept(rf: RequestFactory) -> None:
    from django.http import HttpResponse

    from live.pages.security import PageSecurity

    own = HttpResponse(headers={"Content-Security-Policy": "default-src 'none'"})
    answered = PageSecurity(lambda request: own)(rf.get("/"))
    assert answered["Content-Security-Policy"] == "default-src 'none'"
