"""The ASGI application: HTTP to Django, WebSocket to the signalling consumer."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microvibe.settings")
http_application = get_asgi_application()

from live.signalling.routing import websocket_application  # noqa: E402  (apps must be loaded first)

application = ProtocolTypeRouter({"http": http_application, "websocket": websocket_application})
