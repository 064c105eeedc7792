"""Asks the app whether all its parts are up, and the other processes whether they listen."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from dataclasses import dataclass

from launcher.config import Config

ASK_EVERY_SECS = 0.1
ANSWER_SECS = 3.0


@dataclass(frozen=True)
class Answer:
    status: int
    body: str


def parse_answer(raw: bytes) -> Answer | None:
    """Status and body of an HTTP/1.1 response; None for anything else."""
    head, _, body = raw.partition(b"\r\n\r\n")
    words = head.split(b"\r\n", 1)[0].split(b" ")
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        return None
    return Answer(int(words[1]), body.decode(errors="replace"))


async def ask(config: Config) -> Answer | None:
    """The app's answer on /health/ready; None while nobody listens."""
    if config.own_nginx:  # where it stands, and with which certificate, is not ours to know
        return await ask_at("127.0.0.1", config.app_port, config, None)
    context: ssl.SSLContext | None = None
    if config.tls:
        context = ssl.create_default_context(cafile=str(config.certificate))
        context.check_hostname = False  # our own certificate is the only one trusted here
    address = "127.0.0.1" if config.on_all_addresses else config.host
    return await ask_at(address, config.port, config, context)


async def ask_at(
    address: str, port: int, config: Config, context: ssl.SSLContext | None
) -> Answer | None:
    proto = "https" if config.own_nginx else config.scheme  # else it may redirect
    request = (
        f"GET /health/ready HTTP/1.1\r\nHost: {config.asked_host}\r\n"
        f"X-Forwarded-Proto: {proto}\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
    )
    with contextlib.suppress(OSError, TimeoutError, ssl.SSLError):
        async with asyncio.timeout(ANSWER_SECS):
            reader, writer = await asyncio.open_connection(address, port, ssl=context)
            try:
                writer.write(request.encode())
                return parse_answer(await reader.read(100_000))
            finally:
                writer.close()
    return None


async def silent_parts(config: Config) -> list[str]:
    """Processes beside the app that do not listen yet."""
    if not config.behind_front:
        return []
    rtmp_host = "127.0.0.1" if config.on_all_addresses else config.host
    wanted = [("rtmp", rtmp_host, config.rtmp_port), ("playback", "127.0.0.1", config.flv_port)]
    if config.takes_pushes:
        wanted.append(("push", "127.0.0.1", config.push_port))
    return [name for name, host, port in wanted if not await listens(host, port)]


async def listens(host: str, port: int) -> bool:
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(ANSWER_SECS):
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            return True
    return False


async def wait_for_parts(config: Config, patience_secs: float) -> list[str]:
    """Those still silent after `patience_secs`; [] as soon as all are there."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience_secs
    while True:
        silent = await silent_parts(config)
        if not silent or loop.time() > deadline:
            return silent
        await asyncio.sleep(ASK_EVERY_SECS)


async def wait_until_ready(config: Config, patience_secs: float) -> Answer | None:
    """The first 200; after `patience_secs` whatever was heard last."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience_secs
    while True:
        answer = await ask(config)
        if (answer and answer.status == 200) or loop.time() > deadline:
            return answer
        await asyncio.sleep(ASK_EVERY_SECS)
