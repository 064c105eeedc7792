"""Real Ion nodes: the hardened one of `make ion`, and the one that was published."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType

import pytest

from sfu_relay.config import RelayConfig
from sfu_relay.relay import Relay
from tests.fakes.scripted_sfu import until
from tests.integration.ion.node import START_SECS, IonNode
from tests.integration.playback.conftest import encoded, rig, rig_without_nginx
from tests.integration.sfu_relay.conftest import no_relay_tasks

__all__ = ["encoded", "rig", "rig_without_nginx"]
BUILD = Path(__file__).resolve().parents[3] / "deploy" / "ion" / "build.py"


@pytest.fixture(scope="session")
def builder(missing_part: Callable[[str], None]) -> ModuleType:
    """deploy/ion/build.py, where there is Go."""
    spec = importlib.util.spec_from_file_location("ion_build", BUILD)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    if module.find_go() is None:
        missing_part("Go is not installed: no real Ion SFU to test against")
    return module


def build_without(builder: ModuleType, *names: str) -> Path:
    """`ION_WITHOUT=07-audio-nack` leaves that patch out as well, to see its test fail."""
    left_out = sorted({*names, *os.environ.get("ION_WITHOUT", "").split()})
    name = "-without-".join(["ion-sfu", *left_out])
    return builder.build(builder.patches(leave_out=left_out), builder.OUT / name)


@pytest.fixture(scope="session")
def hardened(builder: ModuleType) -> Path:
    return build_without(builder)


@pytest.fixture(scope="session")
def plain(builder: ModuleType) -> Path:
    return builder.build([], builder.OUT / "ion-sfu-plain")


@pytest.fixture
async def node(hardened: Path, tmp_path: Path) -> AsyncIterator[IonNode]:
    """One that must outlive whatever a test does to it."""
    one = IonNode(hardened, tmp_path)
    await one.start()
    pid = one.pid
    try:
        yield one
        assert one.is_alive and one.pid == pid, one.log()
    finally:
        await one.end()


@pytest.fixture
async def plain_node(plain: Path, tmp_path: Path) -> AsyncIterator[IonNode]:
    """One that dies of what the patches are for."""
    one = IonNode(plain, tmp_path)
    await one.start()
    try:
        yield one
    finally:
        await one.end()


def relay_config(node: IonNode, **more: object) -> RelayConfig:
    settings = {"health_interval_secs": 0.2, "video_codecs": ("H264",), **more}
    return RelayConfig(enabled=True, server_url=node.address, **settings)  # type: ignore[arg-type]


@asynccontextmanager
async def relaying(node: IonNode) -> AsyncIterator[Relay]:
    one = Relay(relay_config(node))
    try:
        await until(one.healthy, "the node to be healthy", START_SECS)
        yield one
    finally:
        await one.aclose()
        await no_relay_tasks()


@pytest.fixture
async def relay(node: IonNode) -> AsyncIterator[Relay]:
    async with relaying(node) as one:
        yield one


async def until_true(look: Callable[[], Awaitable[bool]], what: str, secs: float = 45.0) -> None:
    """As `until`, for what has to be awaited itself."""
    deadline = asyncio.get_running_loop().time() + secs
    while not await look():
        assert asyncio.get_running_loop().time() < deadline, f"waited {secs} s in vain: {what}"
        await asyncio.sleep(0.1)
