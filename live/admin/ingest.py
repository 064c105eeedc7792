"""What comes in by RTMP now, and how the parts beside the app are. No page has a stream key."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from live import access, actions, part_words, parts
from live.admin.parts import ReadOnlyAdmin, badge, do_for_each
from live.advice_words import refused_words, said
from live.lifecycle import EndReason
from live.models import Ingest, Part


def rtmp_badge(ingest: Ingest | None) -> SafeString:
    """For lists: whether somebody sends."""
    if ingest is None or not ingest.is_connected:
        return badge("idle", _("Nobody"))
    if ingest.has_media:
        return badge("connected", _("Sends"))
    return badge("joining", _("Connected"))


class SendingFilter(admin.SimpleListFilter):
    title = gettext_lazy("sends now")
    parameter_name = "sends"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ingest]) -> QuerySet[Ingest]:
        sends = Q(access.CONNECTED)
        if self.value() == "yes":
            return queryset.filter(sends)
        return queryset.exclude(sends) if self.value() == "no" else queryset


@admin.register(Ingest)
class IngestAdmin(ReadOnlyAdmin):
    list_display = (
        *("title", "state", "picture", "kbps", "players", "accepted_at"),
        *("encoder", "address", "refused"),
    )
    list_filter = (SendingFilter, "refused_why")
    search_fields = ("room__title", "room__room_id", "room__owner__username", "address")
    list_select_related = ("room",)
    ordering = ("-accepted_at",)
    actions = ("end_broadcast",)
    fields = readonly_fields = (
        *("room", "state", "encoder", "address", "accepted_at", "media_at", "lost_at"),
        *("figures_found", "advice_found", "players", "refused", "refused_at"),
    )

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("live.change_room")

    @admin.action(description=gettext_lazy("End broadcast"), permissions=["end"])
    def end_broadcast(self, request: HttpRequest, rows: QuerySet[Ingest]) -> None:
        """The worker then drops the encoder, and OBS's next tries are refused for a while."""
        do_for_each(
            self,
            request,
            rows.select_related("room"),
            lambda ingest: actions.do_end_broadcast(ingest.room, EndReason.BY_STAFF),
            _("Broadcast ended"),
        )

    @admin.display(description=gettext_lazy("room"), ordering="room__title")
    def title(self, ingest: Ingest) -> str:
        return ingest.room.title

    @admin.display(description=gettext_lazy("state"))
    def state(self, ingest: Ingest) -> SafeString:
        return rtmp_badge(ingest)

    @admin.display(description=gettext_lazy("picture"))
    def picture(self, ingest: Ingest) -> str:
        found = ingest.figures if ingest.is_connected else {}
        size = f"{found['width']}×{found['height']}" if {"width", "height"} <= set(found) else ""
        fps = found.get("measured_fps") or found.get("fps")
        return " ".join(filter(None, [size, f"{fps:.0f}/s" if fps else "", codec_of(found)]))

    @admin.display(description=gettext_lazy("kbit/s"))
    def kbps(self, ingest: Ingest) -> str:
        found = ingest.figures if ingest.is_connected else {}
        bits = (found.get("video_bitrate") or 0) + (found.get("audio_bitrate") or 0)
        return f"{bits / 1000:.0f}" if bits else ""

    @admin.display(description=gettext_lazy("players elsewhere"))
    def players(self, ingest: Ingest) -> str:
        return f"FLV {ingest.flv_viewers}, HLS {ingest.hls_viewers}"

    @admin.display(description=gettext_lazy("refused last"))
    def refused(self, ingest: Ingest) -> str:
        return refused_words(ingest.refused_why)[0] if ingest.refused_why else ""

    @admin.display(description=gettext_lazy("figures"))
    def figures_found(self, ingest: Ingest) -> SafeString:
        return format_html_join("", "{}: {}<br>", sorted(ingest.figures.items()))

    @admin.display(description=gettext_lazy("advice"))
    def advice_found(self, ingest: Ingest) -> SafeString:
        told = [(each["title"], each["detail"]) for each in said(ingest.advice)]
        return format_html_join("", "<strong>{}</strong> {}<br>", told)


def codec_of(figures: dict[str, Any]) -> str:
    return str(figures.get("video_codec") or "")


@admin.register(Part)
class PartAdmin(ReadOnlyAdmin):
    list_display = ("called", "works", "words", "detail", "changed_at", "seen_at")
    list_display_links = None

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_view_permission(request)

    @admin.display(description=gettext_lazy("part"))
    def called(self, part: Part) -> str:
        return str(part_words.NAMES.get(part.name, part.name))

    @admin.display(description=gettext_lazy("works"), boolean=True)
    def works(self, part: Part) -> bool:
        return parts.worker_runs() if part.name == "worker" else part.ok

    @admin.display(description=gettext_lazy("in words"))
    def words(self, part: Part) -> str:
        return part_words.words(part.name, part.ok)
