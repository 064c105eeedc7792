"""Chat: staff may hide a message; it stays in the database."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from live import actions
from live.admin.parts import ReadOnlyAdmin, do_for_each
from live.models import ChatMessage, User


@admin.register(ChatMessage)
class ChatMessageAdmin(ReadOnlyAdmin):
    list_display = ("sent_at", "user", "text", "room", "is_shown")
    list_filter = (("deleted_at", admin.EmptyFieldListFilter), "sent_at")
    search_fields = ("text", "user__username", "room__room_id", "room__title")
    list_select_related = ("room", "user")
    date_hierarchy = "sent_at"
    actions = ("delete_messages",)

    @admin.display(description=gettext_lazy("shown"), boolean=True, ordering="deleted_at")
    def is_shown(self, message: ChatMessage) -> bool:
        return message.deleted_at is None

    @admin.action(description=gettext_lazy("Delete message"), permissions=["moderate"])
    def delete_messages(self, request: HttpRequest, rows: QuerySet[ChatMessage]) -> None:
        staff: Any = request.user
        assert isinstance(staff, User)  # has_permission let nobody else in
        do_for_each(
            self,
            request,
            rows,
            lambda message: actions.do_delete_chat(message, staff),
            _("Message deleted"),
        )

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        """Named apart from Django's delete permission: nothing is removed."""
        return request.user.has_perm("live.delete_chatmessage")
