"""The secrets of an installation: made once, kept in one file that only its owner can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from launcher.config import read_env_file

NAMES = ("SECRET_KEY", "STREAM_KEY_SECRET", "INGEST_SECRET", "PLAY_TOKEN_SECRET")


def load_or_make_secrets(path: Path) -> dict[str, str]:
    """Values of NAMES; missing ones are made and added, those there are never changed."""
    known = read_env_file(path)
    missing = {name: secrets.token_urlsafe(48) for name in NAMES if not known.get(name)}
    if missing:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Append with 0600 from the first byte: there is no moment in which others can read it.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            if not known:
                file.write(
                    "# Made on the first run. Keep it: without it stored stream keys are lost.\n"
                )
            file.writelines(f"{name}={value}\n" for name, value in missing.items())
    path.chmod(0o600)
    return {name: {**known, **missing}[name] for name in NAMES}
