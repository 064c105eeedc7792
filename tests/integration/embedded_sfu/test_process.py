"""`python -m embedded_sfu` as a process: ready by health, stops at once, survives a kill -9."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

ROOT = Path(__file__).parents[3]


def free_port(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(grpc_port: int, udp_port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            sys.executable, "-m", "embedded_sfu", "--public-ips", "127.0.0.1",
            "--grpc-port", str(grpc_port), "--udp-port", str(udp_port),
        ],
        cwd=ROOT,
    )  # fmt: skip


def wait_serving(port: int, *, timeout_secs: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_secs
    while True:
        try:
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                request = health_pb2.HealthCheckRequest(service="rtc.RTC")
                reply = health_pb2_grpc.HealthStub(channel).Check(request, timeout=1)
                if reply.status == health_pb2.HealthCheckResponse.SERVING:
                    return
        except grpc.RpcError:
            pass
        assert time.monotonic() < deadline, "the SFU does not serve"
        time.sleep(0.05)


def test_stops_at_once_and_restarts_after_a_kill() -> None:
    grpc_port, udp_port = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM)
    process = start(grpc_port, udp_port)
    try:
        wait_serving(grpc_port)
        process.kill()
        process.wait()
        process = start(grpc_port, udp_port)
        wait_serving(grpc_port)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0
        print(f"stopped after {time.monotonic() - began:.2f} s")
    finally:
        process.kill()
        process.wait()


def test_a_second_one_on_the_same_port_says_why_not() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        process = start(free_port(socket.SOCK_STREAM), port)
        assert process.wait(timeout=20) == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1"])
def test_grpc_never_leaves_loopback(host: str) -> None:
    command = [sys.executable, "-m", "embedded_sfu", "--grpc-host", host]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert "loopback" in done.stderr
