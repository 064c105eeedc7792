"""Broadcasts and SFU sessions, to look at."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from live.admin.parts import ReadOnlyAdmin, badge
from live.models import Broadcast, GiftSent, SfuSession


@admin.register(Broadcast)
class BroadcastAdmin(ReadOnlyAdmin):
    list_display = (
        "room",
        "started_at",
        "ended_at",
        "reason",
        "peak_viewers",
        "total_viewers",
        "hours_watched",
        "likes",
        "gifts",
        "chat_messages",
    )
    list_filter = ("reason", "publish_protocol", "started_at")
    search_fields = ("room__title", "room__room_id", "room__owner__username")
    list_select_related = ("room",)
    date_hierarchy = "started_at"

    @admin.display(description=gettext_lazy("hours watched"), ordering="watch_secs")
    def hours_watched(self, broadcast: Broadcast) -> str:
        return f"{broadcast.watch_secs / 3600:.2f}"


@admin.register(SfuSession)
class SfuSessionAdmin(ReadOnlyAdmin):
    list_display = (
        "session_id",
        "session_state",
        "room",
        "user",
        "role",
        "started_at",
        "ended_at",
        "end_reason",
        "kbps",
        "loss",
        "node",
    )
    list_filter = ("state", "role", "node", "started_at")
    search_fields = ("session_id", "room__room_id", "room__title", "user__username")
    list_select_related = ("room", "user")

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def session_state(self, session: SfuSession) -> SafeString:
        return badge(session.state, session.get_state_display())

    @admin.display(description=gettext_lazy("video, kbit/s"), ordering="video_bitrate")
    def kbps(self, session: SfuSession) -> str:
        return "" if session.video_bitrate is None else f"{session.video_bitrate // 1000}"

    @admin.display(description=gettext_lazy("loss"), ordering="packet_loss")
    def loss(self, session: SfuSession) -> str:
        return "" if session.packet_loss is None else f"{session.packet_loss:.1%}"


@admin.register(GiftSent)
class GiftSentAdmin(ReadOnlyAdmin):
    list_display = ("sent_at", "gift", "count", "user", "room")
    list_filter = ("gift", "sent_at")
    search_fields = ("user__username", "room__room_id", "room__title")
    list_select_related = ("room", "user")
