"""nginx as RTMP server, in our configuration, with a hook that says what it is told to."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ingest.nginx import Nginx
from tests.e2e.harness.rtmp_client import AUDIO, VIDEO, Refused, RtmpClient
from tests.integration.front.alone import (
    PLAY,
    SECRETS,
    alone,
    stand_in,
    until,
)

# H.264 Baseline 16×16 (SPS, PPS) and AAC, as an encoder begins.
STREAM_HEADS = (
    (
        VIDEO,
        bytes.fromhex(
            "17000000000142c00affe1000867 42c00ada79e0 2201000468ce3c80".replace(" ", "")
        ),
    ),
    (AUDIO, bytes.fromhex("af001210")),
)
KEYFRAME = bytes.fromhex("1701000000000000086588843a2628000e")


def test_control_pages_are_for_our_worker_alone(nginx: Nginx, tmp_path: Path):
    with alone(tmp_path / "var", nginx, "rtmp") as rtmp:
        port = rtmp.values.rtmp_control_port
        drop = f"/control/drop/publisher?app=live&name={PLAY}"
        assert b"<rtmp>" in rtmp.ask("/stat", port=port, Host="127.0.0.1").body
        assert rtmp.ask(drop, port=port, Host="127.0.0.1").status == 200
        for headers in (
            {"Host": "evil.example"},
            {"Host": f"127.0.0.1:{port}", "Sec_Fetch_Site": "cross-site"},
            {"Host": f"127.0.0.1:{port}", "Origin": "https://evil.example"},
        ):
            assert rtmp.ask(drop, port=port, **headers).status == 403
            assert rtmp.ask("/stat", port=port, **headers).status == 403
        assert rtmp.ask("/", port=port, Host="127.0.0.1").status == 404


def test_whatever_the_name_only_the_play_id_becomes_a_folder(nginx: Nginx, tmp_path: Path):
    """Even for a hook that accepts all: what it answers is the name from then on."""
    key = "k" * 43
    names = [key, f"../{key}", "../../../evil", f"{key}?name=x&call=y", "a&b=c", "x" * 2048, "a\0b"]
    with alone(tmp_path / "var", nginx, "rtmp") as rtmp, stand_in(rtmp.values.app_port) as app:
        before = sorted(tmp_path.rglob("*"))
        accepted = 0
        for name in names:
            with RtmpClient(rtmp.values.rtmp_port) as client:
                try:
                    client.publish(name)
                except Refused:
                    continue
                accepted += 1
                for kind, body in STREAM_HEADS:
                    client.media(kind, 0, body)
                for index in range(1, 5):
                    client.media(VIDEO, index * 500, KEYFRAME)
        assert accepted >= 3
        asked = [path for _, path, _, _ in app.asked]
        assert f"/ingest/publish?secret={SECRETS[0]}" in asked
        app.hook_status = 403
        with RtmpClient(rtmp.values.rtmp_port) as client, pytest.raises(Refused):
            client.publish(key)
        app.shutdown()
        app.server_close()
        with RtmpClient(rtmp.values.rtmp_port) as client, pytest.raises(Refused):
            client.publish(key)
        new = set(tmp_path.rglob("*")) - set(before)
        below = rtmp.values.media_dir / "hls" / PLAY
        assert {path for path in new if path.parent != below} == set()
        said = rtmp.said()
        assert key not in said
        assert "evil" not in said
        assert SECRETS[0] not in said


def test_a_crowd_at_the_door_does_not_shut_the_inner_one(nginx: Nginx, tmp_path: Path):
    """nginx counts both servers' connections together: at 500 they would end every HLS and FLV."""
    with alone(tmp_path / "var", nginx, "rtmp") as rtmp:
        crowd = []
        for _ in range(600):
            crowd.append(socket.create_connection(("127.0.0.1", rtmp.values.rtmp_port), 5))
        with socket.create_connection(("127.0.0.1", rtmp.values.rtmp_out_port), 5) as inner:
            inner.settimeout(10)
            inner.sendall(b"\x03" + bytes(1536))
            until("it answers the handshake", lambda: inner.recv(4000))
        for each in crowd:
            each.close()
