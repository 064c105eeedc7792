"""Text, reports, ids, gifts: what comes from outside is made harmless."""

from __future__ import annotations

import json
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live import ids
from live.actions.rooms import settle_push_protocol
from live.gifts import GIFTS, catalogue
from live.reports import LIMITS, clean_report
from live.text import clean_lines, clean_text
from tests.effort import some

ANY_TEXT = st.text(st.characters(codec=None))  # surrogates and controls too


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  hello  ", "hello"),
        ("a\nb\tc", "a b c"),
        ("\x00\x1b", ""),
        ("\ud800", ""),
        ("你好 🌹", "你好 🌹"),
        ("\u202eevil\u202c \u2067x", "evil x"),
        ("שלום hello مرحبا", "שלום hello مرحبا"),
        ("e\u0301", "e\u0301"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
    ],
)
def test_clean_text(typed, kept):
    assert clean_text(typed) == kept


def test_clean_lines_keeps_line_breaks():
    assert clean_lines(" one \n\n two\x00 \n") == "one\n\ntwo"


@given(ANY_TEXT)
def test_clean_text_is_always_fit_to_store(typed):
    kept = clean_text(typed)
    kept.encode()
    assert kept == kept.strip()
    assert not re.search(r"[\x00-\x1f\x7f]", kept)
    assert clean_text(kept) == kept


ODD = st.sampled_from([None, True, "30", [], {}, 10**400])
JSON_VALUE = st.floats() | st.integers() | ODD
REPORT = st.dictionaries(st.sampled_from([*LIMITS, "session_id", "x"]), JSON_VALUE)


@some
@given(REPORT)
def test_reports_are_clamped(report):
    clean = clean_report(report)
    assert set(clean) <= set(LIMITS)
    for name, value in clean.items():
        highest, whole = LIMITS[name]
        assert 0 <= value <= highest
        assert math.isfinite(value)
        assert isinstance(value, int if whole else float)


@pytest.mark.parametrize(
    ("name", "sent", "kept"),
    [
        ("video_bitrate", 1_500_000.7, 1_500_000),
        ("video_bitrate", -1, 0),
        ("packet_loss", 3, 1.0),
        ("width", 10**30, 16_384),
        ("fps", float("nan"), None),
        ("fps", True, None),
        ("fps", "30", None),
        ("jitter", float("inf"), None),
    ],
)
def test_clean_report(name, sent, kept):
    assert clean_report({name: sent}).get(name) == kept


@pytest.mark.parametrize(
    ("make", "form"),
    [
        (ids.new_room_id, r"room_[0-9a-z]{12}"),
        (ids.new_play_id, r"play_[0-9a-z]{16}"),
        (ids.new_participant_id, r"part_[0-9a-z]{16}"),
        (ids.new_session_id, r"sess_[0-9a-z]{16}"),
    ],
)
def test_ids(make, form):
    made = {make() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(form, one) for one in made)


def test_gift_catalogue_is_json():
    listed = json.loads(json.dumps(catalogue()))
    assert [g["gift"] for g in listed] == list(GIFTS)
    assert all(set(g) == {"gift", "emoji", "name"} for g in listed)


@pytest.mark.parametrize(
    ("mode", "wanted", "settled"),
    [
        ("rtmp", None, "rtmp"),
        ("rtmp", "webrtc", "rtmp"),
        ("webrtc", None, "webrtc"),
        ("webrtc", "rtmp", "webrtc"),
        ("hybrid", None, "webrtc"),
        ("hybrid", "rtmp", "rtmp"),
    ],
)
def test_push_protocol_fits_the_mode(mode, wanted, settled):
    assert settle_push_protocol(mode, wanted) == settled
