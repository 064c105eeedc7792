"""Play tokens, marks and settings of the playback process."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playback.config import ConfigError, read_config
from playback.marks import has_mark, set_marks
from playback.tokens import build_token, epoch_of, expiry, is_valid, play_name

SECRET = "s" * 32
NOW = 1_795_276_000
TOKEN = build_token("play_abc", SECRET, NOW + 60)


def test_a_token_is_good_for_one_thing_until_it_expires() -> None:
    assert is_valid(TOKEN, "play_abc", SECRET, NOW)
    assert is_valid(TOKEN, "play_abc", SECRET, NOW + 60)
    assert not is_valid(TOKEN, "play_abc", SECRET, NOW + 61)
    assert not is_valid(TOKEN, "play_abd", SECRET, NOW)
    assert not is_valid(TOKEN, "play_abc", "t" * 32, NOW)
    assert not is_valid(str(NOW + 99) + TOKEN[10:], "play_abc", SECRET, NOW)


def test_once_private_a_play_id_has_other_tokens() -> None:
    private = play_name("play_abc", 3)
    assert play_name("play_abc", None) == "play_abc"
    assert not is_valid(TOKEN, private, SECRET, NOW)
    token = build_token(private, SECRET, NOW + 60)
    assert is_valid(token, private, SECRET, NOW)
    assert not is_valid(token, "play_abc", SECRET, NOW)
    assert (epoch_of(token), epoch_of(TOKEN), epoch_of("x.3")) == (3, None, None)
    later = play_name("play_abc", 4)
    for forged in (token, f"{token[:-1]}4", token[:-2], f"{token[:-1]}03"):
        assert not is_valid(forged, later, SECRET, NOW)
        assert forged == token or not is_valid(forged, private, SECRET, NOW)


def test_it_is_what_secure_link_computes() -> None:
    """printf '1795276755 play_abc secret' | openssl md5 -binary | openssl base64 | tr +/ -_"""
    assert build_token("play_abc", "secret", 1795276755) == "1795276755-w0Mn2HDkjkcZks8JZmokag"


@given(st.text(max_size=60), st.text(max_size=30))
def test_nothing_else_is_a_token(token: str, name: str) -> None:
    assert not is_valid(token, name, SECRET, NOW) or token == TOKEN
    assert not is_valid(token, "play_abc", SECRET, NOW) or token == TOKEN


@pytest.mark.parametrize(
    "name",
    [
        "",
        "play_",
        "rec_a.private",
        "play_a.private",
        "play_a.private.",
        "play_a.private.x",
        "play_a.b",
        "play_A",
        "play_a/..",
        "room_a",
        "play_" + "a" * 41,
    ],
)
def test_other_names_have_no_token(name: str) -> None:
    with pytest.raises(ValueError, match="not a play"):
        build_token(name, SECRET, NOW)


@given(st.floats(0, 4e9), st.integers(1, 1_000_000))
def test_a_token_lasts_from_its_time_to_half_longer(now: float, ttl_secs: int) -> None:
    left = expiry(now, ttl_secs) - int(now)
    assert ttl_secs <= left <= ttl_secs + max(1, ttl_secs // 2)


def test_marks_are_exactly_those_that_were_set(tmp_path: Path) -> None:
    assert not has_mark(tmp_path, "air", "play_a")
    set_marks(tmp_path, "air", ["play_a", "play_b"])
    set_marks(tmp_path, "air", ["play_b", "play_c"])
    assert [has_mark(tmp_path, "air", f"play_{each}") for each in "abc"] == [False, True, True]
    assert not has_mark(tmp_path, "open", "play_b")


def test_settings() -> None:
    config = read_config(
        {
            "PLAY_TOKEN_SECRET": SECRET,
            "DATA_DIR": "/data",
            "PLAYBACK_CORS_ORIGINS": "https://a.example, https://b.example",
        }
    )
    assert (config.media_dir, config.flv_port) == (Path("/data/media"), 8082)
    assert config.cors_origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({}, "PLAY_TOKEN_SECRET"),
        ({"PLAY_TOKEN_SECRET": "short"}, "PLAY_TOKEN_SECRET"),
        ({"PLAY_TOKEN_SECRET": SECRET, "FLV_PORT": "99999"}, "FLV_PORT"),
        ({"PLAY_TOKEN_SECRET": SECRET, "RTMP_OUT_PORT": "x"}, "RTMP_OUT_PORT"),
        ({"PLAY_TOKEN_SECRET": SECRET, "FLV_MAX_VIEWERS": "0"}, "FLV_MAX_VIEWERS"),
    ],
)
def test_bad_settings_are_named_and_secrets_are_not(env: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError, match=named) as refused:
        read_config(env)
    assert "short" not in str(refused.value)
