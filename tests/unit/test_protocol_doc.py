"""docs/signalling-protocol.md and the code say the same: messages, examples, codes, numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from live.signalling import outgoing
from live.signalling.codes import (
    CHAT_MAX_CHARS,
    MAX_FRAME_BYTES,
    MAX_REF_CHARS,
    PROTOCOL_VERSION,
    CloseCode,
    ErrorCode,
)
from live.signalling.limits import ERROR_WINDOW_SECS, ERRORS, IDLE_SECS, SESSIONS_PER_CONNECTION
from live.signalling.schema import PARSERS, parse
from live.signalling.wording import DOMAIN_WORDS, WORDS

DOC = (Path(__file__).parents[2] / "docs" / "signalling-protocol.md").read_text(encoding="utf-8")
MESSAGE = re.compile(
    r"^### `(\w+)` \((client|server) → (client|server)\)\n(.*?)(?=^##|\Z)", re.M | re.S
)
EXAMPLE = re.compile(r"```json\n(.*?)```", re.S)
ROOM = "room_abc123"


def documented(direction: str) -> dict[str, list[dict[str, Any]]]:
    """Message type → its examples."""
    found: dict[str, list[dict[str, Any]]] = {}
    for kind, source, target, text in MESSAGE.findall(DOC):
        assert source != target
        if source == direction:
            found[kind] = [json.loads(example) for example in EXAMPLE.findall(text)]
    return found


FROM_CLIENT = documented("client")
FROM_SERVER = documented("server")


def table(title: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    part = DOC.split(f"# {title}\n", 1)[1].split("\n#", 1)[0]
    rows = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows[2:]]


def test_every_message_is_documented_and_the_other_way_round() -> None:
    assert set(FROM_CLIENT) == set(PARSERS)
    # user_left has the example of user_joined's shape; every other one has its own
    assert set(FROM_SERVER) == set(outgoing.SHAPES)


@pytest.mark.parametrize("kind", sorted(FROM_CLIENT))
def test_examples_from_the_client_are_read(kind: str) -> None:
    assert FROM_CLIENT[kind], "no example"
    for example in FROM_CLIENT[kind]:
        message = parse(json.dumps(example), ROOM)
        assert type(message).__name__.lower() == kind


@pytest.mark.parametrize("kind", sorted(FROM_SERVER))
def test_examples_from_the_server_are_what_is_built(kind: str) -> None:
    assert FROM_SERVER[kind], "no example"
    for example in FROM_SERVER[kind]:
        assert outgoing.problems(example) == []
        beside = {k: v for k, v in example.items() if k not in ("type", "room_id", "payload")}
        assert json.loads(outgoing.build(kind, ROOM, example["payload"], **beside)) == example


def test_error_codes() -> None:
    assert [row[0] for row in table("Error codes")] == [str(code) for code in ErrorCode]


def test_close_codes() -> None:
    rows = {int(row[0]): row[1] for row in table("Close codes")}
    assert rows == {int(code): code.name.lower() for code in CloseCode}


def test_every_error_code_has_words() -> None:
    assert [code for code in ErrorCode if code not in WORDS and code not in DOMAIN_WORDS] == []


def test_codes_named_with_a_message_exist() -> None:
    named = set()
    for line in re.findall(r"Errors: (.*)", DOC):
        named |= set(re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", line)))
    assert named and named <= {str(code) for code in ErrorCode}


@pytest.mark.parametrize(
    "sentence",
    [
        f"version {PROTOCOL_VERSION}",
        f"at most {MAX_FRAME_BYTES // 1024} KiB",
        f"up to {MAX_REF_CHARS} characters",
        f"1–{CHAT_MAX_CHARS} characters",
        f"nothing heard for {IDLE_SECS:.0f} s",
        f"{ERRORS} within {ERROR_WINDOW_SECS:.0f} s",
        f"more than {SESSIONS_PER_CONNECTION} SFU sessions",
    ],
)
def test_numbers_are_those_of_the_code(sentence: str) -> None:
    assert sentence in DOC
