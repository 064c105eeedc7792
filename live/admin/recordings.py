"""Recordings: what there is, what went wrong, trying again and deleting."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from live import actions
from live.admin.parts import ReadOnlyAdmin, badge, do_for_each
from live.models import Recording


@admin.register(Recording)
class RecordingAdmin(ReadOnlyAdmin):
    list_display = (
        "title",
        "recording_state",
        "problem",
        "room",
        "started_at",
        "length",
        "size",
        "visibility",
        "views",
        "watch",
    )
    list_filter = ("state", "problem", "visibility", "started_at")
    search_fields = ("title", "recording_id", "room__room_id", "room__owner__username")
    list_select_related = ("room",)
    date_hierarchy = "started_at"
    actions = ("try_again", "delete_recordings")

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def recording_state(self, recording: Recording) -> SafeString:
        return badge(recording.state, recording.get_state_display())

    @admin.display(description=gettext_lazy("length"), ordering="duration_secs")
    def length(self, recording: Recording) -> str:
        minutes, secs = divmod(round(recording.duration_secs), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{secs:02}"

    @admin.display(description=gettext_lazy("size"), ordering="size_bytes")
    def size(self, recording: Recording) -> str:
        return filesizeformat(recording.size_bytes)

    @admin.display(description="")
    def watch(self, recording: Recording) -> SafeString:
        return format_html('<a href="/replays/{}">{}</a>', recording.recording_id, _("Watch"))

    @admin.action(description=gettext_lazy("Try again"), permissions=["manage"])
    def try_again(self, request: HttpRequest, recordings: QuerySet[Recording]) -> None:
        do_for_each(self, request, recordings, actions.do_retry_recording, _("To be tried again"))

    @admin.action(description=gettext_lazy("Delete with files"), permissions=["manage"])
    def delete_recordings(self, request: HttpRequest, recordings: QuerySet[Recording]) -> None:
        do_for_each(self, request, recordings, actions.do_delete_recording, _("Recording deleted"))

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """Named apart from Django's delete permission, whose action would leave the files."""
        return request.user.has_perm("live.delete_recording")
