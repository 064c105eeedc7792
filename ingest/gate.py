"""Middleware, the outermost: a call of nginx meets its view and nothing else.

Redirects to HTTPS, to a slash or to a language would each accept a stranger's stream (nginx takes
any 3xx for a yes), and ALLOWED_HOSTS does not name 127.0.0.1 everywhere.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import Resolver404, resolve

logger = logging.getLogger(__name__)
PREFIX: Final = "/ingest/"


class HooksAlone:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        try:
            found = resolve("/" + request.path_info.removeprefix(PREFIX), "ingest.urls")
            answer: HttpResponseBase = found.func(request, *found.args, **found.kwargs)
        except Resolver404:
            return HttpResponse(status=404)
        except Exception as error:
            # Without the traceback's values and the message: either may hold a stream key.
            frames = traceback.extract_tb(error.__traceback__)
            where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames[-6:]))
            logger.error("a call of nginx failed: %s at %s", type(error).__name__, where)
            return HttpResponse(status=500)
        return answer
