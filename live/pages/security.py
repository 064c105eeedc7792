"""What a page may load and do: the Content-Security-Policy and its companions on every response."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBase

PERMISSIONS_POLICY = (
    "camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), autoplay=(self), "
    "picture-in-picture=(self), screen-wake-lock=(self), geolocation=(), payment=(), usb=()"
)


def content_security_policy(host: str) -> str:
    """The policy for pages served as `host` ("example.org:8080"; "" if it is not known)."""
    # 'self' covers ws: of the own origin today; Safari before 15.4 wants it spelled out.
    sockets = f" ws://{host} wss://{host}" if host else ""
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            f"connect-src 'self'{sockets}",
            "worker-src 'self'",
            "object-src 'none'",
            "base-uri 'self'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        )
    )


class PageSecurity:
    """Middleware: the policy for responses without one of their own (the API's try-it page)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if "Content-Security-Policy" not in response:
            try:
                host = request.get_host()
            except DisallowedHost:
                host = ""
            response["Content-Security-Policy"] = content_security_policy(host)
        response.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response
