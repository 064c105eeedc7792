"""Example values for the description."""

from __future__ import annotations

from typing import Any

CREATED: dict[str, Any] = {
    "id": 1,
    "room_id": "room_abc123",
    "stream_key": "xyz789",
    "stream_url": "rtmp://localhost:1935/live/xyz789",
    "webrtc_url": "webrtc://room/room_abc123",
    "play_url": "http://localhost:8080/hls/play_4f7k.m3u8",
    "flv_url": "http://localhost:8080/flv/play_4f7k.flv",
    "webrtc_play_url": "webrtc://room/room_abc123",
    "streaming_mode": "hybrid",
}
CREATE_REQUEST = {
    "title": "My first broadcast",
    "streaming_mode": "hybrid",
    "push_protocol": "rtmp",
    "stream_type": "video_audio",
}
ROOM: dict[str, Any] = {
    "id": 1,
    "room_id": "room_abc123",
    "title": "My first broadcast",
    "description": "",
    "state": "live",
    "streaming_mode": "hybrid",
    "stream_type": "video_audio",
    "owner": {"id": 1, "name": "demo"},
    "broadcast": {"id": 3, "started_at": "2026-11-21T10:00:00.000Z"},
    "ended_reason": None,
    "grace_until": None,
    "publishing": ["webrtc", "rtmp"],
    "replay": None,
    "stage": {"layout": "speaker", "people": [{"user": {"id": 1, "name": "demo"}, "muted": False}]},
    "push_protocol": "webrtc",
    "visibility": "public",
    "record": True,
    "layout": "speaker",
    "viewers": 12,
    "likes": 41,
    "state_changed_at": "2026-11-21T10:00:02.000Z",
    "created_at": "2026-11-20T18:00:00.000Z",
    "play_url": "http://localhost:8080/hls/play_4f7k.m3u8",
    "flv_url": "http://localhost:8080/flv/play_4f7k.flv",
    "webrtc_play_url": "webrtc://room/room_abc123",
}
ROOM_PAGE = {"items": [ROOM], "page": 1, "page_size": 20, "total": 1}
KEY = {
    "room_id": "room_abc123",
    "stream_key": "xyz789",
    "stream_url": "rtmp://localhost:1935/live/xyz789",
    "created_at": "2026-11-20T18:00:00.000Z",
    "rotated_at": None,
}
FIGURES: dict[str, Any] = {
    "video_codec": "H264",
    "profile": "High",
    "level": "3.1",
    "width": 1280,
    "height": 720,
    "fps": 30.0,
    "audio_codec": "AAC",
    "channels": 2,
    "sample_rate": 48000,
    "dropped": 0,
    "uptime_secs": 61.2,
    "video_bitrate": 2400000,
    "audio_bitrate": 160000,
    "keyframe_secs": 8.3,
    "b_frames": False,
    "measured_fps": 30.0,
    "has_audio": True,
    "has_video": True,
    "hevc": False,
}
STATS = {
    "room_id": "room_abc123",
    "state": "live",
    "viewers": 12,
    "viewers_by_protocol": {"none": 1, "webrtc": 0, "flv": 8, "hls": 3},
    "peak_viewers": 20,
    "total_viewers": 31,
    "watch_secs": 5120.4,
    "likes": 41,
    "likes_total": 90,
    "gifts": 2,
    "chat_messages": 17,
    "uptime_secs": 600.1,
    "video_bitrate": 2400000,
    "audio_bitrate": 160000,
    "packet_loss": None,
    "jitter": None,
    "round_trip_time": None,
    "fps": 30.0,
    "width": 1280,
    "height": 720,
    "video_codec": "H264",
    "audio_codec": "AAC",
    "ingest": FIGURES,
}
PLAYBACK = {
    "rungs": [
        {
            "rung": "webrtc",
            "available": False,
            "url": None,
            "qualities": None,
            "reason": "no_webrtc_source",
            "detail": "Nobody is sending by WebRTC.",
        },
        {
            "rung": "flv",
            "available": True,
            "url": "http://localhost:8080/flv/play_4f7k.flv",
            "qualities": None,
            "reason": None,
            "detail": None,
        },
        {
            "rung": "hls",
            "available": True,
            "url": "http://localhost:8080/hls/play_4f7k.m3u8",
            "qualities": ["source", "720p", "480p", "360p", "audio"],
            "reason": None,
            "detail": None,
        },
    ],
    "publish": [
        {"way": "webrtc", "available": True, "reason": None, "detail": None},
        {"way": "rtmp", "available": True, "reason": None, "detail": None},
    ],
}
INGEST: dict[str, Any] = {
    "state": "live",
    "reason": None,
    "detail": None,
    "server": "rtmp://localhost:1935/live",
    "encoder": "FMLE/3.0 (compatible; FMSc/1.0)",
    "since": "2026-11-21T10:00:01.000Z",
    "figures": FIGURES,
    "advice": [
        {
            "code": "keyframes_far",
            "values": {"secs": 8.3},
            "severity": "warn",
            "title": "Keyframes are 8.3 s apart.",
            "detail": "In OBS: Settings → Output → Advanced: Keyframe Interval 1 s. "
            "Viewers see the picture sooner, and HLS is about 12 s closer to you.",
        }
    ],
    "refused": None,
    "recording": True,
    "disk_ok": True,
}
PUBLISHER = {"user": {"id": 7, "name": "mei"}, "added_at": "2026-11-21T09:00:00.000Z"}
