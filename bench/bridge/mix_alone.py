"""`python -m bench.bridge.mix_alone PROGRESS FILE…`: a mixer fed from files at 30 pictures/s."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import av
from av.bitstream import BitStreamFilterContext

from bench.bridge.mix import FPS, KEYS, SCENE, SIZE
from bridge.mix import Mixer
from bridge.video import Job


def main() -> None:
    progress, files = Path(sys.argv[1]), sys.argv[2:]
    cameras = [coded(file) for file in files]
    mixer = Mixer(*SIZE, FPS, emit=lambda one: None, failed=lambda key: None)
    mixer.show(SCENE)
    began, number = time.monotonic(), 0
    while not mixer.is_broken:
        at = began + number / FPS
        time.sleep(max(0.0, at - time.monotonic()))
        for key, packets in zip(KEYS, cameras, strict=True):
            data, keyframe = packets[number % len(packets)]
            mixer.put(key, Job("H264", data, keyframe, at))
        number += 1
        if number % (FPS // 2) == 0:
            with progress.open("a") as file:
                file.write(f"frame={mixer.frames}\n")


def coded(path: str) -> list[tuple[bytes, bool]]:
    """Annex B, parameter sets before each keyframe."""
    with av.open(path) as container:
        to_annex_b = BitStreamFilterContext("h264_mp4toannexb", container.streams.video[0])
        found = []
        for packet in container.demux(video=0):
            if packet.size:
                keyframe = packet.is_keyframe
                found += [(bytes(each), keyframe) for each in to_annex_b.filter(packet)]
        return found


if __name__ == "__main__":
    main()
