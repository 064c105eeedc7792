"""What playlists say, and where a maker that was started anew goes on."""

from __future__ import annotations

from bridge.hls.adts import parse_config, with_header
from bridge.hls.playlists import (
    Segment,
    Variant,
    master_playlist,
    media_playlist,
    numbers_after,
)
from bridge.hls.scaled import size_of


def test_media_playlist():
    text = media_playlist(
        [Segment("1.ts", 1.0, 1_795_276_717.75), Segment("2.ts", 2.04, 1_795_276_718.75, True)],
        7,
        1,
    )
    assert text.splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        "#EXT-X-TARGETDURATION:3",
        "#EXT-X-MEDIA-SEQUENCE:7",
        "#EXT-X-DISCONTINUITY-SEQUENCE:1",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T15:58:37.750+00:00",
        "#EXTINF:1.000,",
        "1.ts",
        "#EXT-X-DISCONTINUITY",
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T15:58:38.750+00:00",
        "#EXTINF:2.040,",
        "2.ts",
    ]
    assert numbers_after(text) == (9, 2)
    assert numbers_after("") == numbers_after("#EXTM3U\nrubbish") == (0, 0)


def test_master_playlist():
    text = master_playlist(
        [
            Variant("source/index.m3u8", 3_000_000, ("avc1.64001F", "mp4a.40.2"), 1280, 720),
            Variant("audio/index.m3u8", 140_000, ("mp4a.40.2",)),
        ]
    )
    assert text.splitlines()[3:] == [
        '#EXT-X-STREAM-INF:BANDWIDTH=3000000,CODECS="avc1.64001F,mp4a.40.2",RESOLUTION=1280x720',
        "source/index.m3u8",
        '#EXT-X-STREAM-INF:BANDWIDTH=140000,CODECS="mp4a.40.2"',
        "audio/index.m3u8",
    ]


def test_smaller_sizes_only():
    assert size_of(480, 1280, 720) == (854, 480)
    assert size_of(480, 720, 1280) == (480, 854)
    assert size_of(720, 1280, 720) is None
    assert size_of(360, 640, 480) == (480, 360)


def test_adts():
    config = parse_config(bytes.fromhex("1190"))  # AAC-LC, 48 kHz, stereo
    framed = with_header(config, b"x" * 100)
    assert framed[:7] == bytes((0xFF, 0xF1, 0x4C, 0x80, 0x0D, 0x7F, 0xFC))
    assert len(framed) == 107
