"""Restreaming from one real nginx into another: down and up, refused, not into our own network."""

from __future__ import annotations

import asyncio
import contextlib
import io
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from bridge.child import restream
from bridge.child.spec import Spec
from bridge.child.work import Work
from bridge.rtmp import connection
from bridge.rtmp.outlet import OutState
from ingest.nginx import Nginx, find_nginx
from tests.integration.bridge.test_rtmp_publisher import until
from tests.integration.playback.conftest import free_ports
from tests.integration.playback.rig import Rig

pytestmark = pytest.mark.media
PLAY_ID = "play_restream0"


@pytest.fixture
def platform(tmp_path: Path, encoded: Path, rig: Rig) -> Iterator[Rig]:
    """The other one; `rig` stands for the need of nginx."""
    nginx = find_nginx()
    assert isinstance(nginx, Nginx)
    folder = tmp_path / "platform"
    folder.mkdir()
    one = Rig(folder, encoded, nginx, free_ports(5))
    try:
        one.start_playback()
        one.start_nginx()
        yield one
    finally:
        one.close()
        shutil.rmtree(folder, ignore_errors=True)


class Said:
    """What a work reports, as its manager would hear it."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.figures: dict[str, Any] = {}

    def __call__(
        self,
        state: str,
        reason: str = "",
        *,
        needs: str = "",
        session_id: str | None = None,
        figures: Any = None,
    ) -> None:
        if not self.said or self.said[-1] != (state, reason):
            self.said.append((state, reason))
        self.figures = figures or self.figures

    def is_(self, state: str, reason: str = "") -> bool:
        return bool(self.said) and self.said[-1] == (state, reason)

    @contextlib.asynccontextmanager
    async def running(self, work: Work) -> AsyncIterator[None]:
        task = asyncio.create_task(work.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await work.close()


def spec_for(rig: Rig, url: str, *, private_ok: bool = True) -> Spec:
    spec = Spec(
        kind="restream",
        room_id="room_a",
        play_id=PLAY_ID,
        run_id="run",
        rtmp_out_port=rig.rtmp_port,
        url=url,
        private_ok=private_ok,
    )
    assert "s3cret" not in repr(spec)
    return spec


def pictures_of(platform: Rig, name: str) -> int:
    viewer = platform.watch(name)
    viewer.read_until(30_000)
    data = viewer.read(1.0)
    viewer.close()
    with av.open(io.BytesIO(data), format="flv") as flv:
        return sum(1 for _ in flv.decode(video=0))


async def test_arrives_and_goes_on_after_the_platform_was_away(rig: Rig, platform: Rig) -> None:
    name = "play_s3cret"
    platform.mark(name)
    said = Said()
    spec = spec_for(rig, f"rtmp://127.0.0.1:{platform.rtmp_port}/out/{name}")
    async with said.running(restream.make(spec, said)):
        await until("nothing to send yet", lambda: said.is_("waiting", "no_source"))
        encoder = await asyncio.to_thread(rig.push, "low", PLAY_ID)
        await until("it runs", lambda: said.is_("running"))
        assert await asyncio.to_thread(pictures_of, platform, name) > 20
        platform.kill_nginx()
        await until("it says that nobody is there", lambda: said.said[-1][0] == "waiting")
        platform.start_nginx()
        began = time.monotonic()
        await until("it goes on", lambda: said.is_("running"), 40)
        print(f"resumed {time.monotonic() - began:.1f} s after the platform was back")
        assert await asyncio.to_thread(pictures_of, platform, name) > 20
        assert said.figures["connects"] == 2
        rig.stop(encoder)
        await until("the source is gone", lambda: said.is_("waiting", "no_source"))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_does_not_knock_inside_of_our_own_network(rig: Rig, host: str) -> None:
    said = Said()
    spec = spec_for(rig, f"rtmp://{host}:{rig.rtmp_port}/out/x", private_ok=False)
    async with said.running(restream.make(spec, said)):
        await until("it is refused", lambda: said.is_("waiting", "private_address"))
    assert not said.figures


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("10.1.2.3", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("::ffff:10.0.0.1", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("2002:7f00:1::", False),  # 6to4 of 127.0.0.1
        ("64:ff9b::a9fe:a9fe", False),  # NAT64 of 169.254.169.254
        ("64:ff9b::5db8:d822", True),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert restream.is_public(address) is public


async def test_a_name_that_stands_for_another_address_later_is_looked_at_again(
    rig: Rig, platform: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: public while it is looked at first, loopback when it is connected to."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["93.184.216.34"] if len(asked) == 1 else ["127.0.0.1"]

    monkeypatch.setattr(restream, "resolve", resolve)
    monkeypatch.setattr(connection, "resolve", resolve)
    said = Said()
    # The system's own resolver says loopback all the time.
    url = f"rtmp://localhost:{platform.rtmp_port}/out/play_x"
    async with said.running(restream.make(spec_for(rig, url, private_ok=False), said)):
        encoder = await asyncio.to_thread(rig.push, "low", PLAY_ID)
        await until("it is refused", lambda: said.is_("waiting", "private_address"))
        assert not said.figures["connects"]
        rig.stop(encoder)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]"])
async def test_never_sends_into_our_own_out(rig: Rig, host: str) -> None:
    """Where everybody's broadcasts are, by names that everybody knows: no setting allows it."""
    said = Said()
    spec = spec_for(rig, f"rtmp://{host}:{rig.rtmp_port}/out/play_of_somebody", private_ok=True)
    async with said.running(restream.make(spec, said)):
        await until("it is refused", lambda: said.is_("waiting", "private_address"))


async def test_a_server_that_repeats_the_key_does_not_tell_it_to_staff(rig: Rig) -> None:
    said = Said()
    work = restream.make(spec_for(rig, "rtmp://example.org/app/s3cret?a=1"), said)
    assert isinstance(work, restream.Restream)
    for detail in ("s3cret is no key", "s3cret?a=1 is no key"):
        work._out_changed(OutState(False, "refused", detail))
        work._in.comes = True
        work._tell()
        assert "s3cret" not in str(said.figures)
        assert "is no key" in said.figures["detail"]
