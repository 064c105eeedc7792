"""HTTP-FLV of streams that ffmpeg sends through nginx: what players read, and when."""

from __future__ import annotations

import io
import json
import subprocess
import time
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest

from tests.integration.playback.publisher import Publisher
from tests.integration.playback.rig import Rig, wait_for
from tests.unit.playback.media import AAC, AVC, METADATA, audio, tags_of, video

pytestmark = pytest.mark.media
PLAY = "play_test1"


def probe(data: bytes, path: Path) -> dict[str, dict[str, object]]:
    """ffprobe's streams by kind."""
    path.write_bytes(data)
    command = ["ffprobe", "-v", "error", "-show_streams", "-of", "json", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, timeout=60)
    assert done.stderr == b"", done.stderr.decode()
    return {each["codec_type"]: each for each in json.loads(done.stdout)["streams"]}


def decoded(data: bytes) -> tuple[list[float], list[float]]:
    """Seconds of pictures and of sound, as PyAV decodes them from the first byte."""
    pictures, sounds = [], []
    with av.open(io.BytesIO(data), format="flv") as container:
        for frame in container.decode():
            at = float(frame.pts * (frame.time_base or Fraction(1)))
            (pictures if isinstance(frame, av.VideoFrame) else sounds).append(at)
    return pictures, sounds


def test_obs_defaults_late_joiners_begin_at_once(rig: Rig, tmp_path: Path) -> None:
    """High profile, 2 B-frames, 8 s between keyframes; nginx itself keeps no keyframe."""
    rig.push("obs", PLAY)
    rig.mark(PLAY)
    first = rig.watch(PLAY)
    wait_for("the first keyframe", lambda: len(first.read(0.1)) > 20_000, 30)
    time_to_first = []
    for _ in range(3):
        started = time.monotonic()
        late = rig.watch(PLAY)
        late.read_until(2_000)
        time_to_first.append(time.monotonic() - started)
        late.read_until(60_000)
        assert late.status == 200
        (kind, _, body), *_ = (tag for tag in tags_of_whole(late.flv) if tag[0] == 9 and tag[2][1])
        assert (kind, body[0]) == (9, 0x17), "its first picture is a keyframe"
    print(f"first bytes of a late viewer: {max(time_to_first) * 1000:.0f} ms at most")
    streams = probe(late.flv, tmp_path / "late.flv")
    assert streams["video"]["codec_name"] == "h264" and streams["video"]["profile"] == "High"
    assert streams["audio"]["codec_name"] == "aac" and len(streams) == 2
    pictures, sounds = decoded(late.flv)
    assert len(pictures) > 10 and len(sounds) > 10
    assert abs(pictures[0] - sounds[0]) < 0.2, "sound and picture begin together"
    steps = [later - earlier for earlier, later in pairwise(pictures)]
    assert max(steps) < 0.1, "no frame is missing"
    assert rig.pulls(PLAY) == 1
    found = wait_for("figures", lambda: measured(rig, "measured_fps", "b_frames"))
    assert found["b_frames"] is True and found["profile"] == "High"
    assert found["measured_fps"] == pytest.approx(30, abs=2)
    assert (found["width"], found["height"], found["hevc"]) == (320, 180, False)
    long = wait_for("a whole group", lambda: longest_gap(rig) >= 7.9, 30)
    assert long


def measured(rig: Rig, *names: str) -> dict[str, object] | None:
    found = rig.json(f"/inspect/{PLAY}")
    return found if all(name in found for name in names) else None


def longest_gap(rig: Rig) -> float:
    return float(rig.json(f"/inspect/{PLAY}").get("keyframe_secs", 0))


def tags_of_whole(data: bytes) -> list[tuple[int, int, bytes]]:
    """Without the last tag, which may be cut."""
    end = 13
    while True:
        size = int.from_bytes(data[end + 1 : end + 4])
        if len(data) - end < 11 or end + size + 15 > len(data):
            return list(tags_of(data[:end]))
        end += size + 15


@pytest.mark.parametrize(
    ("style", "kinds"), [("low", {"video", "audio"}), ("pictures", {"video"}), ("sound", {"audio"})]
)
def test_other_streams(rig: Rig, tmp_path: Path, style: str, kinds: set[str]) -> None:
    rig.push(style, PLAY)
    rig.mark(PLAY)
    viewer = rig.watch(PLAY)
    data = viewer.read_until(100_000 if "video" in kinds else 15_000)
    assert set(probe(data, tmp_path / "x.flv")) == kinds
    pictures, sounds = decoded(data)
    assert bool(pictures) == ("video" in kinds) and bool(sounds) == ("audio" in kinds)
    found = wait_for("figures", lambda: measured(rig, "has_audio", "has_video"))
    assert {kind for kind in ("audio", "video") if found[f"has_{kind}"]} == kinds
    if "video" in kinds:
        found = wait_for("keyframes", lambda: measured(rig, "keyframe_secs"))
        assert found["keyframe_secs"] == pytest.approx(1, abs=0.1) and not found["b_frames"]


def test_timestamps_beyond_24_bits_and_over_the_wrap(rig: Rig) -> None:
    """An encoder that has been running for 49 days: 2 s before its clock wraps."""
    rig.mark(PLAY)
    with Publisher(rig.rtmp_port, PLAY) as publisher:
        publisher.metadata(METADATA)
        start_ms = 2**32 - 2_000
        publisher.video(start_ms, AVC)
        publisher.audio(start_ms, AAC)
        viewer = rig.watch(PLAY)
        wait_for("the pull", lambda: rig.pulls(PLAY))
        for index in range(100):
            publisher.video(start_ms + index * 40, video(key=index % 25 == 0, size=9_000))
            publisher.audio(start_ms + index * 40 + 5, audio())
        data = viewer.read_until(850_000)
    times = [at for kind, at, body in tags_of_whole(data) if kind == 9 and body[1] == 1]
    assert times == list(range(times[0], times[0] + 40 * len(times), 40))
    assert times[-1] > 3_000 and times[0] < 2_000
    print(f"video from {times[0]} to {times[-1]} ms")


def test_hevc_is_passed_on_and_named(rig: Rig) -> None:
    """ffmpeg 5.1 can't send it: messages of its form, codec number 12 as many encoders write."""
    rig.mark(PLAY)
    header, key = b"\x1c\0\0\0\0" + bytes(40), b"\x1c\1\0\0\0" + bytes(4_000)
    with Publisher(rig.rtmp_port, PLAY) as publisher:
        publisher.metadata({"videocodecid": 12.0})
        viewer = rig.watch(PLAY)
        wait_for("the pull", lambda: rig.pulls(PLAY))
        publisher.video(0, header)
        for index in range(40):
            publisher.video(index * 40, key)
        found = wait_for("hevc", lambda: measured(rig, "hevc"))
        assert (found["hevc"], found["video_codec"]) == (True, "HEVC")
        assert key in viewer.read_until(5_000)


def test_enhanced_rtmp_is_kept_back_by_nginx(rig: Rig) -> None:
    """nginx-rtmp 1.2.2 gives players nothing of it. If this fails one day: good, and say so."""
    rig.mark(PLAY)
    with Publisher(rig.rtmp_port, PLAY) as publisher:
        publisher.metadata({"videocodecid": 12.0})
        viewer = rig.watch(PLAY)
        wait_for("the pull", lambda: rig.pulls(PLAY))
        publisher.video(0, b"\x90hvc1" + bytes(40))
        for index in range(40):
            publisher.video(index * 40, b"\x91hvc1\0\0\0" + bytes(4_000))
        viewer.read(1)
    assert viewer.status == 200 and viewer.flv == b""


def test_garbage_in_messages_harms_nobody(rig: Rig) -> None:
    rig.mark(PLAY)
    with Publisher(rig.rtmp_port, PLAY) as publisher:
        rig.watch(PLAY)
        wait_for("the pull", lambda: rig.pulls(PLAY))
        publisher.metadata({"videocodecid": 7.0, "x" * 200: {"a": {"b": 1.0}}})
        for index in range(200):
            publisher.video(index * 977 * 65_537, bytes((index, index % 3, 255, 255, 255)) * 9)
            publisher.audio(index * 40, bytes((index,)))
        publisher.video(9_000, AVC[:12])
        publisher.video(9_000, video(key=True, size=300_000))
        wait_for("figures", lambda: "video_codec" in rig.json(f"/inspect/{PLAY}"))
    rig.push("low", "play_test2")
    rig.mark(PLAY, "play_test2")
    wait_for("the encoder", lambda: "has_video" in rig.json("/inspect/play_test2"))
    assert rig.watch("play_test2").read_until(30_000)
