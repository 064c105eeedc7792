"""Sign up, in and out; language."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from live import actions
from live.models import User
from tests.integration.live.make import PASSWORD

pytestmark = pytest.mark.django_db


def sign_up(client: Client, **changes: str) -> object:
    form = {"username": "lin", "password": "long-enough-93", "display_name": "林"} | changes
    return client.post("/sign-up", form)


def test_sign_up_signs_in_and_goes_back(client: Client) -> None:
    response = sign_up(client, next="/go-live")
    assert response["Location"] == "/go-live"
    assert client.get("/dashboard").status_code == 200
    assert User.objects.get(username="lin").name == "林"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"password": "12345678"}, "password"),
        ({"username": "no spaces"}, "username"),
        ({"username": "MEI"}, "username"),
    ],
)
def test_sign_up_says_what_is_wrong_beside_the_field(
    changes: dict[str, str], field: str, client: Client, owner: User
) -> None:
    response = sign_up(client, **changes)
    assert response.status_code == 200
    assert f'id="id_{field}_error"' in response.content.decode()
    assert User.objects.count() == 1


def test_sign_in_and_out(client: Client, owner: User) -> None:
    response = client.post("/sign-in", {"username": "mei", "password": PASSWORD})
    assert response["Location"] == "/dashboard"
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out")["Location"] == "/"
    assert client.get("/dashboard").status_code == 302


def test_a_wrong_password_and_a_ban_are_told_apart_only_to_who_knows_the_password(
    client: Client, owner: User
) -> None:
    actions.do_ban_user(owner)
    wrong = client.post("/sign-in", {"username": "mei", "password": "wrong"}).content.decode()
    right = client.post("/sign-in", {"username": "mei", "password": PASSWORD}).content.decode()
    assert "do not go together" in wrong
    assert "banned" not in wrong
    assert "banned" in right
    assert client.get("/dashboard").status_code == 302


@pytest.mark.parametrize("page", ["/sign-in", "/sign-up", "/language"])
def test_nobody_is_led_to_another_site(page: str, client: Client, owner: User) -> None:
    form = {"username": "mei", "password": PASSWORD, "next": "https://evil.example/"}
    if page == "/sign-up":
        form |= {"username": "other", "password": "long-enough-93"}
    response = client.post(page, form)
    assert response.status_code == 302
    assert "evil" not in response["Location"]


def test_forms_need_their_token(owner: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/sign-in", {"username": "mei", "password": PASSWORD})
    assert response.status_code == 403
    assert "This form is too old" in response.content.decode()


@pytest.mark.parametrize(
    ("accept", "language", "text"),
    [
        ("zh-CN,zh;q=0.9", "zh-hans", "现在没有人在播"),
        ("zh-TW", "zh-hans", "现在没有人在播"),
        ("fr-FR,en;q=0.8", "en", "Nobody is live"),
        ("", "en", "Nobody is live"),
    ],
)
def test_the_browser_says_which_language(
    accept: str, language: str, text: str, client: Client
) -> None:
    html = client.get("/", headers={"Accept-Language": accept}).content.decode()
    assert f'<html lang="{language}">' in html
    assert text in html


def test_the_switch_is_stronger_and_stays_with_the_account(
    client: Client, owner: User, browser_of: Callable[[User], Client]
) -> None:
    browser = browser_of(owner)
    response = browser.post("/language", {"language": "zh-hans", "next": "/dashboard"})
    assert response["Location"] == "/dashboard"
    assert "我的直播间" not in browser.get("/").content.decode()
    assert "正在直播" in browser.get("/", headers={"Accept-Language": "en"}).content.decode()
    # Another browser, later: signing in brings the language along.
    client.post("/sign-in", {"username": "mei", "password": PASSWORD})
    assert "正在直播" in client.get("/", headers={"Accept-Language": "en"}).content.decode()


def test_a_language_that_we_do_not_have_changes_nothing(
    owner: User, browser_of: Callable[[User], Client]
) -> None:
    browser_of(owner).post("/language", {"language": "tlh"})
    owner.refresh_from_db()
    assert owner.language == ""


def test_scripts_get_their_words(client: Client) -> None:
    script = client.get("/jsi18n/", headers={"Accept-Language": "zh-CN"}).content.decode()
    assert "\\u5df2\\u590d\\u5236" in script or "已复制" in script  # Copied
    assert "django.contrib" not in script
