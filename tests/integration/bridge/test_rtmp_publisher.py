"""Outlets into a real nginx: taken names, a crash of nginx, a server that stands still."""

from __future__ import annotations

import asyncio
import datetime
import io
import ssl
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import av
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bridge.rtmp.backlog import Tag
from bridge.rtmp.outlet import Outlet, OutState
from bridge.rtmp.target import Target
from tests.integration.playback.rig import Rig, Viewer, encode

pytestmark = pytest.mark.media
PLAY_ID = "play_outlet000"


def tags_of(path: Path) -> list[Tag]:
    """All tags of an FLV file but the metadata."""
    data = path.read_bytes()
    tags = []
    at = 13
    while at + 11 <= len(data):
        size = int.from_bytes(data[at + 1 : at + 4])
        stamp = int.from_bytes(data[at + 4 : at + 7]) | data[at + 7] << 24
        if data[at] in (8, 9):
            tags.append(Tag(data[at], stamp, data[at + 11 : at + 11 + size]))
        at += 15 + size
    return tags


class Source:
    """Puts a file's tags in their time, over and over; `keyframes_wanted` counts wishes."""

    def __init__(self, tags: list[Tag]) -> None:
        self.tags = tags
        self.keyframes_wanted = 0
        self.states: list[OutState] = []

    def outlet(self, target: Target, tls: ssl.SSLContext | None = None) -> Outlet:
        return Outlet(
            target, on_change=self.states.append, want_keyframe=self._want_keyframe, tls=tls
        )

    def _want_keyframe(self) -> None:
        self.keyframes_wanted += 1

    async def feed(self, outlet: Outlet) -> None:
        began = time.monotonic()
        base_ms = 0
        while True:
            for tag in self.tags:
                at_ms = base_ms + tag.timestamp_ms
                wait = began + at_ms / 1000 - time.monotonic()
                if wait > 0.005:
                    await asyncio.sleep(wait)
                outlet.put(Tag(tag.kind, at_ms, tag.body))
            base_ms += self.tags[-1].timestamp_ms + 33


@pytest.fixture
async def feeding(encoded: Path) -> AsyncIterator[Callable[[Outlet], Source]]:
    source = Source(tags_of(encode(encoded, "low")))
    running: list[tuple[Outlet, asyncio.Task[None]]] = []
    yield_source = source

    def feed(outlet: Outlet) -> Source:
        outlet.start()
        running.append((outlet, asyncio.create_task(yield_source.feed(outlet))))
        return source

    feed.source = source  # type: ignore[attr-defined]
    yield feed
    for outlet, task in running:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await outlet.aclose()


async def until(what: str, look: Callable[[], object], within_secs: float = 20.0) -> None:
    deadline = time.monotonic() + within_secs
    while not look():
        assert time.monotonic() < deadline, f"never came: {what}"
        await asyncio.sleep(0.02)


def pictures(viewer: Viewer) -> int:
    data = viewer.read()
    if len(data) < 50_000:
        return 0
    with av.open(io.BytesIO(data), format="flv") as flv:
        return sum(1 for _ in flv.decode(video=0))


async def test_published_dropped_and_back_after_a_crash(rig: Rig, feeding) -> None:
    target = Target("127.0.0.1", rig.rtmp_port, "out", PLAY_ID)
    outlet = feeding.source.outlet(target)
    source = feeding(outlet)
    await until("the stream is taken", lambda: outlet.state.connected)
    rig.mark(PLAY_ID)
    viewer = rig.watch(PLAY_ID)
    await until("pictures", lambda: pictures(viewer) > 30)
    wanted = source.keyframes_wanted

    rig.kill_nginx()
    await until("the loss is seen", lambda: not outlet.state.connected)
    await asyncio.to_thread(rig.start_nginx)
    began = time.monotonic()
    await until("it publishes again", lambda: outlet.state.connected)
    print(f"back {time.monotonic() - began:.2f} s after nginx listens")
    after = rig.watch(PLAY_ID)
    await until("pictures again", lambda: pictures(after) > 30)
    assert source.keyframes_wanted > wanted
    assert outlet.connects == 2


async def test_a_taken_name_is_had_within_moments_once_it_is_free(rig: Rig, feeding) -> None:
    target = Target("127.0.0.1", rig.rtmp_port, "out", PLAY_ID)
    other = await asyncio.to_thread(rig.push, "low", PLAY_ID)
    await until("the other is there", lambda: "publishing" in stat(rig))
    outlet = feeding.source.outlet(target)
    source = feeding(outlet)
    await until("it is refused", lambda: outlet.state.reason == "taken")
    rig.stop(other)
    began = time.monotonic()
    await until("the name is had", lambda: outlet.state.connected)
    print(f"had {(time.monotonic() - began) * 1000:.0f} ms after it was free")
    assert [one.reason for one in source.states] == ["taken", ""]


def stat(rig: Rig) -> str:
    import urllib.request

    url = f"http://127.0.0.1:{rig.control_port}/stat"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


async def test_no_server_and_no_rtmp_server(unused_tcp_port: int, feeding) -> None:
    outlet = feeding.source.outlet(Target("127.0.0.1", unused_tcp_port, "out", "x"))
    feeding(outlet)
    await until("nobody is there", lambda: outlet.state.reason == "unreachable")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read(10_000)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", unused_tcp_port)
    await until("it is no RTMP server", lambda: outlet.state.reason == "not_rtmp")
    server.close()


async def test_by_tls_through_a_relay(rig: Rig, feeding, tmp_path: Path) -> None:
    """rtmps as the platforms have it, made of TLS in front of nginx."""
    served, trusted = certificates(tmp_path)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", rig.rtmp_port)

        async def copy(one: asyncio.StreamReader, other: asyncio.StreamWriter) -> None:
            while data := await one.read(65_536):
                other.write(data)
                await other.drain()
            other.close()

        await asyncio.gather(
            copy(reader, far_writer), copy(far_reader, writer), return_exceptions=True
        )

    server = await asyncio.start_server(relay, "127.0.0.1", 0, ssl=served)
    port = server.sockets[0].getsockname()[1]
    outlet = feeding.source.outlet(Target("127.0.0.1", port, "out", PLAY_ID, tls=True), trusted)
    feeding(outlet)
    await until("taken by TLS", lambda: outlet.state.connected)
    stranger = feeding.source.outlet(Target("127.0.0.1", port, "out", "x", tls=True))
    feeding(stranger)
    await until("an unknown certificate is refused", lambda: stranger.state.reason == "tls")
    server.close()


def certificates(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    import ipaddress

    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / "pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(pem)
    )
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(path)
    return served, ssl.create_default_context(cafile=str(path))
