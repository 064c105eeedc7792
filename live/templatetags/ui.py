"""Template tags of the pages: icons, counts, times, style sheets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from live.pages import words
from live.pages.icons import icon_svg
from live.pages.modules import modules_of

register = template.Library()


@register.simple_tag
def icon(name: str, extra_class: str = "") -> SafeString:
    """{% icon "mic" %}: an icon of the lucide set."""
    return icon_svg(name, extra_class)


@register.simple_tag
def stylesheets(*names: str) -> SafeString:
    """{% stylesheets "base" "components/card" %}: links to static/css/<name>.css, in this order."""
    links = ((static(f"css/{name}.css"),) for name in names)
    return format_html_join("\n    ", '<link rel="stylesheet" href="{}">', links)


@register.simple_tag
def modules(name: str) -> SafeString:
    """{% modules "live/watch" %}: the browser need not read a module to learn what it imports."""
    links = ((static(f"js/{module}"),) for module in modules_of(f"{name}.js"))
    return format_html_join("\n    ", '<link rel="modulepreload" href="{}">', links)


@register.simple_tag
def count(number: int | None) -> str:
    """{% count 12000 %}: "12K", in Chinese "1.2 万"."""
    return words.compact_count(number or 0, get_language() or "en")


def _absolute(when: datetime) -> str:
    return f"{date_format(when.astimezone(UTC), 'DATETIME_FORMAT')} UTC"


@register.simple_tag
def ago(when: datetime) -> SafeString:
    """{% ago room.created_at %}: "5 minutes ago", exact on hover; page.js keeps it true."""
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>',
        when.isoformat(),
        _absolute(when),
        words.ago(when, timezone.now()),
    )


@register.simple_tag
def since(when: datetime) -> SafeString:
    """{% since broadcast.started_at %}: a running clock, "12:34"."""
    return format_html(
        '<time datetime="{}" title="{}" data-since>{}</time>',
        when.isoformat(),
        _absolute(when),
        words.clock((timezone.now() - when).total_seconds()),
    )


@register.filter
def clock(length: timedelta | float | None) -> str:
    """{{ secs|clock }}: "1:02:34"."""
    if length is None:
        return ""
    secs = length.total_seconds() if isinstance(length, timedelta) else length
    return words.clock(secs)


@register.filter
def watched(secs: float | None) -> str:
    """{{ watch_secs|watched }}: "3 min", "2.5 h"."""
    return words.watched(secs or 0)


@register.filter
def file_size(size_bytes: int | None) -> str:
    """{{ recording.size_bytes|file_size }}: "1.2 GB"."""
    return words.file_size(size_bytes or 0)


@register.filter
def recording_problem(problem: str | None) -> str:
    """{{ recording.problem|recording_problem }}: why it failed, in a sentence."""
    return words.recording_problem(problem or "")
