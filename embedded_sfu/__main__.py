"""`python -m embedded_sfu`: run until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys

from .config import parse_config
from .service import Sfu

log = logging.getLogger("embedded_sfu")


async def run(sfu: Sfu) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await sfu.start()
    # What was made so far lives as long as the process: the collector need not walk it again.
    gc.collect()
    gc.freeze()
    config = sfu.config
    log.info(
        "serving gRPC on %s:%d, media on UDP %d of %s",
        config.grpc_host,
        sfu.grpc_port,
        sfu.endpoint.port,
        ", ".join(config.addresses),
    )
    await stopped.wait()
    await sfu.stop()


def main() -> int:
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    config = parse_config(sys.argv[1:], os.environ)
    try:
        asyncio.run(run(Sfu(config)))
    except (OSError, RuntimeError) as error:
        log.error("can't start: %s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
