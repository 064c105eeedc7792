"""When nginx is to push an encoder once more."""

from __future__ import annotations

from ingest.pushes import Pushes
from ingest.stat import Client, Stream

SENT = {"play_a": Stream("play_a", active=True, clients=(Client("7", publishing=True),))}


def test_who_is_heard_nowhere_is_pushed_again_and_given_time():
    pushes = Pushes()
    asked = [at / 2 for at in range(12) if pushes.got_page(SENT, {}, at / 2)]
    assert asked == [0.5, 2.5, 4.5]


def test_not_while_somebody_feeds_it_or_before_media():
    pushes = Pushes()
    for at in range(5):
        assert pushes.got_page(SENT, SENT, at) == []
        waiting = {"play_a": Stream("play_a", active=False)}
        assert pushes.got_page(waiting, {}, at + 0.5) == []
    assert pushes.got_page(SENT, {}, 10) == []
    assert pushes.got_page({}, {}, 10.5) == []
    assert pushes.got_page(SENT, {}, 11) == []
    assert pushes.got_page(SENT, {}, 11.5) == ["play_a"]
