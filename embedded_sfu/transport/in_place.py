"""The one place that reaches under pylibsrtp: encrypt and decrypt in the caller's own buffer.

The public calls copy each packet twice and make two objects of it. Measured: 1.4 us more per
packet, half as much again as all that sending it costs. `AVAILABLE` is False when the binding looks
different from the pinned version's; `srtp.py` then takes the public calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pylibsrtp

AVAILABLE = False
ffi: Any = None
protect_rtp: Callable[[Any, Any, Any], int]
unprotect_rtp: Callable[[Any, Any, Any], int]
try:
    from pylibsrtp import _binding

    ffi = _binding.ffi
    # int srtp_protect(srtp_t, void *packet, int *length): 0 is success.
    protect_rtp = _binding.lib.srtp_protect
    unprotect_rtp = _binding.lib.srtp_unprotect
    AVAILABLE = hasattr(pylibsrtp.Session(), "_srtp") and len(ffi.typeof(protect_rtp).args) == 3
except (ImportError, AttributeError, TypeError):
    pass


def context_of(session: pylibsrtp.Session) -> Any:
    """The srtp_t of a session; valid as long as the session is referenced."""
    return session._srtp[0]


def pointer_to(buffer: bytearray) -> Any:
    """A char* into the buffer, which can't be resized as long as the pointer lives."""
    return ffi.from_buffer("char[]", buffer, require_writable=True)


def length_cell() -> Any:
    return ffi.new("int *")
