"""Rooms: who is live, and what staff may do about it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from live import access, actions
from live.actions.rooms import settle_push_protocol
from live.admin.ingest import rtmp_badge
from live.admin.parts import badge, do_for_each, watch_link, watch_path
from live.errors import MicroVibeError
from live.lifecycle import EndReason
from live.models import Room, RoomPublisher, User


class OnAirFilter(admin.SimpleListFilter):
    title = gettext_lazy("on air")
    parameter_name = "on_air"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Room]) -> QuerySet[Room]:
        on_air = Q(state__in=access.ON_AIR_STATES)
        if self.value() == "yes":
            return queryset.filter(on_air)
        return queryset.exclude(on_air) if self.value() == "no" else queryset


class PublisherInline(admin.TabularInline):  # type: ignore[type-arg]
    model = RoomPublisher
    extra = 0
    can_delete = False
    fields = readonly_fields = ("user", "added_by", "added_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RoomForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        mode, push = cleaned.get("streaming_mode"), cleaned.get("push_protocol")
        if mode and push and settle_push_protocol(mode, push) != push:
            self.add_error("push_protocol", _("The mode does not have it."))
        return cleaned


@admin.register(Room)
class RoomAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = RoomForm
    list_display = ("title", "live_state", "viewers", "owner", "since", "mode", "rtmp", "watch")
    list_filter = (OnAirFilter, "state", "streaming_mode", "stream_type", "visibility")
    search_fields = ("title", "room_id", "play_id", "owner__username", "owner__display_name")
    ordering = ("-state_changed_at",)
    date_hierarchy = "created_at"
    list_per_page = 50
    actions = ("end_broadcast", "rotate_key", "ban", "unban")
    inlines = (PublisherInline,)
    fieldsets = (
        (None, {"fields": ("title", "description", "visibility")}),
        (
            gettext_lazy("Live"),
            {
                "fields": (
                    "live_state",
                    "viewers",
                    "state_changed_at",
                    "grace_until",
                    "ended_reason",
                )
            },
        ),
        (
            gettext_lazy("Streaming"),
            {"fields": ("streaming_mode", "push_protocol", "stream_type", "layout", "rtmp")},
        ),
        (
            gettext_lazy("Identity"),
            {"fields": ("room_id", "play_id", "owner", "likes_total", "created_at", "banned_at")},
        ),
    )
    readonly_fields = (
        "rtmp",
        "live_state",
        "viewers",
        "state_changed_at",
        "grace_until",
        "ended_reason",
        "room_id",
        "play_id",
        "owner",
        "likes_total",
        "created_at",
        "banned_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Room]:
        ordered = self.get_ordering(request)
        return access.rooms_with_viewers().order_by(*ordered)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # rooms are made by their owners

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # ban it: what happened in it stays known

    def view_on_site(self, room: Room) -> str:
        return watch_path(room)

    def save_model(self, request: HttpRequest, room: Room, form: Any, change: bool) -> None:
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        try:
            actions.do_update_room(Room.objects.get(pk=room.pk), **changes)
        except MicroVibeError as error:  # it went on air while the form was open
            messages.error(request, error.message)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fixed = ("streaming_mode", "push_protocol", "stream_type")
        return (*self.readonly_fields, *(fixed if obj is None or obj.is_on_air else ()))

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def live_state(self, room: Room) -> SafeString:
        return badge(room.state, room.get_state_display())

    @admin.display(description=gettext_lazy("viewers"), ordering="viewers")
    def viewers(self, room: Any) -> int:
        count: int = room.viewers
        return count

    @admin.display(description=gettext_lazy("since"), ordering="state_changed_at")
    def since(self, room: Room) -> Any:
        return room.state_changed_at

    @admin.display(description=gettext_lazy("mode"), ordering="streaming_mode")
    def mode(self, room: Room) -> str:
        return room.get_streaming_mode_display()

    @admin.display(description="RTMP")
    def rtmp(self, room: Room) -> SafeString:
        return rtmp_badge(getattr(room, "ingest", None))

    @admin.display(description="")
    def watch(self, room: Room) -> SafeString:
        return watch_link(room)

    @admin.action(description=gettext_lazy("End broadcast"), permissions=["change"])
    def end_broadcast(self, request: HttpRequest, rooms: QuerySet[Room]) -> None:
        do_for_each(
            self,
            request,
            rooms,
            lambda room: actions.do_end_broadcast(room, EndReason.BY_STAFF),
            _("Broadcast ended"),
        )

    @admin.action(description=gettext_lazy("Rotate stream key"), permissions=["change"])
    def rotate_key(self, request: HttpRequest, rooms: QuerySet[Room]) -> None:
        do_for_each(self, request, rooms, actions.do_rotate_key, _("Stream key rotated"))

    @admin.action(description=gettext_lazy("Ban"), permissions=["change"])
    def ban(self, request: HttpRequest, rooms: QuerySet[Room]) -> None:
        by = _staff(request)
        do_for_each(
            self, request, rooms, lambda room: actions.do_ban_room(room, by), _("Room banned")
        )

    @admin.action(description=gettext_lazy("Unban"), permissions=["change"])
    def unban(self, request: HttpRequest, rooms: QuerySet[Room]) -> None:
        by = _staff(request)
        do_for_each(
            self, request, rooms, lambda room: actions.do_unban_room(room, by), _("Room unbanned")
        )


def _staff(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None
