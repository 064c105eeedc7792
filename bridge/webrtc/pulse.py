"""Whether anybody at the other end still hears us: media go out, and no RTCP comes back. Pure."""

from __future__ import annotations

from typing import Final

# Both SFUs report every second. ICE's own answer (consent) takes 24 to 36 s, and says nothing of
# DTLS or of who reads the socket.
SILENT_LOOKS: Final = 10


class Pulse:
    """Looked at once a second; looks are counted, not seconds, since we may have stood still."""

    def __init__(self) -> None:
        self._sent = self._heard = 0
        self._silent_looks = 0

    def is_lost(self, *, sent: int, heard: int) -> bool:
        """Both counted since the join. Who never said a word is not missed."""
        if heard != self._heard or not heard:
            self._silent_looks = 0
        elif sent != self._sent:
            self._silent_looks += 1
        self._sent, self._heard = sent, heard
        return self._silent_looks >= SILENT_LOOKS
