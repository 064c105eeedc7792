"""`manage.py demo_accounts`: the streamer `demo` with a room, and the staff member `staff`."""

from __future__ import annotations

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from live.actions import do_make_demo_accounts


class Command(BaseCommand):
    help = "Makes the accounts demo and staff, if they are not there yet."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--password", help="for both; default: DEMO_PASSWORD (`ps` hides that)")

    def handle(self, *args: Any, **options: Any) -> str:
        """ "created", or "kept" when both were there: their passwords are not touched."""
        password = options["password"] or os.environ.get("DEMO_PASSWORD")
        if not password:
            raise CommandError("Give --password or set DEMO_PASSWORD.")
        return "created" if do_make_demo_accounts(password) else "kept"
