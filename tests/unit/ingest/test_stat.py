"""nginx's stat page: a captured one, odd ones, hostile ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.stat import MAX_BYTES, Client, Meta, Stat, Unreadable, parse_stat

PAGE = Path(__file__).parents[2] / "data" / "rtmp" / "stat.xml"


def page(inside: str) -> bytes:
    return f'<?xml version="1.0" encoding="utf-8" ?>\r\n<rtmp>{inside}</rtmp>'.encode()


def live(inside: str) -> bytes:
    return page(
        "<server><application><name>live</name><live><stream>"
        f"{inside}</stream></live></application></server>"
    )


def test_a_captured_page():
    stat = parse_stat(PAGE.read_bytes())
    assert (stat.pid, stat.uptime_secs) == (1043, 4)
    assert set(stat.streams) == {"live", "out"}
    stream = stat.publishers("live")["play_abc"]
    assert (stream.time_ms, stream.bytes_in, stream.active) == (2296, 581584, True)
    assert stream.meta == Meta("H264", "Baseline", "3.0", 640, 360, 30.0, "AAC", 1, 44100)
    assert stream.publisher == Client(
        "1", "127.0.0.1", "FMLE/3.0 (compatible; Lavf59.27", 2479, 0, publishing=True
    )
    out = stat.publishers("out")["play_abc"]
    assert out.publisher is not None
    assert out.publisher.client_id == "4"
    assert stat.publishers("nothing") == {}


def test_nothing_is_fine():
    assert parse_stat(page("")) == Stat()
    assert parse_stat(page("<server/><server><application/></server><new>1</new>")).publishers(
        "live"
    ) == ({})


def test_a_stream_that_nobody_sends():
    stat = parse_stat(live("<name>play_a</name><client><id>1</id></client>"))
    assert stat.streams["live"]["play_a"].publisher is None
    assert stat.publishers("live") == {}


@pytest.mark.parametrize("number", ["", "x", "-1", "1e9", "٣", "9" * 30, "1.2.3", " ", "0x10"])
def test_numbers_that_are_none(number: str):
    stream = parse_stat(
        live(
            f"<name>a</name><bytes_in>{number}</bytes_in><meta><video><width>{number}</width>"
            f"<frame_rate>{number}</frame_rate></video></meta>"
        )
    ).streams["live"]["a"]
    assert 0 <= stream.bytes_in <= 1 << 62
    assert 0 <= stream.meta.fps <= 1e20


def test_bytes_that_no_xml_may_hold():
    raw = live("<name>a</name><client><id>1</id><flashver>OBS?</flashver><publishing/></client>")
    stream = parse_stat(raw.replace(b"?</flash", b"\x00\x01\xff\xc3</flash")).streams["live"]["a"]
    assert stream.publisher is not None
    assert stream.publisher.encoder.startswith("OBS")


BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE rtmp [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<rtmp><pid>&b;</pid></rtmp>"""
FILE = b'<!DOCTYPE rtmp [<!ENTITY f SYSTEM "file:///etc/passwd">]><rtmp><pid>&f;</pid></rtmp>'


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"\x00", b"<rtmp>", b"<html></html>", b"<rtmp/><rtmp/>", BOMB, FILE),
        *(
            page("&undefined;"),
            b"<rtmp>" + b" " * MAX_BYTES + b"</rtmp>",
            "<rtmp>".encode("utf-16"),
        ),
        b"<rtmp>" + b"<a>" * 100_000,
    ],
)
def test_hostile_pages(raw: bytes):
    with pytest.raises(Unreadable):
        parse_stat(raw)


def test_long_texts_are_cut():
    stream = parse_stat(live(f"<name>{'n' * 9_999}</name>")).streams["live"]
    assert max(map(len, stream)) == 300


@given(st.binary(max_size=200))
def test_any_bytes(raw: bytes):
    for each in (raw, b"<rtmp>" + raw + b"</rtmp>", live("X").replace(b"X", raw)):
        try:
            parse_stat(each)
        except Unreadable:
            continue
