"""Who is connected and sends nothing."""

from __future__ import annotations

from ingest.silence import SILENT_AFTER_SECS, Silence
from ingest.stat import Client, Stream

P = "play_a"


def page(bytes_in: int, client_id: str = "7", active: bool = True) -> dict[str, Stream]:
    clients = (Client("3"), Client(client_id, publishing=True))
    return {P: Stream(P, bytes_in=bytes_in, active=active, clients=clients)}


def silent_after(silence: Silence, began: float, pages: list[dict[str, Stream]]) -> float | None:
    """Two pages a second: how long after `began` somebody is silent first."""
    for turn, each in enumerate(pages):
        if P in silence.got_page(each, began + turn / 2):
            return turn / 2
    return None


def test_who_sends_nothing_for_a_while_is_silent_until_something_comes():
    silence = Silence()
    assert silent_after(silence, 100.0, [page(5)] * 20) == SILENT_AFTER_SECS
    assert silence.got_page(page(5), 111.0) == {P}
    assert silence.got_page(page(6), 111.5) == set()
    assert silent_after(silence, 112.0, [page(6)] * 20) == SILENT_AFTER_SECS - 0.5


def test_little_is_not_nothing():
    pages = [page(turn // 7) for turn in range(200)]  # one frame in 3.5 s
    assert silent_after(Silence(), 0.0, pages) is None


def test_another_one_begins_anew():
    silence = Silence()
    silent_after(silence, 0.0, [page(5)] * 9)
    assert silence.got_page(page(5, "8"), 5.0) == set()
    assert silence.got_page({}, 5.5) == set()
    assert silence.got_page(page(5, "8"), 30.0) == set()


def test_before_the_first_frame_nobody_is_silent():
    assert silent_after(Silence(), 0.0, [page(5, active=False)] * 40) is None


def test_pages_that_we_did_not_get_say_nothing():
    """nginx or we stood still: what it received meanwhile it may not have read yet."""
    silence = Silence()
    silence.got_page(page(5), 0.0)
    assert silence.got_page(page(5), 60.0) == set()
    assert silence.got_page(page(6), 60.5) == set()
