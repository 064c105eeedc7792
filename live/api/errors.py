"""Every error of the API, ours and the framework's, becomes one envelope here and nowhere else."""

from __future__ import annotations

import logging
import math
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.signals import got_request_exception
from django.db import OperationalError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback
from rest_framework_simplejwt.exceptions import InvalidToken

from live.api.codes import status_of
from live.api.envelope import refused
from live.errors import MicroVibeError
from live.refusals import refusal

logger = logging.getLogger(__name__)


class TooLarge(exceptions.APIException):
    status_code = 413
    default_code = "too_large"


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    set_rollback()
    known = _translated(error)
    if known is None:
        if settings.DEBUG:
            return None
        request = context.get("request")
        logger.error("API: %s", getattr(request, "path", "?"), exc_info=error)
        got_request_exception.send(sender=None, request=request)  # so that a test client raises it
        known = MicroVibeError("internal", _("Something went wrong on our side."))
    response = refused(known.code, known.message, known.data, status_of(known.code))
    _add_headers(response, error, context)
    return response


def _translated(error: Exception) -> MicroVibeError | None:
    match error:
        case MicroVibeError():
            return error
        case exceptions.ValidationError():
            return refusal("invalid", fields=_fields(error.detail))
        case exceptions.ParseError():
            return MicroVibeError("bad_json", str(error.detail))
        case exceptions.NotAuthenticated():
            return refusal("unauthenticated")
        case InvalidToken():
            return MicroVibeError("token_invalid", _("The token is invalid or has expired."))
        case exceptions.AuthenticationFailed():
            return MicroVibeError("unauthenticated", str(error.detail))
        case exceptions.PermissionDenied() if str(error.detail).startswith("CSRF Failed"):
            return MicroVibeError("csrf_failed", str(error.detail))
        case exceptions.PermissionDenied() | PermissionDenied():
            return refusal("forbidden")
        case exceptions.NotFound() | Http404():
            return MicroVibeError("not_found", _("There is nothing at this address."))
        case exceptions.MethodNotAllowed():
            return MicroVibeError("method_not_allowed", str(error.detail))
        case exceptions.NotAcceptable():
            return MicroVibeError("not_acceptable", str(error.detail))
        case exceptions.UnsupportedMediaType():
            return MicroVibeError("unsupported_media_type", _("Send application/json."))
        case TooLarge() | RequestDataTooBig():
            return MicroVibeError("too_large", _("The request is too large."))
        case exceptions.Throttled():
            retry_in_ms = math.ceil((getattr(error, "wait", None) or 1.0) * 1000)
            return refusal("rate_limited", retry_in_ms=retry_in_ms)
        case OperationalError():
            logger.error("API: the database failed", exc_info=error)
            return MicroVibeError("unavailable", _("The database is not answering."))
        case _:
            return None


def _fields(detail: Any) -> dict[str, Any]:
    """{field: [why, …]}; what is about no field in particular is under ""."""
    if not isinstance(detail, dict):
        return {"": [str(why) for why in detail]}
    return {
        "" if name == "non_field_errors" else str(name): (
            [str(why) for why in whys] if isinstance(whys, list) else _fields(whys)
        )
        for name, whys in detail.items()
    }


def _add_headers(response: Response, error: Exception, context: dict[str, Any]) -> None:
    if response.status_code == 401:
        response["WWW-Authenticate"] = 'Bearer realm="api"'
    if response.status_code == 429:
        retry_in_ms = response.data["data"].get("retry_in_ms", 1000)
        response["Retry-After"] = str(math.ceil(retry_in_ms / 1000))
    if isinstance(error, exceptions.MethodNotAllowed):
        view = context.get("view")
        if view is not None:
            response["Allow"] = ", ".join(view.allowed_methods)
