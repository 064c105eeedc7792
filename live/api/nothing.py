"""What answers where nothing is: JSON, not a page."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from live.api.base import ApiView


@extend_schema(exclude=True)
class NothingView(ApiView):
    authentication_classes = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Before the method is looked at: any method at all gets the same answer."""
        super().initial(request, *args, **kwargs)
        raise NotFound
