"""The tracks of a room as one viewer knows them, and which layer it wants of each stream. Pure."""

from __future__ import annotations

from sfu_relay.events import Track
from sfu_relay.guard import LAYERS, Rejected
from sfu_relay.messages import SendLayer


class LayerWishes:
    def __init__(self) -> None:
        self.tracks: tuple[Track, ...] = ()
        self._wishes: dict[str, str] = {}  # stream id → layer, of streams in the room only

    def got_tracks(self, tracks: tuple[Track, ...]) -> bool:
        """Take the room's tracks; whether they changed."""
        if tracks == self.tracks:
            return False
        self.tracks = tracks
        here = {track.stream_id for track in tracks}
        self._wishes = {key: wish for key, wish in self._wishes.items() if key in here}
        return True

    def got_wish(self, stream_id: str, layer: str, *, receives: bool) -> list[SendLayer]:
        """What to ask of the SFU. `receives`: media flows to this viewer. Raises Rejected."""
        if layer not in (*LAYERS, "auto", "off"):
            raise Rejected("bad_message", "A layer is auto, f, h, q or off.")
        if not receives:
            raise Rejected("wrong_order", "Nothing is received on this session yet.")
        tracks = [track for track in self.tracks if track.stream_id == stream_id]
        if not tracks:
            raise Rejected("unknown_stream", "There is no such stream in the room.")
        self._wishes[stream_id] = layer
        return [_layer_request(track, layer) for track in tracks if track.kind == "video"]

    def automatic(self, stream_id: str) -> bool:
        return self._wishes.get(stream_id, "auto") == "auto"


def _layer_request(track: Track, wanted: str) -> SendLayer:
    """What to ask of the SFU: a layer that the track has, the next lower one if it lacks this."""
    if wanted == "off":
        return SendLayer(track.track_id, "", subscribe=False, auto=False)
    if wanted == "auto" or not track.layers:
        return SendLayer(track.track_id, "", subscribe=True, auto=True)
    lower = [layer for layer in track.layers if LAYERS.index(layer) <= LAYERS.index(wanted)]
    layer = lower[-1] if lower else track.layers[0]
    return SendLayer(track.track_id, layer, subscribe=True, auto=False)
