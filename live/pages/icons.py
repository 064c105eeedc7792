"""Icons of the lucide set, read from node_modules once and put into the page as SVG."""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

log = logging.getLogger(__name__)
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_INNER = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


@lru_cache(maxsize=512)
def _inner_svg(folder: Path, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"not the name of an icon: {name!r}")
    try:
        text = (folder / f"{name}.svg").read_text(encoding="utf-8")
    except FileNotFoundError:
        # The page still works without its icons (npm was not run): every button has words.
        log.warning("icon %s is missing in %s: run `npm ci`", name, folder)
        return ""
    found = _INNER.search(text)
    return re.sub(r"\s+", " ", found.group(1)).strip() if found else ""


def icon_svg(name: str, extra_class: str = "") -> SafeString:
    """The icon as inline SVG, hidden from screen readers: the words beside it say what it is."""
    inner = _inner_svg(Path(settings.ICONS_DIR), name)
    classes = escape(f"icon icon-{name} {extra_class}".strip())
    return mark_safe(  # noqa: S308  (the set comes from our lock file, the class is escaped)
        f'<svg class="{classes}" viewBox="0 0 24 24" width="20" height="20" fill="none" '
        'stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" '
        f'aria-hidden="true" focusable="false">{inner}</svg>'
    )
