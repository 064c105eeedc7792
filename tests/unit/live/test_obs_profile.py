"""The profile for OBS: its files are OBS's, and the key is in one of them only."""

from __future__ import annotations

import configparser
import io
import json
import zipfile

import pytest

from live.obs_profile import LONGEST_NAME, PRESETS, Target, ini_text, profile_zip

KEY = "the-secret-key"
TARGET = Target("rtmp://x.test/live", KEY, "Evening show", "MicroVibe-720p30-abc")


def unpacked(target: Target = TARGET, row=PRESETS[0]) -> dict[str, str]:
    archive = zipfile.ZipFile(io.BytesIO(profile_zip(target, row)))
    assert archive.testzip() is None
    return {name: archive.read(name).decode() for name in archive.namelist()}


def ini(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment]
    parser.read_string(text)
    return parser


def test_one_folder_with_obs_own_files():
    assert set(unpacked()) == {
        f"MicroVibe-720p30-abc/{name}"
        for name in ("basic.ini", "service.json", "streamEncoder.json")
    }


def test_the_key_is_in_the_service_only():
    for name, text in unpacked().items():
        assert (KEY in text) == name.endswith("service.json"), name
    service = json.loads(unpacked()["MicroVibe-720p30-abc/service.json"])
    assert service["type"] == "rtmp_custom"
    assert service["settings"]["server"] == "rtmp://x.test/live"
    assert service["settings"]["key"] == KEY


@pytest.mark.parametrize("row", PRESETS, ids=lambda row: row.name)
def test_settings_for_little_delay(row):
    files = {name.rpartition("/")[2]: text for name, text in unpacked(row=row).items()}
    encoder = json.loads(files["streamEncoder.json"])
    assert (encoder["rate_control"], encoder["bitrate"]) == ("CBR", row.video_kbps)
    assert (encoder["keyint_sec"], encoder["bf"], encoder["tune"]) == (1, 0, "zerolatency")
    basic = ini(files["basic.ini"])
    assert basic["General"]["Name"] == f"Evening show ({row.name})"
    assert basic["Output"]["Mode"] == "Advanced"
    assert basic["AdvOut"]["Encoder"] == "obs_x264"
    assert basic["AdvOut"]["Track1Bitrate"] == "160"
    video = basic["Video"]
    assert (video["OutputCX"], video["OutputCY"]) == (str(row.width), str(row.height))
    assert (video["FPSType"], video["FPSCommon"]) == ("0", str(row.fps))
    assert "BaseCX" not in video


def test_the_first_is_720p30():
    assert (PRESETS[0].name, PRESETS[0].video_kbps) == ("720p30", 3000)
    assert "1080p30" in [row.name for row in PRESETS]


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("我的直播", "我的直播"),
        ("a\n[General]\nName=x", "a[General]Name=x"),
        ("back\\slash", "backslash"),
        ("  ", "MicroVibe"),
        ("\u202e\x00", "MicroVibe"),
        ("x" * 200, "x" * LONGEST_NAME),
    ],
)
def test_any_title_is_one_line(title, kept):
    assert ini_text(title) == kept
    basic = unpacked(Target("rtmp://x.test/live", KEY, title, "f"))["f/basic.ini"]
    assert ini(basic)["General"]["Name"] == f"{kept} (720p30)"


def test_the_same_bytes_each_time():
    assert profile_zip(TARGET, PRESETS[0]) == profile_zip(TARGET, PRESETS[0])
