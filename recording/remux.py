"""FLV pieces → one MP4 that starts at once (faststart); the picture is never encoded anew.

`python -m recording.remux <mp4> <jpg> <secs> <piece>…`: a process of its own, because it reads what
strangers sent. Prints one line of JSON: `RemuxResult`, or {"problem": "empty"|"codec"|"broken"|
"no_space"}. Both files are written under the names given, so give names with a dot in front.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from recording.flv import PieceReader, Unusable
from recording.joiner import Differs, Joiner
from recording.limits import limit_myself
from recording.thumbnail import Pictureless, save_thumbnail

AGREE_WITHIN_SECS = 2.0
ROTTEN = ("empty", "broken", "codec")  # the worst last: what a recording of such pieces is called


@dataclass
class RemuxResult:
    """`pieces`: {"file", "from_ms", "duration_ms"} of those in the MP4, in order. `skipped`: had
    nothing in them. `rest`: begin with the first piece that does not fit into the same file."""

    duration_secs: float
    size_bytes: int
    width: int
    height: int
    pieces: list[dict[str, Any]]
    skipped: list[str] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)


def remux(pieces: Sequence[Path], out: Path) -> RemuxResult:
    """Raises Unusable when there is nothing to put into it, OSError when it can't be written."""
    try:
        return _remux(pieces, out, mixed=False)
    except Differs:
        return _remux(pieces, out, mixed=True)


def _remux(pieces: Sequence[Path], out: Path, mixed: bool) -> RemuxResult:
    """`mixed`: what differs is brought together; only what can't be is the rest."""
    joiner: Joiner | None = None
    joined: list[dict[str, Any]] = []
    skipped: list[str] = []
    problems: list[str] = []
    rest: list[str] = []
    with contextlib.ExitStack() as leaving:
        sounding = leaving.enter_context(first_with_sound(pieces)) if mixed else None
        for number, path in enumerate(pieces):
            try:
                piece = PieceReader(path)
            except Unusable as unusable:
                problems.append(unusable.problem)
                skipped.append(path.name)
                continue
            with contextlib.closing(piece):
                if joiner is None:
                    joiner = Joiner(out, piece, sounding, mixed=mixed)
                    leaving.callback(joiner.close)
                if not joiner.fits(piece):
                    rest = [other.name for other in pieces[number:]]
                    break
                from_ms, duration_ms = joiner.add(piece)
            joined.append({"file": path.name, "from_ms": from_ms, "duration_ms": duration_ms})
    if joiner is None or joiner.end_ms == 0:
        raise Unusable(max(problems or ["empty"], key=ROTTEN.index))
    secs = joiner.end_ms / 1000
    _verify(out, secs)
    _sync(out)
    size = out.stat().st_size
    return RemuxResult(secs, size, joiner.width, joiner.height, joined, skipped, rest)


@contextlib.contextmanager
def first_with_sound(pieces: Sequence[Path]) -> Iterator[PieceReader | None]:
    """Its sound is the file's."""
    for path in pieces:
        try:
            piece = PieceReader(path)
        except Unusable:
            continue
        with contextlib.closing(piece):
            if "audio" in piece.tracks:
                yield piece
                return
    yield None


def _verify(path: Path, secs: float) -> None:
    """It opens and is as long as what went in: after this the pieces may be deleted."""
    with av.open(str(path), format="mp4") as made:
        found = (made.duration or 0) / av.time_base
    if abs(found - secs) > AGREE_WITHIN_SECS:
        raise Unusable("broken")


def _sync(path: Path) -> None:
    """On disk before the pieces go."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def main(arguments: Sequence[str]) -> dict[str, Any]:
    out, picture, secs, *pieces = arguments
    limit_myself(int(secs))
    av.logging.set_level(None)
    try:
        result = remux([Path(piece) for piece in pieces], Path(out))
    except Unusable as unusable:
        return {"problem": unusable.problem}
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return {"problem": "no_space"}
        return {"problem": "broken"}
    except (FFmpegError, ValueError, MemoryError):
        return {"problem": "broken"}
    if result.width:
        try:
            save_thumbnail(Path(out), Path(picture), result.duration_secs)
        except (Pictureless, FFmpegError, OSError, ValueError):
            Path(picture).unlink(missing_ok=True)  # a recording without a picture is one, too
    return asdict(result)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:])), flush=True)
