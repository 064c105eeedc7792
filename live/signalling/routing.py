"""WebSocket URLs."""

from channels.routing import URLRouter
from django.urls import path, re_path

from live.signalling.consumer import NotHere, SignallingConsumer

websocket_application = URLRouter(
    [
        path("api/v1/live/ws", SignallingConsumer.as_asgi()),
        re_path(r"", NotHere.as_asgi()),
    ]
)
