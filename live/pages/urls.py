"""Addresses of the pages."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.decorators.cache import cache_control
from django.views.i18n import JavaScriptCatalog

from live.pages.views import (
    account,
    dashboard,
    guests,
    home,
    obs,
    pictures,
    recordings,
    replay,
    rooms,
    stage,
)

# The words of our own scripts only; private, because the answer depends on a cookie.
catalog = cache_control(private=True, max_age=600)(
    JavaScriptCatalog.as_view(packages=["live"]),
)

urlpatterns = [
    path("", home.home, name="home"),
    path("covers/<str:room_id>.svg", home.cover, name="cover"),
    path("covers/<str:room_id>.jpg", pictures.live_picture, name="live-picture"),
    path("replays/<str:recording_id>.jpg", pictures.replay_picture, name="replay-picture"),
    path("replays/<str:recording_id>", replay.replay, name="replay"),
    path("replays/<str:recording_id>/edit", recordings.recording_edit, name="recording-edit"),
    path("replays/<str:recording_id>/delete", recordings.recording_delete, name="recording-delete"),
    path(
        "replays/<str:recording_id>/download",
        recordings.recording_download,
        name="replay-download",
    ),
    path("live/<str:room_id>", stage.watch, name="watch"),
    path("studio/<str:room_id>", stage.studio, name="studio"),
    path("guest/<str:token>", guests.guest_link, name="guest-link"),
    path("rooms/<str:room_id>/guest", guests.guest, name="guest"),
    path("go-live", stage.go_live, name="go-live"),
    path("dashboard", dashboard.dashboard, name="dashboard"),
    path("rooms/new", rooms.room_new, name="room-new"),
    path("rooms/<str:room_id>/edit", rooms.room_edit, name="room-edit"),
    path("rooms/<str:room_id>/key", rooms.room_key, name="room-key"),
    path("rooms/<str:room_id>/rotate-key", rooms.room_rotate_key, name="room-rotate-key"),
    path("rooms/<str:room_id>/obs-profile", obs.obs_profile, name="obs-profile"),
    path("rooms/<str:room_id>/recordings", recordings.recordings, name="recordings"),
    path("sign-in", account.SignIn.as_view(), name="sign-in"),
    path("sign-up", account.sign_up, name="sign-up"),
    path("sign-out", LogoutView.as_view(http_method_names=["post", "options"]), name="sign-out"),
    path("language", account.choose_language, name="set-language"),
    path("jsi18n/", catalog, name="jsi18n"),
]
