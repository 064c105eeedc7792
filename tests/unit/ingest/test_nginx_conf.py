"""nginx's configurations: rendered from checked values, tried by nginx itself."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ingest import nginx as conf
from ingest.nginx import BadValue, Nginx, NginxValues, NoNginx

BUILT_IN = Nginx(Path("/usr/sbin/nginx"), None)
SECRETS = ("ingest-" + "i" * 40, "tokens-" + "t" * 40)


def values_in(data_dir: Path) -> NginxValues:
    run_dir = data_dir / "run"
    for folder in (run_dir / "tmp/front", run_dir / "tmp/rtmp", data_dir / "media/hls"):
        folder.mkdir(parents=True, exist_ok=True)
    return NginxValues(
        host="127.0.0.1",
        port=8080,
        app_port=8081,
        flv_port=8082,
        rtmp_port=1935,
        rtmp_out_port=1936,
        rtmp_control_port=1937,
        ingest_secret=SECRETS[0],
        play_token_secret=SECRETS[1],
        media_dir=data_dir / "media",
        static_dir=data_dir / "static",
        run_dir=run_dir,
    )


@pytest.fixture
def values(tmp_path: Path) -> NginxValues:
    return values_in(tmp_path)


@pytest.fixture
def nginx(missing_part: Callable[[str], None]) -> Nginx:
    found = conf.find_nginx()
    if isinstance(found, NoNginx):
        missing_part(f"{found.reason}: apt-get install nginx libnginx-mod-rtmp")
    assert isinstance(found, Nginx)
    return found


EVERY = (conf.render_front, conf.render_rtmp, conf.render_production)


@pytest.mark.parametrize("render", EVERY)
def test_no_placeholder_is_left(values: NginxValues, render):
    assert re.findall(r"@[A-Za-z_. -]+@", render(values, BUILT_IN)) == []


def test_each_secret_goes_only_where_it_is_needed(values: NginxValues):
    ingest, tokens = SECRETS
    rtmp, front = conf.render_rtmp(values, BUILT_IN), conf.render_front(values, BUILT_IN)
    assert ingest in rtmp
    assert ingest not in front
    assert tokens in front
    assert tokens not in rtmp


@pytest.mark.parametrize(
    "changes",
    [
        {"port": 0},
        {"rtmp_port": 65536},
        {"host": "127.0.0.1; deny all"},
        {"host": "a\nb"},
        {"host": ""},
        {"ingest_secret": ""},
        {"ingest_secret": "x" * 31},
        {"ingest_secret": 'x"; } ' * 10},
        {"ingest_secret": "x" * 40 + "\n"},
        {"play_token_secret": "x" * 40 + "$host"},
        {"media_dir": Path("/a/b;c")},
        {"media_dir": Path('/a/"b')},
        {"media_dir": Path("/a/b\nc")},
        {"media_dir": Path("/a/$b")},
        {"media_dir": Path("relative")},
        {"run_dir": Path("/a,b/run")},
        {"run_dir": Path("/a/@RUN@")},
        {"cors_origins": ("https://a.example/path",)},
        {"cors_origins": ('https://a"b',)},
        {"cors_origins": ("~.*",)},
        {"user": "root; x"},
        {"workers": 0},
    ],
)
def test_what_could_change_the_meaning_is_refused(values: NginxValues, changes):
    changed = replace(values, **changes)
    with pytest.raises(BadValue) as refused:
        conf.render_front(changed, BUILT_IN)
    for secret in (changed.ingest_secret, changed.play_token_secret):
        assert not secret or secret not in str(refused.value)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"cors_origins": ()},
        {"cors_origins": ("https://a.example", "http://[::1]:8000", "null")},
        {"host": "[::1]"},
        {"host": "localhost"},
        {"proxies": 1},
        {"workers": 4, "open_files": 100_000},
    ],
)
@pytest.mark.parametrize("render", EVERY)
def test_nginx_is_content(tmp_path: Path, nginx: Nginx, render, changes):
    values = replace(values_in(tmp_path / "with a space, 中文".replace(",", "")), **changes)
    if os.geteuid() == 0:
        values = replace(values, user="root")
    file = values.run_dir / "x.conf"
    conf.write_private(file, render(values, nginx))
    assert conf.problem_of(nginx, file) is None


def test_nginx_says_what_is_wrong(tmp_path: Path, nginx: Nginx):
    file = tmp_path / "x.conf"
    conf.write_private(file, "events {}\nnonsense on;\n")
    assert "nonsense" in str(conf.problem_of(nginx, file))


def test_a_configuration_is_for_its_owner_alone(tmp_path: Path):
    file = tmp_path / "x.conf"
    file.write_text("old")
    file.chmod(0o644)
    conf.write_private(file, "new")
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_without_nginx_the_reason_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(conf.shutil, "which", lambda *_, **__: None)
    assert conf.find_nginx() == NoNginx("nginx is not installed")


def test_without_the_module_the_reason_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program = tmp_path / "nginx"
    program.write_text("#!/bin/sh\necho configure arguments: --modules-path=/nowhere >&2\n")
    program.chmod(0o755)
    monkeypatch.setattr(conf.shutil, "which", lambda *_, **__: str(program))
    monkeypatch.setattr(conf, "MODULE_DIRS", ())
    found = conf.find_nginx()
    assert isinstance(found, NoNginx)
    assert "libnginx-mod-rtmp" in found.reason
