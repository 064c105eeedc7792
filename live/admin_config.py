"""Makes ours the admin site. Not in apps.py: Django would not know which of two is the app's."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class MicroVibeAdminConfig(AdminConfig):
    default_site = "live.admin_site.MicroVibeAdminSite"
