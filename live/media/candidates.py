"""Candidates that came beside an SDP, put into it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def has_candidates(sdp: str) -> bool:
    return "\na=candidate:" in sdp


def with_candidates(sdp: str, candidates: Iterable[Mapping[str, Any]]) -> str:
    """Into the first media section: with BUNDLE all sections share its transport."""
    lines = sdp.rstrip("\r\n").replace("\r\n", "\n").split("\n")
    found = [f"a={c['candidate'].strip()}" for c in candidates if _is_candidate(c)]
    if not found or has_candidates(sdp):
        return sdp
    sections = [at for at, line in enumerate(lines) if line.startswith("m=")]
    if not sections:
        return sdp
    end = sections[1] if len(sections) > 1 else len(lines)
    lines[end:end] = [*dict.fromkeys(found), "a=end-of-candidates"]
    return "\r\n".join(lines) + "\r\n"


def _is_candidate(candidate: Mapping[str, Any]) -> bool:
    text = candidate.get("candidate")
    return isinstance(text, str) and text.startswith("candidate:") and "\n" not in text
