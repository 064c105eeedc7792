"""The ASGI application: HTTP to Django, WebSocket to the signalling consumer."""

import asyncio
import os
import sys
from typing import Any

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microvibe.settings")
http_application = get_asgi_application()

from microvibe.checks import refuse_bad_settings  # noqa: E402  (apps must be loaded first)

refuse_bad_settings()

from live.process import close_process, process  # noqa: E402  (apps must be loaded first)
from live.signalling.routing import websocket_application  # noqa: E402

router = ProtocolTypeRouter({"http": http_application, "websocket": websocket_application})
CLOSE_SECS = 2.0
_closes_before_stop = False


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """daphne has no lifespan: the first connection or request starts the process's own parts."""
    _close_before_stop()
    await process()
    await router(scope, receive, send)


def _close_before_stop() -> None:
    """Browsers are told 4503 and peers leave the SFU in order when daphne's reactor stops."""
    global _closes_before_stop
    if _closes_before_stop or "twisted.internet.reactor" not in sys.modules:
        return
    _closes_before_stop = True
    from twisted.internet import defer, reactor
    from twisted.web import http

    http.RESPONSES.setdefault(422, b"Unprocessable Content")
    http.RESPONSES.setdefault(429, b"Too Many Requests")  # else it says "Unknown Status"

    def close() -> defer.Deferred[None]:
        closing = asyncio.ensure_future(asyncio.wait_for(close_process(), CLOSE_SECS))
        return defer.Deferred.fromFuture(closing)

    reactor.addSystemEventTrigger("before", "shutdown", close)  # type: ignore[arg-type]
