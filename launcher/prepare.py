"""Brings database, static files, demo accounts and certificate up to date, in one process.

Started by the launcher only when something changed: Django need not be loaded for every run.
Prints one line of JSON with the accounts it made; everything else goes to stderr.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from launcher.config import environment, read_config
from launcher.tls import ensure_certificate

if TYPE_CHECKING:
    from collections.abc import Collection


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def prepare(steps: Collection[str], addresses: list[str]) -> dict[str, str]:
    """Returns the demo accounts made by this call, name to password."""
    import django
    from django.core.management import call_command

    config = read_config(environment())
    accounts: dict[str, str] = {}
    if "certificate" in steps:
        say("Preparing: a certificate for this machine")
        ensure_certificate(config.certificate, config.private_key, addresses)
    django.setup()
    if "database" in steps:
        say("Preparing: database")
        call_command("migrate", interactive=False, verbosity=0)
        shut_database()
        accounts = make_demo_accounts()
    if "static" in steps:
        say("Preparing: static files")
        call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    return accounts


def shut_database() -> None:
    """A database file is for its owner alone: sessions and hashes of passwords are in it.

    SQLite gives what it puts beside it the same mode.
    """
    from django.db import connection

    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        for file in (Path(name), Path(f"{name}-wal"), Path(f"{name}-shm")):
            if file.is_file():
                file.chmod(0o600)


def make_demo_accounts() -> dict[str, str]:
    """`demo` and `staff`, unless they are there: their passwords are never touched."""
    from live.actions import do_make_demo_accounts

    password = os.environ.get("DEMO_PASSWORD") or secrets.token_urlsafe(9)
    made = do_make_demo_accounts(password)
    return {"demo": password, "staff": password} if made else {}


def main() -> int:
    steps, addresses = sys.argv[1].split(","), [a for a in sys.argv[2].split(",") if a]
    print(json.dumps(prepare(steps, addresses)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
