"""`python -m playback`: HTTP-FLV of what nginx has, and what it measures of it (docs/ingest.md)."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import resource
import signal
import sys

from playback.answers import Answers
from playback.config import Config, ConfigError, read_config
from playback.server import SPARE_CONNECTIONS, Connections, listen
from playback.streams import Streams


async def run(config: Config) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    streams = Streams(config.media_dir, "127.0.0.1", config.rtmp_out_port)
    connections = Connections(config.max_viewers + SPARE_CONNECTIONS)
    server = await listen(config.flv_port, Answers(config, streams), connections)
    sweeping = asyncio.create_task(streams.run())
    gc.freeze()  # what is loaded by now stays: the collector need not look at it again
    stopped = asyncio.create_task(stopping.wait())
    await asyncio.wait({sweeping, stopped}, return_when=asyncio.FIRST_COMPLETED)
    server.close()
    for task in (sweeping, stopped):
        task.cancel()
    await asyncio.gather(sweeping, stopped, return_exceptions=True)
    await streams.close()
    for connection in tuple(connections.open):
        connection.close()
    if not sweeping.cancelled():
        sweeping.result()  # it failed, which it never should: end with its traceback


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stderr)
    try:
        config = read_config(os.environ)
    except ConfigError as error:
        print(f"playback: {error}", file=sys.stderr)
        return 2
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        asyncio.run(run(config))
    except OSError as error:
        print(f"playback: can't listen on 127.0.0.1:{config.flv_port}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
