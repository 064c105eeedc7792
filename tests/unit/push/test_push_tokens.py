"""Tickets and names: made by us, for one room and person, for a while; bounded and URL-safe."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from push.doors import MAX_PAGES_OF_USER, Doors, is_full
from push.tokens import (
    MAX_CHARS,
    NAME_SECS,
    TICKET_SECS,
    Grant,
    build_name,
    build_ticket,
    is_name,
    key_mark,
    parse_name,
    parse_ticket,
)

SECRET = "s" * 40
NOW = 1_795_276_755.25
MARK = key_mark("a-hash", SECRET)


def ticket(room_id: str = "room_abc", user: int = 7, secret: str = SECRET, n: int = 1) -> str:
    return build_ticket(room_id, user, MARK, secret, NOW, n.to_bytes(8))


def test_a_ticket_is_good_for_its_time():
    grant = parse_ticket(ticket(), SECRET, NOW)
    assert grant is not None
    assert (grant.room_id, grant.user, grant.began_ms) == ("room_abc", 7, 1_795_276_755_250)
    assert grant.key_mark == MARK
    assert parse_ticket(ticket(), SECRET, NOW + TICKET_SECS - 1) is not None
    assert parse_ticket(ticket(), SECRET, NOW + TICKET_SECS + 1) is None


def test_a_name_begins_where_its_ticket_did_and_lasts_on_its_own():
    grant = parse_ticket(ticket(), SECRET, NOW)
    assert grant is not None
    later = NOW + 7_200
    name = build_name(grant, SECRET, later)
    assert is_name(name)
    found = parse_name(name, SECRET, later)
    assert found is not None
    assert found.began_ms == grant.began_ms
    assert parse_name(name, SECRET, later + NAME_SECS + 1) is None
    assert parse_name(name, SECRET) == found  # of a stream that began before


def test_neither_passes_for_the_other():
    grant = parse_ticket(ticket(), SECRET, NOW)
    assert grant is not None
    name = build_name(grant, SECRET, NOW)
    assert parse_ticket(name, SECRET, NOW) is None
    assert parse_name(ticket(), SECRET, NOW) is None
    assert parse_name(name.replace("pushn", "pusht"), SECRET, NOW) is None


@pytest.mark.parametrize("secret", ["", "another-secret-of-forty-characters-or-so"])
def test_another_secret_opens_nothing(secret: str):
    assert parse_ticket(ticket(), secret, NOW) is None


def test_the_longest_one_fits_nginx():
    longest = build_ticket("r" * 64, 10**18 - 1, MARK, SECRET, NOW, b"\xff" * 8)
    assert len(longest) <= MAX_CHARS
    assert re.fullmatch(r"[A-Za-z0-9._-]+", longest)


@given(at=st.integers(0, 150), by=st.characters(codec="ascii"))
def test_no_character_can_be_changed(at: int, by: str):
    good = ticket()
    at %= len(good)
    changed = good[:at] + by + good[at + 1 :]
    assert changed == good or parse_ticket(changed, SECRET, NOW) is None


@given(st.text(max_size=300))
def test_rubbish_is_no_token(text: str):
    assert parse_ticket(text, SECRET, NOW) is None
    assert parse_name(text, SECRET, NOW) is None


def test_a_ticket_opens_once():
    doors = Doors(SECRET, ())
    assert doors.open(ticket(), NOW) is not None
    assert doors.open(ticket(), NOW) is None
    assert doors.open(ticket(n=2), NOW) is not None


@pytest.mark.parametrize(
    ("origin", "host", "is_ours"),
    [
        (None, "example.org", True),  # no browser
        ("https://example.org", "example.org", True),
        ("http://localhost:8080", "localhost:8080", True),
        ("https://live.example.org", "10.0.0.7", True),  # one of the settings
        ("https://example.org:443", "example.org", True),
        ("https://evil.example", "example.org", False),
        ("https://example.org.evil.example", "example.org", False),
        ("null", "example.org", False),
        ("", "", False),
        ("https://[::1", "example.org", False),
    ],
)
def test_pages_of_others_are_not_let_in(origin: str | None, host: str, is_ours: bool):
    assert Doors(SECRET, {"live.example.org"}).is_ours(origin, host) is is_ours


def test_one_person_has_few_pages():
    mine = Grant("room_a", 1, 0, MARK, "n" * 11, 0)
    other = Grant("room_a", 2, 0, MARK, "n" * 11, 0)
    assert not is_full([other] * MAX_PAGES_OF_USER, mine)
    assert is_full([mine] * MAX_PAGES_OF_USER, mine)
