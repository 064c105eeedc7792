"""How often somebody may call: API_THROTTLE_RATES, read at every request."""

from __future__ import annotations

from django.conf import settings
from rest_framework.throttling import AnonRateThrottle, UserRateThrottle


class _RateFromSettings:
    scope: str

    def get_rate(self) -> str | None:
        rate: str = settings.API_THROTTLE_RATES.get(self.scope, "")
        return rate or None  # empty: no limit


class GuestThrottle(_RateFromSettings, AnonRateThrottle):
    scope = "guest"


class UserThrottle(_RateFromSettings, UserRateThrottle):
    scope = "user"


class SignInThrottle(_RateFromSettings, AnonRateThrottle):
    """By address, signed in or not: for passwords and refresh tokens."""

    scope = "sign_in"

    def get_cache_key(self, request: object, view: object) -> str | None:
        ident = self.get_ident(request)  # type: ignore[arg-type]
        return self.cache_format % {"scope": self.scope, "ident": ident}
