"""The chunk stream: header types, timestamps beyond 2^24, sizes, and bytes that mean harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playback.rtmp import chunks
from playback.rtmp.chunks import ChunkReader, Message, build_message
from playback.rtmp.errors import RtmpError
from tests.unit.playback.rtmp_bytes import chunk


def read(*parts: bytes) -> list[Message]:
    return ChunkReader().feed(b"".join(parts))


def times(*parts: bytes) -> list[int]:
    return [message.timestamp_ms for message in read(*parts)]


def test_the_four_header_types() -> None:
    messages = read(
        chunk(0, b"key", time=1_000),
        chunk(1, b"delta", time=40, kind=8),
        chunk(2, b"same!", time=20),
        chunk(3, b"again"),
    )
    assert [(m.kind, m.stream_id, m.timestamp_ms, m.body) for m in messages] == [
        (9, 1, 1_000, b"key"),
        (8, 1, 1_040, b"delta"),
        (8, 1, 1_060, b"same!"),
        (8, 1, 1_080, b"again"),
    ]


@pytest.mark.parametrize("stream", [2, 63, 64, 319, 320, 65_599])
def test_chunk_stream_ids_of_one_two_and_three_bytes(stream: int) -> None:
    assert read(chunk(0, b"a", stream=stream), chunk(3, b"b", stream=stream))[1].body == b"b"


@pytest.mark.parametrize("repeats", [True, False], ids=["as specified", "as some encoders do"])
def test_extended_timestamps_in_the_rest_of_a_message(repeats: bool) -> None:
    time = 0x0123_4567
    rest = {"time": time, "repeats_time": repeats}
    (message,) = read(
        chunk(0, b"a" * 128, time=time, length=300),
        chunk(3, b"b" * 128, **rest),  # type: ignore[arg-type]
        chunk(3, b"c" * 44, **rest),  # type: ignore[arg-type]
    )
    assert message.timestamp_ms == time
    assert message.body == b"a" * 128 + b"b" * 128 + b"c" * 44


def test_timestamps_at_their_limits() -> None:
    assert times(chunk(0, b"x", time=0xFFFFFF)) == [0xFFFFFF]
    assert times(chunk(0, b"x", time=0xFFFFFFFF)) == [0xFFFFFFFF]
    assert times(chunk(0, b"x", time=0xFFFFFFF0), chunk(2, b"x", time=0x20)) == [0xFFFFFFF0, 0x10]
    # A difference that is extended, and repeated by a new message of type 3.
    assert times(
        chunk(0, b"x", time=5), chunk(2, b"x", time=0x1000000), chunk(3, b"x", time=0x1000000)
    ) == [5, 0x1000005, 0x2000005]


def test_messages_of_two_chunk_streams_interleave() -> None:
    messages = read(
        chunk(0, b"v" * 128, stream=6, length=130),
        chunk(0, b"a", stream=4, kind=8),
        chunk(3, b"w" * 2, stream=6),
    )
    assert [(m.kind, len(m.body)) for m in messages] == [(8, 1), (9, 130)]


def test_chunk_size_acts_at_once() -> None:
    size = build_message(chunks.SET_CHUNK_SIZE, (4_000).to_bytes(4))
    assert len(read(size, chunk(0, b"x" * 3_000))[0].body) == 3_000


def test_abort_forgets_what_was_begun() -> None:
    abort = build_message(chunks.ABORT, (6).to_bytes(4))
    messages = read(chunk(0, b"v" * 128, stream=6, length=200), abort, chunk(0, b"k", stream=6))
    assert [m.body for m in messages] == [b"k"]


@pytest.mark.parametrize(
    "data",
    [
        chunk(3, b"x"),
        chunk(0, length=chunks.MAX_MESSAGE_BYTES + 1),
        build_message(chunks.SET_CHUNK_SIZE, bytes(4)),
        build_message(chunks.SET_CHUNK_SIZE, b"\xff\xff\xff\xff"),
        build_message(chunks.SET_CHUNK_SIZE, b"\1"),
        chunk(0, b"v" * 128, length=200) + chunk(0, b"v"),
        b"".join(chunk(0, b"v", stream=number) for number in range(3, 100)),
    ],
    ids=["no begin", "too long", "size 0", "size bit 31", "size cut", "two begins", "many streams"],
)
def test_harm_is_refused(data: bytes) -> None:
    with pytest.raises(RtmpError):
        read(data)


def test_unfinished_messages_are_bounded_together() -> None:
    reader = ChunkReader()
    reader.feed(build_message(chunks.SET_CHUNK_SIZE, (1_000_000).to_bytes(4)))
    with pytest.raises(RtmpError):
        for number in range(3, 60):
            reader.feed(chunk(0, bytes(1_000_000), stream=number, length=3_000_000))
    assert number < 3 + 10


@given(st.lists(st.binary(max_size=200), max_size=8))
def test_any_bytes_give_messages_or_the_one_error(parts: list[bytes]) -> None:
    reader = ChunkReader()
    try:
        for part in parts:
            reader.feed(part)
    except RtmpError:
        return


@given(
    st.lists(
        st.tuples(
            st.sampled_from([8, 9, 18]),
            st.integers(0, 2**32 - 1),
            st.binary(min_size=1, max_size=400),
        ),
        max_size=6,
    ),
    st.data(),
)
def test_where_reads_end_changes_nothing(
    sent: list[tuple[int, int, bytes]], data: st.DataObject
) -> None:
    stream = b"".join(_whole(kind, time, body) for kind, time, body in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    reader = ChunkReader()
    got = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        got += reader.feed(stream[start:end])
    assert [(m.kind, m.timestamp_ms, m.body) for m in got] == sent


def _whole(kind: int, time: int, body: bytes) -> bytes:
    first = chunk(0, body[:128], time=time, length=len(body), kind=kind)
    rest = range(128, len(body), 128)
    return first + b"".join(chunk(3, body[at : at + 128], time=time) for at in rest)
