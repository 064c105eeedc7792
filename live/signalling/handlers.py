"""Which handler carries out which message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from live.process import Process
from live.signalling import media_messages, people_messages, schema
from live.signalling.connection import Connection

Handler = Callable[[Process, Connection, Any], Awaitable[None]]

HANDLERS: Final[dict[type[schema.Message], Handler]] = {
    schema.Join: media_messages.got_join,
    schema.Offer: media_messages.got_offer,
    schema.Answer: media_messages.got_answer,
    schema.Ice: media_messages.got_ice,
    schema.Leave: media_messages.got_leave,
    schema.Layer: media_messages.got_layer,
    schema.Report: media_messages.got_report,
    schema.Chat: people_messages.got_chat,
    schema.Like: people_messages.got_like,
    schema.Gift: people_messages.got_gift,
    schema.Ping: people_messages.got_ping,
}
