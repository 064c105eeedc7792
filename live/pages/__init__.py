"""Server-rendered pages and forms: read through live.access, write through live.actions."""
