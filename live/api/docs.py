"""The OpenAPI description and the page to try it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

# Swagger UI writes style attributes, so this one page may have them; scripts are still ours alone.
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)


class SchemaView(SpectacularJSONAPIView):
    authentication_classes = ()
    permission_classes = ()


class DocsView(SpectacularSwaggerSplitView):
    permission_classes = ()
    url_name = "api-schema"
    template_name = "api/docs.html"
    title = "MicroVibe API"

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response["Content-Security-Policy"] = POLICY
        return response
