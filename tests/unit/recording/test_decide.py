"""What nginx should record against what it does."""

from __future__ import annotations

import pytest

from recording.decide import Asked, Plan, Source, Written, disk_ok, plan
from recording.pieces import Piece

NOW = 1000.0
GB = 1_000_000_000


def source(wanted: bool = True, began_at: float = 900.0, client: str = "7") -> Source:
    return Source("play_a", client, wanted, began_at)


def written(opened_at: int, ago: float) -> Written:
    return Written(Piece(f"play_a-{opened_at}.flv", "play_a", opened_at), NOW - ago, 9999)


START, STOP, NOTHING = Plan(start=("play_a",)), Plan(stop=("play_a",)), Plan()
OK = {"play_a": Asked("7", NOW - 5, True)}
UNANSWERED = {"play_a": Asked("7", NOW - 1, False)}
JUST_ASKED = {"play_a": Asked("7", NOW - 0.1, False)}

TABLE = [
    ("nothing yet", [source()], None, {}, True, START),
    (
        "asked a moment ago",
        [source()],
        None,
        {"play_a": Asked("7", NOW - 0.1, False)},
        True,
        NOTHING,
    ),
    ("asked, not there yet", [source()], None, UNANSWERED, True, START),
    ("it runs", [source()], written(950, 0.1), OK, True, NOTHING),
    ("it runs, we are new", [source()], written(950, 0.1), {}, True, START),
    ("it ran before we asked", [source()], written(950, 0.1), UNANSWERED, True, NOTHING),
    ("of the connection before", [source(client="8")], written(950, 0.1), OK, True, START),
    ("it stopped by itself", [source()], written(950, 9), OK, True, START),
    ("the same second again", [source()], written(999, 9), {}, True, NOTHING),
    ("not wanted", [source(False)], written(950, 0.1), OK, True, STOP),
    ("not wanted, nor running", [source(False)], written(950, 9), {}, True, NOTHING),
    ("nobody sends, file grows", [], written(950, 0.1), {}, True, STOP),
    ("nobody sends", [], written(950, 9), {}, True, NOTHING),
    ("disk full", [source()], written(950, 0.1), OK, False, STOP),
    ("disk full, not running", [source()], None, {}, False, NOTHING),
    ("of the broadcast before", [source(began_at=960.0)], written(950, 0.1), OK, True, STOP),
]


@pytest.mark.parametrize(("what", "sources", "newest", "asked", "ok", "expected"), TABLE)
def test_plan(what, sources, newest, asked, ok, expected):
    found = plan(sources, {"play_a": newest} if newest else {}, asked, ok, NOW)
    assert found == expected, what


def test_the_disk_must_have_a_tenth_more_before_it_goes_on():
    assert disk_ok(2 * GB, 2.0, was_ok=True)
    assert not disk_ok(2 * GB - 1, 2.0, was_ok=True)
    assert not disk_ok(int(2.1 * GB), 2.0, was_ok=False)
    assert disk_ok(int(2.2 * GB), 2.0, was_ok=False)
