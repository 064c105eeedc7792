"""Remembers what was prepared from which sources, so that a second run need not do it again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from launcher.config import BASE_DIR, Config


def fingerprint(paths: Iterable[Path]) -> str:
    """Changes when a file below `paths` comes, goes or is written to (by size and time)."""
    digest = hashlib.sha256()
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                stat = file.stat()
                digest.update(f"{file}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def wanted_stamps(database_url: str, certificate_for: Iterable[str]) -> dict[str, str]:
    """What each step of preparing depends on."""
    requirements = BASE_DIR / "constraints.txt"
    return {
        "database": database_url + fingerprint([BASE_DIR / "live" / "migrations", requirements]),
        "static": fingerprint(
            [
                BASE_DIR / "static",
                BASE_DIR / "live" / "static",
                BASE_DIR / "live" / "pages",
                BASE_DIR / "microvibe" / "settings.py",
                BASE_DIR / "package-lock.json",
                requirements,
            ]
        ),
        "certificate": ",".join(sorted(certificate_for)),
    }


def read_stamps(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_stamps(path: Path, stamps: dict[str, str]) -> None:
    path.write_text(json.dumps(stamps, indent=1), encoding="utf-8")


def steps_to_do(config: Config, wanted: dict[str, str], done: dict[str, str]) -> set[str]:
    """Names of the steps whose sources changed or whose result is gone."""
    results = {"static": config.data_dir / "static" / "staticfiles.json"}
    if "://" not in wanted["database"]:  # our own SQLite file
        results["database"] = config.data_dir / "microvibe.sqlite3"
    if config.tls:
        results["certificate"] = config.certificate
    steps = {"database", "static"} | ({"certificate"} if config.tls else set())
    return {
        step
        for step in steps
        if done.get(step) != wanted[step] or (step in results and not results[step].exists())
    }
