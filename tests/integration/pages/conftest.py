"""Browsers (Django's test client) of a guest and of each kind of person."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from live.models import User
from tests.integration.live.conftest import owner, room, staff, stranger

__all__ = ["owner", "room", "staff", "stranger"]


@pytest.fixture
def browser_of() -> Callable[[User], Client]:
    def make(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make
