"""What a client's frame may be, and that nothing in one can raise more than ProtocolError."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.signalling import schema
from live.signalling.codes import ErrorCode
from live.signalling.schema import ProtocolError, parse

ROOM = "room_abc123"
CANDIDATE = {"candidate": "candidate:1 1 udp 1 192.0.2.7 5 typ host", "sdpMid": "0"}


def frame(**fields: Any) -> str:
    return json.dumps(fields)


GOOD = [
    # The publisher's snippet of the first design: no room_id with ice, a bare string as offer.
    (frame(type="offer", room_id=ROOM, payload="v=0\r\n"), schema.Offer(sdp="v=0\r\n")),
    (
        frame(type="ice", payload=CANDIDATE | {"sdpMLineIndex": 0, "usernameFragment": "x"}),
        schema.Ice(candidate=CANDIDATE | {"sdpMLineIndex": 0, "usernameFragment": "x"}),
    ),
    (frame(type="ice", payload=None), schema.Ice(candidate=None)),
    (frame(type="ice", payload={"candidate": None}), schema.Ice(candidate=None)),
    (
        frame(type="ice", payload=CANDIDATE, target="subscriber", session_id="sess_1"),
        schema.Ice(
            candidate=CANDIDATE | {"sdpMLineIndex": None}, target="subscriber", session_id="sess_1"
        ),
    ),
    (
        frame(type="offer", payload={"type": "offer", "sdp": "v=0"}, rejoin=True, subscribe=True),
        schema.Offer(sdp="v=0", rejoin=True, subscribe=True),
    ),
    (
        frame(type="offer", payload="v=0", tracks=[{"stream_id": "{a-b}", "source": "screen"}]),
        schema.Offer(sdp="v=0", sources={"{a-b}": "screen"}),
    ),
    (frame(type="answer", payload="v=0", offer_id=3), schema.Answer(sdp="v=0", offer_id=3)),
    (frame(type="answer", payload="v=0"), schema.Answer(sdp="v=0")),
    (frame(type="join"), schema.Join()),
    (frame(type="join", payload={"rejoin": True}, ref="r1"), schema.Join(rejoin=True, ref="r1")),
    (frame(type="leave", payload={}), schema.Leave()),
    (
        frame(type="layer", payload={"stream_id": "s", "layer": "off"}),
        schema.Layer(stream_id="s", layer="off"),
    ),
    (frame(type="chat", payload="hello"), schema.Chat(text="hello")),
    (frame(type="chat", payload={"text": "a\x00b"}), schema.Chat(text="ab")),
    (frame(type="like"), schema.Like()),
    (frame(type="like", payload={"count": 20}), schema.Like(count=20)),
    (frame(type="gift", payload={"gift": "rose", "count": 99}), schema.Gift(gift="rose", count=99)),
    (frame(type="ping", payload=17), schema.Ping(echo=17)),
    (frame(type="ping"), schema.Ping()),
    (
        frame(
            type="report", payload={"rung": "webrtc", "packet_loss": 7, "jitter": -1, "fps": "x"}
        ),
        schema.Report(values={"packet_loss": 1.0, "jitter": 0.0}, rung="webrtc"),
    ),
    (frame(type="report", payload={"width": 10**400}), schema.Report(values={})),
]

BAD = [
    ("", ErrorCode.BAD_JSON),
    ("{", ErrorCode.BAD_JSON),
    ("[]", ErrorCode.BAD_JSON),
    ("null", ErrorCode.BAD_JSON),
    (b"\xff\xfe", ErrorCode.BAD_JSON),
    ("[" * 60_000, ErrorCode.BAD_JSON),
    ('{"type":"ping","payload":NaN}', ErrorCode.BAD_JSON),
    ('{"type":"chat","payload":"\\ud800"}', ErrorCode.BAD_JSON),
    ("1" * 5000, ErrorCode.BAD_JSON),
    (frame(payload="x"), ErrorCode.BAD_MESSAGE),
    (frame(type=1), ErrorCode.BAD_MESSAGE),
    (frame(type="x" * 33), ErrorCode.BAD_MESSAGE),
    (frame(type="offers"), ErrorCode.UNKNOWN_TYPE),
    (frame(type="welcome"), ErrorCode.UNKNOWN_TYPE),
    (frame(type="chat", payload="x", room_id="room_other"), ErrorCode.WRONG_ROOM),
    (frame(type="chat", payload="x", room_id=[]), ErrorCode.WRONG_ROOM),
    (frame(type="chat"), ErrorCode.BAD_MESSAGE),
    (frame(type="chat", payload={"text": 1}), ErrorCode.BAD_MESSAGE),
    (frame(type="chat", payload=[]), ErrorCode.BAD_MESSAGE),
    (frame(type="offer"), ErrorCode.BAD_MESSAGE),
    (frame(type="offer", payload=""), ErrorCode.BAD_SDP),
    (frame(type="offer", payload={"type": "answer", "sdp": "v=0"}), ErrorCode.BAD_MESSAGE),
    (frame(type="offer", payload="v=0", rejoin=1), ErrorCode.BAD_MESSAGE),
    (frame(type="offer", payload="v=0", tracks={}), ErrorCode.BAD_MESSAGE),
    (frame(type="offer", payload="v=0", tracks=[{}] * 17), ErrorCode.BAD_MESSAGE),
    (
        frame(type="offer", payload="v=0", tracks=[{"stream_id": "s", "source": "disk"}]),
        ErrorCode.BAD_MESSAGE,
    ),
    (frame(type="answer", payload="v=0", offer_id="1"), ErrorCode.BAD_MESSAGE),
    (frame(type="answer", payload="v=0", session_id="a b"), ErrorCode.BAD_MESSAGE),
    (frame(type="answer", payload="v=0", session_id="x" * 200), ErrorCode.BAD_MESSAGE),
    (frame(type="ice", payload="candidate:1"), ErrorCode.BAD_MESSAGE),
    (frame(type="ice", payload={"candidate": 1}), ErrorCode.BAD_CANDIDATE),
    (frame(type="ice", payload={"candidate": "x" * 3000}), ErrorCode.BAD_CANDIDATE),
    (frame(type="ice", payload=CANDIDATE | {"sdpMLineIndex": -1}), ErrorCode.BAD_CANDIDATE),
    (frame(type="ice", payload=CANDIDATE | {"sdpMid": 7}), ErrorCode.BAD_CANDIDATE),
    (frame(type="ice", payload=CANDIDATE, target="both"), ErrorCode.BAD_MESSAGE),
    (frame(type="ice", payload=CANDIDATE, target=["publisher"]), ErrorCode.BAD_MESSAGE),
    (frame(type="layer", payload={"stream_id": "s", "layer": "x"}), ErrorCode.BAD_MESSAGE),
    (frame(type="layer", payload={"layer": "f"}), ErrorCode.BAD_MESSAGE),
    (frame(type="like", payload={"count": 21}), ErrorCode.BAD_MESSAGE),
    (frame(type="like", payload={"count": True}), ErrorCode.BAD_MESSAGE),
    (frame(type="gift", payload={"gift": "rose", "count": 0}), ErrorCode.BAD_MESSAGE),
    (frame(type="gift", payload={}), ErrorCode.BAD_MESSAGE),
    (frame(type="ping", payload=["x"]), ErrorCode.BAD_MESSAGE),
    (frame(type="ping", payload="x" * 65), ErrorCode.BAD_MESSAGE),
    (frame(type="report", payload={"rung": "dvd"}), ErrorCode.BAD_MESSAGE),
]


@pytest.mark.parametrize(("text", "message"), GOOD)
def test_good(text: str, message: schema.Message) -> None:
    assert parse(text, ROOM) == message
    assert parse(text.encode(), ROOM) == message


@pytest.mark.parametrize(("text", "code"), BAD)
def test_bad(text: str | bytes, code: ErrorCode) -> None:
    with pytest.raises(ProtocolError) as raised:
        parse(text, ROOM)
    assert raised.value.code == code


def test_an_error_gives_the_ref_back() -> None:
    with pytest.raises(ProtocolError) as raised:
        parse(frame(type="layer", ref="m12", payload={}), ROOM)
    assert (raised.value.ref, raised.value.about) == ("m12", "layer")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=6,
)
FIELDS = [
    *("room_id", "session_id", "offer_id", "target", "ref", "rejoin", "subscribe", "tracks"),
    *("text", "count", "gift", "stream_id", "layer", "candidate", "sdpMid", "sdpMLineIndex"),
    *("usernameFragment", "rung", "jitter", "fps", "sdp", "type", "source"),
]
LIKELY = JSON | st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=5)
ENVELOPE = st.builds(
    lambda kind, payload, fields: {**fields, "type": kind, "payload": payload},
    st.sampled_from(sorted(schema.PARSERS)),
    LIKELY,
    st.dictionaries(
        st.sampled_from(FIELDS[:8]),
        LIKELY | st.sampled_from([ROOM, "camera", "publisher"]),
        max_size=3,
    ),
)


def survives(text: str | bytes) -> None:
    try:
        message = parse(text, ROOM)
    except ProtocolError as error:
        assert error.code in tuple(ErrorCode)
    else:
        assert isinstance(message, schema.Message)


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300), JSON.map(json.dumps)))
def test_any_frame(text: str | bytes) -> None:
    survives(text)


@given(ENVELOPE)
def test_any_fields_of_a_known_type(value: dict[str, Any]) -> None:
    survives(json.dumps(value))
    survives(json.dumps(value, ensure_ascii=False))
