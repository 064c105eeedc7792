"""Who and what of a room is shown, in which order: the spec's tiles × the SFU's tracks. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bridge.child.spec import Spec, Tile
from bridge.compose import Key, Scene, Slot
from bridge.webrtc.viewer import Stream
from sfu_relay.events import Track

SPEAKS: Final = 0.01  # loudness (RMS) under which nobody is taken for speaking
HYSTERESIS_SECS: Final = 1.5
_SCREEN: Final = "screen"


class Cast:
    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._tracks: tuple[Track, ...] = ()
        self._speaker = ""
        self._rival = ""
        self._rival_since = 0.0
        self.scene = Scene()
        self.sounds: set[Key] = set()
        self.muted: set[Key] = set()

    def change(self, spec: Spec) -> None:
        self._spec = spec

    def take_tracks(self, tracks: tuple[Track, ...]) -> None:
        self._tracks = tracks

    # --- who ------------------------------------------------------------------------------------

    def tile_of(self, stream: Stream) -> Tile | None:
        for tile in self._spec.tiles:
            if tile.session_id == stream.session_id:
                return tile
        if not stream.session_id:  # the SFU's offer came before the news of its tracks
            for tile in self._spec.tiles:
                if stream.stream_id in tile.streams:
                    return tile
        return None

    def wants(self, stream: Stream) -> bool:
        """Whether it is to be sent to us at all."""
        if self.tile_of(stream) is None:
            return False
        if stream.kind == "audio":
            return True
        if self._spec.audio_only:
            return False
        if self._spec.mode == "mix":
            return True
        first = self.first_picture
        return first is None or first == (stream.session_id, stream.stream_id, stream.track_id)

    @property
    def has_pictures(self) -> bool:
        return self.first_picture is not None and not self._spec.audio_only

    @property
    def first_picture(self) -> Key | None:
        """What is shown where only one can be: of the first person, a screen before a camera."""
        for tile in self._spec.tiles:
            keys = self._pictures_of(tile)
            if keys:
                return keys[0][0]
        return None

    def _pictures_of(self, tile: Tile) -> list[tuple[Key, bool]]:
        """(key, whether it is a screen), screens first."""
        found = [
            ((str(track.session_id), track.stream_id, track.track_id), self._is_screen(tile, track))
            for track in self._tracks
            if track.kind == "video" and track.session_id == tile.session_id
        ]
        return sorted(found, key=lambda one: not one[1])

    @staticmethod
    def _is_screen(tile: Tile, track: Track) -> bool:
        return tile.streams.get(track.stream_id, track.source) == _SCREEN

    # --- what the mix shows ---------------------------------------------------------------------

    def look(self, now: float, loudness: Callable[[Key], float]) -> None:
        """Anew: the order of pictures, who speaks, whose sound counts."""
        self.sounds, self.muted = set(), set()
        loud: dict[str, float] = {}
        for tile in self._spec.tiles:
            for track in self._tracks:
                if track.kind == "audio" and track.session_id == tile.session_id:
                    key = (str(track.session_id), track.stream_id, track.track_id)
                    self.sounds.add(key)
                    if tile.muted:
                        self.muted.add(key)
                    level = max(loud.get(tile.session_id, 0.0), loudness(key))
                    loud[tile.session_id] = level
        self._hear(now, loud)
        self.scene = self._scene()

    def _hear(self, now: float, loud: dict[str, float]) -> None:
        """Who is loudest for 1.5 s on end has the floor, until somebody else is."""
        if self._speaker not in loud:
            self._speaker = ""
        loudest = max(loud, key=lambda one: loud[one], default="")
        if not loudest or loud[loudest] < SPEAKS or loudest == self._speaker:
            self._rival = ""
        elif loudest != self._rival:
            self._rival, self._rival_since = loudest, now
        elif now - self._rival_since >= HYSTERESIS_SECS:
            self._speaker, self._rival = loudest, ""

    def _scene(self) -> Scene:
        if self._spec.mode != "mix":
            first = self.first_picture
            slots = [Slot(first, is_screen=True)] if first is not None else []
            return Scene(tuple(slots), "grid", 0)
        slots = []
        owners = []
        for tile in self._spec.tiles:
            pictures = self._pictures_of(tile)
            if not pictures and len(self._spec.tiles) > 1:
                slots.append(Slot(None, name=tile.name))
                owners.append(tile.session_id)
            for key, is_screen in pictures:
                slots.append(Slot(key, is_screen, tile.name))
                owners.append(tile.session_id)
        return Scene(tuple(slots), self._spec.layout, self._large(slots, owners))

    def _large(self, slots: list[Slot], owners: list[str]) -> int:
        """The last screen, else who speaks (in layout speaker), else the first."""
        screens = [index for index, slot in enumerate(slots) if slot.is_screen]
        if screens:
            return screens[-1]
        if self._spec.layout == "speaker" and self._speaker in owners:
            return owners.index(self._speaker)
        return 0
