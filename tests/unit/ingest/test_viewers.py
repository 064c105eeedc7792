"""Players counted from nginx's datagrams: strictly read, bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.viewers import MOST_BY_ADDRESS, MOST_VIEWERS, SEEN_WITHIN_SECS, HlsViewers


def line(viewer: int | str = 1, play_id: str = "play_a", address: str = "192.0.2.1") -> bytes:
    shown = viewer if isinstance(viewer, str) else f"{viewer:032x}"
    return f"<190>Nov 21 15:58:37 hls: 1795276717.755 {play_id} {shown} {address}".encode()


def test_viewers_are_counted_by_their_id_for_12_s():
    seen = HlsViewers()
    for at, viewer in ((0.0, 1), (1.0, 1), (1.0, 2), (2.0, 3)):
        assert seen.got_datagram(line(viewer), at)
    seen.got_datagram(line(1, "play_b"), 2.0)
    assert seen.counts(2.0) == {"play_a": 3, "play_b": 1}
    assert seen.counts(1.5 + SEEN_WITHIN_SECS) == {"play_a": 1, "play_b": 1}
    assert seen.counts(3.0 + SEEN_WITHIN_SECS) == {}


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"\n", b"\x00" * 100, b"\xff", line("page"), line("x" * 32), line("A" * 32)),
        *(line(play_id="../x"), line(play_id="play_A"), line(play_id="play_" + "a" * 41)),
        *(line(address="a b"), line(address="x" * 10), line(address="1" * 46), line() + b" more"),
        *(line().replace(b"hls:", b"flv:"), b"<190>" + line(), line()[5:], line() * 2),
    ],
)
def test_other_lines_are_not_counted(raw: bytes):
    seen = HlsViewers()
    assert not seen.got_datagram(raw, 0.0)
    assert seen.counts(0.0) == {}


@given(st.binary(max_size=200))
def test_any_bytes(raw: bytes):
    HlsViewers().got_datagram(raw, 0.0)


def test_one_address_counts_so_often_and_no_more():
    seen = HlsViewers()
    for viewer in range(MOST_BY_ADDRESS * 3):
        seen.got_datagram(line(viewer), 0.0)
        seen.got_datagram(line(viewer, "play_b"), 0.0)
    seen.got_datagram(line("f" * 32, address="2001:db8::1"), 0.0)
    assert seen.counts(0.0) == {"play_a": MOST_BY_ADDRESS + 1, "play_b": MOST_BY_ADDRESS}
    assert seen.got_datagram(line(0), 5.0), "who is known stays known"
    later = 1.0 + SEEN_WITHIN_SECS
    assert seen.got_datagram(line(9_999), later), "the others have gone"
    assert seen.counts(later) == {"play_a": 2}


def test_all_together_are_bounded():
    seen = HlsViewers()
    for viewer in range(MOST_VIEWERS + 500):
        seen.got_datagram(line(viewer, address=f"10.{viewer >> 16}.{viewer >> 8 & 255}.1"), 0.0)
    # 256 viewers an address, of which 50 count
    assert sum(seen.counts(0.0).values()) <= MOST_VIEWERS
    seen = HlsViewers()
    for viewer in range(MOST_VIEWERS + 500):
        address = f"10.{viewer >> 16}.{viewer >> 8 & 255}.{viewer & 255}"
        seen.got_datagram(line(viewer, address=address), 0.0)
    assert seen.counts(0.0) == {"play_a": MOST_VIEWERS}
    assert seen.counts(100.0) == {}
    assert not seen._at_address
