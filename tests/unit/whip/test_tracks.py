"""What a player of one picture and one sound is shown."""

from __future__ import annotations

import pytest

from live.whip.tracks import main_tracks, muted_sounds
from sfu_relay.events import SessionId, Track

OWNER, GUEST = 1, 2
PEOPLE = {"o1": OWNER, "o2": OWNER, "g1": GUEST}


def tracks(*names: str) -> list[Track]:
    """ "o1:video", "o1:audio", "o1:screen": in the order of their coming."""
    made = []
    for name in names:
        session, what = name.split(":")
        kind = "audio" if what == "audio" else "video"
        source = "screen" if what == "screen" else "camera"
        made.append(Track(SessionId(session), name, f"{session}-{source}", kind, source))
    return made


@pytest.mark.parametrize(
    ("there", "shown"),
    [
        ((), ()),
        (("o1:video", "o1:audio"), ("o1:video", "o1:audio")),
        (("o1:audio", "o1:video", "o1:screen"), ("o1:screen", "o1:audio")),
        (("g1:video", "g1:audio", "o1:video", "o1:audio"), ("o1:video", "o1:audio")),
        (("o1:video", "o1:audio", "o2:video", "o2:audio"), ("o2:video", "o2:audio")),
        (("o1:audio", "g1:video", "g1:audio"), ("g1:video", "g1:audio")),
        (("o1:audio",), ("o1:audio",)),
        (("g1:video", "bridge:video", "bridge:audio"), ("bridge:video", "bridge:audio")),
    ],
)
def test_the_owner_first_and_the_screen_before_the_camera(
    there: tuple[str, ...], shown: tuple[str, ...]
) -> None:
    assert main_tracks(tracks(*there), PEOPLE.get, OWNER) == shown


@pytest.mark.parametrize(
    ("there", "shown", "never"),
    [
        (("g1:video", "g1:audio"), ("g1:video",), ("g1:audio",)),
        (("g1:video", "g1:audio", "o1:audio"), ("g1:video", "o1:audio"), ("g1:audio",)),
        (
            ("o1:video", "o1:audio", "g1:video", "g1:audio"),
            ("o1:video", "o1:audio"),
            ("g1:audio",),
        ),
        (("o1:video", "g1:audio"), ("o1:video",), ("g1:audio",)),
        (("bridge:video", "bridge:audio"), ("bridge:video", "bridge:audio"), ()),
    ],
)
def test_nobody_hears_who_is_muted(
    there: tuple[str, ...], shown: tuple[str, ...], never: tuple[str, ...]
) -> None:
    made = tracks(*there)
    assert main_tracks(made, PEOPLE.get, OWNER, {GUEST}) == shown
    assert muted_sounds(made, PEOPLE.get, {GUEST}) == never
