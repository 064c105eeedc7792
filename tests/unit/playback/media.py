"""Bodies of audio and video messages, and streams of them. For tests."""

from __future__ import annotations

from collections.abc import Iterator

AVC = b"\x17\0\0\0\0" + bytes.fromhex(
    "0164001effe1001a6764001eacd940a02ff970110000030001000003003c0f162d9601000668ebe3cb22c0fdf8f800"
)
AAC = b"\xaf\0\x12\x08"
METADATA: dict[str, object] = {"videocodecid": 7.0, "audiocodecid": 10.0, "width": 640.0}


def video(*, key: bool = False, composition_ms: int = 0, size: int = 100) -> bytes:
    head = bytes((0x17 if key else 0x27, 1)) + composition_ms.to_bytes(3, signed=True)
    slice_bytes = size - len(head) - 4  # one NAL unit behind its length, which nginx's HLS reads
    return head + slice_bytes.to_bytes(4) + bytes((0x65 if key else 0x41,)).ljust(slice_bytes, b"x")


def audio(size: int = 50) -> bytes:
    return b"\xaf\1" + bytes(size - 2)


def tags_of(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Kind, timestamp and body of an FLV file's tags, whose sizes are checked."""
    assert data[:3] == b"FLV" and data[9:13] == bytes(4)
    at = 13
    while at < len(data):
        size = int.from_bytes(data[at + 1 : at + 4])
        timestamp_ms = int.from_bytes(data[at + 4 : at + 7]) | data[at + 7] << 24
        end = at + 11 + size
        assert int.from_bytes(data[end : end + 4]) == size + 11
        yield data[at], timestamp_ms, data[at + 11 : end]
        at = end + 4
