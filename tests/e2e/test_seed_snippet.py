"""The publisher of the seed document, as printed there but for the URL, the room and the token."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.harness import browse
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.site import Site, wait_for

pytestmark = pytest.mark.media

SNIPPET = """
async ([url, room_id]) => {
// 1. 建立 WebSocket 连接
const ws = new WebSocket(url);

// 2. 获取本地媒体流
const stream = await navigator.mediaDevices.getUserMedia({
  video: true,
  audio: true
});

// 3. 创建 PeerConnection
const pc = new RTCPeerConnection({
  iceServers: [{ urls: 'stun:stun.l.google.com:19302' }]
});

// 4. 添加本地流
stream.getTracks().forEach(track => pc.addTrack(track, stream));

// 5. 创建 Offer
const offer = await pc.createOffer();
await pc.setLocalDescription(offer);

// 6. 发送 Offer 到服务器
ws.send(JSON.stringify({
  type: 'offer',
  room_id: room_id,
  payload: offer.sdp
}));

// 7. 接收 Answer
ws.onmessage = async (event) => {
  const msg = JSON.parse(event.data);
  if (msg.type === 'answer') {
    await pc.setRemoteDescription({
      type: 'answer',
      sdp: msg.payload
    });
  }
  if (msg.type === 'ice') {
    await pc.addIceCandidate(msg.payload);
  }
};

// 8. 发送 ICE Candidates
pc.onicecandidate = (event) => {
  if (event.candidate) {
    ws.send(JSON.stringify({
      type: 'ice',
      payload: event.candidate
    }));
  }
};
window.seed = {ws, pc};
}
"""

# The snippet sends without waiting for its WebSocket: it counts on a person who needs longer to
# allow the camera than a handshake takes. Chromium's fake prompt is answered at once; this is not.
PERSON = """
() => {
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const socket = __probe.sockets.at(-1);
    if (socket.readyState === WebSocket.CONNECTING) {
      await new Promise((resolve) => socket.addEventListener("open", resolve));
    }
    return ask(wanted);
  };
}
"""


def test_the_snippet_of_the_seed_publishes(
    person: Callable[..., Visitor], site: Site, room_id: str
):
    someone, guest = person(), person()  # no cookie: the token alone says who it is
    page = someone.open("/sign-in")
    user_id = site.room(room_id)["owner"]["id"]
    url = (
        f"{site.ws_url}/api/v1/live/ws?room_id={room_id}&user_id={user_id}&role=publisher"
        f"&token={site.token()}"
    )
    page.evaluate(PERSON)
    page.evaluate(SNIPPET, [url, room_id])
    wait_for(
        "the snippet's connection is connected",
        lambda: page.evaluate("seed.pc.connectionState") == "connected",
    )
    viewer = browse.watch(guest, room_id)
    browse.wait_until_advancing(viewer)
    wait_for("the room is live", lambda: site.room(room_id)["state"] == "live")
    assert someone.problems == []
