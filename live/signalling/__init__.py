"""The WebSocket side of a room: its messages, its limits, its connections."""
