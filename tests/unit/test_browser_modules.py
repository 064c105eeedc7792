"""The pages' pure modules, by node's own test runner."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

BASE_DIR = Path(__file__).resolve().parents[2]


def test_the_browser_modules_pass_their_tables():
    node = shutil.which("node")
    if node is None:
        if os.environ.get("CI") == "true":
            pytest.fail("node is not on the PATH, and CI is to run everything")
        pytest.skip("node is not on the PATH")
    tables = sorted(str(path) for path in (BASE_DIR / "tests/e2e/js").glob("*.test.js"))
    assert tables
    done = subprocess.run(
        [node, "--test", *tables], cwd=BASE_DIR, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
