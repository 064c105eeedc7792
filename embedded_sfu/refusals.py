"""Requests that are not carried out: why, by code, and the reply that says so."""

from __future__ import annotations

from sfu_relay.proto import rtc_pb2

from .room import Full
from .sdp import SdpError
from .transport.endpoint import EndpointFull

BAD_REQUEST, NOT_FOUND, TIMEOUT, CONFLICT, GONE, FULL = 400, 404, 408, 409, 410, 503
NO_CODEC = 415


class Refusal(Exception):
    """A request that is not carried out; the peer lives on."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason

    def as_error(self) -> rtc_pb2.Error:
        return rtc_pb2.Error(code=self.code, reason=self.reason)


def refusal_of(error: Refusal | SdpError | Full | EndpointFull) -> Refusal:
    match error:
        case Refusal():
            return error
        case SdpError():
            return Refusal(BAD_REQUEST, str(error))
        case _:
            return Refusal(FULL, str(error))


def refusing_reply(kind: str | None, refusal: Refusal) -> rtc_pb2.Reply:
    """`kind`: the payload of the request, None for an empty one."""
    error = refusal.as_error()
    match kind:
        case "join":
            return rtc_pb2.Reply(join=rtc_pb2.JoinReply(success=False, error=error))
        case "subscription":
            return rtc_pb2.Reply(subscription=rtc_pb2.SubscriptionReply(success=False, error=error))
        case _:
            return rtc_pb2.Reply(error=error)
