"""What of an encoder's video can pass, what has to be made anew, and what is no video at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.flv_video import NO_IDR_MS, Coded, FlvVideo
from bridge.gop import MOST_PICTURES, Gop
from bridge.h264 import build_avcc, build_config
from tests.unit.bridge.test_h264 import AUD, IDR_0, PPS_0, SLICE_0, SPS_0

HEADER = b"\x17\0\0\0\0" + build_config([SPS_0], [PPS_0])
SEI = b"\x06\5abc"
HIGH_10 = bytes.fromhex("676e001eacd940a02ff9610000030001000003003c8f1631bb")


def body(*nals: bytes, is_key: bool = False, composition_ms: int = 0) -> bytes:
    head = bytes((0x17 if is_key else 0x27, 1)) + composition_ms.to_bytes(3, signed=True)
    return head + build_avcc(nals)


def begun() -> FlvVideo:
    video = FlvVideo()
    assert video.got(HEADER, 0) is None
    return video


def nals(video: FlvVideo, data: bytes, at_ms: int = 0) -> list[bytes]:
    coded = video.got(data, at_ms)
    assert coded is not None
    return video.nals_of(coded)


def test_an_idr_has_its_sets_in_front_and_nothing_else() -> None:
    video = begun()
    assert nals(video, body(AUD, SEI, IDR_0, IDR_0, is_key=True)) == [SPS_0, PPS_0, IDR_0, IDR_0]
    assert nals(video, body(SLICE_0, SLICE_0)) == [SLICE_0, SLICE_0]
    assert video.got(HEADER, 40) is None  # repeated: nothing is forgotten
    assert nals(video, body(IDR_0, is_key=True)) == [SPS_0, PPS_0, IDR_0]
    assert video.problem == ""


def test_without_a_header_there_is_nothing_to_send() -> None:
    video = FlvVideo()
    assert video.got(body(IDR_0, is_key=True), 0) is None
    assert video.got(b"\x17\0\0\0\0garbage", 0) is None
    assert video.got(body(IDR_0, is_key=True), 0) is None
    assert video.broken_frames == 1


@pytest.mark.parametrize(
    ("bodies", "problem"),
    [
        ([HEADER, body(SLICE_0, composition_ms=66)], "b_frames"),
        ([HEADER, body(SLICE_0, composition_ms=-33)], "b_frames"),
        ([b"\x90hvc1" + bytes(30)], "codec"),
        ([b"\x90av01" + bytes(4)], "codec"),
        ([b"\x22" + bytes(30)], "codec"),
        ([b"\x17\0\0\0\0" + build_config([HIGH_10], [PPS_0])], "codec"),
        ([b"\x90hvc1" + bytes(30), HEADER], ""),
        ([HEADER, body(SLICE_0, composition_ms=66), HEADER], "b_frames"),
    ],
)
def test_problems(bodies: list[bytes], problem: str) -> None:
    video = FlvVideo()
    for each in bodies:
        video.got(each, 0)
    assert video.problem == problem


def test_pictures_that_nobody_can_begin_with() -> None:
    video = begun()
    for at_ms in range(0, NO_IDR_MS + 200, 100):
        nals(video, body(SLICE_0), at_ms)
    assert video.problem == "no_keyframe"


def test_where_the_codecs_own_bytes_begin() -> None:
    video = FlvVideo()
    video.got(b"\x90hvc1header", 0)
    coded = video.got(b"\x91hvc1\0\0\x21payload", 0)
    assert coded == Coded("HEVC", b"payload", b"header", True, 33)
    coded = video.got(b"\xa3hvc1payload", 0)
    assert coded == Coded("HEVC", b"payload", b"header", False, 0)


@given(st.lists(st.binary(max_size=60) | st.sampled_from([HEADER, body(SLICE_0)]), max_size=8))
def test_no_bytes_do_harm(bodies: list[bytes]) -> None:
    video = FlvVideo()
    for each in bodies:
        coded = video.got(each, 0)
        if coded is not None:
            video.nals_of(coded)


def test_a_gop_is_whole_or_not_there() -> None:
    def coded(is_key: bool) -> Coded:
        return Coded("H264", b"x", b"", is_key, 0)

    gop = Gop()
    gop.push(coded(False), 0)
    assert gop.take() == []
    for at_ms in range(3):
        gop.push(coded(at_ms in (0, 1)), at_ms)
    assert [at_ms for _, at_ms in gop.take()] == [1, 2]
    for at_ms in range(MOST_PICTURES + 1):
        gop.push(coded(at_ms == 0), at_ms)
    assert gop.take() == []
