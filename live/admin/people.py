"""Accounts: search, ban, unban."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from live import actions
from live.admin.parts import badge, do_for_each
from live.models import User


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    list_display = ("username", "display_name", "standing", "is_staff", "date_joined", "last_login")
    list_filter = (
        ("banned_at", admin.EmptyFieldListFilter),
        "is_staff",
        "is_superuser",
        "is_active",
        "date_joined",
    )
    search_fields = ("username", "display_name", "email")
    ordering = ("-date_joined",)
    actions = ("ban", "unban")
    readonly_fields = ("banned_at", "ban_reason", "last_login", "date_joined")
    fieldsets = (
        *(UserAdmin.fieldsets or ()),
        (
            "MicroVibe",
            {"fields": ("display_name", "language", "banned_at", "ban_reason")},
        ),
    )

    @admin.display(description=gettext_lazy("standing"), ordering="banned_at")
    def standing(self, user: User) -> SafeString:
        return badge("banned", _("Banned")) if user.is_banned else badge("good", _("Good"))

    @admin.action(description=gettext_lazy("Ban"), permissions=["change"])
    def ban(self, request: HttpRequest, users: QuerySet[User]) -> None:
        by = request.user if isinstance(request.user, User) else None
        do_for_each(
            self, request, users, lambda user: actions.do_ban_user(user, by), _("User banned")
        )

    @admin.action(description=gettext_lazy("Unban"), permissions=["change"])
    def unban(self, request: HttpRequest, users: QuerySet[User]) -> None:
        by = request.user if isinstance(request.user, User) else None
        do_for_each(
            self, request, users, lambda user: actions.do_unban_user(user, by), _("User unbanned")
        )
