"""Refusals as problem details (RFC 9457): a status, plain words, and a stable `code`."""

from __future__ import annotations

import json
import math
from http import HTTPStatus
from typing import Final

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from live.api.codes import status_of
from live.errors import MicroVibeError
from live.signalling.wording import words_for

STATUS: Final = {
    "bad_fragment": 400,
    "etag_mismatch": 412,
    "ice_restart": 422,
    "just_ended": 409,
    "not_supported": 501,
}
WORDS: Final = {
    "bad_fragment": _("The candidates can't be read."),
    "bad_sdp": _("The offer can't be used."),
    "etag_mismatch": _("This is another ICE session than the one that runs."),
    "ice_restart": _("ICE can't be restarted here: make a new session."),
    "just_ended": _("The broadcast was ended by hand just now. Wait a little, then start again."),
    "method_not_allowed": _("This address does not take such requests."),
    "not_supported": _("The media server can't do this."),
    "token_invalid": _("The stream key or token is wrong or has expired."),
    "too_large": _("The request is too large."),
    "unsupported_media_type": _("This address takes another content type."),
}
RETRY_SECS: Final = {"not_live": 5, "just_ended": 10, "too_many_sessions": 10}


def problem(error: MicroVibeError) -> HttpResponse:
    status = STATUS.get(error.code) or status_of(error.code)
    words = str(WORDS[error.code]) if error.code in WORDS else words_for(error.code)
    if error.code in WORDS and error.message and error.code in ("bad_sdp", "bad_fragment"):
        words = f"{words} ({error.message})"
    body = {"status": status, "title": _phrase(status), "detail": words, "code": error.code}
    response = HttpResponse(
        json.dumps(body), status=status, content_type="application/problem+json"
    )
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="microvibe"'
    retry_secs = RETRY_SECS.get(error.code, 2 if status == 503 else 0)
    if "retry_in_ms" in error.data:
        retry_secs = math.ceil(error.data["retry_in_ms"] / 1000)
    if retry_secs:
        response["Retry-After"] = str(retry_secs)
    return response


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
