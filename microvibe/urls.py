"""All URLs."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("live.api.urls")),
    path("", include("live.pages.urls")),
]
