"""Addresses of WHIP and WHEP."""

from __future__ import annotations

from django.urls import path

from live.whip import views

urlpatterns = [
    path("whip", views.whip, name="whip"),
    path("whip/<str:room_id>", views.whip, name="whip-room"),
    path("whip/<str:room_id>/<str:session>", views.whip_session, name="whip-session"),
    path("whep/<str:room_id>", views.whep, name="whep-room"),
    path("whep/<str:room_id>/<str:session>", views.whep_session, name="whep-session"),
]
