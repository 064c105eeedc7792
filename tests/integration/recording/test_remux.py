"""Real FLV files, whole and broken, made into MP4 by the real child process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.integration.recording.probe import decodes, jpeg_size, probe, sizes, starts_at_once

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


def test_what_differs_is_joined(make, flv):
    """Other sizes, other sound, none at all: still one file, without a gap."""
    pieces = [flv(style) for style in ("both", "larger", "stereo", "silent", "b_frames")]
    said, mp4, _ = make(*pieces)
    assert [piece["file"] for piece in said["pieces"]] == [piece.name for piece in pieces]
    assert said["rest"] == []
    froms = [piece["from_ms"] for piece in said["pieces"]]
    assert froms == [0, *(p["from_ms"] + p["duration_ms"] for p in said["pieces"][:-1])]
    found = probe(mp4)
    assert found["codecs"] == ["aac", "h264"]
    assert abs(found["secs"] - 25) < 0.5
    assert all(abs(start) < 0.1 for start in found["starts"].values())
    assert starts_at_once(mp4)
    assert decodes(mp4) == []
    assert sizes(mp4) == ["320,180", "640,360", "320,180"]
    assert abs(loudness(mp4, 11) - loudness(mp4, 1)) < 3  # dB: encoded anew, as loud as before
    assert loudness(mp4, 16) < -60  # where none was sent


def test_a_file_begins_without_sound(make, flv):
    said, mp4, _ = make(flv("silent"), flv("both"))
    assert said["rest"] == []
    assert probe(mp4)["codecs"] == ["aac", "h264"]
    assert loudness(mp4, 1) < -60 < loudness(mp4, 6)


def test_a_picture_that_changes_in_the_middle_of_a_piece(make, flv, tmp_path):
    """As a bridge passes on a camera that was turned: a new sequence header, time goes on."""
    piece = tmp_path / "turned.flv"
    piece.write_bytes(one_after_the_other(flv("both"), flv("larger")))
    said, mp4, _ = make(piece)
    assert len(said["pieces"]) == 1
    assert abs(said["duration_secs"] - 10) < 0.3
    assert decodes(mp4) == []
    assert sizes(mp4) == ["320,180", "640,360"]


def test_pieces_that_are_alike_stay_as_they_are(make, flv):
    _, mp4, _ = make(flv("both"), flv("both"))
    assert b"avc1" in mp4.read_bytes()[:100_000]


def test_what_can_not_be_joined_is_left_for_another_file(make, flv):
    both, sound = flv("both"), flv("sound")
    said, mp4, _ = make(both, both, sound, both)
    assert [piece["file"] for piece in said["pieces"]] == [both.name] * 2
    assert said["rest"] == [sound.name, both.name]
    assert abs(probe(mp4)["secs"] - 10) < 0.5


def loudness(mp4: Path, at_secs: float) -> float:
    """dB of the two seconds from there."""
    command = ["ffmpeg", "-nostdin", "-ss", str(at_secs), "-t", "2", "-i", str(mp4), "-vn"]
    command += ["-af", "volumedetect", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, check=True, timeout=60).stderr.decode()
    return float(said.split("mean_volume:")[1].split()[0])


def one_after_the_other(first: Path, second: Path) -> bytes:
    """One FLV of two, the second's times after the first's."""
    made, shift_ms, last_ms = bytearray(first.read_bytes()[:13]), 0, 0
    for path in (first, second):
        data, at = path.read_bytes(), 13
        while at + 11 <= len(data):
            size = int.from_bytes(data[at + 1 : at + 4])
            body = data[at + 11 : at + 11 + size]
            time_ms = shift_ms + int.from_bytes(data[at + 4 : at + 7])
            at += 11 + size + 4
            is_end = body[:1] in (b"\x17", b"\x27") and body[1] == 2
            if is_end or (shift_ms and (data[at - 15 - size] == 18 or body[:2] == b"\xaf\x00")):
                continue
            last_ms = max(last_ms, time_ms)
            head = bytes([data[at - 15 - size]]) + size.to_bytes(3) + time_ms.to_bytes(3) + bytes(4)
            made += head + body + (11 + size).to_bytes(4)
        shift_ms = last_ms + 33
    return bytes(made)


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
