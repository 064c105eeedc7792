"""What staff sees and does. Every write goes through live.actions; no page shows a stream key."""

from live.admin import chat, history, ingest, people, recordings, rooms

__all__ = ["chat", "history", "ingest", "people", "recordings", "rooms"]
