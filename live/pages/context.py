"""What templates may use beside Django's own: page_name, sign_in_url, sign_up_open, public_url."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from live.pages.people import sign_in_url


def page(request: HttpRequest) -> dict[str, Any]:
    match = request.resolver_match
    name = match.url_name if match else ""
    comes_back = request.method == "GET" and name not in {"sign-in", "sign-up"}
    return {
        "page_name": name,
        # Not request.get_host(): that raises on the page which says that the host is not ours.
        "public_url": settings.PUBLIC_URL,
        "sign_up_open": settings.SIGN_UP_OPEN,
        "sign_in_url": sign_in_url(request.get_full_path() if comes_back else ""),
    }
