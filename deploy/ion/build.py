"""Build the Ion SFU node: the pinned module, with the patches beside this file or without them.

`make ion [PATCHES=none]` runs it. Standard library only, for images that have nothing else.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUT = HERE.parents[1] / "build" / "ion"
MODULE = "github.com/pion/ion-sfu"
PROGRAM = f"{MODULE}/cmd/signal/grpc"
PINS = ("go.mod", "go.sum", "tools.go")


class BuildError(Exception):
    """Why there is no node; for people to read."""


def find_go() -> str | None:
    """Go on PATH, or where its own archive is unpacked to."""
    usual = Path("/usr/local/go/bin/go")
    return shutil.which("go") or (str(usual) if usual.is_file() else None)


def patches(leave_out: Sequence[str] = ()) -> list[Path]:
    """In order. `leave_out`: names to build without, for the tests of each."""
    every = sorted((HERE / "patches").glob("*.patch"))
    unknown = set(leave_out) - {path.stem for path in every}
    if unknown:
        raise BuildError(f"No such patch: {', '.join(sorted(unknown))}.")
    return [path for path in every if path.stem not in leave_out]


def build(chosen: Sequence[Path], to: Path) -> Path:
    """Build `to` unless it is there already, of the very same parts."""
    go = find_go()
    if go is None:
        raise BuildError("Go is not installed (1.21 or later, https://go.dev/dl).")
    version = _run([go, "version"], cwd=HERE).strip()
    parts = [version.encode(), *(path.read_bytes() for path in (*_pins(), *chosen))]
    stamp = hashlib.sha256(b"\0".join([*parts, Path(__file__).read_bytes()])).hexdigest()
    stamp_file = to.with_name(f"{to.name}.stamp")
    if to.is_file() and stamp_file.is_file() and stamp_file.read_text() == stamp:
        return to
    to.parent.mkdir(parents=True, exist_ok=True)
    work = to.with_name(f"{to.name}.{os.getpid()}")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    for pin in _pins():
        shutil.copy(pin, work)
    if chosen:
        _patch_module(go, work, chosen)
    made = work / "made"
    # Static and without paths of this machine; the names in a stack trace stay.
    flags = ["-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags=-s -w"]
    _run([go, "build", *flags, "-o", str(made), PROGRAM], cwd=work)
    made.replace(to)
    shutil.rmtree(work)
    stamp_file.write_text(stamp)
    return to


def _pins() -> list[Path]:
    return [HERE / name for name in PINS]


def _patch_module(go: str, work: Path, chosen: Sequence[Path]) -> None:
    _run([go, "mod", "download", MODULE], cwd=work)
    source = _run([go, "list", "-m", "-f", "{{.Dir}}", MODULE], cwd=work).strip()
    shutil.copytree(source, work / "src", copy_function=shutil.copyfile)  # the cache is read-only
    for path in (work / "src").rglob("*"):
        if path.is_dir():
            path.chmod(0o755)
    # git would look for a repository above, and then pass over what it ignores.
    quiet = {"GIT_CEILING_DIRECTORIES": str(work)}
    for patch in chosen:
        how = ["patch", "-p1", "--fuzz=0", "--batch", "-i", str(patch)]
        if shutil.which("patch") is None:
            how = ["git", "apply", "-p1", str(patch)]
        try:
            _run(how, cwd=work / "src", more=quiet)
        except BuildError as error:
            raise BuildError(f"{patch.name} does not apply: {error}") from None
    with (work / "go.mod").open("a") as file:
        file.write(f"\nreplace {MODULE} => ./src\n")


def _run(command: Sequence[str], *, cwd: Path, more: Mapping[str, str] | None = None) -> str:
    env = {"CGO_ENABLED": "0", **os.environ, **(more or {})}
    try:
        done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    except OSError as error:
        raise BuildError(f"{command[0]}: {error}") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise BuildError(f"{' '.join(command[:3])}: {said}")
    return done.stdout


def main() -> int:
    """What `make ion` runs."""
    parser = argparse.ArgumentParser(description="Build the Ion SFU node.")
    parser.add_argument("patches", nargs="?", choices=("all", "none"), default="all")
    plain = parser.parse_args().patches == "none"
    to = OUT / ("ion-sfu-plain" if plain else "ion-sfu")
    began = time.monotonic()
    try:
        build([] if plain else patches(), to)
    except BuildError as error:
        print(f"ion: {error}", file=sys.stderr)
        return 1
    print(f"{to} ({to.stat().st_size / 1e6:.0f} MB, {time.monotonic() - began:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
