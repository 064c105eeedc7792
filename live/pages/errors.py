"""The one edge where pages turn refusals and failures into words.

Each page says what happened, what we are doing about it, and what you can do.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from live.errors import MicroVibeError
from live.pages.people import sign_in_url

log = logging.getLogger(__name__)
Words = str | Promise


@dataclass(frozen=True)
class Explained:
    """An error page: three sentences and the icon above them."""

    status: int
    icon: str
    happened: Words
    doing: Words
    can_do: Words


BAD_REQUEST = Explained(
    400,
    "file-question-mark",
    _("Your browser sent something we can't read"),
    _("Nothing was changed."),
    _("Go back, reload the page and try once more."),
)
CSRF = Explained(
    403,
    "shield-alert",
    _("This form is too old"),
    _("To keep your account safe we did not carry it out. Nothing was changed."),
    _("Go back, reload the page and send it again. Cookies must be allowed."),
)
FORBIDDEN = Explained(
    403,
    "lock",
    _("This is not yours to open"),
    _("Only the owner of the room and people the owner allowed can do this."),
    _("If you have another account, sign in with that one. Or ask the owner to let you publish."),
)
BANNED = Explained(
    403,
    "ban",
    _("This room or account is banned"),
    _("Our staff has closed it."),
    _("If you think this is a mistake, write to the people who run this site."),
)
NOT_FOUND = Explained(
    404,
    "map-pin-off",
    _("There is nothing at this address"),
    _("The room may be private or gone, or the link is not complete."),
    _("Check the link, or see who is live now."),
)
NO_RECORDING = Explained(
    404,
    "film",
    _("This replay is not there"),
    _("It may be deleted or private, or the link is not complete."),
    _("Check the link, or see who is live now."),
)
NO_GUEST_LINK = Explained(
    404,
    "unlink",
    _("This link is no longer good"),
    _("Guest links end after a while, and the owner of the room can end them."),
    _("Ask for a new one. Watching needs none."),
)
NO_LONGER_GUEST = Explained(
    403,
    "user-x",
    _("You can't join here"),
    _("The owner of the room has removed you."),
    _("You can go on watching, or ask the owner to invite you again."),
)
TOO_MANY = Explained(
    429,
    "hourglass",
    _("Too many tries"),
    _("To keep accounts safe we wait for a while before we look at another one."),
    _("Try again later. If you forgot your password, ask the people who run this site."),
)
SIGN_UP_CLOSED = Explained(
    403,
    "lock",
    _("New accounts are not made here now"),
    _("The people who run this site make accounts themselves."),
    _("Ask them for one. Watching needs none."),
)
INTERNAL = Explained(
    500,
    "wrench",
    _("Something broke on our side"),
    _("The error is in our log, with the time below."),
    _("Reload in a moment. If you are live, leave that page open: it reconnects by itself."),
)
OF_REFUSAL = {
    "room_not_found": NOT_FOUND,
    "recording_not_found": NO_RECORDING,
    "invite_not_found": NO_GUEST_LINK,
    "guest_removed": NO_LONGER_GUEST,
    "forbidden": FORBIDDEN,
    "banned": BANNED,
    "rate_limited": TOO_MANY,
    "sign_up_closed": SIGN_UP_CLOSED,
}


def error_page(request: HttpRequest, why: Explained, code: str) -> HttpResponse:
    """The page in the site's layout; JSON with our envelope below /api/."""
    if request.path.startswith("/api/"):
        return JsonResponse(
            {"code": code, "message": str(why.happened), "data": None}, status=why.status
        )
    context = {"why": why, "code": code, "at": timezone.now(), "request_path": request.path}
    return HttpResponse(render_to_string("error.html", context, request), status=why.status)


class PageErrors:
    """Middleware: a MicroVibeError that leaves a page view becomes a page (the API has DRF)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        if not isinstance(error, MicroVibeError):
            return None
        if error.code == "unauthenticated":
            return redirect(sign_in_url(request.get_full_path()))
        why = OF_REFUSAL.get(error.code)
        if why is None:
            why = Explained(409, "circle-x", error.message, BAD_REQUEST.doing, BAD_REQUEST.can_do)
        response = error_page(request, why, error.code)
        if "retry_in_ms" in error.data:
            response["Retry-After"] = str(math.ceil(error.data["retry_in_ms"] / 1000))
        return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, BAD_REQUEST, "bad_request")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, FORBIDDEN, "forbidden")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, NOT_FOUND, "not_found")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return error_page(request, CSRF, "csrf")


def internal(request: HttpRequest) -> HttpResponse:
    """No context processors, so no database: it may be the database that broke."""
    if request.path.startswith("/api/"):
        body: dict[str, Any] = {"code": "internal", "message": str(INTERNAL.happened), "data": None}
        return JsonResponse(body, status=500)
    context = {
        "why": INTERNAL,
        "code": "internal",
        "at": timezone.now(),
        "bare": True,
        "LANGUAGE_CODE": get_language() or "en",
    }
    try:
        html = str(render_to_string("error.html", context))
    except Exception:
        log.exception("The error page itself can't be rendered.")
        html = f"<!doctype html><h1>{INTERNAL.happened}</h1><p>{INTERNAL.can_do}</p>"
    return HttpResponse(html, status=500)
