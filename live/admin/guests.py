"""Guests and their links: to look at, to remove and to revoke. No page shows a link."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from live.actions.guests import do_move_guest
from live.actions.invites import do_revoke_invite
from live.admin.parts import ReadOnlyAdmin, badge, do_for_each
from live.guest_states import GuestVerb
from live.models import Guest, RoomInvite, User


@admin.register(Guest)
class GuestAdmin(ReadOnlyAdmin):
    list_display = ("user", "room", "guest_state", "reason", "muted", "since", "seen_at")
    list_filter = ("state", "muted", "since")
    search_fields = ("user__username", "user__display_name", "room__room_id", "room__title")
    list_select_related = ("room", "user")
    actions = ("remove",)

    def has_remove_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("live.change_guest")

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def guest_state(self, guest: Guest) -> SafeString:
        return badge(guest.state, guest.get_state_display())

    @admin.action(description=gettext_lazy("Remove from the room"), permissions=["remove"])
    def remove(self, request: HttpRequest, guests: QuerySet[Guest]) -> None:
        by = request.user if isinstance(request.user, User) else None
        do_for_each(
            self,
            request,
            guests.select_related("room", "user"),
            lambda guest: do_move_guest(guest.room, guest.user, GuestVerb.REMOVE, by),
            _("Guest removed"),
        )


@admin.register(RoomInvite)
class RoomInviteAdmin(ReadOnlyAdmin):
    list_display = ("room", "link_state", "created_by", "created_at", "expires_at", "revoked_at")
    list_filter = ("created_at", "expires_at")
    search_fields = ("room__room_id", "room__title", "created_by__username")
    list_select_related = ("room", "created_by")
    actions = ("revoke",)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("live.change_roominvite")

    @admin.display(description=gettext_lazy("state"))
    def link_state(self, link: RoomInvite) -> SafeString:
        if link.revoked_at is not None:
            return badge("removed", _("Revoked"))
        expired = link.expires_at <= timezone.now()
        return badge("left", _("Expired")) if expired else badge("good", _("Open"))

    @admin.action(description=gettext_lazy("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, links: QuerySet[RoomInvite]) -> None:
        do_for_each(self, request, links, do_revoke_invite, _("Link revoked"))
