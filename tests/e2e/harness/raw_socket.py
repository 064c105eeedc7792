"""A WebSocket driven frame by frame from a page, for clients that do not behave."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page

from tests.e2e.harness.site import wait_for

_OPEN = """(url) => {
  const raw = { heard: [], closed: null };
  raw.socket = new WebSocket(url);
  raw.socket.onmessage = (event) => raw.heard.push(JSON.parse(event.data));
  raw.socket.onclose = (event) => { raw.closed = event.code; };
  window.__raw = raw;
}"""
_OFFER = """async () => {
  const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
  const connection = new RTCPeerConnection();
  for (const track of stream.getTracks()) connection.addTrack(track, stream);
  await connection.setLocalDescription(await connection.createOffer());
  return connection.localDescription.sdp;
}"""


class RawSocket:
    """One connection to the signalling; the page must be of the site's origin."""

    def __init__(self, page: Page, url: str) -> None:
        self._page = page
        self._read = 0
        page.evaluate(_OPEN, url)

    def heard(self) -> list[dict[str, Any]]:
        return list(self._page.evaluate("__raw.heard"))

    def close_code(self) -> int | None:
        code = self._page.evaluate("__raw.closed")
        return None if code is None else int(code)

    def next(self, *types: str, within_secs: float = 20.0) -> dict[str, Any]:
        """The next message of one of `types`; others before it are passed over."""

        def look() -> dict[str, Any] | None:
            for index, message in enumerate(self.heard()[self._read :], self._read):
                if message["type"] in types:
                    self._read = index + 1
                    return message
            return None

        return wait_for(f"a message of type {' or '.join(types)}", look, within_secs)

    def send(self, type_: str, payload: Any = None, **fields: Any) -> None:
        self.send_text(json.dumps({"type": type_, "payload": payload, **fields}))

    def send_text(self, text: str) -> None:
        self._page.evaluate("text => __raw.socket.send(text)", text)

    def send_bytes(self, count: int) -> None:
        self._page.evaluate("n => __raw.socket.send(new Uint8Array(n))", count)

    def error_for(self, type_: str, payload: Any = None, **fields: Any) -> str:
        """The code of the error that answers this message."""
        ref = f"m{self._page.evaluate('__raw.count = (__raw.count ?? 0) + 1')}"
        self.send(type_, payload, ref=ref, **fields)

        def look() -> str | None:
            errors = [m for m in self.heard() if m["type"] == "error" and m.get("ref") == ref]
            return errors[0]["payload"]["code"] if errors else None

        return wait_for(f"an error about {type_} {fields}", look)

    def close(self) -> None:
        self._page.evaluate("__raw.socket.close()")


def real_offer(page: Page) -> str:
    """An SDP offer of camera and microphone, as this browser makes it."""
    return str(page.evaluate(_OFFER))
