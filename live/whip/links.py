"""Addresses of WHIP and WHEP sessions: secrets of 128 bits that any process can check. Pure.

Session ids are seen by everybody in a room, so an address also holds a MAC of its own. With it
goes a mark of the client's ICE credentials: a fragment with others is an ICE restart.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_FORM = re.compile(r"([A-Za-z0-9_]{1,40})\.([0-9a-f]{8})\.([0-9a-f]{32})")
_UFRAG = re.compile(r"^a=ice-ufrag:(\S{4,256})\s*$", re.MULTILINE)


@dataclass(frozen=True)
class SessionLink:
    session_id: str
    ice: str  # mark of the client's ICE credentials

    @property
    def etag(self) -> str:
        """Names the ICE session (RFC 9725, 4.3.1), which no client of ours can change."""
        return f'"{_digest(b"", f"{self.session_id} {self.ice}")[:16]}"'


def make_link(session_id: str, offer: str) -> SessionLink:
    return SessionLink(session_id, ice_mark(offered_ufrag(offer)))


def build_link(secret: str, link: SessionLink) -> str:
    """The last part of the address."""
    return f"{link.session_id}.{link.ice}.{_mac(secret, link)}"


def parse_link(secret: str, text: str) -> SessionLink | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    link = SessionLink(found[1], found[2])
    return link if hmac.compare_digest(found[3], _mac(secret, link)) else None


def ice_mark(ufrag: str) -> str:
    return _digest(b"", ufrag)[:8]


def offered_ufrag(sdp: str) -> str:
    found = _UFRAG.search(sdp)
    return found[1] if found else ""


def ice_server_links(servers: Iterable[Mapping[str, Any]]) -> str:
    """RTCIceServer values as a Link header (RFC 9725, 4.6); "" for none."""
    links = []
    for server in servers:
        urls = server.get("urls") or ()
        extra = "".join(
            f'; {name}="{_quoted(str(server[key]))}"'
            for name, key in (("username", "username"), ("credential", "credential"))
            if server.get(key)
        )
        if extra:
            extra += '; credential-type="password"'
        for url in [urls] if isinstance(urls, str) else urls:
            links.append(f'<{url}>; rel="ice-server"{extra}')
    return ", ".join(links)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _mac(secret: str, link: SessionLink) -> str:
    return _digest(secret.encode(), f"whip session {link.session_id} {link.ice}")[:32]


def _digest(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
