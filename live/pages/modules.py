"""Which modules a page's script imports, directly or not."""

from __future__ import annotations

import posixpath
import re
from functools import cache

from django.conf import settings

# Static ones only, as our style wants them; types are imported in comments, without `from`.
IMPORT = re.compile(r"""^(?:import|export)\b[^;"']*["'](\.{1,2}/[^"']+)["'];""", re.MULTILINE)


@cache
def modules_of(entry: str) -> tuple[str, ...]:
    """`entry` and all below it, nearest first; names below static/js."""
    found = [entry]
    for name in found:  # grows meanwhile
        text = (settings.BASE_DIR / "static" / "js" / name).read_text(encoding="utf-8")
        for path in IMPORT.findall(text):
            module = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
            if module not in found:
                found.append(module)
    return tuple(found)
