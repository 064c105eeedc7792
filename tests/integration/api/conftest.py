"""API clients: a guest, and one for each kind of person."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from live.models import User
from tests.integration.live.conftest import owner, room, staff, stranger

__all__ = ["owner", "room", "staff", "stranger"]


@pytest.fixture(autouse=True)
def unthrottled() -> None:
    """Each test has its own count of requests."""
    cache.clear()


def client_of(user: User) -> APIClient:
    return APIClient(headers={"Authorization": f"Bearer {AccessToken.for_user(user)}"})


@pytest.fixture
def guest() -> APIClient:
    return APIClient()


@pytest.fixture
def as_owner(owner: User) -> APIClient:
    return client_of(owner)


@pytest.fixture
def as_stranger(stranger: User) -> APIClient:
    return client_of(stranger)


@pytest.fixture
def as_staff(staff: User) -> APIClient:
    return client_of(staff)
