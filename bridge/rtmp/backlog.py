"""What waits to be sent, bounded in time and bytes: who is too late goes on at a keyframe. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from playback.flv import AUDIO, VIDEO, Part, parse_audio, parse_video

LATE_MS: Final = 2_000
MAX_BYTES: Final = 16 * 1024 * 1024  # 2 s at 60 Mbit/s
# Sound waits for the first keyframe, so that HLS does not begin with a piece without a picture,
# but not for ever: a camera that is off sends none.
HOLD_SOUND_MS: Final = 3_000


@dataclass(frozen=True, slots=True)
class Tag:
    """An FLV tag: `kind` playback.flv.AUDIO or VIDEO, and its body."""

    kind: int
    timestamp_ms: int
    body: bytes


class Backlog:
    """Closed at first: remembers headers only. `restart` opens it for a new connection."""

    def __init__(self, *, late_ms: int = LATE_MS, max_bytes: int = MAX_BYTES) -> None:
        self._tags: deque[Tag] = deque()
        self._late_ms = late_ms
        self._max_bytes = max_bytes
        self._headers: dict[int, Tag] = {}
        self._bytes = 0
        self._open = False
        self._held_since_ms: int | None = None
        self._holds_sound = False
        self.wants_keyframe = False
        """Pictures are left out until one comes."""
        self.dropped_frames = 0

    def __len__(self) -> int:
        return len(self._tags)

    @property
    def queue_ms(self) -> int:
        if not self._tags:
            return 0
        return max(0, self._tags[-1].timestamp_ms - self._tags[0].timestamp_ms)

    def restart(self) -> None:
        """A new connection: the newest headers first, pictures from a keyframe on."""
        self.close()
        self._open = True
        self.wants_keyframe = self._holds_sound = VIDEO in self._headers
        self._held_since_ms = None
        for header in self._headers.values():
            self._append(header)

    def close(self) -> None:
        self._open = False
        self._clear()

    def put(self, tag: Tag) -> None:
        part = parse_audio(tag.body).part if tag.kind == AUDIO else parse_video(tag.body).part
        if part is Part.HEADER:
            if tag.kind == VIDEO and VIDEO not in self._headers:
                self.wants_keyframe = True
            self._headers[tag.kind] = tag
        if not self._open:
            return
        if part is not Part.HEADER and not self._passes(tag, part):
            return
        self._append(tag)
        if self.queue_ms > self._late_ms or self._bytes > self._max_bytes:
            self._skip(tag, part)

    def take(self, max_bytes: int = 64 * 1024) -> list[Tag]:
        """The oldest tags, at least one if there is any."""
        taken: list[Tag] = []
        size = 0
        while self._tags and (not taken or size + len(self._tags[0].body) <= max_bytes):
            tag = self._tags.popleft()
            size += len(tag.body)
            taken.append(tag)
        self._bytes -= size
        return taken

    def _passes(self, tag: Tag, part: Part) -> bool:
        if tag.kind == VIDEO:
            if part is Part.KEYFRAME:
                self.wants_keyframe = self._holds_sound = False
            elif self.wants_keyframe:
                self.dropped_frames += 1
                return False
            return True
        if self._holds_sound:
            if self._held_since_ms is None:
                self._held_since_ms = tag.timestamp_ms
            self._holds_sound = tag.timestamp_ms - self._held_since_ms < HOLD_SOUND_MS
        return not self._holds_sound

    def _skip(self, tag: Tag, part: Part) -> None:
        """Drop what waits; go on with `tag` if it is sound or a keyframe, else from the next."""
        waiting = [each for each in self._tags if each is not tag]
        headers = [each for each in waiting if each is self._headers.get(each.kind)]
        keep = tag.kind == AUDIO or part is not Part.FRAME
        self.dropped_frames += sum(each.kind == VIDEO for each in waiting) - len(headers)
        self._clear()
        for header in headers:
            self._append(Tag(header.kind, tag.timestamp_ms, header.body))
        if keep and len(tag.body) <= self._max_bytes:
            self._append(tag)
        if VIDEO in self._headers and not (tag.kind == VIDEO and part is Part.KEYFRAME):
            self.wants_keyframe = True

    def _append(self, tag: Tag) -> None:
        self._tags.append(tag)
        self._bytes += len(tag.body)

    def _clear(self) -> None:
        self._tags.clear()
        self._bytes = 0
