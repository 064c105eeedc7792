"""Recordings as the pages show them: each with its picture, if there is one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from live.models import Recording
from live.recordings_of import thumbnail_url


@dataclass(frozen=True)
class ReplayCard:
    recording: Recording
    picture: str | None  # None: not ready, or sound only; a drawn one stands in
    visibility: str


def replay_cards(recordings: Iterable[Recording]) -> list[ReplayCard]:
    return [
        ReplayCard(item, thumbnail_url(item), item.shown_visibility(item.room))
        for item in recordings
    ]
