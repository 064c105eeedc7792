"""The admin site: for staff who are not banned."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class MicroVibeAdminSite(AdminSite):
    site_header = "MicroVibe"
    site_title = "MicroVibe"
    index_title = _("Administration")

    def has_permission(self, request: HttpRequest) -> bool:
        banned = getattr(request.user, "banned_at", None) is not None
        return super().has_permission(request) and not banned
