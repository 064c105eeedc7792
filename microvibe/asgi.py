"""The ASGI application: HTTP to Django, WebSocket to the signalling consumer."""

import os
from typing import Any

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microvibe.settings")
http_application = get_asgi_application()

from live.process import process  # noqa: E402  (apps must be loaded first)
from live.signalling.routing import websocket_application  # noqa: E402

router = ProtocolTypeRouter({"http": http_application, "websocket": websocket_application})


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """daphne has no lifespan: the first connection or request starts the process's own parts."""
    await process()
    await router(scope, receive, send)
