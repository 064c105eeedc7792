"""The RTMP player as a state machine: bytes of a server in, events and answers out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playback.rtmp import amf0, chunks
from playback.rtmp.chunks import ChunkReader, Message, build_message
from playback.rtmp.errors import RtmpError
from playback.rtmp.player import (
    Media,
    Metadata,
    Player,
    Playing,
    PublisherGone,
    PublisherThere,
    Refused,
)
from tests.unit.playback.rtmp_bytes import HANDSHAKE, chunk, command, status


class Talk:
    """A player, and what it has said, read as its server would."""

    def __init__(self) -> None:
        self.player = Player("127.0.0.1:1936", "out", "play_abc")
        assert len(self.player.start()) == 1537
        self._reader = ChunkReader()
        self.player.receive(HANDSHAKE)
        outgoing = self.player.take_outgoing()
        assert outgoing[:1536] == HANDSHAKE[1:1537], "C2 is S1 back"
        self.said = self._reader.feed(outgoing[1536:])

    def tell(self, data: bytes) -> list[object]:
        events = self.player.receive(data)
        self.said = self._reader.feed(self.player.take_outgoing())
        return list(events)

    def commands(self) -> list[list[object]]:
        return [amf0.decode(each.body) for each in self.said if each.kind == chunks.COMMAND]


@pytest.fixture
def talk() -> Talk:
    return Talk()


def test_from_handshake_to_media(talk: Talk) -> None:
    ((name, number, settings),) = talk.commands()
    assert (name, number) == ("connect", 1.0)
    assert isinstance(settings, dict)
    assert (settings["app"], settings["tcUrl"]) == ("out", "rtmp://127.0.0.1:1936/out")

    talk.tell(command("_result", 1, {}, {"code": "NetConnection.Connect.Success"}))
    assert talk.commands() == [["createStream", 2.0, None]]

    talk.tell(command("_result", 2, None, 1))
    assert talk.commands() == [["play", 0.0, None, "play_abc", -1000.0]]
    assert [each.stream_id for each in talk.said if each.kind == chunks.COMMAND] == [1]

    assert talk.tell(status("NetStream.Play.Start")) == [Playing()]
    metadata = build_message(18, amf0.encode("onMetaData", {"width": 640}))
    assert talk.tell(metadata) == [Metadata({"width": 640.0})]
    assert talk.tell(chunk(0, b"\x17\1", time=5)) == [Media(9, 5, b"\x17\1")]
    assert talk.tell(chunk(0, b"\xaf\1", time=6, kind=8)) == [Media(8, 6, b"\xaf\1")]


@pytest.mark.parametrize(
    ("data", "events"),
    [
        (status("NetStream.Play.UnpublishNotify"), [PublisherGone()]),
        (status("NetStream.Play.Stop"), [PublisherGone()]),
        (build_message(4, b"\0\1\0\0\0\1"), [PublisherGone()]),  # StreamEOF
        (
            status("NetStream.Play.StreamNotFound", "error"),
            [Refused("NetStream.Play.StreamNotFound")],
        ),
        (command("_error", 1, None, {"code": "x.Rejected"}), [Refused("x.Rejected")]),
        (command("_error", 1, None), [Refused("NetConnection.Call.Failed")]),
        (status("NetStream.Play.PublishNotify"), []),
        (command("onBWDone", 0, None), []),
        (build_message(4, b"\0\0\0\0\0\1"), [PublisherThere()]),
        (build_message(4, b"\0"), []),
        (build_message(9, b""), []),
        (build_message(17, b"\0\2"), []),
        (build_message(18, amf0.encode("|RtmpSampleAccess", True, True)), []),
        (
            build_message(18, amf0.encode("@setDataFrame", "onMetaData", {"a": 1})),
            [Metadata({"a": 1.0})],
        ),
    ],
)
def test_what_servers_say(talk: Talk, data: bytes, events: list[object]) -> None:
    assert talk.tell(data) == events


def test_ping_is_answered(talk: Talk) -> None:
    talk.tell(build_message(chunks.USER_CONTROL, b"\0\6\1\2\3\4"))
    assert talk.said == [Message(chunks.USER_CONTROL, 0, 0, b"\0\7\1\2\3\4")]


def test_what_was_received_is_acknowledged_before_the_window_ends(talk: Talk) -> None:
    talk.tell(build_message(chunks.WINDOW_SIZE, (40_000).to_bytes(4)))
    talk.tell(build_message(chunks.SET_CHUNK_SIZE, (65_536).to_bytes(4)))
    acknowledged = []
    received = 32  # of the two above
    for _ in range(20):
        data = chunk(0, bytes(10_000))
        talk.tell(data)
        received += len(data)
        acknowledged += [
            int.from_bytes(each.body) for each in talk.said if each.kind == chunks.ACKNOWLEDGEMENT
        ]
        assert received - (acknowledged or [0])[-1] < 40_000
    assert acknowledged and acknowledged == sorted(acknowledged)
    assert acknowledged[-1] <= received


def test_a_window_of_nothing_is_no_flood_of_acknowledgements(talk: Talk) -> None:
    talk.tell(build_message(chunks.WINDOW_SIZE, bytes(4)))
    talk.tell(build_message(9, b"x"))
    assert talk.said == []


@pytest.mark.parametrize("step", [1, 7, 1536])
def test_handshake_in_pieces(step: int) -> None:
    player = Player("a:1", "out", "play_abc")
    for at in range(0, len(HANDSHAKE), step):
        assert player.receive(HANDSHAKE[at : at + step]) == []
    assert len(player.take_outgoing()) > 1536
    assert player.receive(status("NetStream.Play.Start")) == [Playing()]


def test_another_version_is_refused() -> None:
    with pytest.raises(RtmpError):
        Player("a:1", "out", "play_abc").receive(b"HTTP/1.1 400 Bad Request\r\n")


@given(st.lists(st.binary(max_size=300), max_size=6))
def test_any_bytes_after_the_handshake(parts: list[bytes]) -> None:
    player = Player("a:1", "out", "play_abc")
    player.receive(HANDSHAKE)
    try:
        for part in parts:
            player.receive(part)
    except RtmpError:
        return
    assert len(player.take_outgoing()) < 10_000


@given(st.integers(0, 25), st.binary(max_size=200))
def test_any_message(kind: int, body: bytes) -> None:
    player = Player("a:1", "out", "play_abc")
    player.receive(HANDSHAKE)
    try:
        player.receive(build_message(kind, body))
    except RtmpError:
        return


@given(st.binary(max_size=4_000))
def test_any_bytes_from_the_first(data: bytes) -> None:
    player = Player("a:1", "out", "play_abc")
    try:
        player.receive(data)
    except RtmpError:
        return


def test_data_in_unknown_forms_does_not_end_the_stream(talk: Talk) -> None:
    cue = b"\x02\0\x0aonCuePoint\x11\x0a\x0b\x01"  # AMF3 inside
    assert talk.tell(build_message(18, cue)) == []
    assert talk.tell(build_message(9, b"\x17\1")) == [Media(9, 0, b"\x17\1")]
