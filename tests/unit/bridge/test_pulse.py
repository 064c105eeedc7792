"""When a publisher takes its connection for dead."""

from __future__ import annotations

from bridge.webrtc.pulse import SILENT_LOOKS, Pulse


def looks(pulse: Pulse, *both: tuple[int, int]) -> list[bool]:
    return [pulse.is_lost(sent=sent, heard=heard) for sent, heard in both]


def silent(heard: int, since: int = 1) -> list[tuple[int, int]]:
    """One look less than too many."""
    return [((since + step) * 100, heard) for step in range(SILENT_LOOKS - 1)]


def test_media_without_a_word_back_are_a_lost_connection():
    pulse = Pulse()
    assert not any(looks(pulse, (50, 1), *silent(heard=1)))
    assert looks(pulse, (9_000, 1)) == [True]


def test_a_word_is_enough():
    pulse = Pulse()
    assert not any(looks(pulse, (50, 1), *silent(heard=1), (9_000, 2), *silent(2, since=200)))


def test_who_sends_nothing_awaits_nothing():
    pulse = Pulse()
    assert not any(looks(pulse, *[(100, 1)] * 100))


def test_an_sfu_that_never_reports_is_not_missed():
    pulse = Pulse()
    assert not any(looks(pulse, *[(step * 100, 0) for step in range(100)]))
