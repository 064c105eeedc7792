"""AMF0: as much as commands and metadata need, bounded in depth and number. No I/O here.

Types as in the AMF0 specification, section 2: numbers, booleans, strings, objects, ECMA and strict
arrays, null, undefined (read as None), dates (read as their number). Others are refused.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

from playback.rtmp.errors import RtmpError

MAX_DEPTH: Final = 8
MAX_VALUES: Final = 1_000  # metadata has 10 to 40

_NUMBER, _BOOLEAN, _STRING, _OBJECT, _NULL, _UNDEFINED = 0, 1, 2, 3, 5, 6
_ECMA_ARRAY, _OBJECT_END, _STRICT_ARRAY, _DATE, _LONG_STRING = 8, 9, 10, 11, 12


def encode(*values: object) -> bytes:
    """TypeError for what has no AMF0 form here."""
    return b"".join(_encode(value) for value in values)


def _encode(value: object) -> bytes:
    match value:
        case None:
            return bytes((_NULL,))
        case bool():
            return bytes((_BOOLEAN, value))
        case int() | float():
            return struct.pack(">Bd", _NUMBER, value)
        case str():
            raw = value.encode()
            if len(raw) > 0xFFFF:
                return struct.pack(">BI", _LONG_STRING, len(raw)) + raw
            return bytes((_STRING,)) + _text(value)
        case Mapping():
            pairs = b"".join(_text(str(name)) + _encode(each) for name, each in value.items())
            return bytes((_OBJECT,)) + pairs + bytes((0, 0, _OBJECT_END))
        case list() | tuple():
            parts = b"".join(_encode(each) for each in value)
            return struct.pack(">BI", _STRICT_ARRAY, len(value)) + parts
    raise TypeError(f"no AMF0 form: {type(value).__name__}")


def _text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack(">H", len(raw)) + raw


def decode(data: bytes) -> list[object]:
    """All values of a command or data message. RtmpError for anything that is not AMF0."""
    reader = _Reader(data)
    values = []
    while reader.position < len(data):
        values.append(reader.value(0))
    return values


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.position = 0
        self._data = data
        self._values_left = MAX_VALUES

    def value(self, depth: int) -> object:
        self._values_left -= 1
        if depth > MAX_DEPTH or self._values_left < 0:
            raise RtmpError("AMF0 is nested too deep or has too many values")
        match self._take(1)[0]:
            case 0:
                return self._number()
            case 1:
                return self._take(1) != b"\0"
            case 2:
                return self._text(2)
            case 3:
                return self._pairs(depth)
            case 5 | 6:
                return None
            case 8:
                self._take(4)  # the count; some senders write 0
                return self._pairs(depth)
            case 10:
                count = int.from_bytes(self._take(4))
                if count > self._values_left:
                    raise RtmpError("an AMF0 array says it is longer than allowed")
                return [self.value(depth + 1) for _ in range(count)]
            case 11:
                milliseconds = self._number()
                self._take(2)  # time zone, reserved
                return milliseconds
            case 12:
                return self._text(4)
            case kind:
                raise RtmpError(f"AMF0 type {kind} is not known here")

    def _pairs(self, depth: int) -> dict[str, object]:
        pairs: dict[str, object] = {}
        while True:
            name = self._text(2)
            if not name and self._data[self.position : self.position + 1] == b"\x09":
                self.position += 1
                return pairs
            pairs[name] = self.value(depth + 1)

    def _number(self) -> float:
        (number,) = struct.unpack(">d", self._take(8))
        return float(number)

    def _text(self, length_bytes: int) -> str:
        raw = self._take(int.from_bytes(self._take(length_bytes)))
        return raw.decode("utf-8", "replace")

    def _take(self, count: int) -> bytes:
        start, self.position = self.position, self.position + count
        if self.position > len(self._data):
            raise RtmpError("AMF0 ends in the middle of a value")
        return self._data[start : self.position]
