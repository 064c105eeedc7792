"""What REMB and loss say about a viewer's path."""

from __future__ import annotations

from embedded_sfu.downlink import VALID_MS, Downlink, Verdict

FREE = Verdict(None, True)


def test_nothing_known_is_no_limit() -> None:
    assert Downlink().judge(1_000_000, 0) == FREE


def test_a_remb_that_still_grows_is_no_limit() -> None:
    downlink, bitrate = Downlink(), 500_000
    for second in range(1, 12):
        downlink.got_estimate(bitrate, second * 1000)
        assert downlink.judge(1_000_000, second * 1000).budget is None
        bitrate = bitrate * 108 // 100
    assert downlink.judge(900_000, 11_000).headroom


def test_a_remb_that_stopped_growing_below_the_rate_is_the_limit() -> None:
    downlink = Downlink()
    for second in range(1, 6):
        downlink.got_estimate(500_000, second * 1000)
    assert downlink.judge(1_000_000, 5_000) == Verdict(500_000, False)
    assert downlink.judge(400_000, 5_000) == FREE, "it carries what it gets, and more"


def test_a_remb_that_fell_far_is_the_limit_at_once() -> None:
    downlink = Downlink()
    downlink.got_estimate(2_000_000, 1_000)
    downlink.got_estimate(500_000, 2_000)
    assert downlink.judge(2_000_000, 2_000).budget == 500_000


def test_growth_counts_anew_after_a_change_of_layer() -> None:
    downlink = Downlink()
    downlink.got_estimate(500_000, 1_000)
    downlink.restart(10_000)
    downlink.got_estimate(500_000, 10_500)
    assert downlink.judge(1_000_000, 11_000).budget is None
    assert downlink.judge(1_000_000, 13_000).budget == 500_000


def test_an_old_estimate_is_forgotten() -> None:
    downlink = Downlink()
    downlink.got_estimate(1_000, 0)
    assert downlink.judge(1_000_000, VALID_MS).budget is not None
    assert downlink.judge(1_000_000, VALID_MS + 1) == FREE


def test_loss_is_a_limit_and_heals() -> None:
    downlink = Downlink()
    for _ in range(4):
        downlink.got_loss(0.3)
    verdict = downlink.judge(1_000_000, 0)
    assert verdict.budget is not None and verdict.budget < 750_000
    for _ in range(3):
        downlink.got_loss(0.0)
    assert downlink.judge(1_000_000, 0) == FREE
