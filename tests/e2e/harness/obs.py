"""What a streamer with OBS does at a site, and where players find the stream."""

from __future__ import annotations

import contextlib
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from playback.tokens import build_token
from tests.e2e.harness.encoder import LOW_DELAY, Encoder, Style, pushing
from tests.e2e.harness.site import Site, wait_for


@contextlib.contextmanager
def on_air(
    site: Site, room_id: str, style: Style = LOW_DELAY, reconnects: bool = False
) -> Iterator[Encoder]:
    """OBS pushes, and the room is live."""
    with pushing(site.rtmp_url(site.stream_key(room_id)), style, reconnects) as encoder:
        wait_until_live(site, room_id, encoder)
        yield encoder


def wait_until_live(
    site: Site, room_id: str, encoder: Encoder | None = None, within_secs: float = 30.0
) -> None:
    wait_for("the room is live", lambda: _is_live(site, room_id, encoder), within_secs, 0.2)


def _is_live(site: Site, room_id: str, encoder: Encoder | None) -> bool:
    if encoder is not None:
        assert not encoder.errors, f"ffmpeg: {encoder.errors}"
    return bool(site.room(room_id)["state"] == "live")


def rungs(site: Site, room_id: str) -> dict[str, dict[str, Any]]:
    """The viewer's ladder by rung, as the owner is told."""
    return {rung["rung"]: rung for rung in site.playback(room_id)["rungs"]}


def play_url(site: Site, room_id: str, rung: str) -> str:
    """The address of `flv` or `hls`, with its token where one is needed; it answers by now."""

    def look() -> str | None:
        found = rungs(site, room_id)[rung]
        url = found["url"] if found["available"] else None
        # A playlist begins with its first whole segment: two keyframes of OBS's own settings.
        return url if url and (rung == "flv" or status_of(url) == 200) else None

    return wait_for(f"{rung} is available", look, 40, 0.2)


def play_token(site: Site, name: str, for_secs: float) -> str:
    """One that the site itself could have made; negative: it has expired."""
    for line in (site.data_dir / "secrets.env").read_text().splitlines():
        variable, _, secret = line.partition("=")
        if variable == "PLAY_TOKEN_SECRET":
            return build_token(name, secret.strip().strip("\"'"), int(time.time() + for_secs))
    raise AssertionError("no PLAY_TOKEN_SECRET in secrets.env")


def ingest(site: Site, room_id: str) -> dict[str, Any]:
    """What the dashboard says about the stream."""
    status, answer = site.call("GET", f"/api/v1/live/{room_id}/ingest", token=site.token())
    assert status == 200, answer
    return dict(answer["data"])


def fetch(url: str, most_bytes: int = 1_000_000, **headers: str) -> tuple[int, str, bytes]:
    """Status, address after redirects and (up to `most_bytes` of) the body."""
    request = urllib.request.Request(
        url, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.url, response.read(most_bytes)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.url or url, error.read(most_bytes)


def status_of(url: str) -> int:
    return fetch(url, 1)[0]
