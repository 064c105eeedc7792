"""The life of a guest: every verb in every state."""

from __future__ import annotations

import pytest

from live.errors import MicroVibeError
from live.guest_states import GuestState, GuestVerb, Standing, decide

# Rows: verbs. Columns: invited, waiting, on_stage, left, removed. "-": wrong_order; "!": removed.
TABLE = """
join     waiting  waiting  on_stage waiting  !
invite   invited  waiting  on_stage invited  invited
ask      waiting  waiting  on_stage -        !
decline  left     -        -        -        -
leave    left     left     left     left     removed
admit    -        on_stage on_stage -        -
remove   removed  removed  removed  removed  removed
mute     -        waiting  on_stage -        -
unmute   -        waiting  on_stage -        -
away     left     left     left     left     removed
ban      removed  removed  removed  left     removed
clear    invited  waiting  waiting  left     removed
"""
STATES = ("invited", "waiting", "on_stage", "left", "removed")
ROWS = [line.split() for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_verbs_and_states(row: list[str]) -> None:
    verb, *wanted = row
    for state, expected in zip(STATES, wanted, strict=True):
        now = Standing(GuestState(state))
        try:
            got = decide(now, GuestVerb(verb)).state.value
        except MicroVibeError as error:
            got = {"wrong_order": "-", "guest_removed": "!"}[error.code]
        assert got == expected, f"{verb} while {state}"


def test_the_table_knows_all() -> None:
    assert [row[0] for row in ROWS] and {row[0] for row in ROWS} == {str(v) for v in GuestVerb}
    assert set(STATES) == {str(state) for state in GuestState}


def test_muted_until_they_come_anew() -> None:
    muted = decide(Standing(GuestState.WAITING), GuestVerb.MUTE)
    assert muted.muted
    on_stage = decide(muted, GuestVerb.ADMIT)
    assert on_stage.muted and decide(on_stage, GuestVerb.MUTE) == on_stage
    assert not decide(on_stage, GuestVerb.UNMUTE).muted
    assert not decide(decide(on_stage, GuestVerb.LEAVE), GuestVerb.JOIN).muted
