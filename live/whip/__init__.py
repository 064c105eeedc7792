"""WHIP (RFC 9725) and WHEP: publish to a room, or play it, with one HTTP request. docs/whip.md."""
