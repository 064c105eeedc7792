"""A WHEP player of a page that is none of ours: bare fetch and RTCPeerConnection in Chromium."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.e2e.harness.browse import Visitor

VIDEO = "#whep"
PLAY = """async ([url, bearer]) => {
  const video = Object.assign(document.createElement('video'), {id: 'whep', muted: true,
    autoplay: true, playsInline: true});
  video.style.cssText = 'position:fixed;inset:0;width:100%;height:100%;z-index:9999';
  document.body.append(video);
  const pc = window.whepConnection = new RTCPeerConnection();
  pc.addTransceiver('video', {direction: 'recvonly'});
  pc.addTransceiver('audio', {direction: 'recvonly'});
  pc.ontrack = event => { video.srcObject = event.streams[0]; };
  const trickled = [];
  pc.onicecandidate = event => event.candidate && trickled.push(event.candidate.candidate);
  const asked = Date.now();
  await pc.setLocalDescription();
  const headers = {'Content-Type': 'application/sdp'};
  if (bearer) headers.Authorization = 'Bearer ' + bearer;
  const times = window.whepTimes = {};
  const now = () => Date.now() - asked;
  video.requestVideoFrameCallback(() => { times.frame = now(); });
  pc.onconnectionstatechange = () => { times[pc.connectionState] ??= now(); };
  const answer = await fetch(url, {method: 'POST', headers, body: pc.localDescription.sdp});
  if (answer.status !== 201) return {status: answer.status, body: await answer.text()};
  times.answered = now();
  const sdp = await answer.text();
  await pc.setRemoteDescription({type: 'answer', sdp});
  await video.play().catch(() => {});
  const session = answer.headers.get('Location');
  const ufrag = /a=ice-ufrag:(\\S+)/.exec(pc.localDescription.sdp)[1];
  const fragment = [`a=ice-ufrag:${ufrag}`, 'm=video 9 RTP/AVP 0', 'a=mid:0',
    ...trickled.map(each => 'a=' + each), ''].join('\\r\\n');
  const patched = await fetch(session, {method: 'PATCH', body: fragment, headers: {
    'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': answer.headers.get('ETag')}});
  return {status: 201, session, sdp, patched: patched.status};
}"""


def play(someone: Visitor, url: str, bearer: str = "") -> tuple[Page, dict[str, Any]]:
    """The page and what came of its request: status, and session and sdp with 201."""
    page = someone.open("/sign-up")  # any page of that origin will do
    return page, page.evaluate(PLAY, [url, bearer])


def state(page: Page) -> str:
    return str(page.evaluate("whepConnection.connectionState"))
