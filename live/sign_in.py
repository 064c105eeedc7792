"""Passwords: for the sign-in page, the staff desk and the API alike, with a limit on guessing."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from live.models import User
from live.tries import address_of, count_try, refuse_too_many


class LimitedBackend(ModelBackend):
    """Raises rate_limited before the password is looked at, right or wrong."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> Any:
        if username is None or password is None:
            return None
        who = [("wrong_password_by_name", User.normalize_username(username).casefold())]
        if request is not None:
            who.append(("wrong_password_by_address", address_of(request)))
        for kind, name in who:
            refuse_too_many(kind, name)
        user = super().authenticate(request, username=username, password=password, **kwargs)
        if user is None:
            for kind, name in who:
                count_try(kind, name)
        return user
