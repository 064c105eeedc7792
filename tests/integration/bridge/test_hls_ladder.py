"""Qualities of HLS, made of real streams, read again by ffmpeg's demuxer (PyAV)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import av
import pytest

from bridge.child import ladder
from bridge.child.spec import Spec
from bridge.hls.leftovers import remove_old
from bridge.hls.maker import Maker
from tests.integration.bridge.test_restream import Said
from tests.integration.bridge.test_rtmp_publisher import tags_of, until
from tests.integration.playback.rig import Rig, encode

pytestmark = pytest.mark.media


def frames_of(folder: Path) -> list[tuple[int, int, float]]:
    """Width, height and time of each picture that its playlist leads to, segment after segment."""
    found = []
    for name in re.findall(r"^\d+\.ts$", (folder / "index.m3u8").read_text(), re.MULTILINE):
        with av.open(str(folder / name)) as segment:
            for number, frame in enumerate(segment.decode(video=0)):
                assert number or frame.key_frame, f"{name} begins with no keyframe"
                found.append((frame.width, frame.height, float(frame.time or 0)))
    return found


def test_all_qualities_are_cut_alike(tmp_path: Path, encoded: Path) -> None:
    maker = Maker(tmp_path, ("720p", "120p", "audio"))
    started = time.process_time()
    for tag in tags_of(encode(encoded, "low")):
        maker.put(tag)
    print(f"24 s of 180p took {time.process_time() - started:.2f} s")
    assert maker.qualities == ("source", "120p", "audio")
    names = [
        re.findall(r"^\d+\.ts$", (tmp_path / each / "index.m3u8").read_text(), re.MULTILINE)
        for each in maker.qualities
    ]
    assert names[0] == names[1] == names[2]
    assert len(names[0]) == 6
    source, small = frames_of(tmp_path / "source"), frames_of(tmp_path / "120p")
    assert {frame[:2] for frame in source} == {(320, 180)}
    assert {frame[:2] for frame in small} == {(214, 120)}
    assert [round(frame[2], 3) for frame in source] == [round(frame[2], 3) for frame in small]
    with av.open(str(tmp_path / "audio" / names[2][-1])) as sound:
        assert sum(frame.samples for frame in sound.decode(audio=0)) > 40_000
    assert not list(tmp_path.rglob(".*.ts"))
    maker.close()
    assert not (tmp_path / "master.m3u8").exists()


def test_a_child_may_write_segments_of_good_pictures(tmp_path: Path) -> None:
    """6 Mbit/s with keyframes 2 s apart are 1.5 MB, more than a child may print."""
    code = """
import sys
from pathlib import Path
from bridge.child.__main__ import limit_myself
from bridge.child.spec import Spec
from bridge.child.work import load
limit_myself()
folder = Path(sys.argv[1])
spec = Spec("ladder", "room_a", "play_a", "run", 1936, renditions=("audio",), hls_dir=str(folder))
work = load("ladder")(spec, print)
work._maker._rendition("source", video=True, audio=False)._write("1.ts", bytes(5_000_000))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "source" / "1.ts").stat().st_size == 5_000_000


def test_a_stream_with_reordered_pictures(tmp_path: Path, encoded: Path) -> None:
    maker = Maker(tmp_path, ("120p",))
    for tag in tags_of(encode(encoded, "obs")):
        maker.put(tag)
    times = [frame[2] for frame in frames_of(tmp_path / "120p")]
    assert times == sorted(times)
    assert len(times) > 200


def test_another_picture_and_a_new_maker_go_on(tmp_path: Path, encoded: Path) -> None:
    low, other = (tags_of(encode(encoded, style)) for style in ("low", "other"))
    maker = Maker(tmp_path, ("120p",))
    for tag in [*low[: len(low) // 2], *other]:
        maker.put(tag)
    text = (tmp_path / "source" / "index.m3u8").read_text()
    assert "#EXT-X-DISCONTINUITY-SEQUENCE:1" in text
    assert {frame[:2] for frame in frames_of(tmp_path / "source")} == {(480, 270)}
    again = Maker(tmp_path, ("120p",))
    for tag in low:
        again.put(tag)
    number = re.search(r"SEQUENCE:(\d+)", text)
    later = re.search(r"SEQUENCE:(\d+)", (tmp_path / "source" / "index.m3u8").read_text())
    assert number and later and int(later[1]) > int(number[1])
    assert len(list((tmp_path / "source").glob("*.ts"))) <= 12


async def test_the_child_makes_them_of_what_nginx_has(rig: Rig, tmp_path: Path) -> None:
    said = Said()
    spec = Spec(
        kind="ladder",
        room_id="room_a",
        play_id="play_ladder00",
        run_id="run",
        rtmp_out_port=rig.rtmp_port,
        renditions=("120p", "audio"),
        hls_dir=str(tmp_path / "hls"),
    )
    async with said.running(ladder.make(spec, said)):
        await until("nothing to make them of", lambda: said.is_("waiting", "no_source"))
        began = time.monotonic()
        encoder = rig.push("low", spec.play_id)
        await until("all are there", lambda: said.is_("running"))
        print(f"ready {time.monotonic() - began:.1f} s after the encoder was started")
        assert said.figures["qualities"] == ["source", "120p", "audio"]
        assert (tmp_path / "hls" / "master.m3u8").exists()
        rig.stop(encoder)
        await until("it is gone", lambda: said.is_("waiting", "no_source"))
    assert not (tmp_path / "hls").exists()


def test_what_nobody_makes_any_more_goes(tmp_path: Path) -> None:
    for name, age_secs in (("play_old", 90), ("play_new", 5)):
        playlist = tmp_path / name / "source" / "index.m3u8"
        playlist.parent.mkdir(parents=True)
        playlist.touch()
        at = time.time() - age_secs
        os.utime(playlist, (at, at))
    assert remove_old(tmp_path) == ["play_old"]
    assert [path.name for path in tmp_path.iterdir()] == ["play_new"]
    assert remove_old(tmp_path / "not there") == []
