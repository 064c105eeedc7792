"""A profile for OBS (Profile → Import): server, key and settings for little delay, zipped. Pure.

The names are those of OBS's own files, as it writes them itself: `basic.ini`, `service.json`,
`streamEncoder.json` in a folder. The stream key is in `service.json` and nowhere else.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Final

from live.encoder_table import AUDIO_KBPS, KEYFRAME_SECS, ROW_OF, Row

PRESETS: Final = tuple(ROW_OF[name] for name in ("720p30", "1080p30", "720p60", "1080p60"))
LONGEST_NAME: Final = 40
_MADE_AT: Final = (2026, 1, 1, 0, 0, 0)  # of the files in the archive: the same bytes each time


@dataclass(frozen=True)
class Target:
    """Where OBS is to send."""

    server: str  # "rtmp://live.example.org/live"
    key: str
    title: str  # of the room: tells profiles apart in OBS's menu
    folder: str  # OBS refuses a folder that it has already: one for each room and preset


def profile_zip(target: Target, row: Row) -> bytes:
    """The archive: one folder, which is what OBS's dialogue wants to be shown."""
    files = {
        "basic.ini": basic_ini(target, row),
        "service.json": _json(service(target)),
        "streamEncoder.json": _json(stream_encoder(row)),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(f"{target.folder}/{name}", _MADE_AT)
            entry.external_attr = 0o600 << 16  # it has a key in it
            archive.writestr(entry, text, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def basic_ini(target: Target, row: Row) -> str:
    """The canvas is left as the streamer has it: their scenes stay where they are."""
    sections = {
        "General": {"Name": f"{ini_text(target.title)} ({row.name})"},
        "Output": {"Mode": "Advanced"},
        "AdvOut": {
            "Encoder": "obs_x264",
            "AudioEncoder": "ffmpeg_aac",
            "ApplyServiceSettings": "false",
            "TrackIndex": "1",
            "Track1Bitrate": str(AUDIO_KBPS),
        },
        # What "Output Mode: Simple" shows, for who goes back to it.
        "SimpleOutput": {
            "VBitrate": str(row.video_kbps),
            "ABitrate": str(AUDIO_KBPS),
            "StreamEncoder": "x264",
            "UseAdvanced": "true",
            "Preset": "veryfast",
            "x264Settings": f"keyint={row.fps * KEYFRAME_SECS} bframes=0 tune=zerolatency",
        },
        "Video": {
            "OutputCX": str(row.width),
            "OutputCY": str(row.height),
            "FPSType": "0",
            "FPSCommon": str(row.fps),
        },
        "Audio": {"SampleRate": "48000", "ChannelSetup": "Stereo"},
    }
    parts = []
    for section, values in sections.items():
        lines = "".join(f"{name}={value}\n" for name, value in values.items())
        parts.append(f"[{section}]\n{lines}")
    return "\n".join(parts)


def service(target: Target) -> dict[str, object]:
    settings = {
        "server": target.server,
        "key": target.key,
        "use_auth": False,
        "bwtest": False,
    }
    return {"type": "rtmp_custom", "settings": settings}


def stream_encoder(row: Row) -> dict[str, object]:
    """x264: H.264 is what browsers play; no B-frames: nothing waits for what comes later."""
    return {
        "rate_control": "CBR",
        "bitrate": row.video_kbps,
        "keyint_sec": KEYFRAME_SECS,
        "preset": "veryfast",
        "profile": "high",
        "tune": "zerolatency",
        "bf": 0,
    }


def ini_text(text: str) -> str:
    """One line that OBS reads back as it is: backslashes are its escapes."""
    kept = "".join(each for each in text if each.isprintable() and each != "\\")
    return " ".join(kept.split())[:LONGEST_NAME].strip() or "MicroVibe"


def _json(value: dict[str, object]) -> str:
    return json.dumps(value, indent=4, ensure_ascii=False) + "\n"
