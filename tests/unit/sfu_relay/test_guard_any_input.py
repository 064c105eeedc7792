"""Whatever arrives, the guards refuse or rebuild: no exception of another kind escapes."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sfu_relay.candidates import BadCandidate, guard_candidate
from sfu_relay.guard import Rejected, guard_answer, guard_offer, read_offer
from sfu_relay.sdp_parse import parse_sdp
from tests.fakes.captured_sdp import PUBLISHER_OFFERS, captured

OFFER = read_offer(captured("sfu-offer"))
ANSWER = captured("viewer-answer")
REAL = [captured(name) for name in PUBLISHER_OFFERS]
POOL = sorted({line for sdp in [*REAL, ANSWER] for line in sdp.split("\r\n")})
SPICE = st.sampled_from(
    [
        "",
        "-1",
        "0",
        "65536",
        "4294967296",
        "1" * 30,
        "é",
        "\0",
        "a b",
        "/",
        ";",
        "=",
        ":",
        "sendrecv",
    ]
)


@st.composite
def mutated(draw: st.DrawFn, bases: list[str]) -> str:
    """A real SDP with lines taken out, doubled, moved in from others, or spoilt."""
    lines = draw(st.sampled_from(bases)).split("\r\n")
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.integers(0, 5)):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[at])
            case 2:
                lines.insert(at, draw(st.sampled_from(POOL)))
            case 3:
                cut = draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:cut] + draw(SPICE) + lines[at][cut:]
            case 4:
                lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
            case _:
                lines[at] = lines[at][:3] + draw(st.text(max_size=40))
        if not lines:
            lines = [""]
    return "\r\n".join(lines)


def harmless_offer(sdp: str) -> None:
    with contextlib.suppress(Rejected):
        guarded = guard_offer(sdp)
        built = parse_sdp(guarded.sdp)  # what passes is valid and stays as it is
        assert guard_offer(guarded.sdp) == guarded
        assert any(section.is_media for section in built.sections)
        for section in built.sections:
            assert set(section.rids) <= {"q", "h", "f"}
            if section.kind == "audio":
                assert all("nack" not in item for c in section.codecs for item in c.feedback)


def harmless_answer(sdp: str) -> None:
    with contextlib.suppress(Rejected):
        built = parse_sdp(guard_answer(sdp, OFFER))
        assert not any(section.sends for section in built.sections)
        assert [s.mid for s in built.sections] == [s.mid for s in OFFER.sections]


@given(st.text())
def test_any_text(text: str) -> None:
    harmless_offer(text)
    harmless_answer(text)
    harmless_offer("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n" + text)


@given(mutated(REAL))
def test_mutated_offers(sdp: str) -> None:
    harmless_offer(sdp)


@given(mutated([ANSWER]))
def test_mutated_answers(sdp: str) -> None:
    harmless_answer(sdp)


@given(st.lists(st.sampled_from(POOL), max_size=60))
def test_lines_of_real_sdps_in_any_order(lines: list[str]) -> None:
    harmless_offer("\r\n".join(["v=0", "o=- 1 1 IN IP4 0.0.0.0", *lines]))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
WORDS = st.sampled_from(
    (
        *("candidate:", "1", "2", "udp", "tcp", "typ", "host", "srflx", "raddr", "rport", "0", "9"),
        *("50000", "70000", "4294967295", "192.0.2.7", "::1", "a.local", "example.org", "ufrag"),
    )
)
LIKE_ONE = st.lists(WORDS, max_size=14).map(lambda words: "candidate:" + " ".join(words))


@given(
    VALUES
    | st.fixed_dictionaries(
        {},
        optional={
            "candidate": VALUES | LIKE_ONE,
            "sdpMid": VALUES,
            "sdpMLineIndex": VALUES | st.just(0),
            "usernameFragment": VALUES,
        },
    )
)
def test_any_candidate(candidate: Any) -> None:
    with contextlib.suppress(BadCandidate):
        checked = guard_candidate(candidate)
        if checked is not None:
            assert guard_candidate(json.loads(json.dumps(checked))) == checked
