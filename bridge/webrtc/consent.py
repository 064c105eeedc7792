"""ICE consent (RFC 7675) with patience: an answer that comes late is an answer.

aioice asks every 5 s, takes what comes after 0.5 s for nothing, and closes the connection after
six of these in a row. On a busy machine, where an answer queues behind media in a socket or in an
SFU that awaits a CPU, that ended connections for good, though media flowed all the time.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import random
from typing import Any, Final

from aioice import stun

logger = logging.getLogger("bridge")
ASK_EVERY_SECS: Final = 5.0
ASK_AGAIN: Final = 2  # after 0.5 and 1.5 s; the answer to any of them counts, up to 3.5 s
# Each is 8.5 s: expired after about 34 s. Counted, since we may have stood still ourselves.
MOST_FAILURES: Final = 4


def wait_longer(connection: Any) -> None:
    """Of an aioice connection, before it connects."""
    connection.query_consent = functools.partial(_query_consent, connection)


async def _query_consent(connection: Any) -> None:
    """In the place of aioice's own."""
    failures = 0
    while failures < MOST_FAILURES:
        await asyncio.sleep(ASK_EVERY_SECS * random.uniform(0.8, 1.2))
        for pair in list(connection._nominated.values()):
            try:
                await pair.protocol.request(
                    connection.build_request(pair, nominate=False),
                    pair.remote_addr,
                    integrity_key=connection.remote_password.encode(),
                    retransmissions=ASK_AGAIN,
                )
                failures = 0
            except stun.TransactionError:
                failures += 1
    logger.warning("ICE consent expired")
    connection._query_consent_task = None  # close() would cancel us
    await connection.close()
