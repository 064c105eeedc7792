"""What all tests share: how hard hypothesis tries, markers by folder, one database."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

HERE = Path(__file__).parent
IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}

_ANY_SPEED = [HealthCheck.too_slow]  # a busy machine is no reason to fail
settings.register_profile(
    "default", max_examples=200, deadline=None, suppress_health_check=_ANY_SPEED
)
settings.register_profile(
    "ci",
    max_examples=10_000,
    deadline=None,
    suppress_health_check=_ANY_SPEED,
    database=None,
    derandomize=False,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if IN_CI else "default"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The folder says what kind of test it is; the quick ones go first."""
    for item in items:
        folder = item.path.relative_to(HERE).parts[0]
        if folder in {"unit", "integration", "e2e"}:
            item.add_marker(folder)
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.timeout(600))  # 10,000 inputs take a slow machine minutes
    # Playwright's sync API keeps an event loop running; asyncio tests could not start theirs.
    items.sort(key=lambda item: item.get_closest_marker("e2e") is not None)


@pytest.fixture(scope="session")
def missing_part():
    """Say that a part of the machine is missing: skip with the reason, or fail in CI."""

    def say(what: str) -> None:
        if IN_CI:
            pytest.fail(f"CI must have it: {what}", pytrace=False)
        pytest.skip(what)

    return say


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A file, not shared memory: consumers write from threads, a shared cache locks tables."""
    from django.conf import settings as django_settings

    database = django_settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("db") / "test.sqlite3")


@pytest.fixture(autouse=True)
def unseen_parts() -> None:
    """What a test before found out about rtmp, flv and the like is nobody else's business."""
    parts = sys.modules.get("live.parts")
    if parts is not None:
        parts.forget_parts()
