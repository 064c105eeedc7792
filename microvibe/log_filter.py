"""Keeps secrets that stand in addresses out of what is logged: Django logs the path of each 5xx."""

from __future__ import annotations

import logging
import re
from typing import Final

# Links of guests; sessions of WHIP and WHEP (docs/whip.md): who has such an address needs no more.
SECRET_PATHS: Final = re.compile(r"(/guest/|/wh[ie]p/[^/\s]+/)[^/\s?]+")


class HideSecretPaths(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(hidden(arg) for arg in record.args)
        record.msg = hidden(record.msg)
        return True


def hidden(value: object) -> object:
    return SECRET_PATHS.sub(r"\1…", value) if isinstance(value, str) else value
