"""`room.stage`: the layout, and who sends, in the order of the programme. Reads, never writes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from live.models import Room, User
from live.programme_of import programmes_of


def stage_of(room: Room) -> dict[str, Any]:
    """As read_stages noted it, else read now."""
    noted = vars(room).get("noted_stage")
    if noted is None:
        read_stages([room])
        noted = vars(room).pop("noted_stage")  # the next who asks wants to know it as it is then
    stage: dict[str, Any] = noted
    return stage


def read_stages(rooms: Collection[Room]) -> None:
    """Notes the stage of many rooms in four queries; in none while all are off the air."""
    on_air = [room for room in rooms if room.is_on_air]
    programmes = programmes_of(on_air) if on_air else {}
    people = {source.person for programme in programmes.values() for source in programme}
    users = User.objects.in_bulk(people) if people else {}
    for room in rooms:
        shown = [
            {
                "user": {"id": source.person, "name": users[source.person].name},
                "muted": source.muted,
            }
            for source in programmes.get(room.pk, ())
            if source.person in users
        ]
        vars(room)["noted_stage"] = {"layout": str(room.layout), "people": shown}
