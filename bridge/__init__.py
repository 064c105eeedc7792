"""Bridges between WebRTC and RTMP (docs/bridge.md): what should run, and what runs it."""
