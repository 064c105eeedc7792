"""`python -m push`: the gateway of broadcasts by WebSocket (docs/bridge.md)."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys

from push.config import Config, ConfigError, read_config
from push.server import Gateway


async def run(config: Config) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    gateway = Gateway(config)
    server = await gateway.listen()
    await stopping.wait()
    await gateway.stop()
    server.close()
    await server.wait_closed()


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stderr)
    # It would write requests down, and their addresses hold tickets.
    logging.getLogger("websockets").setLevel(logging.CRITICAL + 1)
    try:
        config = read_config(os.environ)
    except ConfigError as error:
        print(f"push: {error}", file=sys.stderr)
        return 2
    try:
        asyncio.run(run(config))
    except OSError as error:
        print(f"push: can't listen on 127.0.0.1:{config.port}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
