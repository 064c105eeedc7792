"""`{% live_now %}`: the admin's first panel, what is on air."""

from __future__ import annotations

from typing import Any

from django import template

from live import access
from live.lifecycle import ON_AIR

register = template.Library()
SHOWN = 50


@register.inclusion_tag("admin/live_now.html")
def live_now() -> dict[str, Any]:
    on_air = access.rooms_with_viewers().filter(state__in=[state.value for state in ON_AIR])
    return {"rooms": on_air.order_by("-viewers", "-state_changed_at")[:SHOWN]}
