"""The publisher against a server of a few lines: what it says, and what it makes of answers."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.rtmp.publisher import (
    Closed,
    Event,
    Publisher,
    Ready,
    Refused,
    RtmpError,
    build_media,
)
from bridge.rtmp.target import Target
from playback.rtmp import amf0, chunks
from playback.rtmp.chunks import ChunkReader, Message, build_message
from tests.effort import some

TARGET = Target("a.example", 1935, "out", "play_abc")


class Server:
    """Reads what the publisher says; answers what it is told."""

    def __init__(self) -> None:
        self.publisher = Publisher(TARGET)
        self.reader = ChunkReader()
        first = self.publisher.start()
        assert first[0] == 3
        assert len(first) == 1537
        self.publisher.receive(b"\x03" + os.urandom(1536) + os.urandom(1536))
        said = self.publisher.take_outgoing()
        self.said = self.reader.feed(said[1536:])

    def tell(self, *values: object, kind: int = chunks.COMMAND) -> list[Event]:
        return self.give(build_message(kind, amf0.encode(*values)))

    def give(self, data: bytes) -> list[Event]:
        events = self.publisher.receive(data)
        self.said = self.reader.feed(self.publisher.take_outgoing())
        return events

    def commands(self) -> list[list[object]]:
        return [amf0.decode(one.body) for one in self.said if one.kind == chunks.COMMAND]

    def to_publish(self) -> None:
        self.tell("_result", 1, {}, {"code": "NetConnection.Connect.Success"})
        self.tell("_result", 4, None, 1)


def status(code: str, level: str = "status") -> tuple[object, ...]:
    return ("onStatus", 0, None, {"level": level, "code": code, "description": "why"})


def test_a_stream_is_opened_in_the_order_of_encoders() -> None:
    server = Server()
    [[name, _, values]] = server.commands()
    assert name == "connect"
    assert isinstance(values, dict)
    assert (values["app"], values["tcUrl"]) == ("out", "rtmp://a.example/out")
    server.tell("_result", 1, {}, {"code": "NetConnection.Connect.Success"})
    assert [one[0] for one in server.commands()] == ["releaseStream", "FCPublish", "createStream"]
    server.tell("_error", 2, None, {"code": "NetStream.No"})  # a courtesy: no matter
    server.tell("_result", 4, None, 1)
    assert server.commands() == [["publish", 5.0, None, "play_abc", "live"]]
    assert server.tell(*status("NetStream.Publish.Start")) == [Ready()]
    assert server.publisher.ready
    server.give(b"")
    for message in server.reader.feed(server.publisher.end()):
        assert message.kind == chunks.COMMAND


def test_a_name_that_is_taken() -> None:
    server = Server()
    server.to_publish()
    [event] = server.tell(*status("NetStream.Publish.BadName", "error"))
    assert event == Refused("NetStream.Publish.BadName", "why")


def test_refused_at_connect_and_closed_later() -> None:
    server = Server()
    [event] = server.tell("_error", 1, None, {"code": "NetConnection.Connect.Rejected"})
    assert isinstance(event, Refused)
    server = Server()
    server.to_publish()
    server.tell(*status("NetStream.Publish.Start"))
    [ended] = server.tell(*status("NetStream.Unpublish.Success"))
    assert ended == Closed("NetStream.Unpublish.Success")


def test_pings_are_answered_and_bytes_acknowledged() -> None:
    server = Server()
    server.give(build_message(chunks.USER_CONTROL, b"\0\6abcd"))
    assert [one.body for one in server.said] == [b"\0\7abcd"]
    server.give(build_message(chunks.WINDOW_SIZE, (10_000).to_bytes(4)))
    server.give(build_message(chunks.DATA, bytes(6_000)))
    assert [one.kind for one in server.said] == [chunks.ACKNOWLEDGEMENT]


@pytest.mark.parametrize("timestamp_ms", [0, 0xFFFFFE, 0xFFFFFF, 2**32 - 1, 2**32 + 5])
@pytest.mark.parametrize("size", [1, 60_000, 60_001, 500_000])
def test_media_survives_chunking(timestamp_ms: int, size: int) -> None:
    body = os.urandom(size)
    reader = ChunkReader()
    reader.feed(build_message(chunks.SET_CHUNK_SIZE, (60_000).to_bytes(4)))
    told = build_media(9, timestamp_ms, body, 1) * 2
    assert reader.feed(told) == [Message(9, 1, timestamp_ms % 2**32, body)] * 2


@some
@given(st.lists(st.binary(max_size=200), max_size=20))
def test_garbage_is_one_error_at_most(pieces: list[bytes]) -> None:
    server = Server()
    try:
        for piece in pieces:
            server.publisher.receive(piece)
            server.publisher.take_outgoing()
    except RtmpError:
        pass
