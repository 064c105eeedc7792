"""DATA_DIR/run/bridge: the sockets and logs of children, and the lock of their one manager."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Final

LONGEST_PATH_BYTES: Final = 100  # Linux takes 107, macOS 103
TAIL_BYTES: Final = 4_000


class Folder:
    """`lock` before anything else; `unlock` leaves the files to the next manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None
        self._handle: int | None = None

    def lock(self) -> bool:
        """False: another manager has it."""
        if self._lock is not None:
            return True
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o700)  # its sockets are told stream keys of other platforms
        lock = os.open(self.path / "manager.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        self._lock = lock
        self._handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return True

    def unlock(self) -> None:
        for each in (self._lock, self._handle):
            if each is not None:
                os.close(each)
        self._lock = self._handle = None

    def address(self, run_id: str) -> str:
        """Of a child's socket, also where the folder's path is too long for one (Linux)."""
        path = self.path / f"{run_id}.sock"
        if len(os.fsencode(path)) <= LONGEST_PATH_BYTES or self._handle is None:
            return str(path)
        return f"/proc/self/fd/{self._handle}/{path.name}"

    def run_ids(self) -> list[str]:
        """Of all sockets there are; nobody may listen on some."""
        return sorted(path.stem for path in self.path.glob("*.sock"))

    def log(self, run_id: str) -> Path:
        return self.path / f"{run_id}.log"

    def tail(self, run_id: str) -> str:
        """The last of what a child printed."""
        with contextlib.suppress(OSError), self.log(run_id).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            return file.read().decode("utf-8", "replace").strip()
        return ""

    def remove(self, run_id: str) -> None:
        for path in (self.path / f"{run_id}.sock", self.log(run_id)):
            path.unlink(missing_ok=True)
