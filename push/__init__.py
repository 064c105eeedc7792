"""The gateway of broadcasts that come by WebSocket (docs/bridge.md). No Django, no database."""
