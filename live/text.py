"""Text that people typed, made fit to store and show. Pure."""

from __future__ import annotations

import unicodedata

# They turn the rest of a line round, other people's words included; right-to-left text needs none.
TURNING = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))


def clean_text(text: str) -> str:
    """Trimmed, one line, without control characters or lone surrogates (no database takes those).

    JSON may carry both: "\\ud800" is legal in it.
    """
    return " ".join("".join(c if _fit(c) else " " for c in text.translate(TURNING)).split())


def clean_lines(text: str) -> str:
    """Like clean_text, but line breaks stay."""
    return "\n".join(clean_text(line) for line in text.splitlines()).strip()


def _fit(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cs"}
