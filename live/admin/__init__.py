"""What staff sees and does. Every write goes through live.actions; no page shows a stream key."""

from live.admin import bridges, chat, guests, history, ingest, people, recordings, restreams, rooms

__all__ = [
    "bridges",
    "chat",
    "guests",
    "history",
    "ingest",
    "people",
    "recordings",
    "restreams",
    "rooms",
]
