"""Finds the few npm files that pages load as they are: a whitelist, never all of node_modules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.files.storage import FileSystemStorage, Storage

PREFIX = "npm"


class NpmFinder(BaseFinder):
    """Serves settings.NPM_STATIC_FILES, paths in node_modules such as "hls.js/dist/hls.light.mjs".

    In templates: {% static "npm/hls.js/dist/hls.light.mjs" %}.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.storage = FileSystemStorage(location=str(settings.NODE_MODULES_DIR))
        self.storage.prefix = PREFIX  # type: ignore[attr-defined]  # collectstatic's way to say it
        self.files = frozenset(settings.NPM_STATIC_FILES)

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        inner = path.removeprefix(f"{PREFIX}/")
        found = [self.storage.path(inner)] if inner != path and inner in self.files else []
        found = [name for name in found if Path(name).is_file()]
        if find_all:
            return found
        return found[0] if found else []

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, Storage]]:
        for path in sorted(self.files):
            if self.storage.exists(path) and not matches_patterns(path, ignore_patterns):
                yield path, self.storage
