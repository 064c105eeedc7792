"""Rates and error counts, second by second."""

from __future__ import annotations

from live.signalling.limits import ConnectionLimits, ErrorWindow, FrameGate, TokenBucket, Verdict


def test_chat_is_five_at_once_and_one_a_second() -> None:
    chat = ConnectionLimits().chat
    assert [chat.take(100.0) for _ in range(5)] == [0.0] * 5
    assert 0.9 < chat.take(100.0) <= 1.0
    assert chat.take(101.0) == 0.0
    assert chat.take(101.0) > 0


def test_a_bucket_is_never_fuller_than_its_burst() -> None:
    bucket = TokenBucket(per_sec=1, burst=2)
    assert bucket.take(0.0) == 0
    assert [bucket.take(1000.0) > 0 for _ in range(3)] == [False, False, True]


def test_time_that_goes_back_gives_nothing() -> None:
    bucket = TokenBucket(per_sec=1, burst=1)
    assert bucket.take(50.0) == 0
    assert bucket.take(10.0) > 0


def test_an_amount_is_all_or_nothing() -> None:
    bucket = TokenBucket(per_sec=10, burst=40)
    assert bucket.take(0.0, 40) == 0
    assert bucket.take(0.0, 5) == 0.5
    assert bucket.take(0.5, 5) == 0


def test_frames_pass_then_drop_and_are_told_once_a_second_then_close() -> None:
    gate = FrameGate()
    assert {gate.got_frame(0.0) for _ in range(120)} == {Verdict.PASS}
    assert gate.got_frame(0.0) is Verdict.DROP_AND_TELL
    assert {gate.got_frame(0.01) for _ in range(298)} == {Verdict.DROP}
    assert gate.got_frame(0.01) is Verdict.DROP
    assert gate.got_frame(0.01) is Verdict.CLOSE


def test_a_steady_stream_of_thirty_a_second_always_passes() -> None:
    gate = FrameGate()
    assert {gate.got_frame(at / 30) for at in range(3000)} == {Verdict.PASS}


def test_twenty_errors_in_ten_seconds_are_too_many() -> None:
    window = ErrorWindow()
    assert not any(window.got_error(0.0) for _ in range(19))
    assert window.got_error(9.9)
    window = ErrorWindow()
    assert not any(window.got_error(at * 0.6) for at in range(200))
