"""Broadcasts by WebSocket: the gateway with the real nginx, app and worker."""
