"""FFmpeg's own WHIP muxer (libavformat in the PyAV wheel) as an encoder that is not ours.

A child process sends the counter picture, and says when each number was sent: its muxer blocks.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.resampler import AudioResampler
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from embedded_sfu.transport.certificate import make_identity
from tests.e2e.harness.camera import FPS, FRAMES
from tests.e2e.harness.encoder import LOW_DELAY, Style, stream_file

OPUS_FRAME = 960  # samples of 20 ms


class WhipSender:
    """One FFmpeg that publishes to `url` with `bearer`."""

    def __init__(self, url: str, bearer: str, style: Style = LOW_DELAY) -> None:
        self.errors: list[str] = []
        self.started_at = time.time() * 1000
        self._sent: deque[tuple[float, int]] = deque(maxlen=2 * FRAMES)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.harness.whip_sender"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        self._folder = tempfile.TemporaryDirectory(prefix="whip-")
        spec = {"url": url, "bearer": bearer, "file": str(stream_file(style))}
        spec["folder"] = self._folder.name
        self._process.stdin.write(json.dumps(spec) + "\n")
        self._process.stdin.flush()
        self._threads = [threading.Thread(target=each, daemon=True) for each in self._readers()]
        for thread in self._threads:
            thread.start()

    def _readers(self) -> list[Any]:
        def sent() -> None:
            assert self._process.stdout is not None
            for line in self._process.stdout:
                at, number = line.split()
                self._sent.append((float(at), int(number)))

        def errors() -> None:
            assert self._process.stderr is not None
            self.errors += [line.rstrip() for line in self._process.stderr]

        return [sent, errors]

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @property
    def frames_sent(self) -> int:
        return len(self._sent)

    def behind_ms(self, seen: list[tuple[float, int]]) -> list[float]:
        """How long after its sending each frame was seen; [(ms since 1970, number), …]."""
        found = []
        for at, number in seen:
            times = [sent for sent, each in list(self._sent) if each == number and sent <= at + 50]
            if times:
                found.append(at - times[-1])
        return found

    def crash(self) -> None:
        """Without a goodbye."""
        self._process.kill()
        self._process.wait(5)

    def stop(self) -> None:
        """As the Stop button does: the muxer's trailer sends DELETE."""
        if self.is_running and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        for thread in self._threads:
            thread.join(5)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._folder.cleanup()


@contextlib.contextmanager
def whip(url: str, bearer: str, style: Style = LOW_DELAY) -> Iterator[WhipSender]:
    sender = WhipSender(url, bearer, style)
    try:
        yield sender
    finally:
        sender.stop()


def _certificate(folder: Path) -> tuple[Path, Path]:
    identity = make_identity()
    certificate, key = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(identity.certificate.public_bytes(Encoding.PEM))
    key.write_bytes(identity.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, key


def main() -> None:
    """The child: until its standard input ends."""
    spec = json.loads(sys.stdin.readline())
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    # GnuTLS, which this libavformat is built with, makes its own certificate on the curve P-224;
    # the OpenSSL of pyca/cryptography does not know that one. FFmpeg takes another certificate.
    certificate, key = _certificate(Path(spec["folder"]))
    options = {
        "authorization": spec["bearer"],
        "handshake_timeout": "8000",
        "cert_file": str(certificate),
        "key_file": str(key),
    }
    out = av.open(spec["url"], "w", format="whip", options=options)
    source = av.open(spec["file"])
    video = out.add_stream_from_template(source.streams.video[0])
    sound = out.add_stream("libopus", rate=48_000, layout="stereo")
    resampler = AudioResampler("s16", "stereo", 48_000, OPUS_FRAME)
    began, frames, samples = time.monotonic(), 0, 0
    while not stop.is_set():
        for packet in source.demux():
            if stop.is_set() or packet.size == 0:
                continue
            if packet.stream.type == "video":
                due = began + frames / FPS
                time.sleep(max(0.0, due - time.monotonic()))
                packet.stream = video
                packet.pts = packet.dts = round(frames / FPS / packet.time_base)
                out.mux(packet)
                print(time.time() * 1000, frames % FRAMES, flush=True)
                frames += 1
                continue
            for decoded in packet.decode():
                decoded.pts = None
                for frame in resampler.resample(decoded):
                    frame.pts, frame.time_base = samples, Fraction(1, 48_000)
                    samples += frame.samples
                    out.mux(sound.encode(frame))
        source.seek(0)
    out.close()


if __name__ == "__main__":
    main()
