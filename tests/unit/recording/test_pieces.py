"""Whose a piece is, when it is time, when its first frame came."""

from __future__ import annotations

import pytest

from recording.pieces import Piece, Span, first_frame_at, is_due, owner_of, parse_piece


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("play_abc-1795276755.flv", Piece("play_abc-1795276755.flv", "play_abc", 1795276755)),
        ("play_abc.flv", None),
        ("play_abc-1795276755.mp4", None),
        ("../play_abc-1795276755.flv", None),
        ("play_ABC-1795276755.flv", None),
        ("play_abc-1795276755.flv\n", None),
        ("play_abc-١٧٩٥٢٧٦٧٥٥.flv", None),
        (".play_abc-1795276755.flv", None),
        ("", None),
    ],
)
def test_names(name, expected):
    assert parse_piece(name) == expected


SPANS = [Span(1, 1000.4, 1100.0), Span(2, 1100.6, None)]


@pytest.mark.parametrize(
    ("opened_at", "owner"),
    [
        (998, None),  # before anything
        (1000, 1),  # whole seconds, cut off
        (1050, 1),
        (1099, 1),
        (1100, 2),
        (5000, 2),
    ],
)
def test_owners(opened_at, owner):
    found = owner_of(Piece("", "play_a", opened_at), SPANS)
    assert (found and found.broadcast_pk) == owner


def test_a_piece_opened_just_after_the_end_belongs_to_what_ended():
    found = owner_of(Piece("", "play_a", 1103), SPANS[:1])
    assert found is not None
    assert found.broadcast_pk == 1


@pytest.mark.parametrize(
    ("ended_at", "changed_at", "due"),
    [
        (None, [1.0], False),  # goes on
        (98.0, [], True),
        (99.0, [50.0], False),  # just ended
        (90.0, [50.0, 60.0], True),
        (90.0, [50.0, 99.5], False),  # somebody still writes
    ],
)
def test_due(ended_at, changed_at, due):
    assert is_due(ended_at, changed_at, 100.0) is due


@pytest.mark.parametrize(
    ("changed_at", "duration_secs", "at"),
    [
        (1060.3, 60.0, 1000.3),  # the first keyframe came 0.3 s after the file was opened
        (1068.6, 60.0, 1008.6),  # … 8.6 s after
        (9999.0, 60.0, 1000.0),  # copied since
        (1010.0, 60.0, 1000.0),  # timestamps that jumped
        (1059.5, 60.0, 999.5),
    ],
)
def test_first_frame(changed_at, duration_secs, at):
    found = first_frame_at(Piece("", "play_a", 1000), changed_at, duration_secs)
    assert found == pytest.approx(at)
