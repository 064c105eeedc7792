"""The bridges that should run, and how each one does."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from live import actions
from live.admin.parts import ReadOnlyAdmin, badge, do_for_each
from live.bridge_words import reason_words
from live.models import BridgeJob, BridgeState

BADGES = {
    BridgeState.STARTING: "joining",
    BridgeState.RUNNING: "connected",
    BridgeState.WAITING: "lost",
    BridgeState.STOPPING: "closed",
}


@admin.register(BridgeJob)
class BridgeJobAdmin(ReadOnlyAdmin):
    list_display = (
        *("title", "kind", "mode", "how", "why", "pid"),
        *("starts", "since", "running_at", "seen_at"),
    )
    list_filter = ("kind", "mode", "state", "reason")
    search_fields = ("room__title", "room__room_id", "room__owner__username")
    list_select_related = ("room",)
    actions = ("start_anew",)
    fields = readonly_fields = (
        *("room", "kind", "target", "mode", "how", "why", "run_id", "pid", "session_id"),
        *("starts", "since", "running_at", "seen_at", "figures_found"),
    )

    def has_restart_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("live.change_bridgejob")

    @admin.action(description=gettext_lazy("Restart this bridge"), permissions=["restart"])
    def start_anew(self, request: HttpRequest, rows: QuerySet[BridgeJob]) -> None:
        """Within a second, by the worker; viewers are without it for one or two."""
        do_for_each(self, request, rows, actions.do_restart_bridge, _("Bridge restarted"))

    @admin.display(description=gettext_lazy("room"), ordering="room__title")
    def title(self, job: BridgeJob) -> str:
        return job.room.title

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def how(self, job: BridgeJob) -> SafeString:
        return badge(BADGES.get(BridgeState(job.state), "idle"), job.get_state_display())

    @admin.display(description=gettext_lazy("in words"), ordering="reason")
    def why(self, job: BridgeJob) -> str:
        return reason_words(job.reason)

    @admin.display(description=gettext_lazy("figures"))
    def figures_found(self, job: BridgeJob) -> SafeString:
        return format_html_join("", "{}: {}<br>", sorted(job.figures.items()))
