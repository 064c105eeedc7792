"""An owner with a room, a stranger, staff."""

from __future__ import annotations

import pytest

from live.models import Room, User
from tests.integration.live.make import make_room, make_user


@pytest.fixture
def owner(db: None) -> User:
    return make_user("mei", display_name="Mei")


@pytest.fixture
def stranger(db: None) -> User:
    return make_user("stranger")


@pytest.fixture
def staff(db: None) -> User:
    return make_user("boss", is_staff=True, is_superuser=True)


@pytest.fixture
def room(owner: User) -> Room:
    return make_room(owner)
