"""`make run` installs nginx as root on Debian: without its service, and without insisting."""

from __future__ import annotations

from pathlib import Path

import pytest

from launcher import set_up


class Debian:
    """What apt was asked for, and what stood in the way of services meanwhile."""

    def __init__(self, policy: Path) -> None:
        self.policy = policy
        self.asked: list[list[str]] = []
        self.policy_then: str | None = None
        self.fails = False

    def apt_install(self, packages: list[str], problem: str) -> None:
        self.asked.append(packages)
        self.policy_then = self.policy.read_text() if self.policy.exists() else None
        if self.fails:
            raise set_up.CannotSetUp(problem)


@pytest.fixture
def debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Debian:
    """A Debian without nginx, and we are root."""
    made = Debian(tmp_path / "policy-rc.d")
    monkeypatch.setattr(set_up, "POLICY", str(made.policy))
    monkeypatch.setattr(set_up, "ROOT", str(tmp_path))
    monkeypatch.setattr(set_up, "apt_install", made.apt_install)
    monkeypatch.setattr(set_up, "debian_has", lambda _: False)
    monkeypatch.setattr(set_up, "has_nginx", lambda: False)
    monkeypatch.setattr(set_up, "run", lambda *_: "")
    monkeypatch.setattr(set_up.os, "geteuid", lambda: 0)
    monkeypatch.setattr(set_up.shutil, "which", lambda name, **_: f"/usr/bin/{name}")
    monkeypatch.delenv("RTMP_ENABLED", raising=False)
    return made


def test_its_service_is_kept_from_starting_and_the_policy_goes_again(debian: Debian):
    set_up.install_nginx()
    assert debian.asked == [["nginx", "libnginx-mod-rtmp"]]
    assert debian.policy_then is not None
    assert "exit 101" in debian.policy_then
    assert not debian.policy.exists()


def test_a_failing_apt_is_no_reason_not_to_start(debian: Debian, capsys):
    debian.fails = True
    set_up.install_nginx()
    assert not debian.policy.exists()
    assert "apt-get install nginx libnginx-mod-rtmp" in capsys.readouterr().err


def test_a_policy_of_somebody_else_is_left_alone(debian: Debian):
    debian.policy.write_text("theirs")
    set_up.install_nginx()
    assert debian.policy.read_text() == "theirs"


def test_what_a_killed_run_left_is_taken_away(debian: Debian):
    debian.policy.write_text(
        "#!/bin/sh\n# MicroVibe installs nginx and runs it itself.\nexit 101\n"
    )
    set_up.install_nginx()
    assert not debian.policy.exists()


def test_who_is_not_root_gets_one_line_of_advice(debian: Debian, monkeypatch, capsys):
    debian.fails = True
    monkeypatch.setattr(set_up.os, "geteuid", lambda: 1000)
    set_up.install_nginx()
    assert debian.policy_then is None
    assert "For RTMP (OBS)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("environment", "dot_env", "wanted"),
    [
        (None, "", True),
        ("", "RTMP_ENABLED=false\n", False),
        ("false", "RTMP_ENABLED=true\n", False),
        ("1", "RTMP_ENABLED=false\n", True),
        (None, "# RTMP_ENABLED=false\n", True),
        (None, 'export RTMP_ENABLED="no"\n', False),
    ],
)
def test_who_wants_no_rtmp_gets_no_nginx(
    debian: Debian, monkeypatch, tmp_path: Path, environment: str | None, dot_env: str, wanted: bool
):
    monkeypatch.setenv("READ_DOT_ENV", "true")
    if environment is not None:
        monkeypatch.setenv("RTMP_ENABLED", environment)
    (tmp_path / ".env").write_text(dot_env)
    set_up.install_nginx()
    assert bool(debian.asked) is wanted
