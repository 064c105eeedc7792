"""Which processes there are, what each is told, and where nginx may write."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ingest.nginx import Nginx
from launcher.child_env import child_environment
from launcher.children import children_of
from launcher.config import Config, ConfigError, read_config
from launcher.nginx_site import can_reach, make_folders, open_files, values_of, with_group
from launcher.secret_file import NAMES
from launcher.supervise import Child

NGINX = Nginx(Path("/usr/sbin/nginx"), None)
SECRETS = {name: f"{name}-" + "x" * 40 for name in NAMES}


def parts(given: dict[str, str], has_nginx: bool = True) -> tuple[Config, dict[str, Child]]:
    config = read_config(given, ["192.168.1.5"], has_nginx=has_nginx)
    env = child_environment(config, {**SECRETS, "PATH": "/bin", **given})
    nginx = NGINX if config.starts_nginx else None
    return config, {child.name: child for child in children_of(config, env, nginx)}


def test_with_nginx_the_app_stands_behind_it():
    config, found = parts({})
    assert set(found) == {"sfu", "app", "worker", "playback", "push", "rtmp", "front"}
    app = found["app"]
    assert app.command[app.command.index("-p") + 1] == "8081"
    assert app.command[app.command.index("-b") + 1] == "127.0.0.1"
    assert "--proxy-headers" in app.command
    assert app.env["BEHIND_FRONT"] == app.env["RTMP_ENABLED"] == "true"
    assert app.env["API_NUM_PROXIES"] == "1"
    assert config.url == "http://127.0.0.1:8080/"


@pytest.mark.parametrize(("given", "has_nginx"), [({}, False), ({"RTMP_ENABLED": "false"}, True)])
def test_without_nginx_the_app_listens_itself(given: dict[str, str], has_nginx: bool):
    _, found = parts({**given, "TLS": "1"}, has_nginx)
    assert set(found) == {"sfu", "app", "worker"}
    app = found["app"]
    assert any(word.startswith("ssl:8080:") for word in app.command)
    assert "--proxy-headers" not in app.command  # nobody overwrites what browsers claim
    assert app.env["BEHIND_FRONT"] == app.env["RTMP_ENABLED"] == "false"
    assert "API_NUM_PROXIES" not in app.env
    assert app.env["APP_PORT"] == "8080"


def test_behind_somebody_elses_nginx_we_start_none():
    config, found = parts({"OWN_NGINX": "true", "ALLOWED_HOSTS": "live.example"}, has_nginx=False)
    assert set(found) == {"sfu", "app", "worker", "playback", "push"}
    assert found["app"].env["BEHIND_FRONT"] == "true"
    assert config.asked_host == "live.example"


def test_processes_without_accounts_get_no_key_to_them():
    _, found = parts({"DATABASE_URL": "postgres://u:p@h/d", "REDIS_URL": "redis://:p@h"})
    for name in ("playback", "rtmp", "front"):
        env = found[name].env
        for secret in ("SECRET_KEY", "STREAM_KEY_SECRET", "INGEST_SECRET"):
            assert SECRETS[secret] not in env.values()
        assert "DATABASE_URL" not in env
        assert "REDIS_URL" not in env
        assert not any(value in " ".join(found[name].command) for value in SECRETS.values())
    push = found["push"].env
    assert push["INGEST_SECRET"] == SECRETS["INGEST_SECRET"]
    for secret in ("SECRET_KEY", "STREAM_KEY_SECRET", "PLAY_TOKEN_SECRET"):
        assert SECRETS[secret] not in push.values()
    assert not {"DATABASE_URL", "REDIS_URL"} & set(push)
    assert found["playback"].env["PLAY_TOKEN_SECRET"] == SECRETS["PLAY_TOKEN_SECRET"]
    assert "PLAY_TOKEN_SECRET" not in found["rtmp"].env


def test_browsers_are_told_goodbye_through_the_front():
    _, found = parts({})
    assert found["front"].stops_after == ("app", "push")
    assert found["front"].whole_group
    assert set(found["front"].secrets) == {SECRETS["INGEST_SECRET"], SECRETS["PLAY_TOKEN_SECRET"]}


def test_without_broadcasts_by_websocket_there_is_no_gateway():
    config, found = parts({"STREAMING_SOCKET_FALLBACK": "false"})
    assert "push" not in found
    assert "PUSH_PORT" not in config.ports()


@pytest.mark.parametrize(
    ("given", "server"),
    [
        ({}, "rtmp://127.0.0.1:1935/live"),
        ({"HOST": "0.0.0.0", "RTMP_PORT": "1999"}, "rtmp://192.168.1.5:1999/live"),
        ({"PUBLIC_URL": "https://live.example:8443"}, "rtmp://live.example:1935/live"),
        ({"RTMP_SERVER": "rtmp://in.example/live"}, "rtmp://in.example/live"),
        ({"HOST": "::1"}, "rtmp://[::1]:1935/live"),
    ],
)
def test_what_obs_is_told(given: dict[str, str], server: str):
    _, found = parts(given)
    assert found["app"].env["RTMP_SERVER"] == server


def test_two_parts_on_one_port_are_said_by_name():
    with pytest.raises(ConfigError, match="PORT and RTMP_CONTROL_PORT are both 8080"):
        read_config({"RTMP_CONTROL_PORT": "8080"}, has_nginx=True)
    read_config({"RTMP_CONTROL_PORT": "8080"}, has_nginx=False)


@pytest.mark.parametrize("text", ["-1", "x", "1000"])
def test_a_number_of_proxies_that_can_not_be(text: str):
    with pytest.raises(ConfigError, match="API_NUM_PROXIES"):
        parts({"API_NUM_PROXIES": text})


def test_other_proxies_are_counted_before_ours():
    config, found = parts({"API_NUM_PROXIES": "1"})
    assert found["app"].env["API_NUM_PROXIES"] == "2"
    assert values_of(config, found["app"].env, None).proxies == 1


def test_folders_are_made_and_the_sockets_hidden(tmp_path: Path):
    config, _ = parts({"DATA_DIR": str(tmp_path / "var")})
    config.data_dir.mkdir()
    user = make_folders(config)
    assert (user is not None) == (os.geteuid() == 0)
    for name in ("hls", "recordings", "thumbnails", "marks/air", "marks/open", "marks/private"):
        shut = not name.startswith("marks") and config.starts_nginx
        assert (config.media_dir / name).is_dir()
        assert not shut or stat.S_IMODE((config.media_dir / name).stat().st_mode) == 0o750
    assert stat.S_IMODE(config.run_dir.stat().st_mode) == 0o750
    assert (config.run_dir / "pages" / "starting.html").is_file()
    left_over = config.run_dir / "tmp" / "front" / "body"
    left_over.mkdir()
    make_folders(config)  # after a run that was killed
    assert not left_over.exists()


def test_who_can_get_to_a_folder(tmp_path: Path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    mine, nobody = os.geteuid(), 2**31 - 5
    assert can_reach(inner, mine, set())
    (tmp_path / "a").chmod(0o700)
    assert not can_reach(inner, nobody, set())
    (tmp_path / "a").chmod(0o600)
    assert not can_reach(inner, mine, set())
    (tmp_path / "a").chmod(0o755)
    assert can_reach(inner, mine, set())


def test_the_group_is_named_since_nobody_is_not_in_nobody():
    assert len(with_group("root").split(" ")) == 2


def test_open_files_are_what_this_machine_allows():
    assert 0 < open_files() <= 16_384
