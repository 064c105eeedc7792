"""When viewers may be given frames, with which headers, and when what they began with ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playback import flv, source
from playback.source import Begin, Changed, Effect, Renewed, Source, Tag
from tests.unit.playback.media import AAC, AVC, METADATA, audio, video

KEY, FRAME, SOUND = video(key=True), video(), audio()
V, A = flv.VIDEO, flv.AUDIO


def run(
    messages: list[tuple[int, int, bytes]],
    metadata: dict[str, object] | None = METADATA,
    *,
    of: Source | None = None,
) -> list[Effect]:
    of = of or Source()
    if metadata is not None:
        of.got_metadata(metadata)
    effects: list[Effect] = []
    for kind, at_ms, body in messages:
        if kind == V:
            effects += of.got_video(at_ms, body, flv.parse_video(body))
        else:
            effects += of.got_audio(at_ms, body, flv.parse_audio(body))
    return effects


def short(effects: list[Effect]) -> str:
    """B: begin, with v and a for what is there; K, f, s: tags, H: a header and K; R: renewed; X:
    changed."""
    text = ""
    for effect in effects:
        match effect:
            case Begin(headers):
                text += "B" + "v" * headers.has_video + "a" * headers.has_audio
            case Changed():
                text += "X"
            case Renewed():
                text += "R"
            case Tag(data) if effect.is_start and data[12] == 0:
                text += "H"
            case Tag(data):
                text += "s" if data[0] == A else "K" if effect.is_start else "f"
    return text


# As nginx sends it: the sound's header comes just after the first picture.
START = [(V, 0, AVC), (V, 40, KEY), (A, 41, AAC)]
BEGUN = [*START, (A, 42, SOUND)]


@pytest.mark.parametrize(
    ("messages", "metadata", "expected"),
    [
        ([*START, (A, 42, SOUND), (V, 80, FRAME)], METADATA, "BvaKsf"),
        ([(A, 0, AAC), (V, 0, AVC), (A, 1, SOUND), (V, 2, FRAME), (V, 3, KEY)], METADATA, "BvaK"),
        ([(V, 0, AVC), (V, 0, KEY), (V, 40, FRAME)], {"videocodecid": 7.0}, "BvKf"),
        ([(A, 0, AAC), (A, 10, SOUND), (A, 33, SOUND)], {"audiocodecid": 10.0}, "Bass"),
        ([(A, 0, b"\x2fmp3")], {"audiocodecid": 2.0}, "Bas"),
        # Promised and never sent.
        ([(V, 0, AVC), (V, 0, KEY), (V, 2_900, FRAME)], METADATA, ""),
        ([(V, 0, AVC), (V, 0, KEY), (V, 3_000, FRAME)], METADATA, "BvKf"),
        ([(A, 0, AAC), (A, 10, SOUND), (A, 9_000, SOUND)], METADATA, ""),
        ([(A, 0, AAC), (A, 10, SOUND), (A, 9_010, SOUND), (A, 12_010, SOUND)], METADATA, "Bas"),
        # No metadata at all.
        ([*START, (A, 42, SOUND)], None, "BvaKs"),
        ([(V, 0, AVC), (V, 0, KEY), (V, 400, FRAME), (V, 510, FRAME)], None, "BvKff"),
        ([(A, 0, AAC), (A, 10, SOUND), (A, 2_900, SOUND)], None, ""),
        ([(A, 0, AAC), (A, 10, SOUND), (A, 3_010, SOUND)], None, "Bas"),
        # Nothing to decode them with.
        ([(V, 0, KEY), (A, 0, SOUND), (V, 40, FRAME)], METADATA, ""),
        ([(V, 0, b"\x17\2\0\0\0"), (V, 0, b""), (A, 0, b"")], METADATA, ""),
        # Headers again, and other ones.
        ([*START, (A, 42, SOUND), (V, 50, AVC), (A, 50, AAC), (V, 60, FRAME)], METADATA, "BvaKsf"),
        ([*START, (A, 42, SOUND), (V, 50, AVC + b"x"), (V, 60, FRAME)], METADATA, "BvaKs"),
        ([*BEGUN, (V, 50, AVC + b"x"), (V, 60, FRAME), (V, 70, KEY)], METADATA, "BvaKsRH"),
        (
            [
                *BEGUN,
                (V, 50, AVC + b"x"),
                (A, 55, SOUND),
                (V, 60, KEY),
                (V, 70, FRAME),
                (V, 80, KEY),
            ],
            METADATA,
            "BvaKssRHfH",
        ),
        ([*BEGUN, (V, 50, AVC + b"x"), (V, 55, AVC), (V, 60, KEY)], METADATA, "BvaKsRH"),
        ([*BEGUN, (V, 50, b"\x1c\0\0\0\0hevc"), (V, 60, KEY)], METADATA, "BvaKsXBvaK"),
        ([*START, (A, 42, SOUND), (A, 50, AAC + b"x"), (V, 60, KEY)], METADATA, "BvaKsXBvaK"),
        # Pictures after all.
        (
            [(A, 0, AAC), (A, 1, SOUND), (V, 5, AVC), (V, 6, KEY)],
            {"audiocodecid": 10.0},
            "BasXBvaK",
        ),
    ],
)
def test_what_viewers_are_given(
    messages: list[tuple[int, int, bytes]], metadata: dict[str, object] | None, expected: str
) -> None:
    assert short(run(messages, metadata)) == expected


def test_after_a_break_it_begins_again_later() -> None:
    one = Source()
    first = run([*START, (A, 42, SOUND)], of=one)
    one.lost(2_000)
    again = run([*START, (A, 42, SOUND)], of=one)
    assert short(again) == "BvaKs"
    assert isinstance(first[0], Begin) and isinstance(again[0], Begin)
    assert again[0].headers.decodes_like(first[0].headers)
    assert again[0].timestamp_ms >= 2_000


def test_after_24_days_it_begins_again() -> None:
    one = Source()
    run(START, of=one)
    times = range(40, 2**31, 9_000)
    ends = [at for at in (*times[:3], *times[-20:]) if _ends(one, at, times)]
    assert len(ends) == 1
    assert short(run([(V, 2**31 % 2**32, KEY)], None, of=one))[-1] == "K"


def _ends(one: Source, at_ms: int, times: range) -> bool:
    if at_ms == times[-20]:
        one._timeline.restart(at_ms)  # the days between, without their tags
    return "X" in short(run([(V, at_ms, FRAME)], None, of=one))


def test_what_is_held_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_HELD_BYTES", 1_000)
    frames = [(V, at, video(key=at == 0, size=500)) for at in range(3)]
    assert short(run([(V, 0, AVC), *frames])) == "BvKff"


def test_what_began_anew_meanwhile_is_not_renewed():
    one = Source()
    run(BEGUN, of=one)
    other_sound = (A, 60, AAC + b"x")
    assert "X" in short(run([(V, 50, AVC + b"x"), other_sound], None, of=one))
    assert "R" not in short(run([(V, 80, KEY), (A, 81, SOUND)], None, of=one))


bodies = st.sampled_from([AVC, AAC, KEY, FRAME, SOUND, AVC + b"x", b"\x91hvc1xxxx", b""])


@given(
    st.lists(st.tuples(st.sampled_from([V, A]), st.integers(0, 2**32 - 1), bodies | st.binary()))
)
def test_any_messages_make_an_orderly_stream(messages: list[tuple[int, int, bytes]]) -> None:
    """Tags only between Begin and Changed, and the first with video begins with a keyframe."""
    headers = None
    fresh = False
    for effect in run(messages, None):
        match effect:
            case Begin():
                headers, fresh = effect.headers, True
            case Changed():
                assert headers is not None
                headers = None
            case Renewed():
                assert headers is not None
                headers = effect.headers
            case Tag():
                assert headers is not None
                assert effect.timestamp_ms <= flv.MAX_TIMESTAMP_MS
                if fresh and headers.has_video:
                    assert effect.is_start
                fresh = False
