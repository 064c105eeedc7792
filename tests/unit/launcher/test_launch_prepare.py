"""Secrets, stamps and the certificate: made once, made again only when they must be."""

from __future__ import annotations

import datetime as dt
import stat
from pathlib import Path

from cryptography import x509

from launcher.config import Config, read_config
from launcher.secret_file import NAMES, load_or_make_secrets
from launcher.stamps import fingerprint, read_stamps, steps_to_do, write_stamps
from launcher.tls import ensure_certificate

WANTED = {"database": "a", "static": "b", "certificate": "c"}


def test_secrets_are_made_once_and_only_for_the_owner(tmp_path: Path):
    file = tmp_path / "var" / "secrets.env"
    made = load_or_make_secrets(file)
    assert set(made) == set(NAMES)
    assert len(set(made.values())) == len(NAMES)
    assert all(len(value) >= 50 for value in made.values())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load_or_make_secrets(file) == made


def test_a_missing_secret_is_added_and_the_others_stay(tmp_path: Path):
    file = tmp_path / "secrets.env"
    file.write_text("SECRET_KEY=mine\n")
    made = load_or_make_secrets(file)
    assert made["SECRET_KEY"] == "mine"
    assert made["STREAM_KEY_SECRET"]
    assert load_or_make_secrets(file) == made


def prepared(data_dir: Path, **env: str) -> Config:
    """A place in which everything has been prepared."""
    config = read_config({"DATA_DIR": str(data_dir), **env})
    for path in ("static/staticfiles.json", "microvibe.sqlite3", "tls/certificate.pem"):
        (data_dir / path).parent.mkdir(parents=True, exist_ok=True)
        (data_dir / path).touch()
    return config


def test_nothing_is_done_twice(tmp_path: Path):
    assert steps_to_do(prepared(tmp_path, TLS="1"), WANTED, dict(WANTED)) == set()


def test_what_changed_is_done_again(tmp_path: Path):
    config = prepared(tmp_path)
    assert steps_to_do(config, WANTED, {**WANTED, "static": "old"}) == {"static"}
    assert steps_to_do(config, WANTED, {}) == {"static", "database"}


def test_what_is_gone_is_done_again(tmp_path: Path):
    config = prepared(tmp_path)
    (tmp_path / "microvibe.sqlite3").unlink()
    assert steps_to_do(config, WANTED, dict(WANTED)) == {"database"}
    (tmp_path / "static" / "staticfiles.json").unlink()
    assert steps_to_do(config, WANTED, dict(WANTED)) == {"database", "static"}


def test_a_database_elsewhere_is_judged_by_its_stamp_alone(tmp_path: Path):
    config = prepared(tmp_path)
    (tmp_path / "microvibe.sqlite3").unlink()
    wanted = {**WANTED, "database": "postgres://db/microvibe"}
    assert steps_to_do(config, wanted, dict(wanted)) == set()


def test_stamps_survive_a_torn_file(tmp_path: Path):
    file = tmp_path / "prepared.json"
    write_stamps(file, WANTED)
    assert read_stamps(file) == WANTED
    file.write_text('{"database": ')
    assert read_stamps(file) == {}


def test_fingerprint_sees_new_changed_and_removed_files(tmp_path: Path):
    seen = {fingerprint([tmp_path])}
    (tmp_path / "a.css").write_text("a")
    seen.add(fingerprint([tmp_path]))
    (tmp_path / "a.css").write_text("ab")
    seen.add(fingerprint([tmp_path]))
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.js").write_text("b")
    seen.add(fingerprint([tmp_path]))
    assert len(seen) == 4
    assert fingerprint([tmp_path]) in seen


def test_certificate_names_this_machine_and_is_kept(tmp_path: Path):
    certificate, key = tmp_path / "tls" / "c.pem", tmp_path / "tls" / "k.pem"
    assert ensure_certificate(certificate, key, ["192.168.1.5"])
    assert not ensure_certificate(certificate, key, ["192.168.1.5"])
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    made = x509.load_pem_x509_certificate(certificate.read_bytes())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "localhost" in names.get_values_for_type(x509.DNSName)
    assert {str(ip) for ip in names.get_values_for_type(x509.IPAddress)} == {
        "127.0.0.1",
        "::1",
        "192.168.1.5",
    }
    assert made.not_valid_after_utc < dt.datetime.now(dt.UTC) + dt.timedelta(days=398)


def test_certificate_is_made_anew_for_a_new_address(tmp_path: Path):
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    assert ensure_certificate(certificate, key, ["192.168.1.5"])
    assert ensure_certificate(certificate, key, ["192.168.1.6"])
