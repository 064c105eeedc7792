"""`{% live_now %}`: the admin's first panel, what is on air."""

from __future__ import annotations

from typing import Any

from django import template

from live import access

register = template.Library()
SHOWN = 50


@register.inclusion_tag("admin/live_now.html")
def live_now() -> dict[str, Any]:
    return {"rooms": access.rooms_on_air()[:SHOWN]}
