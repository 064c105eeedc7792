"""What the admin's pages share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from live.errors import MicroVibeError
from live.models import Room


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[type-arg]
    """Rows to look at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def watch_path(room: Room) -> str:
    return f"/live/{room.room_id}"


def badge(state: str, words: str) -> SafeString:
    return format_html('<span class="mv-badge mv-{}">{}</span>', state, words)


def watch_link(room: Room) -> SafeString:
    return format_html('<a href="{}">{}</a>', watch_path(room), _("Watch"))


def do_for_each(
    admin: ModelAdmin,  # type: ignore[type-arg]
    request: HttpRequest,
    rows: Iterable[Any],
    action: Callable[[Any], object],
    done: str,
) -> None:
    """Carries an action out row by row, notes it in the history, and says what came of it."""
    count = 0
    for row in rows:
        try:
            action(row)
        except MicroVibeError as error:
            messages.error(request, f"{row}: {error.message or error.code}")
            continue
        admin.log_change(request, row, done)
        count += 1
    if count:
        messages.success(request, _("%(done)s: %(count)d.") % {"done": done, "count": count})
