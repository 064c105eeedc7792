"""What a child is told: JSON there and back, and what no child can do is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.child.spec import KINDS, Spec, SpecError, Tile, from_json, parse_spec, shown_name
from sfu_relay.config import RelayConfig
from tests.effort import few

SPEC = Spec(
    kind="to_rtmp",
    room_id="room_a",
    play_id="play_a",
    run_id="abc",
    rtmp_out_port=1936,
    mode="mix",
    sfu=RelayConfig(True, "127.0.0.1:5551", cluster_nodes=("127.0.0.1:5551",)),
    tiles=(Tile("sess_a", {"cam": "camera", "scr": "screen"}, 1, "Mei", muted=True),),
    layout="grid",
    url="rtmps://example.org/app/secret",
)
SAID = json.loads(SPEC.to_json())


def test_there_and_back() -> None:
    again = from_json(SPEC.to_json())
    assert again == SPEC and again.spec_id == SPEC.spec_id
    assert "secret" not in repr(SPEC) and "secret" not in SPEC.spec_id


def test_only_what_is_needed_need_be_said() -> None:
    least = {"kind": "to_webrtc", "room_id": "r", "play_id": "p", "run_id": "x"}
    spec = parse_spec({**least, "rtmp_out_port": 1936, "of a newer manager": [1]})
    assert (spec.mode, spec.tiles, spec.width, spec.sfu.enabled) == ("pass", (), 1280, False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "to_nowhere"},
        {"kind": None},
        {"room_id": ""},
        {"room_id": "a\nb"},
        {"play_id": "p" * 81},
        {"rtmp_out_port": "1936"},
        {"rtmp_out_port": True},
        {"rtmp_out_port": 70_000},
        {"mode": "guess"},
        {"tiles": {}},
        {"tiles": ["sess_a"]},
        {"tiles": [{"session_id": "s", "streams": {"cam": "telescope"}}]},
        {"tiles": [{"session_id": "s", "muted": 1}]},
        {"layout": "pile"},
        {"width": 0},
        {"fps": 1_000},
        {"sfu": {"enabled": True, "server_url": "http://x"}, "kind": "nothing"},
        {"sfu": {"enabled": True, "server_url": "127.0.0.1:1", "mode": "swarm"}},
        {"url": 7},
    ],
)
def test_what_no_child_can_do_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SpecError) as refused:
        parse_spec({**SAID, **wrong})
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Mei", "Mei"),
        ("  王\n小明\t ", "王 小明"),
        ("a\x00b\x1b[31mc", "ab[31mc"),
        ("safe\u202egnp.exe", "safegnp.exe"),  # turns the direction of writing
        ("\ud800x\ue000", "x"),
        ("Z" + "\u0334" * 40 + "o", "Z\u0334\u0334o"),
        ("e\u0301", "é"),
        ("<b>&amp;", "<b>&amp;"),  # letters like others: nothing reads them as markup
        ("x" * 5_000, "x" * 50),
        ("\u200b\u2060", ""),
    ],
)
def test_names_are_drawn_as_one_line(name: str, shown: str) -> None:
    assert shown_name(name) == shown


@few
@given(st.text(max_size=80))
def test_a_name_that_was_made_fit_stays_as_it_is(name: str) -> None:
    assert shown_name(shown_name(name)) == shown_name(name)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@few
@given(st.dictionaries(st.sampled_from(sorted(SAID)), json_values))
def test_nothing_but_a_spec_or_a_refusal_comes_of_anything(said: dict[str, object]) -> None:
    try:
        spec = parse_spec({**SAID, **said})
    except SpecError:
        return
    assert spec.kind in KINDS and from_json(spec.to_json()) == spec


@few
@given(st.binary(max_size=30))
def test_nothing_but_a_refusal_comes_of_noise(noise: bytes) -> None:
    with pytest.raises(SpecError):
        from_json(noise)
