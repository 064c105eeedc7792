"""Each row of "what kills or jams an Ion node" that signalling can carry: nothing of it arrives.

The SFU here is a real gRPC server that records all it gets; what was measured against a real node
stands in the ids.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sfu_relay.events import Answered, Offered, Refused, Role, Target
from tests.fakes.captured_sdp import captured, with_line_after, with_line_replaced
from tests.fakes.scripted_sfu import until
from tests.integration.sfu_relay.conftest import Browser, Stage

OFFER = captured("publisher-h264-simulcast")
H264 = captured("publisher-h264")
SFU_OFFER = captured("sfu-offer")
ANSWER = captured("viewer-answer")
HOST = "candidate:1 1 udp 2130706431 192.0.2.7 50000 typ host"
GOOD = {"candidate": HOST, "sdpMid": "0", "sdpMLineIndex": 0}

Attempt = Callable[[Browser], None]


def offer(sdp: str) -> Attempt:
    return lambda browser: browser.peer.offer(sdp, {})


def answer(sdp: str, offer_id: int | None = 1) -> Attempt:
    return lambda browser: browser.peer.answer(sdp, offer_id)


def candidate(text: object) -> Attempt:
    target = {Role.PUBLISHER: Target.PUBLISHER, Role.SUBSCRIBER: Target.SUBSCRIBER}
    return lambda browser: browser.peer.candidate(
        {"candidate": text, "sdpMid": "0", "sdpMLineIndex": 0}, target[browser.peer.role]
    )


BAD_OFFERS = {
    "empty: the peer leaks as a ghost": "",
    "garbage: ghost": "v=0 garbage",
    "no media sections: ghost": H264.split("m=")[0],
    "a data channel alone": captured("data-channel-only"),
    "bad extmap: ghost": with_line_after(H264, "a=mid:0", "a=extmap:x urn:y"),
    "bad rtpmap: ghost": with_line_replaced(H264, "a=rtpmap:111", "a=rtpmap:111 opus"),
    "bad m-line: ghost": with_line_replaced(H264, "m=video", "m=video x UDP/TLS/RTP/SAVPF"),
    "an answer for an offer: ghost": ANSWER.replace("a=recvonly", "a=inactive").split("m=")[0],
    "rids that are not q, h, f: sound only": OFFER.replace("a=rid:h", "a=rid:mid").replace(
        "f;h;q", "f;mid;q"
    ),
    "3 MB": H264 + "a=x\r\n" * 600_000,
    "300 sections": H264 + H264[H264.index("m=video") :] * 300,
}


@pytest.mark.parametrize("name", BAD_OFFERS)
async def test_a_bad_join_never_opens_a_stream(stage: Stage, name: str) -> None:
    publisher = stage.open(Role.PUBLISHER)
    publisher.peer.offer(BAD_OFFERS[name], {})
    assert (await publisher.hears(Refused)).code == "bad_sdp"
    assert publisher.peer.alive
    publisher.peer.offer(H264, {})  # and the peer is still good for an honest one
    await publisher.hears(Answered)
    assert len(stage.sfu.streams) == 1
    assert stage.sfu.streams[0].kinds() == ["join"]


@pytest.mark.parametrize("name", BAD_OFFERS)
async def test_a_bad_later_offer_is_not_passed_on(stage: Stage, name: str) -> None:
    publisher = stage.open(Role.PUBLISHER)
    publisher.peer.offer(H264, {})
    await publisher.hears(Answered)
    publisher.peer.offer(BAD_OFFERS[name], {})
    assert (await publisher.hears(Refused)).code == "bad_sdp"
    await only_good_things_arrive(stage, publisher)


PUBLISHER_ATTEMPTS: dict[str, tuple[Attempt, str]] = {
    "answer not asked for: ghost": (answer(ANSWER), "wrong_order"),
    "subscription by who receives nothing: process dies": (
        lambda browser: browser.peer.layer("cam", "h"),
        "wrong_order",
    ),
    "candidate of garbage: ghost": (candidate("garbage"), "bad_candidate"),
    "candidate with a host name: ghost": (
        candidate(HOST.replace("192.0.2.7", "intranet")),
        "bad_candidate",
    ),
    "candidate with a bad port: ghost": (candidate(HOST.replace("50000", "0")), "bad_candidate"),
    "candidate that is no text": (candidate({"x": 1}), "bad_candidate"),
}


@pytest.mark.parametrize("name", PUBLISHER_ATTEMPTS)
async def test_what_a_publisher_may_not_send(stage: Stage, name: str) -> None:
    publisher = stage.open(Role.PUBLISHER)
    publisher.peer.offer(H264, {})
    await publisher.hears(Answered)
    attempt, code = PUBLISHER_ATTEMPTS[name]
    attempt(publisher)
    assert (await publisher.hears(Refused)).code == code
    await only_good_things_arrive(stage, publisher)


async def only_good_things_arrive(stage: Stage, publisher: Browser) -> None:
    """What is sent after the attempt arrives right behind the join: so nothing came between."""
    publisher.peer.candidate(GOOD, Target.PUBLISHER)
    stream = await stage.stream(publisher.peer.session_id)
    await until(lambda: len(stream.received) >= 2, "the honest candidate")
    assert stream.kinds() == ["join", "trickle"]
    assert not stream.over


VIEWER_ATTEMPTS: dict[str, tuple[Attempt, str]] = {
    "offer by a viewer: media in the room": (offer(H264), "wrong_role"),
    "answer of garbage: ghost": (answer("garbage"), "bad_sdp"),
    "answer that is empty: ghost": (answer(""), "bad_sdp"),
    "answer that sends": (answer(ANSWER.replace("a=recvonly", "a=sendrecv")), "sends_media"),
    "answer that sends by silence": (answer(ANSWER.replace("a=recvonly\r\n", "")), "sends_media"),
    "answer to another offer": (answer(ANSWER, 7), "wrong_order"),
    "answer without its sections": (answer(ANSWER.split("m=video")[0]), "bad_sdp"),
    "subscription before anything is received": (
        lambda browser: browser.peer.layer("cam", "h"),
        "wrong_order",
    ),
    "candidate for a transport it lacks": (
        lambda browser: browser.peer.candidate(GOOD, Target.PUBLISHER),
        "wrong_order",
    ),
    "candidate of garbage: ghost": (candidate("garbage"), "bad_candidate"),
}


@pytest.mark.parametrize("name", VIEWER_ATTEMPTS)
async def test_what_a_viewer_may_not_send(stage: Stage, name: str) -> None:
    viewer = stage.open()
    stream = await stage.stream("sess_1")
    stream.say_offer(SFU_OFFER)
    await viewer.hears(Offered)
    attempt, code = VIEWER_ATTEMPTS[name]
    attempt(viewer)
    assert (await viewer.hears(Refused)).code == code
    viewer.peer.answer(ANSWER, 1)
    await until(lambda: len(stream.received) >= 2, "the honest answer")
    assert stream.kinds() == ["join", "description"]
    viewer.peer.answer(ANSWER, 1)  # doubled: the stream would end and the peer leak
    assert (await viewer.hears(Refused, 2)).code == "wrong_order"
    assert stream.kinds() == ["join", "description"]
    assert not stream.over


async def test_audio_nack_is_taken_out_of_every_sdp(stage: Stage) -> None:
    """One lost sound packet later the process would be dead."""
    publisher, viewer = stage.open(Role.PUBLISHER, name="p"), stage.open(name="v")
    nack = "a=rtcp-fb:111 nack"
    publisher.peer.offer(with_line_after(H264, "a=rtpmap:111 ", nack), {})
    await publisher.hears(Answered)
    stream = await stage.stream("v")
    stream.say_offer(SFU_OFFER)
    await viewer.hears(Offered)
    viewer.peer.answer(with_line_after(ANSWER, "a=rtpmap:111 ", nack), 1)
    await until(lambda: len(stream.received) == 2, "the answer")
    join = (await stage.stream("p")).received[0].join.description.sdp
    for sdp in (join, stream.received[1].description.sdp):
        assert "nack" not in sdp.split("m=video")[0]


async def test_a_viewers_join_is_the_relays_own_whatever_comes_first(stage: Stage) -> None:
    """Candidates and subscriptions before the join reply are what kills or jams a node."""
    viewer = stage.open()
    viewer.peer.layer("cam", "h")
    viewer.peer.candidate(GOOD, Target.SUBSCRIBER)
    stream = await stage.stream("sess_1")
    await until(lambda: len(stream.received) == 2, "join, then the candidate")
    assert stream.kinds() == ["join", "trickle"]
    assert stream.received[0].join.description.type == "offer"
    assert "a=inactive" in stream.received[0].join.description.sdp
