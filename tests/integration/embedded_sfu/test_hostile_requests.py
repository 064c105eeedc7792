"""Every input that kills or jams an Ion node is harmless here: a reply, and it serves on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from embedded_sfu.service import Sfu
from sfu_relay.proto import rtc_pb2, rtc_pb2_grpc, stats_pb2, stats_pb2_grpc

from .bridge import FIXED_OFFER

SENDING = FIXED_OFFER.replace("a=inactive", "a=sendonly\r\na=msid:s t\r\na=ssrc:1 cname:x")


def join(sdp: str = FIXED_OFFER, **fields: Any) -> rtc_pb2.Request:
    fields = {"sid": "room", "uid": "u", **fields}
    description = rtc_pb2.SessionDescription(type="offer", sdp=sdp)
    return rtc_pb2.Request(join=rtc_pb2.JoinRequest(**fields, description=description))


def description(kind: str, sdp: str) -> rtc_pb2.Request:
    return rtc_pb2.Request(description=rtc_pb2.SessionDescription(type=kind, sdp=sdp))


def subscription(track: str = "t", layer: str = "q") -> rtc_pb2.Request:
    item = rtc_pb2.Subscription(trackId=track, subscribe=True, layer=layer)
    return rtc_pb2.Request(subscription=rtc_pb2.SubscriptionRequest(subscriptions=[item]))


def trickle(init: str) -> rtc_pb2.Request:
    return rtc_pb2.Request(trickle=rtc_pb2.Trickle(init=init))


async def talk(
    channel: grpc.aio.Channel, requests: list[rtc_pb2.Request], replies: int
) -> list[rtc_pb2.Reply]:
    """Send all at once, read that many replies, hang up."""

    async def send() -> AsyncIterator[rtc_pb2.Request]:
        for request in requests:
            yield request
        await asyncio.Event().wait()

    call = rtc_pb2_grpc.RTCStub(channel).Signal(send())
    try:
        return [await asyncio.wait_for(call.read(), 5) for _ in range(replies)]
    finally:
        call.cancel()


REFUSED_JOINS = {
    "no description": rtc_pb2.Request(join=rtc_pb2.JoinRequest(sid="room", uid="u")),
    "empty": join(""),
    "garbage": join("garbage"),
    "no media": join("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"),
    "bad m-line": join(FIXED_OFFER.replace("m=audio 9", "m=audio nine")),
    "bad kind": join(FIXED_OFFER.replace("m=audio", "m=smell")),
    "bad rtpmap": join(FIXED_OFFER.replace("rtpmap:111 opus/48000/2", "rtpmap:111 opus")),
    "300 sections": join(FIXED_OFFER + FIXED_OFFER[FIXED_OFFER.index("m=") :] * 300),
    "a megabyte": join(FIXED_OFFER + "a=x\r\n" * 100_000),
    "wrong type": rtc_pb2.Request(
        join=rtc_pb2.JoinRequest(
            sid="room",
            uid="u",
            description=rtc_pb2.SessionDescription(type="answer", sdp=FIXED_OFFER),
        )
    ),
    "empty sid": join(sid=""),
    "empty uid": join(uid=""),
    "long uid": join(uid="u" * 1000),
    "no credentials": join(SENDING.replace("a=ice-pwd", "a=x-pwd")),
    "no fingerprint": join(SENDING.replace("a=fingerprint", "a=x")),
    "other rids": join(
        SENDING.replace("audio", "video").replace("opus/48000/2", "VP8/90000")
        + "a=rid:low send\r\na=simulcast:send low\r\n"
    ),
    "sends despite NoPublish": join(SENDING, config={"NoPublish": "true"}),
}


@pytest.mark.parametrize("name", REFUSED_JOINS)
async def test_refused_join(sfu: Sfu, channel: grpc.aio.Channel, name: str) -> None:
    [refused, joined] = await talk(channel, [REFUSED_JOINS[name], join()], 2)
    assert not refused.join.success and refused.join.error.reason
    assert joined.join.success, "the stream lives on"
    await serves(sfu, channel)


REFUSED_FIRST = {
    "empty request": rtc_pb2.Request(),
    "subscription before join": subscription(),
    "trickle before join": trickle("{}"),
    "offer before join": description("offer", FIXED_OFFER),
    "answer before join": description("answer", FIXED_OFFER),
}


@pytest.mark.parametrize("name", REFUSED_FIRST)
async def test_refused_before_join(sfu: Sfu, channel: grpc.aio.Channel, name: str) -> None:
    [refused, joined] = await talk(channel, [REFUSED_FIRST[name], join()], 2)
    assert error_of(refused).reason
    assert joined.join.success
    await serves(sfu, channel)


REFUSED_LATER = {
    "second join": join(),
    "garbage offer": description("offer", "garbage"),
    "answer not asked for": description("answer", FIXED_OFFER),
    "unknown type": description("pranswer", FIXED_OFFER),
    "candidate that is not JSON": trickle("candidate:1"),
    "candidate of another shape": trickle("[1]"),
    "deep JSON": trickle("[" * 4000),
    "subscription to nothing": subscription(),
    "subscription to a strange layer": subscription(layer="ultra"),
}


@pytest.mark.parametrize("name", REFUSED_LATER)
async def test_refused_after_join(sfu: Sfu, channel: grpc.aio.Channel, name: str) -> None:
    again = description("offer", FIXED_OFFER)
    replies = await talk(channel, [join(), REFUSED_LATER[name], again], 3)
    assert replies[0].join.success
    assert error_of(replies[1]).reason
    assert replies[2].description.type == "answer", "the stream lives on"
    await serves(sfu, channel)


@pytest.mark.parametrize("key", ["NoPublish", "NoSubscribe", "NoAutoSubscribe"])
async def test_config_keys_hurt_nobody(sfu: Sfu, channel: grpc.aio.Channel, key: str) -> None:
    [one] = await talk(channel, [join(config={key: "true"})], 1)
    assert one.join.success
    [two] = await talk(channel, [join(uid="other")], 1)
    assert two.join.success
    await serves(sfu, channel)


async def test_a_uid_is_taken_while_its_peer_lives(channel: grpc.aio.Channel, sfu: Sfu) -> None:
    call = rtc_pb2_grpc.RTCStub(channel).Signal()
    await call.write(join())
    assert (await call.read()).join.success
    [refused] = await talk(channel, [join()], 1)
    assert "uid" in refused.join.error.reason
    call.cancel()
    await serves(sfu, channel)
    [joined] = await talk(channel, [join()], 1)
    assert joined.join.success


async def test_a_viewers_fixed_offer_makes_no_transport(
    channel: grpc.aio.Channel, sfu: Sfu
) -> None:
    call = rtc_pb2_grpc.RTCStub(channel).Signal()
    await call.write(join())
    answer = (await call.read()).join.description
    assert "a=inactive" in answer.sdp and "a=sendrecv" not in answer.sdp
    assert len(sfu.endpoint.associations) == 0
    call.cancel()


async def test_a_publisher_that_never_comes_is_told_nowhere(
    channel: grpc.aio.Channel, sfu: Sfu
) -> None:
    viewer = rtc_pb2_grpc.RTCStub(channel).Signal()
    await viewer.write(join(uid="viewer"))
    assert (await viewer.read()).join.success
    [joined] = await talk(channel, [join(SENDING)], 1)
    assert "a=recvonly" in joined.join.description.sdp
    viewer.cancel()
    await serves(sfu, channel)


async def test_150_streams_end_abruptly(sfu: Sfu, channel: grpc.aio.Channel) -> None:
    joins = (talk(channel, [join(SENDING, uid=f"u{n}")], 1) for n in range(150))
    replies = [reply for [reply] in await asyncio.gather(*joins)]
    # The room takes 16 publishers at a time, and says so.
    assert any(reply.join.success for reply in replies)
    await serves(sfu, channel)


async def test_bytes_that_are_no_protobuf(sfu: Sfu, channel: grpc.aio.Channel) -> None:
    call = channel.stream_stream("/rtc.RTC/Signal")(iter([b"\xff\xff\xff\xff"]))
    with contextlib.suppress(grpc.aio.AioRpcError):
        assert await call.read() is grpc.aio.EOF, "nothing is answered to it"
    await serves(sfu, channel)


def error_of(reply: rtc_pb2.Reply) -> rtc_pb2.Error:
    match reply.WhichOneof("payload"):
        case "join":
            return reply.join.error
        case "subscription":
            return reply.subscription.error
        case _:
            return reply.error


async def serves(sfu: Sfu, channel: grpc.aio.Channel) -> None:
    """Healthy, and nothing of the peer is left."""
    health = health_pb2_grpc.HealthStub(channel)
    reply = await health.Check(health_pb2.HealthCheckRequest(service=""), timeout=5)
    assert reply.status == health_pb2.HealthCheckResponse.SERVING
    for _ in range(100):
        node = (await stats_pb2_grpc.StatsStub(channel).Get(stats_pb2.StatsRequest())).node
        if not (node.peers or node.rooms or node.transports):
            break
        await asyncio.sleep(0.05)
    assert (node.peers, node.rooms, node.transports) == (0, 0, 0)
    assert sfu.endpoint.counters.internal_errors == 0
