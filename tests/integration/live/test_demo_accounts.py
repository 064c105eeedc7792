"""`manage.py demo_accounts`."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from live.models import Room, User

pytestmark = pytest.mark.django_db


def run(**options: str) -> tuple[str, str]:
    out = StringIO()
    return call_command("demo_accounts", stdout=out, **options), out.getvalue()


def test_made_once():
    result, printed = run(password="first password")
    assert result == "created"
    assert "first password" not in printed
    assert run(password="second password")[0] == "kept"
    demo, staff = User.objects.get(username="demo"), User.objects.get(username="staff")
    assert demo.check_password("first password")
    assert staff.check_password("first password")
    assert (demo.is_staff, staff.is_staff, staff.is_superuser) == (False, True, True)
    room = Room.objects.get()
    assert (room.owner, room.title, room.streaming_mode) == (demo, "Demo room", "hybrid")


def test_password_from_the_environment(monkeypatch):
    monkeypatch.delenv("DEMO_PASSWORD", raising=False)
    with pytest.raises(CommandError):
        run()
    monkeypatch.setenv("DEMO_PASSWORD", "from the environment")
    assert run()[0] == "created"
    assert User.objects.get(username="demo").check_password("from the environment")
