"""The project's settings with secrets and a place to write that are good for tests only."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("READ_DOT_ENV", "false")
os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "k" * 40)
os.environ.setdefault("STREAM_KEY_SECRET", "only-for-tests-" + "s" * 40)
os.environ.setdefault("INGEST_SECRET", "only-for-tests-" + "i" * 40)
os.environ.setdefault("PLAY_TOKEN_SECRET", "only-for-tests-" + "p" * 40)
os.environ.setdefault(
    "DATA_DIR", os.path.join(tempfile.gettempdir(), f"microvibe-tests-{os.getuid()}")
)

from microvibe.settings import *  # noqa: F403

# A slow password hash protects nobody here and would double the time of the database tests.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# The manifest exists only after collectstatic, which e2e tests do for real.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405  (whitenoise warns when it is missing)
