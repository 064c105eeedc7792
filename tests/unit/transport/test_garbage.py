"""Whatever is thrown at the port: nothing raises, no stranger gets a reply, media goes on."""

from __future__ import annotations

import asyncio
import os
import random
import socket

from hypothesis import given
from hypothesis import strategies as st

from embedded_sfu.transport.certificate import make_identity
from embedded_sfu.transport.dtls import CIPHERTEXT_MTU, Dtls, DtlsState, make_context, split_records
from tests.effort import few
from tests.unit.transport.conftest import Bench, fingerprint, rtp_packet, until

SEED = 20261121
FIRST_BYTES = [0, 1, 3, 4, 20, 22, 23, 25, 63, 64, 100, 128, 144, 191, 192, 255]


def garbage(count: int) -> list[bytes]:
    dice = random.Random(SEED)
    datagrams = [b"", b"\x00", b"\x16", b"\x80"]
    for _ in range(count):
        size = dice.choice([1, 2, 12, 19, 20, 28, 100, 1200, 3000])
        datagrams.append(bytes((dice.choice(FIRST_BYTES),)) + dice.randbytes(size))
    return datagrams


async def test_strangers_get_no_reply(bench: Bench) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.setblocking(False)
        stranger.bind(("127.0.0.1", 0))
        for datagram in garbage(300):
            stranger.sendto(datagram, ("127.0.0.1", bench.endpoint.port))
            await asyncio.sleep(0)
        counters = bench.endpoint.counters
        await until(lambda: counters.datagrams_in == 304, "all of it to be read")
        try:
            reply = stranger.recv(2048)
        except BlockingIOError:
            reply = b""
    assert reply == b""
    assert counters.unknown_source > 100 and counters.malformed > 20


async def test_garbage_of_a_known_source_does_no_harm(bench: Bench) -> None:
    """Anybody on the way can put datagrams under a peer's source address."""
    peer, association, recorder = await bench.connected_pair()
    counters = bench.endpoint.counters
    before = counters.datagrams_in
    for datagram in garbage(300):
        peer.send_raw(datagram)
        await asyncio.sleep(0)
    await until(lambda: counters.datagrams_in >= before + 304, "all of it to be read")
    assert recorder.closed == [] and association.connected
    assert recorder.rtp == [] and recorder.rtcp == []
    assert counters.srtp_rejected > 30
    peer.send_rtp(rtp_packet(1))
    await until(lambda: recorder.rtp, "a real packet afterwards")


async def test_garbage_during_the_handshake(bench: Bench) -> None:
    peer, association, recorder = bench.pair(described=False)
    bench.call(peer, association)
    await until(lambda: bench.endpoint.counters.too_early, "the early ClientHello")
    for datagram in garbage(100):
        peer.send_raw(datagram)
    before = bench.endpoint.counters.datagrams_in
    await until(lambda: bench.endpoint.counters.datagrams_in > before + 90, "the garbage")
    bench.describe(peer, association)
    await until(lambda: recorder.connected or recorder.closed, "an end, good or bad")


IDENTITY = make_identity()
CONTEXT = make_context(IDENTITY)
PRINTS = fingerprint(IDENTITY.fingerprint)


def first_flight() -> bytes:
    client = Dtls(CONTEXT, "client", PRINTS)
    client.start()
    return client.take_outgoing()[0]


HELLO = first_flight()


@few
@given(
    st.lists(
        st.one_of(
            st.binary(min_size=1, max_size=300),
            st.tuples(st.integers(0, len(HELLO) - 1), st.integers(0, 255)).map(
                lambda turn: HELLO[: turn[0]] + bytes((turn[1],)) + HELLO[turn[0] + 1 :]
            ),
        ),
        max_size=6,
    )
)
def test_no_datagram_raises_out_of_dtls(datagrams: list[bytes]) -> None:
    server = Dtls(CONTEXT, "server", PRINTS)
    for datagram in datagrams:
        server.got_datagram(datagram)
        assert all(len(each) <= CIPHERTEXT_MTU for each in server.take_outgoing())
        server.timeout_secs()
    assert server.state is not DtlsState.CONNECTED
    server.close()
    server.got_datagram(b"\x16")


@few
@given(st.binary(max_size=4000))
def test_records_are_never_lost_in_splitting(data: bytes) -> None:
    assert b"".join(split_records(data)) == data


def test_split_at_record_borders() -> None:
    def record(size: int) -> bytes:
        return b"\x16\xfe\xfd" + bytes(8) + size.to_bytes(2, "big") + os.urandom(size)

    records = [record(600), record(520), record(60), record(1100), record(1), record(1)]
    assert split_records(b"".join(records)) == [
        records[0] + records[1],
        records[2] + records[3] + records[4],  # 1,200 bytes to the byte
        records[5],
    ]


def test_handshake_over_datagrams_that_fit_the_path() -> None:
    client, server = Dtls(CONTEXT, "client", PRINTS), Dtls(CONTEXT, "server", PRINTS)
    client.start()
    for _ in range(6):
        for one, other in ((client, server), (server, client)):
            for datagram in one.take_outgoing():
                assert len(datagram) <= CIPHERTEXT_MTU
                other.got_datagram(datagram)
    assert client.state is server.state is DtlsState.CONNECTED
    assert client.keys is not None and server.keys is not None
    assert (client.keys.local, client.keys.remote) == (server.keys.remote, server.keys.local)
    assert client.keys.profile == "gcm"
    assert client.keys.local.hex() not in repr(client.keys)


def test_lost_flights_are_repeated() -> None:
    client, server = Dtls(CONTEXT, "client", PRINTS), Dtls(CONTEXT, "server", PRINTS)
    client.start()
    assert client.take_outgoing(), "the first flight, which gets lost"
    timeout_secs = client.timeout_secs()
    assert timeout_secs is not None and 0 < timeout_secs <= 1.0
    assert server.timeout_secs() is None
    client.got_timeout()  # too early: nothing happens
    assert client.take_outgoing() == []
