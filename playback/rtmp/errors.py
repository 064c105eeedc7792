"""The one error that bytes from the other side can cause in this package."""

from __future__ import annotations


class RtmpError(Exception):
    """The other side sent what is not RTMP, or more of it than we take."""
