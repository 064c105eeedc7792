"""The transport against a real client: handshake, media both ways, roaming, consent, ends."""

from __future__ import annotations

import asyncio
import socket
import weakref

import pytest

from embedded_sfu.transport import association as association_module
from embedded_sfu.transport import in_place, srtp
from embedded_sfu.transport.endpoint import Endpoint, EndpointFull
from embedded_sfu.wire import rtcp
from tests.fakes.webrtc_peer import WebRtcPeer
from tests.unit.transport.conftest import Bench, Clock, Recorder, fingerprint, rtp_packet, until

PLI = rtcp.build_pli(1, 2)


def send(association: object, packet: bytes, scratch: bytearray) -> bool:
    scratch[: len(packet)] = packet
    sent: bool = association.send_rtp(scratch, len(packet))  # type: ignore[attr-defined]
    return sent


@pytest.fixture(params=["in place", "public calls"])
def calls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both branches of the SRTP code."""
    if request.param == "public calls":
        monkeypatch.setattr(in_place, "AVAILABLE", False)
    else:
        assert in_place.AVAILABLE, "the binding of pylibsrtp changed: mend in_place.py"
    return str(request.param)


async def test_media_flows_both_ways(calls: str, bench: Bench) -> None:
    peer, association, recorder = await bench.connected_pair()
    assert association.connected
    assert association.remote_address == ("127.0.0.1", peer.local_port)
    assert peer.mapped_address == association.remote_address

    bench.clock.now = 2000.5
    for number in range(50):
        assert peer.send_rtp(rtp_packet(number))
    peer.send_rtcp(PLI)
    await until(lambda: len(recorder.rtp) == 50 and recorder.rtcp, "the peer's packets")
    assert recorder.rtp == [rtp_packet(number) for number in range(50)]
    # Less the time the datagram waited for us, as the kernel has it.
    assert all(2000500 - 1000 <= arrival <= 2000500 for arrival in recorder.arrivals_ms)
    assert recorder.rtcp == [PLI]

    seen: list[bytes] = []
    peer.on_rtp = peer.on_rtcp = seen.append
    scratch = bytearray(2048)
    for number in range(50):
        assert send(association, rtp_packet(number, ssrc=number % 3), scratch)
    association.send_rtcp(PLI)
    await until(lambda: len(seen) == 51, "the endpoint's packets")
    assert seen == [*(rtp_packet(number, ssrc=number % 3) for number in range(50)), PLI]
    assert recorder.closed == []


async def test_repeated_packet_and_another_buffer_are_sent(calls: str, bench: Bench) -> None:
    peer, association, _ = await bench.connected_pair()
    seen: list[bytes] = []
    peer.on_rtp = seen.append
    for number, scratch in enumerate((bytearray(2048), bytearray(1500), bytearray(1500))):
        assert send(association, rtp_packet(number), scratch)
    assert send(association, rtp_packet(7), bytearray(2048))
    assert send(association, rtp_packet(7), bytearray(2048)), "a repetition is refused"
    await until(lambda: peer.counters.srtp_rejected == 1, "the repetition to arrive")
    assert seen == [rtp_packet(number) for number in (0, 1, 2, 7)]


async def test_no_room_behind_the_packet(bench: Bench) -> None:
    """libsrtp would write its tag behind the end of the buffer."""
    _, association, _ = await bench.connected_pair()
    packet = rtp_packet(1)
    tight = bytearray(packet)
    assert not association.send_rtp(tight, len(packet))
    assert tight == packet
    assert not association.send_rtp(bytearray(2048), 5), "shorter than a header"


async def test_nothing_is_sent_before_and_after(bench: Bench) -> None:
    peer, association, _ = bench.pair()
    scratch = bytearray(2048)
    kept = association.send_rtp  # owners look it up once
    assert not kept(scratch, 100)
    association.send_rtcp(PLI)
    bench.call(peer, association)
    await until(lambda: association.connected, "the handshake")
    scratch[0] = 0x80
    assert kept(scratch, 100)
    association.close()
    assert not kept(scratch, 100)
    association.send_rtcp(PLI)


async def test_peer_may_be_the_dtls_server(bench: Bench) -> None:
    peer, association, recorder = bench.pair(described=False)
    association.set_remote(
        ufrag=peer.ufrag,
        pwd=peer.pwd,
        fingerprints=fingerprint(peer.identity.fingerprint),
        dtls_role="client",
    )
    peer.connect(
        ("127.0.0.1", bench.endpoint.port),
        ufrag=association.ufrag,
        pwd=association.pwd,
        fingerprints=fingerprint(bench.endpoint.fingerprint),
        dtls_role="server",
    )
    await until(lambda: peer.connected.is_set() and recorder.connected, "the handshake")


async def test_checks_and_client_hello_before_the_description(bench: Bench) -> None:
    """A browser calls as soon as it set its answer, which may take longer to reach us."""
    peer, association, recorder = bench.pair(described=False)
    bench.call(peer, association)
    await until(lambda: bench.endpoint.counters.too_early, "the early ClientHello")
    assert not association.connected
    bench.describe(peer, association)
    # At once, not after the client's retransmission of 1 s.
    await asyncio.wait_for(peer.connected.wait(), 0.9)
    await until(lambda: recorder.connected, "the end of the handshake")


async def test_no_nomination_needed(bench: Bench) -> None:
    peer, association, recorder = bench.pair()
    peer.nominate = False
    bench.call(peer, association)
    await until(lambda: recorder.connected, "the handshake without USE-CANDIDATE")
    assert association.send_rtp(bytearray(b"\x80" + bytes(2047)), 100)


@pytest.mark.parametrize(
    "wrong",
    [
        [("sha-256", ":".join(["AB"] * 32))],
        [("sha-1", "whatever")],
        [],
        [("sha-256", "é" * 95), ("md5", ""), ("", "")],
    ],
    ids=["other", "weak", "none", "odd"],
)
async def test_wrong_fingerprint_is_refused(bench: Bench, wrong: list[tuple[str, str]]) -> None:
    peer, association, recorder = bench.pair(described=False)
    association.set_remote(ufrag=peer.ufrag, pwd=peer.pwd, fingerprints=wrong, dtls_role="server")
    bench.call(peer, association)
    await until(lambda: recorder.closed, "the refusal")
    assert recorder.closed == ["dtls_failed"]
    assert recorder.connected == 0
    assert not association.send_rtp(bytearray(2048), 100)
    assert bench.endpoint.associations == {}


async def test_right_fingerprint_among_others(bench: Bench) -> None:
    peer, association, recorder = bench.pair(described=False)
    right = fingerprint(peer.identity.fingerprint.lower())
    association.set_remote(
        ufrag=peer.ufrag,
        pwd=peer.pwd,
        fingerprints=[("sha-512", "00"), *right],
        dtls_role="server",
    )
    bench.call(peer, association)
    await until(lambda: recorder.connected, "the handshake")


async def test_wrong_password_and_unknown_ufrag_get_no_reply(bench: Bench) -> None:
    peer, association, _ = bench.pair()
    remote = ("127.0.0.1", bench.endpoint.port)
    prints = fingerprint(bench.endpoint.fingerprint)
    peer.connect(remote, ufrag=association.ufrag, pwd="x" * 24, fingerprints=prints)
    await until(lambda: bench.endpoint.counters.stun_refused >= 2, "two refused checks")
    stranger = WebRtcPeer()
    bench.peers.append(stranger)
    stranger.connect(remote, ufrag="nobody", pwd=association.pwd, fingerprints=prints)
    await until(lambda: bench.endpoint.counters.stun_refused >= 5, "refused checks of both")
    assert peer.checks_answered == stranger.checks_answered == 0
    assert association.remote_address is None


async def test_foreign_ufrag_of_the_sender_is_refused(bench: Bench) -> None:
    peer, association, _ = bench.pair()
    peer.ufrag = "somebody-else"
    bench.call(peer, association)
    await until(lambda: bench.endpoint.counters.stun_refused >= 2, "refused checks")
    assert peer.checks_answered == 0


async def test_roaming_moves_both_directions(bench: Bench) -> None:
    peer, association, recorder = await bench.connected_pair()
    before = association.remote_address
    peer.roam()
    await until(lambda: association.remote_address != before, "the move")
    assert association.remote_address == ("127.0.0.1", peer.local_port)
    seen: list[bytes] = []
    peer.on_rtp = seen.append
    assert send(association, rtp_packet(1), bytearray(2048))
    peer.send_rtp(rtp_packet(2))
    await until(lambda: seen and recorder.rtp, "media over the new path")
    assert bench.endpoint.counters.roamed == 1
    assert recorder.connected == 1 and recorder.closed == []


async def test_unnominated_path_does_not_move(bench: Bench) -> None:
    peer, association, recorder = await bench.connected_pair()
    before = association.remote_address
    answered = peer.checks_answered
    peer.roam(nominate=False)
    await until(lambda: peer.checks_answered > answered, "an answer on the new path")
    assert association.remote_address == before
    peer.send_rtp(rtp_packet(2))  # yet what comes from a checked path is heard
    await until(lambda: recorder.rtp, "media from the new path")


async def test_paths_are_bounded(bench: Bench) -> None:
    peer, association, _ = await bench.connected_pair()
    for _ in range(3 * association_module.MAX_PATHS):
        before = association.remote_address
        peer.roam()
        await until(lambda before=before: association.remote_address != before, "the move")
    sources = bench.endpoint._sources
    assert sum(len(each) for each in sources.values()) <= association_module.MAX_PATHS


async def test_a_live_source_is_not_taken_over(bench: Bench) -> None:
    """Who has a ufrag of its own and forges a source must not turn somebody's media off."""
    peer, association, _ = await bench.connected_pair()
    _, other, other_recorder = bench.pair(described=False)
    refused = bench.endpoint.counters.stun_refused

    forger = WebRtcPeer()
    bench.peers.append(forger)
    forger.ufrag = "forger"
    forger.send_raw = peer.send_raw  # type: ignore[method-assign]
    bench.call(forger, other)
    await until(lambda: bench.endpoint.counters.stun_refused > refused, "the refusal")
    assert other.remote_address is None and not other_recorder.closed
    # A peer that crashed without a word gives its address back after a while.
    peer.go_silent()
    bench.clock.now += association_module.HOLD_SOURCE_SECS
    await until(lambda: other.remote_address is not None, "the take-over")
    assert association.connected


async def test_consent(bench: Bench) -> None:
    peer, association, recorder = await bench.connected_pair()
    silent, _, silent_recorder = await bench.connected_pair()
    silent.go_silent()
    for _ in range(3):
        bench.clock.now += association_module.CONSENT_SECS / 2
        heard = bench.endpoint.counters.rtp_in
        peer.send_rtp(rtp_packet(bench.endpoint.counters.rtp_in))
        await until(lambda heard=heard: bench.endpoint.counters.rtp_in > heard, "its packet")
        bench.endpoint.check_ages()
    assert silent_recorder.closed == ["consent_lost"]
    assert recorder.closed == [] and association.connected
    assert list(bench.endpoint.associations) == [association.ufrag]
    await until(silent.ended.is_set, "close_notify, should the silent one still listen")


async def test_one_who_never_calls_is_forgotten(bench: Bench) -> None:
    _, _, recorder = bench.pair()
    _, waiting, waiting_recorder = bench.pair(described=False)
    bench.clock.now += association_module.CONSENT_SECS
    bench.endpoint.check_ages()
    assert recorder.closed == ["consent_lost"]
    assert waiting_recorder.closed == [], "an offer without an answer is its owner's to time"
    waiting.close()
    assert waiting_recorder.closed == ["closed"]


async def test_a_handshake_that_does_not_end(bench: Bench) -> None:
    peer, association, recorder = bench.pair()
    peer.connect(
        ("127.0.0.1", bench.endpoint.port),
        ufrag=association.ufrag,
        pwd=association.pwd,
        fingerprints=[],
        dtls_role="server",  # both wait for a ClientHello
    )
    await until(lambda: peer.checks_answered, "an answered check")
    bench.clock.now += association_module.HANDSHAKE_SECS
    bench.endpoint.check_ages()
    assert recorder.closed == ["dtls_failed"]


async def test_peer_closes(bench: Bench) -> None:
    peer, association, recorder = await bench.connected_pair()
    peer.close()
    await until(lambda: recorder.closed, "close_notify")
    assert recorder.closed == ["dtls_closed"]
    association.close()
    assert recorder.closed == ["dtls_closed"], "told once"


async def test_we_close(bench: Bench) -> None:
    peer, association, recorder = await bench.connected_pair()
    association.close()
    assert recorder.closed == ["closed"]
    await asyncio.wait_for(peer.ended.wait(), 5)
    assert bench.endpoint.associations == {}


async def test_many_come_and_go_without_a_trace(bench: Bench) -> None:
    gone = []
    for _ in range(5):
        pairs = [await bench.connected_pair() for _ in range(5)]
        for index, (peer, association, _) in enumerate(pairs):
            if index % 2:
                association.close()
            peer.close()
        for _, _, recorder in pairs:
            await until(lambda recorder=recorder: recorder.closed, "the end")
        gone += [weakref.ref(recorder) for _, _, recorder in pairs]
        bench.peers.clear()
        del pairs, recorder, peer, association, _  # a loop variable keeps its last value alive
    assert bench.endpoint.associations == {}
    assert all(not each for each in bench.endpoint._sources.values())
    await until(lambda: not any(ref() for ref in gone), "every handler to be let go of")


async def test_ssrcs_are_bounded(bench: Bench) -> None:
    peer, _, recorder = await bench.connected_pair()
    for ssrc in range(srtp.MAX_SSRCS + 20):
        peer.send_rtp(rtp_packet(1, ssrc=ssrc, size=10))
    await until(lambda: bench.endpoint.counters.srtp_rejected == 20, "20 refusals")
    assert len(recorder.rtp) == srtp.MAX_SSRCS


async def test_a_raising_handler_does_not_stop_the_loop(clock: Clock) -> None:
    endpoint = Endpoint(["127.0.0.1"], 0, now=clock)
    await endpoint.start()
    bench = Bench(endpoint, clock)
    peer, _, recorder = await bench.connected_pair()
    recorder.raising = True
    peer.send_rtp(rtp_packet(1))
    await until(lambda: endpoint.counters.internal_errors == 1, "the count")
    recorder.raising = False
    peer.send_rtp(rtp_packet(2))
    await until(lambda: recorder.rtp, "the next packet")
    peer.close()
    endpoint.close()


async def test_endpoint_is_bounded() -> None:
    endpoint = Endpoint(["127.0.0.1"], 0, max_associations=2)
    first = endpoint.associate(Recorder())
    endpoint.associate(Recorder())
    with pytest.raises(EndpointFull):
        endpoint.associate(Recorder())
    first.close()
    endpoint.associate(Recorder())


async def test_one_port_on_every_address() -> None:
    endpoint = Endpoint(["127.0.0.1", "127.0.0.2", "203.0.113.5", "127.0.0.1"], 0)
    await endpoint.start()
    try:
        port = endpoint.port
        assert port != 0
        assert [candidate.split()[4:6] for candidate in endpoint.candidates()] == [
            ["127.0.0.1", str(port)],
            ["127.0.0.2", str(port)],
            ["203.0.113.5", str(port)],  # not ours (a 1:1 NAT's): announced, not bound
        ]
        priorities = [int(candidate.split()[3]) for candidate in endpoint.candidates()]
        assert priorities == sorted(priorities, reverse=True)
        for address in ("127.0.0.1", "127.0.0.2"):
            association = endpoint.associate(Recorder())
            peer = WebRtcPeer()
            association.set_remote(
                ufrag=peer.ufrag,
                pwd=peer.pwd,
                fingerprints=fingerprint(peer.identity.fingerprint),
                dtls_role="server",
            )
            peer.connect(
                (address, port),
                ufrag=association.ufrag,
                pwd=association.pwd,
                fingerprints=fingerprint(endpoint.fingerprint),
            )
            await asyncio.wait_for(peer.connected.wait(), 5)
            peer.close()
    finally:
        endpoint.close()


async def test_taken_port_and_no_address_of_ours_say_so() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(OSError, match="in use"):
            await Endpoint(["127.0.0.1"], taken.getsockname()[1]).start()
    with pytest.raises(OSError, match="this machine"):
        await Endpoint(["203.0.113.5"], 0).start()
    with pytest.raises(ValueError, match="does not appear"):
        Endpoint(["localhost"], 0)
