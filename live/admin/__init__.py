"""What staff sees and does. Every write goes through live.actions; no page shows a stream key."""

from live.admin import chat, guests, history, ingest, people, recordings, rooms

__all__ = ["chat", "guests", "history", "ingest", "people", "recordings", "rooms"]
