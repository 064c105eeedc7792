"""The gift catalogue. Gifts are counted and shown; nothing is paid here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

MAX_GIFTS_AT_ONCE = 99


@dataclass(frozen=True)
class Gift:
    gift: str
    emoji: str
    name: Any  # a lazy translation: str() it for the reader's language


GIFTS = {
    gift.gift: gift
    for gift in (
        Gift("rose", "🌹", _("Rose")),
        Gift("heart", "💖", _("Heart")),
        Gift("clap", "👏", _("Applause")),
        Gift("coffee", "☕", _("Coffee")),
        Gift("cake", "🎂", _("Cake")),
        Gift("rocket", "🚀", _("Rocket")),
    )
}


def catalogue() -> list[dict[str, str]]:
    """For `welcome.gifts`, in the language active now."""
    return [{"gift": g.gift, "emoji": g.emoji, "name": str(g.name)} for g in GIFTS.values()]
