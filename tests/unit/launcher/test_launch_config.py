"""From the environment to one run's plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from launcher.child_env import child_environment
from launcher.config import ConfigError, read_config, read_env_file

LAN = ["192.168.1.5", "10.0.0.7"]


def test_defaults_listen_on_loopback_only():
    config = read_config({}, LAN)
    assert config.url == "http://127.0.0.1:8080/"
    assert config.urls_on_network() == []
    assert config.own_sfu
    assert config.data_dir.name == "var"


@pytest.mark.parametrize(
    ("env", "url", "on_network"),
    [
        ({"PORT": "9000"}, "http://127.0.0.1:9000/", []),
        ({"HOST": "::1"}, "http://[::1]:8080/", []),
        (
            {"HOST": "0.0.0.0"},
            "http://0.0.0.0:8080/",
            ["http://192.168.1.5:8080/", "http://10.0.0.7:8080/"],
        ),
        (
            {"TLS": "1"},
            "https://0.0.0.0:8080/",
            ["https://192.168.1.5:8080/", "https://10.0.0.7:8080/"],
        ),
        ({"TLS": "1", "HOST": "192.168.1.5"}, "https://192.168.1.5:8080/", []),
        ({"TLS": "0", "PORT": ""}, "http://127.0.0.1:8080/", []),
    ],
)
def test_urls(env: dict[str, str], url: str, on_network: list[str]):
    config = read_config(env, LAN)
    assert config.url == url
    assert config.urls_on_network() == on_network


@pytest.mark.parametrize(
    "env",
    [
        {"PORT": "http"},
        {"PORT": "0"},
        {"SFU_UDP_PORT": "70000"},
        {"SFU_GRPC_PORT": "-1"},
        {"PORT": "5551"},
    ],
)
def test_a_port_that_can_not_be_is_said_by_name(env: dict[str, str]):
    with pytest.raises(ConfigError, match=next(iter(env))):
        read_config(env)


@pytest.mark.parametrize(
    ("env", "own_sfu"),
    [
        ({}, True),
        ({"SFU_ENABLED": "false"}, False),
        ({"SFU_SERVER_URL": "ion.example.org:5551"}, False),
        ({"SFU_CLUSTER_NODES": "a:5551,b:5551"}, False),
        ({"SFU_SERVER_URL": ""}, True),
    ],
)
def test_our_own_sfu_runs_unless_there_is_another(env: dict[str, str], own_sfu: bool):
    assert read_config(env).own_sfu is own_sfu


def test_the_app_accepts_the_names_under_which_it_is_reached():
    env = child_environment(read_config({"HOST": "0.0.0.0"}, LAN), {"HOST": "0.0.0.0"})
    assert {"localhost", "192.168.1.5", "10.0.0.7"} <= set(env["ALLOWED_HOSTS"].split(","))
    assert "http://192.168.1.5:8080" in env["CSRF_TRUSTED_ORIGINS"].split(",")
    assert env["PUBLIC_URL"] == "http://192.168.1.5:8080"


def test_what_was_set_by_hand_wins():
    given = {"ALLOWED_HOSTS": "live.example.org", "PUBLIC_URL": "https://live.example.org"}
    env = child_environment(read_config(given), given)
    assert env["ALLOWED_HOSTS"] == "live.example.org"
    assert env["PUBLIC_URL"] == "https://live.example.org"


def test_children_get_an_absolute_data_dir():
    given = {"DATA_DIR": "some/where"}
    env = child_environment(read_config(given), given)
    assert Path(env["DATA_DIR"]).is_absolute()


def test_env_file(tmp_path: Path):
    file = tmp_path / ".env"
    file.write_text("# a comment\n\nPORT=9000\nexport HOST='0.0.0.0'\nURL=postgres://u:p@h/d?a=b\n")
    assert read_env_file(file) == {
        "PORT": "9000",
        "HOST": "0.0.0.0",
        "URL": "postgres://u:p@h/d?a=b",
    }
    assert read_env_file(tmp_path / "absent") == {}
