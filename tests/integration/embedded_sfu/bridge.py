"""A tiny stand-in for relay and pages: browser pages that speak rtc.RTC through Python glue."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc.aio
from playwright.async_api import BrowserContext, Page

from sfu_relay.proto import rtc_pb2, rtc_pb2_grpc

FIXED_OFFER = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=inactive\r\n"
    "a=ice-ufrag:none\r\na=ice-pwd:nonenonenonenonenonenone\r\na=setup:actpass\r\n"
    "a=fingerprint:sha-256 " + ":".join(["00"] * 32) + "\r\na=rtcp-mux\r\n"
    "a=rtpmap:111 opus/48000/2\r\n"
)

PAGE = """<!doctype html><title>bridge</title><body><script>
const videos = new Map();   // stream id -> <video>
let pub = null, sub = null, subWaiting = [], joinedAt = 0;
const firstFrame = {};
function simulcast() {
  return [{rid: 'f', maxBitrate: 900000}, {rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 300000},
          {rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 120000}];
}
function addVideo(track, stream, codec, layers) {
  const t = pub.addTransceiver(track, {direction: 'sendonly', streams: [stream],
    ...(layers ? {sendEncodings: simulcast()} : {})});
  const all = RTCRtpSender.getCapabilities('video').codecs;
  const rest = all.filter(c => /rtx/i.test(c.mimeType));
  const wanted = 'video/' + codec.toLowerCase();
  t.setCodecPreferences([...all.filter(c => c.mimeType.toLowerCase() === wanted), ...rest]);
  return t;
}
async function startPublishing({codec = 'H264', layers = false, width = 640, height = 360}) {
  pub = new RTCPeerConnection();
  const video = {width, height, frameRate: 30};
  const media = await navigator.mediaDevices.getUserMedia({audio: true, video});
  window.media = media;
  pub.addTransceiver(media.getAudioTracks()[0], {direction: 'sendonly', streams: [media]});
  addVideo(media.getVideoTracks()[0], media, codec, layers);
  await pub.setLocalDescription();
  return {sdp: pub.localDescription.sdp, stream: media.id};
}
async function addScreen({codec = 'H264'}) {
  const canvas = document.createElement('canvas');
  canvas.width = 640; canvas.height = 360;
  const pen = canvas.getContext('2d');
  let n = 0;
  setInterval(() => {
    pen.fillStyle = `hsl(${n++ % 360} 90% 50%)`;
    pen.fillRect(0, 0, 640, 360);
  }, 66);
  const stream = canvas.captureStream(15);
  window.screenTransceiver = addVideo(stream.getVideoTracks()[0], stream, codec, false);
  await pub.setLocalDescription();
  return {sdp: pub.localDescription.sdp, stream: stream.id};
}
async function removeScreen() {
  pub.removeTrack(window.screenTransceiver.sender);
  window.screenTransceiver.direction = 'inactive';
  await pub.setLocalDescription();
  return {sdp: pub.localDescription.sdp};
}
async function gotAnswer(sdp) { await pub.setRemoteDescription({type: 'answer', sdp}); }
function makeSub() {
  sub = new RTCPeerConnection();
  sub.ontrack = event => {
    const stream = event.streams[0];
    if (!stream || videos.has(stream.id)) return;
    const video = document.createElement('video');
    video.autoplay = true; video.playsInline = true;
    video.srcObject = stream;
    videos.set(stream.id, video);
    document.body.append(video);
    video.play().catch(() => {});
    video.requestVideoFrameCallback(() => { firstFrame[stream.id] = performance.now(); });
  };
}
async function gotOffer(sdp) {
  if (!sub) makeSub();
  await sub.setRemoteDescription({type: 'offer', sdp});
  await sub.setLocalDescription();
  return sub.localDescription.sdp;
}
async function report(pc) {
  const out = {video: [], audio: [], state: pc ? pc.connectionState : 'none'};
  if (!pc) return out;
  (await pc.getStats()).forEach(s => {
    if (s.type === 'inbound-rtp' || s.type === 'outbound-rtp')
      out[s.kind].push({mid: s.mid, frames: s.framesDecoded ?? s.framesSent, width: s.frameWidth,
        level: s.totalAudioEnergy, lost: s.packetsLost, rid: s.rid, freezes: s.freezeCount,
        target: s.targetBitrate, limit: s.qualityLimitationReason});
    if (s.type === 'candidate-pair' && s.nominated) out.bitrate = s.availableOutgoingBitrate;
  });
  return out;
}
</script>"""


class BridgeError(Exception):
    pass


class Client:
    """One page and one Signal stream."""

    def __init__(self, page: Page, channel: grpc.aio.Channel, uid: str) -> None:
        self.page = page
        self.uid = uid
        self.events: list[rtc_pb2.TrackEvent] = []
        self.errors: list[rtc_pb2.Error] = []
        self.offers = 0
        self.ended = asyncio.Event()
        self.joined_at = 0.0
        self.answered = asyncio.Event()
        self._answer: asyncio.Future[str] | None = None
        self._stream = rtc_pb2_grpc.RTCStub(channel).Signal()
        self._reader: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, context: BrowserContext, channel: grpc.aio.Channel, uid: str) -> Client:
        page = await context.new_page()
        await page.route("**/*", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        await page.goto("http://localhost/")
        return cls(page, channel, uid)

    async def publish(self, room: str, *, subscribe: bool = False, **how: Any) -> str:
        made = await self.page.evaluate("how => startPublishing(how)", how)
        config = {} if subscribe else {"NoAutoSubscribe": "true"}
        await self._join(room, made["sdp"], config, stream=made["stream"], kind=rtc_pb2.UserMedia)
        return str(made["stream"])

    async def watch(self, room: str) -> None:
        await self.page.evaluate("makeSub(); joinedAt = performance.now()")
        await self._join(room, FIXED_OFFER, {}, stream="", kind=rtc_pb2.MediaUnknown)

    async def _join(
        self, room: str, sdp: str, config: dict[str, str], *, stream: str, kind: Any
    ) -> None:
        loop = asyncio.get_running_loop()
        self._answer = loop.create_future()
        self._reader = asyncio.create_task(self._read())
        self.joined_at = time.monotonic()
        description = rtc_pb2.SessionDescription(
            type="offer", sdp=sdp, trackInfos=[rtc_pb2.TrackInfo(streamId=stream, type=kind)]
        )
        join = rtc_pb2.JoinRequest(sid=room, uid=self.uid, config=config, description=description)
        await self._stream.write(rtc_pb2.Request(join=join))
        answer = await asyncio.wait_for(self._answer, 10)
        if stream:
            await self.page.evaluate("sdp => gotAnswer(sdp)", answer)

    async def renegotiate(self, script: str, **how: Any) -> str:
        made = await self.page.evaluate(script, how)
        self._answer = asyncio.get_running_loop().create_future()
        infos = [rtc_pb2.TrackInfo(streamId=made.get("stream", ""), type=rtc_pb2.ScreenCapture)]
        description = rtc_pb2.SessionDescription(type="offer", sdp=made["sdp"], trackInfos=infos)
        await self._stream.write(rtc_pb2.Request(description=description))
        await self.page.evaluate("sdp => gotAnswer(sdp)", await asyncio.wait_for(self._answer, 10))
        return str(made.get("stream", ""))

    async def subscribe(self, **fields: Any) -> None:
        item = rtc_pb2.Subscription(**fields)
        request = rtc_pb2.SubscriptionRequest(subscriptions=[item])
        await self._stream.write(rtc_pb2.Request(subscription=request))

    async def _read(self) -> None:
        try:
            async for reply in self._stream:
                await self._got(reply)
        except grpc.aio.AioRpcError as error:
            self.errors.append(rtc_pb2.Error(reason=str(error.code())))
        finally:
            self.ended.set()

    async def _got(self, reply: rtc_pb2.Reply) -> None:
        match reply.WhichOneof("payload"):
            case "join" if self._answer is not None:
                if reply.join.success:
                    self._answer.set_result(reply.join.description.sdp)
                else:
                    self._answer.set_exception(BridgeError(reply.join.error.reason))
            case "description" if reply.description.type == "answer" and self._answer is not None:
                self._answer.set_result(reply.description.sdp)
            case "description":
                self.offers += 1
                answer = await self.page.evaluate("sdp => gotOffer(sdp)", reply.description.sdp)
                description = rtc_pb2.SessionDescription(
                    target=rtc_pb2.SUBSCRIBER, type="answer", sdp=answer
                )
                await self._stream.write(rtc_pb2.Request(description=description))
                self.answered.set()
            case "trackEvent":
                self.events.append(reply.trackEvent)
            case "trickle":
                json.loads(reply.trickle.init)
            case "error":
                self.errors.append(reply.error)
            case _:
                pass

    async def stats(self, connection: str = "sub") -> dict[str, Any]:
        return dict(await self.page.evaluate(f"report({connection})"))

    async def first_frame_ms(self, stream: str) -> float | None:
        return await self.page.evaluate(
            "id => firstFrame[id] === undefined ? null : firstFrame[id] - joinedAt", stream
        )

    async def close(self) -> None:
        self._stream.cancel()
        if self._reader is not None:
            await asyncio.wait([self._reader], timeout=5)
        await self.page.close()


async def until(
    what: str, check: Callable[[], Awaitable[Any]], *, within_secs: float = 30.0, every: float = 0.1
) -> Any:
    """Poll until `check` gives something true; the reason is in the failure."""
    deadline = time.monotonic() + within_secs
    while True:
        value = await check()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_secs} s: {what} (last: {value!r})")
        await asyncio.sleep(every)
