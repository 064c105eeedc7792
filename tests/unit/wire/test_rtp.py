"""RTP: headers, extensions, the canonical form; any bytes are taken."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded_sfu.wire import rtp
from tests.effort import few
from tests.unit.wire.mutations import hostile


def packet(
    *, extension: bytes = b"", profile: int = 0xBEDE, csrcs: int = 0, padding: int = 0
) -> bytes:
    first = 0x80 | csrcs | (0x10 if extension else 0) | (0x20 if padding else 0)
    head = struct.pack("!BBHII", first, 0x80 | 102, 4711, 90000, 0xCAFE) + bytes(4 * csrcs)
    if extension:
        head += struct.pack("!HH", profile, len(extension) // 4) + extension
    tail = bytes(padding - 1) + bytes((padding,)) if padding else b""
    return head + b"payload!" + tail


ONE_BYTE = bytes((0x10, 0xAA, 0x32, 1, 2, 3, 0, 0x90, 0xBB, 0, 0, 0))
TWO_BYTE = bytes((1, 0, 20, 3, 7, 8, 9, 0, 0, 200, 1, 5))
PACKETS = [
    packet(),
    packet(csrcs=3, padding=4),
    packet(extension=ONE_BYTE),
    packet(extension=TWO_BYTE, profile=0x1000, padding=7),
]


def header_of(data: bytes) -> rtp.RtpHeader:
    header = rtp.parse_header(data)
    assert header is not None
    return header


def test_plain_header() -> None:
    header = header_of(PACKETS[0])
    assert (header.payload_type, header.marker) == (102, True)
    assert (header.sequence_number, header.timestamp, header.ssrc) == (4711, 90000, 0xCAFE)
    assert (header.payload_start, header.payload_end) == (12, 20)


@pytest.mark.parametrize("data", PACKETS)
def test_payload_is_found(data: bytes) -> None:
    header = header_of(data)
    assert data[header.payload_start : header.payload_end] == b"payload!"


def test_only_the_given_length_counts() -> None:
    buffer = bytearray(PACKETS[0]) + bytearray(100)
    header = rtp.parse_header(buffer, len(PACKETS[0]))
    assert header is not None and header.payload_end == 20
    assert rtp.parse_header(buffer, 11) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80" * 11,
        b"\x40" + bytes(19),  # version 1
        b"\x8f" + bytes(19),  # 15 CSRCs that are not there
        b"\x90" + bytes(11),  # an extension that is not there
        b"\x90" + bytes(13) + b"\xff\xff" + bytes(8),  # one that is longer than the packet
        b"\xa0" + bytes(19),  # padding of 0 bytes
        b"\xa0" + bytes(18) + b"\x09",  # padding longer than the payload
    ],
)
def test_garbage_has_no_header(data: bytes) -> None:
    assert rtp.parse_header(data) is None


def test_padding_only_packet_has_no_payload() -> None:
    header = header_of(struct.pack("!BBHII", 0xA0, 102, 1, 2, 3) + b"\x00\x00\x03")
    assert header.payload_start == header.payload_end == 12


def test_extensions_of_both_forms() -> None:
    def values(data: bytes) -> dict[int, bytes]:
        found = rtp.extensions(data, header_of(data))
        return {item.id: data[item.start : item.end] for item in found}

    assert values(PACKETS[2]) == {1: b"\xaa", 3: b"\x01\x02\x03", 9: b"\xbb"}
    assert values(PACKETS[3]) == {1: b"", 20: b"\x07\x08\x09", 200: b"\x05"}
    assert rtp.extension_value(PACKETS[2], header_of(PACKETS[2]), 3) == b"\x01\x02\x03"
    assert rtp.extension_value(PACKETS[2], header_of(PACKETS[2]), 4) is None


@pytest.mark.parametrize(
    ("data", "ids", "expected"),
    [
        (PACKETS[2], {1: 4, 9: 2}, {4: b"\xaa", 2: b"\xbb"}),
        (PACKETS[2], {}, {}),
        (PACKETS[2], {1: 15, 3: 200, 9: 14}, {14: b"\xbb"}),  # no room for 15 and 200 in one byte
        (PACKETS[3], {20: 1, 200: 17}, {1: b"\x07\x08\x09", 17: b"\x05"}),
        (PACKETS[0], {1: 2}, {}),
    ],
)
def test_rewrite(data: bytes, ids: dict[int, int], expected: dict[int, bytes]) -> None:
    buffer = bytearray(data)
    rtp.rewrite(buffer, header_of(data), 45, rtp.make_extension_table(ids))
    after = header_of(bytes(buffer))
    assert (after.payload_type, after.marker) == (45, True)
    found = rtp.extensions(buffer, after)
    assert {item.id: bytes(buffer[item.start : item.end]) for item in found} == expected
    assert buffer[after.payload_start :] == data[after.payload_start :]
    assert (after.sequence_number, after.timestamp, after.ssrc) == (4711, 90000, 0xCAFE)


@pytest.mark.parametrize(
    ("one", "other", "newer"),
    [(2, 1, True), (1, 2, False), (0, 65535, True), (65535, 0, False), (5, 5, False)],
)
def test_is_newer(one: int, other: int, newer: bool) -> None:
    assert rtp.is_newer(one, other) is newer


@given(hostile(PACKETS), st.dictionaries(st.integers(1, 255), st.integers(1, 255), max_size=20))
def test_any_packet_can_be_put_in_canonical_form(data: bytes, ids: dict[int, int]) -> None:
    header = rtp.parse_header(data)
    if header is None:
        return
    assert 12 <= header.payload_start <= header.payload_end <= len(data)
    buffer = bytearray(data)
    rtp.rewrite(buffer, header, 96, rtp.make_extension_table(ids))
    assert len(buffer) == len(data)
    assert buffer[header.payload_start :] == data[header.payload_start :]
    after = rtp.parse_header(buffer)
    assert after is not None
    found = rtp.extensions(buffer, after)
    assert len(found) <= rtp.MAX_EXTENSIONS
    # Only ids of ours are left, and only values that were there under theirs.
    before = {data[item.start : item.end] for item in rtp.extensions(data, header)}
    assert {item.id for item in found} <= set(ids.values())
    assert {bytes(buffer[item.start : item.end]) for item in found} <= before


@few
@given(hostile(PACKETS))
def test_views_and_lengths_do_not_raise(data: bytes) -> None:
    for length in (None, 0, len(data) // 2, len(data) + 100):
        header = rtp.parse_header(memoryview(data), length)
        if header is not None:
            rtp.extensions(memoryview(data), header)
            rtp.extension_value(data, header, 1)
    rtp.is_rtcp(data)
