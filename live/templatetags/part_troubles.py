"""`{% part_troubles %}`: a banner on the admin's index while a part is down."""

from __future__ import annotations

from typing import Any

from django import template

from live import part_words

register = template.Library()


@register.inclusion_tag("admin/part_troubles.html")
def part_troubles() -> dict[str, Any]:
    return {"troubles": part_words.troubles()}
