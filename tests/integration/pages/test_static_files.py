"""collectstatic with our storage: hashed names, also inside ES modules; npm files by whitelist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles.finders import FileSystemFinder
from django.core.files.storage import FileSystemStorage
from django.test import override_settings

from live.pages.finders import NpmFinder
from live.pages.storage import ModuleManifestStorage


def test_modules_import_each_other_by_hashed_names(tmp_path: Path) -> None:
    storage = ModuleManifestStorage(location=str(tmp_path), base_url="/static/")
    collected = {}
    for path, source in FileSystemFinder().list([]):
        with source.open(path) as file:
            storage._save(path, file)
        collected[path] = (source, path)
    results = list(storage.post_process(collected, dry_run=False))
    failed = [(name, why) for name, _, why in results if isinstance(why, Exception)]
    assert not failed
    page = (tmp_path / storage.stored_name("js/page.js")).read_text()
    imported = re.findall(r'"\./([\w.-]+)"', page)
    assert len(imported) == 3
    assert all(re.fullmatch(r"[\w-]+\.[0-9a-f]{12}\.js", name) for name in imported)
    for path in tmp_path.rglob("*.js"):
        if re.search(r"\.[0-9a-f]{12}\.js$", path.name):
            code = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)  # JSDoc imports
            plain = re.findall(r'(?:from|import)\s+"(\.[^"]*)"', code)
            assert all(re.search(r"\.[0-9a-f]{12}\.js$", name) for name in plain), path.name
    assert re.fullmatch(r"/static/css/base\.[0-9a-f]{12}\.css", storage.url("css/base.css"))


def test_without_a_manifest_names_stay_plain(tmp_path: Path) -> None:
    storage = ModuleManifestStorage(location=str(tmp_path), base_url="/static/")
    assert storage.url("js/page.js") == "/static/js/page.js"


@pytest.fixture
def finder(tmp_path: Path) -> NpmFinder:
    (tmp_path / "player" / "dist").mkdir(parents=True)
    (tmp_path / "player" / "dist" / "player.mjs").write_text("export {}")
    (tmp_path / "player" / "secret.txt").write_text("not for the world")
    files = ["player/dist/player.mjs", "player/dist/gone.mjs"]
    with override_settings(NODE_MODULES_DIR=tmp_path, NPM_STATIC_FILES=files):
        return NpmFinder()


def test_npm_files_of_the_list_are_found(finder: NpmFinder, tmp_path: Path) -> None:
    found = finder.find("npm/player/dist/player.mjs")
    assert Path(found) == tmp_path / "player" / "dist" / "player.mjs"
    [(path, storage)] = finder.list([])
    assert isinstance(storage, FileSystemStorage)
    assert (path, storage.prefix) == ("player/dist/player.mjs", "npm")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "path",
    [
        "player/dist/player.mjs",
        "npm/player/secret.txt",
        "npm/player/dist/gone.mjs",
        "npm/player/dist/../secret.txt",
        "npm/../etc/passwd",
    ],
)
def test_nothing_else_is_found(path: str, finder: NpmFinder) -> None:
    assert finder.find(path) == []
    assert finder.find(path, find_all=True) == []
