"""AMF0: what is encoded is read again; nothing else does any harm."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playback.rtmp import amf0
from playback.rtmp.errors import RtmpError

values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(min_size=1, max_size=10), inner, max_size=4)
    ),
    max_leaves=6,
)


@given(st.lists(values, max_size=3))
def test_what_is_encoded_is_read_again(given_values: list[object]) -> None:
    try:
        assert amf0.decode(amf0.encode(*given_values)) == given_values
    except RtmpError:
        assert _depth(given_values) > amf0.MAX_DEPTH


def _depth(value: object) -> int:
    match value:
        case dict():
            return 1 + max(map(_depth, value.values()), default=0)
        case list():
            return 1 + max(map(_depth, value), default=0)
    return 0


@given(st.binary(max_size=300))
def test_any_bytes_give_values_or_the_one_error(data: bytes) -> None:
    with contextlib.suppress(RtmpError):
        amf0.decode(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            b"\x08\0\0\0\0\0\x01a\x01\x01\0\0\x09",
            {"a": True},
        ),  # it says it is empty
        (b"\x0b" + b"\0" * 10, 0.0),
        (b"\x06", None),
        (b"\x0c\0\0\0\x02hi", "hi"),
        (amf0.encode("x" * 70_000), "x" * 70_000),
    ],
)
def test_forms_that_we_do_not_write(data: bytes, expected: object) -> None:
    assert amf0.decode(data) == [expected]


@pytest.mark.parametrize(
    "data",
    [
        b"\x02\0\x05abc",  # ends inside
        b"\x07\0\0",  # a reference
        b"\x0a\xff\xff\xff\xff",  # four thousand million values
        b"\x03\0\x01a" * 20,  # too deep
        b"\x05" * (amf0.MAX_VALUES + 1),
        b"\x03\0\x01a\x05",  # an object without end
    ],
)
def test_bad_forms_are_refused(data: bytes) -> None:
    with pytest.raises(RtmpError):
        amf0.decode(data)


def test_what_has_no_form_is_our_own_mistake() -> None:
    with pytest.raises(TypeError):
        amf0.encode(object())
