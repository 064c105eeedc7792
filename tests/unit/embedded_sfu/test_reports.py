"""What goes up to a publisher: receiver reports and transport-wide feedback; and the addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded_sfu.config import _ordered, parse_config
from embedded_sfu.reception import Reception
from embedded_sfu.transport_cc import MAX_STATUSES, ArrivalLog
from embedded_sfu.wire import rtcp, rtcp_parse
from tests.effort import few


def test_reception_counts_loss_and_jitter() -> None:
    reception = Reception(7, 90_000)
    for number in range(65_530, 65_550):
        if number % 4:
            reception.got_packet(number & 0xFFFF, number * 3000, number * 33)
    block = reception.block(1_000)
    assert block.ssrc == 7
    assert block.highest_sequence == 65_549
    assert block.packets_lost == 5
    assert block.fraction_lost == 5 * 256 // 20
    assert reception.block(2_000).fraction_lost == 0, "since the last report"
    assert reception.jitter_ms < 5


def test_reception_tells_when_the_last_report_came() -> None:
    reception = Reception(7, 90_000)
    assert (reception.block(0).lsr, reception.block(0).dlsr) == (0, 0)
    reception.got_report(0x0000_1234_5678_0000, 1_000)
    block = reception.block(1_500)
    assert (block.lsr, block.dlsr) == (0x1234_5678, 32_768)


arrivals = st.lists(
    st.tuples(st.integers(1, 40), st.integers(0, 400_000), st.booleans()), min_size=1, max_size=40
)


@few
@given(st.integers(0, 0xFFFF), arrivals)
def test_feedback_says_what_arrived_and_when(
    first: int, steps: list[tuple[int, int, bool]]
) -> None:
    """Read back by our own parser: each arrival once, within its 250 us."""
    log, number, at_us = ArrivalLog(), first, 1_000_000
    sent: dict[int, int] = {}
    for ahead, later, swapped in steps:
        number, at_us = number + ahead, at_us + later
        other = number - 1 if swapped and (number - 1) not in sent and ahead > 1 else number
        sent.setdefault(other, at_us)
        log.note(other & 0xFFFF, at_us)
    told: dict[int, int] = {}
    while (packet := log.take_feedback(1, 2)) is not None:
        assert len(packet) % 4 == 0
        [feedback] = rtcp_parse.parse_compound(packet)
        assert isinstance(feedback, rtcp.TransportCc)
        assert len(feedback.arrivals) <= MAX_STATUSES
        for wrapped, ticks in feedback.arrivals:
            if ticks is not None:
                assert wrapped not in told
                told[wrapped] = feedback.reference_time_ms * 1000 + ticks * 250
    assert set(told) == {number & 0xFFFF for number in sent}
    for number, at_us in sent.items():
        assert abs(told[number & 0xFFFF] - at_us) <= 250


def test_addresses_lan_first_loopback_last() -> None:
    pairs = [
        ("lo", "127.0.0.1"), ("docker0", "172.17.0.1"), ("eth0", "192.0.2.7"),
        ("eth0", "169.254.1.1"), ("wlan0", "198.51.100.4"), ("eth0", "192.0.2.7"),
    ]  # fmt: skip
    assert _ordered(pairs) == ("192.0.2.7", "198.51.100.4", "127.0.0.1")
    assert _ordered([]) == ("127.0.0.1",)


def test_config_command_line_before_environment() -> None:
    environment = {"SFU_GRPC_PORT": "1", "SFU_UDP_PORT": "2", "SFU_PUBLIC_IPS": "192.0.2.1, ::1"}
    config = parse_config(["--grpc-port", "3"], environment)
    assert (config.grpc_host, config.grpc_port, config.udp_port) == ("127.0.0.1", 3, 2)
    assert config.addresses == ("192.0.2.1", "::1")
    assert parse_config([], {}).addresses[-1] == "127.0.0.1"
    assert parse_config(["--grpc-host", "localhost"], {}).grpc_host == "127.0.0.1"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--grpc-host", "0.0.0.0"],
        ["--grpc-host", "sfu.example"],
        ["--udp-port", "70000"],
        ["--public-ips", "example.org"],
    ],
)
def test_config_refuses(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        parse_config(arguments, {})
