"""One sound of many: silence where nobody speaks, no gaps, nothing louder than loud."""

from __future__ import annotations

import av
import numpy as np

from bridge.aac import FRAME_SAMPLES, RATE
from bridge.sound import MOST_DELAY_SECS, Sound, limited
from tests.integration.bridge.webrtc_media import sounds

STEP_MS = FRAME_SAMPLES * 1000 / RATE


def decoded(sound: Sound, bodies: list[tuple[int, bytes]]) -> np.ndarray:
    codec = av.CodecContext.create("aac", "r")
    codec.extradata = sound.header[2:]
    parts = [
        frame.to_ndarray()[0] for _, body in bodies for frame in codec.decode(av.Packet(body[2:]))
    ]
    return np.concatenate(parts)


def play(sound: Sound, secs: float, late_secs: float = 0.0, *keys: str) -> list[tuple[int, bytes]]:
    packets = sounds(600.0, True)
    bodies = []
    for number in range(int(secs * 50)):
        now = number * 0.02
        for key in keys:
            sound.put(key, now - late_secs, packets[number % len(packets)])
        bodies += sound.take(now)
    return bodies


def test_nobody_speaks_and_there_is_sound_all_the_same() -> None:
    sound = Sound()
    bodies = play(sound, 4.0)
    times = [at for at, _ in bodies]
    assert times[0] == 0
    assert max(abs(np.diff(times) - STEP_MS)) <= 1
    assert len(times) > 160
    assert float(np.abs(decoded(sound, bodies)).max()) < 0.001


def test_a_tone_comes_out_as_loud_as_it_went_in() -> None:
    sound = Sound()
    samples = decoded(sound, play(sound, 4.0, 0.05, "one"))[RATE:]
    assert 0.15 < float(np.sqrt(np.mean(samples**2))) < 0.2  # 0.25 as a sine
    assert sound.loudness("one") > 0.1
    sound.keep({"one"}, {"one"})
    assert sound.loudness("one") == 0.0


def test_sound_that_comes_late_is_waited_for_longer() -> None:
    sound = Sound()
    bodies = play(sound, 6.0, 0.2, "one")
    assert 0.2 < sound.delay_secs <= MOST_DELAY_SECS
    assert float(np.sqrt(np.mean(decoded(sound, bodies)[-RATE:] ** 2))) > 0.15
    late = sound.late_samples
    play(sound, 0.0, 0.2, "one")
    assert sound.late_samples == late


def test_sums_bend_and_are_not_cut() -> None:
    loud = np.linspace(-3, 3, 1_000, dtype=np.float32).reshape(-1, 2)
    bent = limited(loud)
    assert float(np.abs(bent).max()) <= 1.0
    assert bool((np.diff(bent[:, 0]) >= 0).all())
    quiet = np.full((10, 2), 0.5, np.float32)
    assert limited(quiet) is quiet


def test_opus_that_is_garbage_is_silence() -> None:
    sound = Sound()
    for number in range(200):
        sound.put("one", number * 0.02, bytes((number % 256, 255, 3)) * (number % 40))
        sound.take(number * 0.02)
    assert len(sound.take(4.5)) > 0


def test_a_process_that_stood_still_goes_on_from_now() -> None:
    sound = Sound()
    play(sound, 1.0)
    bodies = sound.take(60.0) + sound.take(60.1)
    assert len(bodies) < 100
    assert bodies[-1][0] > 59_000
