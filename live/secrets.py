"""Stream keys and guest links: made at random, looked up by a keyed hash, encrypted at rest.

All keys are derived from STREAM_KEY_SECRET, each for its own purpose, so that a leaked database
gives no stream key away and the look-up hash says nothing about the encryption.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(Exception):
    """Sealed under another STREAM_KEY_SECRET, or tampered with."""


def new_key() -> str:
    """43 URL-safe characters, 256 bits."""
    return secrets.token_urlsafe(32)


def hash_key(key: str) -> str:
    """64 hex digits; the same key gives the same hash under one STREAM_KEY_SECRET."""
    raw = key.encode("utf-8", "surrogatepass")  # a key to look up comes from outside: any str goes
    return hmac.new(
        _derived(settings.STREAM_KEY_SECRET, b"lookup"), raw, hashlib.sha256
    ).hexdigest()


def hash_guest_link(token: str) -> str:
    """The same for the links of guests; no token is ever a stream key's."""
    raw = token.encode("utf-8", "surrogatepass")
    secret = _derived(settings.STREAM_KEY_SECRET, b"guest link lookup")
    return hmac.new(secret, raw, hashlib.sha256).hexdigest()


def seal(key: str) -> str:
    return _fernet().encrypt(key.encode()).decode()


def open_sealed(ciphertext: str) -> str:
    """Raises Unreadable."""
    try:
        return _fernet().decrypt(ciphertext.encode()).decode()
    except InvalidToken:
        raise Unreadable from None


def _fernet() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_derived(settings.STREAM_KEY_SECRET, b"encryption")))


@lru_cache(maxsize=8)
def _derived(secret: str, purpose: bytes) -> bytes:
    info = b"microvibe stream key v1 " + purpose
    return HKDF(SHA256(), length=32, salt=None, info=info).derive(secret.encode())
