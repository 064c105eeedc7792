"""Where to publish: an RTMP address taken apart, its stream name kept out of logs. No I/O here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

DEFAULT_PORTS: Final = {"rtmp": 1935, "rtmps": 443}
_MAX_CHARS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Target:
    """rtmp://host:port/app/name; the name is a secret (a stream key), hence in no repr."""

    host: str
    port: int
    app: str
    name: str = field(repr=False)
    tls: bool = False

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        standard = self.port == DEFAULT_PORTS["rtmps" if self.tls else "rtmp"]
        return host if standard else f"{host}:{self.port}"

    @property
    def app_url(self) -> str:
        return f"{'rtmps' if self.tls else 'rtmp'}://{self.authority}/{self.app}"


def parse_url(url: str) -> Target:
    """ "rtmps://live.example.org/app/key?x=1" → Target. ValueError, without the key in its text.

    The name is what follows the last slash, its query with it, as OBS splits server and key.
    """
    if len(url) > _MAX_CHARS or not url.isprintable() or " " in url:
        raise ValueError("not an RTMP address")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("not an RTMP address") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise ValueError("an RTMP address begins with rtmp:// or rtmps://")
    if parts.username or parts.password:
        raise ValueError("user names in RTMP addresses are not supported")
    app, slash, name = parts.path.lstrip("/").rpartition("/")
    if not (host and slash and app.strip("/") and name):
        raise ValueError("an RTMP address has a server, an application and a stream key")
    if parts.query:
        name += f"?{parts.query}"
    tls = parts.scheme == "rtmps"
    return Target(host, port or DEFAULT_PORTS[parts.scheme], app, name, tls)
