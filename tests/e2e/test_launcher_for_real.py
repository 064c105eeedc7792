"""`python -m launcher` as a user starts and stops it."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.harness import site as sites
from tests.e2e.harness.site import PARTS, PASSWORD, Site, children_of, is_alive, wait_for


def everything_below(site: Site) -> list[int]:
    found, new = [], [site.process.pid]
    while new:
        pid = new.pop()
        below = list(children_of(pid))
        found += below
        new += below
    return found


def test_first_run_second_run_and_ctrl_c(tmp_path: Path, show: Callable[[str], None]):
    data_dir = tmp_path / "var"
    with sites.running(data_dir, DEMO_PASSWORD="") as first:
        ready = f"MicroVibe is ready: {first.base_url}/"
        assert first.lines.count(ready) == 1
        wait_for("the accounts are printed", lambda: any("staff" in line for line in first.lines))
        said = "\n".join(first.lines)
        password = re.search(r"demo\s+password\s+(\S+)", said)
        assert password is not None
        body = {"username": "demo", "password": password[1]}
        assert first.call("POST", "/api/v1/auth/token", body)[0] == 200
        assert first.call("GET", "/health") == (200, {"status": "ok"})
        for part in PARTS:
            first.pid_of(part)
        assert any(line.strip().startswith("OBS ") for line in first.lines)
        pids = everything_below(first)
        first.stop(signal.SIGINT)
        assert first.process.returncode == 0
        assert not any(is_alive(pid) for pid in pids)
    for name in ("secrets.env", "microvibe.sqlite3"):
        assert stat.S_IMODE((data_dir / name).stat().st_mode) == 0o600, name
    secrets = (data_dir / "secrets.env").read_text()

    with sites.running(data_dir, DEMO_PASSWORD="") as second:
        took = second.ready_after_secs
        assert password[1] not in "\n".join(second.lines)
        assert second.call("POST", "/api/v1/auth/token", body)[0] == 200
        pids = everything_below(second)
        stopped = second.stop(signal.SIGINT)
        assert not any(is_alive(pid) for pid in pids)
    assert (data_dir / "secrets.env").read_text() == secrets
    show(
        f"make run: first {first.ready_after_secs:.1f} s, second {took:.1f} s (goal < 5); "
        f"Ctrl-C: all gone after {stopped:.1f} s (goal < 5)"
    )
    assert stopped < 8
    for log in (data_dir / "log").iterdir():
        for secret in secrets.split("="):
            assert secret.strip() not in log.read_text() or len(secret) < 20


def test_a_killed_process_is_started_again(breakable_site: Site):
    for part in PARTS:
        pid = breakable_site.kill(part)
        wait_for(
            f"a new {part} runs", lambda part=part, pid=pid: breakable_site.pid_of(part) != pid
        )
        breakable_site.wait_until_healthy()
    assert any("sfu was killed by SIGKILL" in line for line in breakable_site.lines)


def test_kill_9_of_the_launcher_leaves_nothing_and_nothing_in_the_way(tmp_path: Path):
    with sites.running(tmp_path / "var") as site:
        pids = everything_below(site)
        assert pids
        os.kill(site.process.pid, signal.SIGKILL)
        wait_for("no process is left", lambda: not any(is_alive(pid) for pid in pids), 10)
    ports = {name: site.env[name] for name in sites.TCP_PORTS}
    with sites.running(tmp_path / "var", **ports) as again:  # beside its pid files and sockets
        assert again.answers("/health/ready")


def test_without_nginx_the_app_stands_alone(tmp_path: Path):
    with sites.running(tmp_path / "var", RTMP_ENABLED="false") as site:
        assert any("are off: RTMP_ENABLED is false" in line for line in site.lines)
        commands = children_of(site.process.pid).values()
        assert not any("nginx" in command or "playback" in command for command in commands)
        room_id = site.create_room()
        reasons = {rung["rung"]: rung["reason"] for rung in site.playback(room_id)["rungs"]}
        assert reasons["flv"] == reasons["hls"] == "rtmp_off"
        with urllib.request.urlopen(site.base_url + "/sign-in") as answer:
            assert answer.status == 200


def test_the_front_outlives_the_app_and_says_so(breakable_site: Site):
    breakable_site.kill("app")
    said = wait_for("the page says that it starts", lambda: starting_page(breakable_site))
    assert "正在启动" in said
    breakable_site.wait_until_healthy()


def starting_page(site: Site) -> str:
    try:
        with urllib.request.urlopen(site.base_url + "/", timeout=5):
            return ""
    except urllib.error.HTTPError as error:
        with error:
            assert error.code == 503
            return error.read().decode()


def test_a_taken_port_is_said_in_plain_words(site: Site, tmp_path: Path):
    env = {**sites.clean_environment(tmp_path / "var"), "PORT": site.env["PORT"]}
    done = subprocess.run(
        [sys.executable, "-m", "launcher"],
        cwd=sites.ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert f"Port {site.env['PORT']} (PORT) can't be used" in done.stderr
    assert "Traceback" not in done.stderr


def test_tls_makes_a_certificate_and_serves_https(tmp_path: Path):
    import ssl

    with sites.running(tmp_path / "var", TLS="1", HOST="127.0.0.1") as site:
        assert site.base_url.startswith("https://")
        context = ssl.create_default_context(cafile=tmp_path / "var" / "tls" / "certificate.pem")
        with urllib.request.urlopen(site.base_url + "/health", context=context) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("page", ["/", "/sign-in", "/sign-up", "/api/v1/openapi.json"])
def test_pages_of_a_fresh_installation(site: Site, page: str):
    with urllib.request.urlopen(site.base_url + page) as answer:
        assert answer.status == 200


def test_the_demo_password_from_the_environment_works(site: Site):
    for name in ("demo", "staff"):
        body = {"username": name, "password": PASSWORD}
        assert site.call("POST", "/api/v1/auth/token", body)[0] == 200
