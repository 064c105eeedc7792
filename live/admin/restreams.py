"""Where broadcasts are passed on to: to look at and to switch off. No page shows a key."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from live.actions.restreams import do_update_restream
from live.admin.parts import ReadOnlyAdmin, do_for_each
from live.models import RestreamTarget


@admin.register(RestreamTarget)
class RestreamTargetAdmin(ReadOnlyAdmin):
    list_display = ("name", "room", "url", "enabled", "created_at")
    list_filter = ("enabled",)
    search_fields = ("name", "room__title", "room__room_id")
    list_select_related = ("room",)
    actions = ("switch_off",)

    def has_switch_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("live.change_restreamtarget")

    @admin.action(description=gettext_lazy("Switch off"), permissions=["switch"])
    def switch_off(self, request: HttpRequest, targets: QuerySet[RestreamTarget]) -> None:
        do_for_each(
            self,
            request,
            targets,
            lambda target: do_update_restream(target, enabled=False),
            _("Switched off"),
        )
