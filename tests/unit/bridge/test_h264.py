"""AVCC ↔ Annex B and parameter sets; hostile bytes give ValueError and nothing else."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.h264 import (
    DELIMITER,
    IDR,
    NOT_A_PICTURE,
    PPS,
    SPS,
    Config,
    ParameterSets,
    build_annex_b,
    build_avcc,
    build_config,
    has_idr,
    kind_of,
    parse_config,
    split_annex_b,
    split_avcc,
    without,
)

# Of x264, baseline, 640x360: real ones.
SPS_0 = bytes.fromhex("6742c01ed900a02ff9610000030001000003003c8f162e48")
PPS_0 = bytes.fromhex("68cb83cb20")
IDR_0, SLICE_0 = b"\x65\x88\x84\x05", b"\x41\x9a\x21"
AUD = b"\x09\xf0"


def pps(number: int) -> bytes:
    """One whose id is `number` in ue(v), padded."""
    code = bin(number + 1)[2:]
    bits = ("0" * (len(code) - 1) + code + "1").ljust(24, "0")
    return b"\x68" + int(bits, 2).to_bytes(3) + b"\x11"


def test_record_round_trip() -> None:
    record = build_config([SPS_0], [PPS_0])
    assert record[:6] == bytes((1, 0x42, 0xC0, 0x1E, 0xFF, 0xE1))
    assert parse_config(record) == Config((SPS_0,), (PPS_0,), 4)


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"\1" * 6,
        b"\2" + build_config([SPS_0], [PPS_0])[1:],
        build_config([SPS_0], [PPS_0])[:-1],
        build_config([SPS_0], [PPS_0])[: 6 + 2 + len(SPS_0)],
        build_config([SPS_0], [SLICE_0]),
    ],
)
def test_what_is_no_record(record: bytes) -> None:
    with pytest.raises(ValueError):
        parse_config(record)


def test_pictures_go_both_ways() -> None:
    nals = [AUD, SPS_0, PPS_0, IDR_0, IDR_0]
    assert split_avcc(build_avcc(nals)) == nals
    assert split_annex_b(build_annex_b(nals)) == nals
    assert split_annex_b(b"\0\0\0\1" + IDR_0 + b"\0\0\0\0\1" + SLICE_0 + b"\0") == [IDR_0, SLICE_0]
    assert split_avcc(b"\0\3" + SLICE_0 + b"\0\0", 2) == [SLICE_0]
    assert [kind_of(nal) for nal in nals] == [DELIMITER, SPS, PPS, IDR, IDR]
    assert has_idr(nals) and not has_idr([SLICE_0])
    assert without(nals, NOT_A_PICTURE) == nals[1:]


@pytest.mark.parametrize("data", [b"\0", b"\0\0\0\5abcd", b"\xff" * 8])
def test_what_is_no_picture(data: bytes) -> None:
    with pytest.raises(ValueError):
        split_avcc(data)


def test_sets_stand_before_each_idr_also_if_they_came_once() -> None:
    sets = ParameterSets()
    assert not sets.are_complete
    assert sets.take([SPS_0, PPS_0])
    assert sets.are_complete
    assert not sets.take([SPS_0, PPS_0, IDR_0])
    assert sets.before_idr([IDR_0, IDR_0]) == [SPS_0, PPS_0, IDR_0, IDR_0]
    assert sets.before_idr([SPS_0, PPS_0, IDR_0]) == [SPS_0, PPS_0, IDR_0]
    assert sets.before_idr([SLICE_0]) == [SLICE_0]


def test_a_set_of_the_same_id_replaces_another_stands_beside() -> None:
    sets = ParameterSets()
    assert sets.take([pps(0), pps(1), pps(200)])
    assert sets.take([pps(1) + b"\x01"])
    assert sets.pps == (pps(0), pps(1) + b"\x01", pps(200))
    for nal in (pps(256), b"\x68", b"\x67\x42", b"\x68" + bytes(2_000)):
        with pytest.raises(ValueError):
            sets.take([nal])


@given(st.binary(max_size=200), st.integers(1, 4))
def test_no_bytes_do_harm(data: bytes, length_bytes: int) -> None:
    with contextlib.suppress(ValueError):
        parse_config(data)
    with contextlib.suppress(ValueError):
        assert sum(map(len, split_avcc(data, length_bytes))) <= len(data)
    assert sum(map(len, split_annex_b(data))) <= len(data)
    with contextlib.suppress(ValueError):
        ParameterSets().take([data])


@given(st.lists(st.binary(min_size=1, max_size=40)))
def test_avcc_keeps_everything(nals: list[bytes]) -> None:
    assert split_avcc(build_avcc(nals)) == nals
