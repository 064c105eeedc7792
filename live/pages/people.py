"""Who asks, and where signing in leads back to."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from live.models import User


def person(request: HttpRequest) -> User | None:
    return request.user if request.user.is_authenticated else None


def safe_next(request: HttpRequest, fallback: str) -> str:
    """`next` of the form or URL if it stays on this site, else `fallback`."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else fallback


def sign_in_url(back_to: str = "") -> str:
    """/sign-in, which leads back to `back_to` afterwards."""
    url = reverse("sign-in")
    return f"{url}?{urlencode({'next': back_to})}" if back_to else url
