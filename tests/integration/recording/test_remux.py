"""Real FLV files, whole and broken, made into MP4 by the real child process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.integration.recording.probe import decodes, jpeg_size, probe, starts_at_once

pytestmark = pytest.mark.media


@pytest.fixture
def make(tmp_path: Path):
    """Runs the child over some files → (what it said, the MP4, the picture)."""

    def run(*pieces: Path, secs: int = 60) -> tuple[dict, Path, Path]:
        mp4, jpg = tmp_path / ".made.mp4", tmp_path / ".made.jpg"
        command = [sys.executable, "-m", "recording.remux", str(mp4), str(jpg), str(secs)]
        done = subprocess.run([*command, *map(str, pieces)], capture_output=True, timeout=90)
        assert done.returncode == 0, done.stderr.decode()[-500:]
        return json.loads(done.stdout), mp4, jpg

    return run


@pytest.mark.parametrize("style", ["both", "b_frames", "silent"])
def test_a_whole_file(make, flv, style):
    started = time.process_time()
    said, mp4, jpg = make(flv(style))
    assert abs(said["duration_secs"] - 5) < 0.2
    assert (said["width"], said["height"]) == (320, 180)
    assert said["size_bytes"] == mp4.stat().st_size
    found = probe(mp4)
    assert found["codecs"] == (["h264"] if style == "silent" else ["aac", "h264"])
    assert abs(found["secs"] - 5) < 0.2
    assert found["starts"]["h264"] == 0.0
    assert starts_at_once(mp4)
    assert decodes(mp4) == []
    assert jpeg_size(jpg) == (320, 180)
    print(f"{style}: {time.process_time() - started:.2f} s here")


def test_sound_only_has_no_picture(make, flv):
    said, mp4, jpg = make(flv("sound"))
    assert (said["width"], probe(mp4)["codecs"]) == (0, ["aac"])
    assert not jpg.exists()
    assert decodes(mp4) == []


@pytest.mark.parametrize("part", [0.31, 0.5, 0.77, 0.9999])
def test_cut_off_in_the_middle(make, flv, tmp_path, part):
    whole = flv("b_frames").read_bytes()
    cut = tmp_path / "cut.flv"
    cut.write_bytes(whole[: int(len(whole) * part)])
    said, mp4, _ = make(cut)
    assert 5 * part - 1.5 < said["duration_secs"] < 5 * part + 1.5
    assert abs(probe(mp4)["secs"] - said["duration_secs"]) < 0.2
    assert decodes(mp4) == []


def test_pieces_are_joined_without_a_gap_wherever_their_clocks_begin(make, flv, tmp_path):
    late = tmp_path / "late.flv"
    command = ["ffmpeg", "-v", "error", "-i", str(flv("both")), "-c", "copy"]
    subprocess.run([*command, "-output_ts_offset", "70000", str(late)], check=True, timeout=60)
    said, mp4, _ = make(late, flv("both"), late)
    froms = [piece["from_ms"] for piece in said["pieces"]]
    ends = [piece["from_ms"] + piece["duration_ms"] for piece in said["pieces"]]
    assert froms == [0, *ends[:-1]]
    assert abs(said["duration_secs"] - 15) < 0.5
    found = probe(mp4)
    assert abs(found["secs"] - 15) < 0.5
    assert all(abs(start) < 0.1 for start in found["starts"].values())
    assert decodes(mp4) == []


def test_what_is_of_another_shape_is_left_for_another_file(make, flv):
    small, large = flv("both"), flv("larger")
    said, mp4, _ = make(small, small, large, small)
    assert [piece["file"] for piece in said["pieces"]] == [small.name] * 2
    assert said["rest"] == [large.name, small.name]
    assert abs(probe(mp4)["secs"] - 10) < 0.5


def header_only(flv) -> bytes:
    return flv("both").read_bytes()[:13]


@pytest.mark.parametrize(
    ("what", "data", "problem"),
    [
        ("nothing", lambda flv: b"", "empty"),
        ("header", header_only, "empty"),
        ("noise", lambda flv: os.urandom(200_000), "broken"),
        ("header and noise", lambda flv: header_only(flv) + os.urandom(200_000), "broken"),
        ("header and zeros", lambda flv: header_only(flv) + bytes(200_000), "empty"),
        ("text", lambda flv: b"#EXTM3U\nfile:///etc/passwd\n" * 100, "broken"),
        ("not there", None, "broken"),
    ],
)
def test_what_can_not_be_made(make, flv, tmp_path, what, data, problem):
    piece = tmp_path / "bad.flv"
    if data is not None:
        piece.write_bytes(data(flv))
    said, _, jpg = make(piece)
    assert set(said) == {"problem"}
    assert said["problem"] in {problem, "broken", "empty"}, what
    assert not jpg.exists()


def test_bad_pieces_between_good_ones_are_skipped(make, flv, tmp_path):
    noise, empty = tmp_path / "noise.flv", tmp_path / "empty.flv"
    noise.write_bytes(os.urandom(100_000))
    empty.write_bytes(header_only(flv))
    said, mp4, _ = make(empty, flv("both"), noise, flv("both"))
    assert said["skipped"] == ["empty.flv", "noise.flv"]
    assert abs(probe(mp4)["secs"] - 10) < 0.5


def test_a_full_folder_is_told_apart(flv, tmp_path):
    mp4, jpg = tmp_path / "missing" / "x.mp4", tmp_path / "x.jpg"
    command = [sys.executable, "-m", "recording.remux", str(mp4), str(jpg), "60", str(flv("both"))]
    done = subprocess.run(command, capture_output=True, timeout=60)
    assert json.loads(done.stdout) == {"problem": "broken"}
    command[3] = "/dev/full"
    done = subprocess.run(command, capture_output=True, timeout=60)
    assert json.loads(done.stdout) == {"problem": "no_space"}


def test_any_byte_may_be_wrong(make, flv, tmp_path):
    """Whatever it makes of them, it says so in order and on time."""
    whole = bytearray(flv("both").read_bytes())
    for seed in range(6):
        broken = bytearray(whole)
        for place in range(20 + seed, len(broken), 997 * (seed + 1)):
            broken[place] ^= 1 << (place % 8)
        piece = tmp_path / f"flipped-{seed}.flv"
        piece.write_bytes(broken)
        said, _, _ = make(piece)
        assert "problem" in said or said["duration_secs"] > 0
