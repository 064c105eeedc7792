"""Hypothesis strategies: any bytes, and valid packets with bytes turned, cut off or added."""

from __future__ import annotations

from hypothesis import strategies as st


@st.composite
def mutated(draw: st.DrawFn, valid: list[bytes]) -> bytes:
    """One of `valid`, with up to 8 bytes replaced, then cut or grown: near misses find more."""
    packet = bytearray(draw(st.sampled_from(valid)))
    for _ in range(draw(st.integers(0, 8))):
        at = draw(st.integers(0, len(packet) - 1))
        packet[at] = draw(st.integers(0, 255))
    if draw(st.booleans()):
        del packet[draw(st.integers(0, len(packet))) :]
    if draw(st.booleans()):
        packet += draw(st.binary(max_size=40))
    return bytes(packet)


def hostile(valid: list[bytes]) -> st.SearchStrategy[bytes]:
    return st.one_of(st.binary(max_size=1500), mutated(valid))
