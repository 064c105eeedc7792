"""Live media of this process: sessions at the SFU, by way of the relay."""

from live.media.health import sfu_health, sfu_ok
from live.media.people import People
from live.media.service import MediaService
from live.media.session import MediaSession, Person, SessionOwner

__all__ = [
    "MediaService",
    "MediaSession",
    "People",
    "Person",
    "SessionOwner",
    "sfu_health",
    "sfu_ok",
]
