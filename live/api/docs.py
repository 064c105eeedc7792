"""The OpenAPI description and the page to try it, both under the pages' strict policy."""

from __future__ import annotations

from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView


class SchemaView(SpectacularJSONAPIView):
    authentication_classes = ()
    permission_classes = ()


class DocsView(SpectacularSwaggerSplitView):
    """The split view: its script is a second request, so that nothing is inline."""

    permission_classes = ()
    url_name = "api-schema"
    template_name = "api/docs.html"
    title = "MicroVibe API"
