"""Stream keys: random, looked up by a keyed hash, unreadable without the secret."""

from __future__ import annotations

import base64

import pytest

from live import secrets


def test_keys_are_long_random_and_url_safe():
    keys = {secrets.new_key() for _ in range(100)}
    assert len(keys) == 100
    for key in keys:
        assert len(base64.urlsafe_b64decode(key + "=")) == 32


def test_sealed_keys_open_again_and_differ_each_time():
    key = secrets.new_key()
    first, second = secrets.seal(key), secrets.seal(key)
    assert first != second
    assert key not in first
    assert secrets.open_sealed(first) == secrets.open_sealed(second) == key


def test_another_secret_neither_opens_nor_finds(settings):
    key = secrets.new_key()
    sealed, hashed = secrets.seal(key), secrets.hash_key(key)
    assert secrets.hash_key(key) == hashed
    settings.STREAM_KEY_SECRET = "another secret"
    assert secrets.hash_key(key) != hashed
    with pytest.raises(secrets.Unreadable):
        secrets.open_sealed(sealed)


def test_tampered_ciphertext_is_unreadable():
    sealed = secrets.seal("key")
    broken = sealed[:-8] + ("A" * 8 if not sealed.endswith("A" * 8) else "B" * 8)
    with pytest.raises(secrets.Unreadable):
        secrets.open_sealed(broken)
    with pytest.raises(secrets.Unreadable):
        secrets.open_sealed("")


def test_any_string_can_be_looked_up():
    assert len(secrets.hash_key("\ud800\x00")) == 64


def test_hash_and_encryption_keys_differ(settings):
    secret = settings.STREAM_KEY_SECRET
    assert secrets._derived(secret, b"lookup") != secrets._derived(secret, b"encryption")
