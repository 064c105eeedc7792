"""All URLs, but those under `ingest/`: ingest.gate answers them before anything can redirect."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("live.api.urls")),
    path("", include("live.whip.urls")),
    path("", include("live.pages.urls")),
]
handler400 = "live.pages.errors.bad_request"
handler403 = "live.pages.errors.forbidden"
handler404 = "live.pages.errors.not_found"
handler500 = "live.pages.errors.internal"
