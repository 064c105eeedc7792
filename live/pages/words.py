"""Pure: numbers and times as people say them; static/js/format.js says the same in the browser."""

from __future__ import annotations

from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

_UNITS_ZH = ((10**8, " 亿"), (10**4, " 万"))
_UNITS = ((10**9, "B"), (10**6, "M"), (10**3, "K"))


def compact_count(number: int, language: str) -> str:
    """1234 → "1.2K", in Chinese 12345 → "1.2 万". Rounds down: never more than there are."""
    whole = max(0, int(number))
    for size, word in _UNITS_ZH if language.startswith("zh") else _UNITS:
        if whole < size:
            continue
        tenths = whole * 10 // size
        if tenths >= 1000 or tenths % 10 == 0:
            return f"{tenths // 10}{word}"
        return f"{tenths // 10}.{tenths % 10}{word}"
    return str(whole)


def clock(secs: float) -> str:
    """754 → "12:34", 3754 → "1:02:34"."""
    whole = max(0, int(secs))
    hours, minutes, seconds = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours}:{minutes:02}:{seconds:02}"
    return f"{minutes}:{seconds:02}"


def file_size(size_bytes: int) -> str:
    """1_234_000_000 → "1.2 GB"; below a megabyte "0.4 MB". Decimal, as disks are sold."""
    megabytes = max(0, size_bytes) / 10**6
    if megabytes < 1000:
        return f"{megabytes:.1f} MB" if megabytes < 10 else f"{megabytes:.0f} MB"
    gigabytes = megabytes / 1000
    return f"{gigabytes:.1f} GB" if gigabytes < 100 else f"{gigabytes:.0f} GB"


def ago(then: datetime, now: datetime) -> str:
    """ "5 minutes ago" in the active language; older than 30 days: the date."""
    secs = max(0, int((now - then).total_seconds()))
    if secs < 60:
        return gettext("just now")
    if secs < 3600:
        number = secs // 60
        return ngettext("%(n)d minute ago", "%(n)d minutes ago", number) % {"n": number}
    if secs < 86_400:
        number = secs // 3600
        return ngettext("%(n)d hour ago", "%(n)d hours ago", number) % {"n": number}
    if secs < 86_400 * 30:
        number = secs // 86_400
        return ngettext("%(n)d day ago", "%(n)d days ago", number) % {"n": number}
    return date_format(then, "DATE_FORMAT")


def watched(secs: float) -> str:
    """Watch time in a table: "3 min", "2.5 h" in the active language."""
    if secs < 3600:
        return gettext("%(n)d min") % {"n": int(secs // 60)}
    return gettext("%(n).1f h") % {"n": secs / 3600}


def recording_problem(problem: str) -> str:
    """Why a recording failed or is cut short, and what that means."""
    match problem:
        case "":
            return ""
        case "disk_full":
            return gettext("The disk was nearly full, so recording stopped early.")
        case "empty":
            return gettext("Nothing came that could be recorded.")
        case "codec":
            return gettext("It was sent in a format that can't be made into a video (use H.264).")
        case "too_long":
            return gettext("It is too long to be made into one video.")
        case _:
            return gettext("What was recorded can't be read. Staff can try again.")
