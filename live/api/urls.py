"""The URLs of the API, without a slash at the end. Other /api/ addresses are a JSON 404."""

from __future__ import annotations

from django.urls import path, re_path, register_converter
from django.urls.converters import IntConverter, StringConverter

from live.api.docs import DocsView, SchemaView
from live.api.guests import GuestJoinView, GuestListView, GuestView
from live.api.health import HealthView, ReadyView
from live.api.ingest import RoomIngestView
from live.api.invites import InviteListView, InviteView
from live.api.keys import RoomKeyView, RoomRotateKeyView
from live.api.metrics import metrics_view
from live.api.nothing import NothingView
from live.api.publishers import PublisherListView, PublisherView
from live.api.push import RoomPushView
from live.api.recordings import RecordingChatView, RecordingView, RoomRecordingsView
from live.api.restreams import RestreamListView, RestreamView
from live.api.rooms import (
    RoomCreateView,
    RoomEndView,
    RoomListView,
    RoomMineView,
    RoomPlaybackView,
    RoomStartView,
    RoomStatsView,
    RoomView,
)
from live.api.sfu import (
    SessionAnswerView,
    SessionCreateView,
    SessionStatsView,
    SessionView,
)
from live.api.tokens import TokenRefreshView, TokenView


class PublicId(StringConverter):
    regex = r"[A-Za-z0-9_.-]{1,64}"


class RowId(IntConverter):
    regex = r"[0-9]{1,18}"  # what a 64-bit column can hold


register_converter(PublicId, "public_id")
register_converter(RowId, "row_id")

urlpatterns = [
    path("health", HealthView.as_view(), name="health"),
    path("health/ready", ReadyView.as_view(), name="health-ready"),
    path("metrics", metrics_view, name="metrics"),
    path("api/docs", DocsView.as_view(), name="api-docs"),
    path("api/v1/openapi.json", SchemaView.as_view(), name="api-schema"),
    path("api/v1/auth/token", TokenView.as_view(), name="api-token"),
    path("api/v1/auth/token/refresh", TokenRefreshView.as_view(), name="api-token-refresh"),
    path("api/v1/live/create", RoomCreateView.as_view(), name="api-room-create"),
    path("api/v1/live/list", RoomListView.as_view(), name="api-room-list"),
    path("api/v1/live/mine", RoomMineView.as_view(), name="api-room-mine"),
    path("api/v1/live/<public_id:room_id>", RoomView.as_view(), name="api-room"),
    path("api/v1/live/<public_id:room_id>/start", RoomStartView.as_view(), name="api-room-start"),
    path("api/v1/live/<public_id:room_id>/end", RoomEndView.as_view(), name="api-room-end"),
    path("api/v1/live/<public_id:room_id>/key", RoomKeyView.as_view(), name="api-room-key"),
    path(
        "api/v1/live/<public_id:room_id>/rotate-key",
        RoomRotateKeyView.as_view(),
        name="api-room-rotate-key",
    ),
    path("api/v1/live/<public_id:room_id>/stats", RoomStatsView.as_view(), name="api-room-stats"),
    path(
        "api/v1/live/<public_id:room_id>/playback",
        RoomPlaybackView.as_view(),
        name="api-room-playback",
    ),
    path(
        "api/v1/live/<public_id:room_id>/ingest",
        RoomIngestView.as_view(),
        name="api-room-ingest",
    ),
    path("api/v1/live/<public_id:room_id>/push", RoomPushView.as_view(), name="api-room-push"),
    path(
        "api/v1/live/<public_id:room_id>/publishers",
        PublisherListView.as_view(),
        name="api-publishers",
    ),
    path(
        "api/v1/live/<public_id:room_id>/publishers/<row_id:user_id>",
        PublisherView.as_view(),
        name="api-publisher",
    ),
    path("api/v1/guests/join", GuestJoinView.as_view(), name="api-guest-join"),
    path(
        "api/v1/live/<public_id:room_id>/invites",
        InviteListView.as_view(),
        name="api-invites",
    ),
    path(
        "api/v1/live/<public_id:room_id>/invites/<row_id:invite_id>",
        InviteView.as_view(),
        name="api-invite",
    ),
    path(
        "api/v1/live/<public_id:room_id>/guests",
        GuestListView.as_view(),
        name="api-guests",
    ),
    path(
        "api/v1/live/<public_id:room_id>/guests/<row_id:user_id>",
        GuestView.as_view(),
        name="api-guest",
    ),
    path(
        "api/v1/live/<public_id:room_id>/restreams",
        RestreamListView.as_view(),
        name="api-restreams",
    ),
    path(
        "api/v1/live/<public_id:room_id>/restreams/<row_id:target_id>",
        RestreamView.as_view(),
        name="api-restream",
    ),
    path(
        "api/v1/live/<public_id:room_id>/recordings",
        RoomRecordingsView.as_view(),
        name="api-recordings",
    ),
    path(
        "api/v1/recordings/<public_id:recording_id>",
        RecordingView.as_view(),
        name="api-recording",
    ),
    path(
        "api/v1/recordings/<public_id:recording_id>/chat",
        RecordingChatView.as_view(),
        name="api-recording-chat",
    ),
    path("api/v1/sfu/session", SessionCreateView.as_view(), name="api-session-create"),
    path("api/v1/sfu/session/<public_id:session_id>", SessionView.as_view(), name="api-session"),
    path(
        "api/v1/sfu/session/<public_id:session_id>/answer",
        SessionAnswerView.as_view(),
        name="api-session-answer",
    ),
    path(
        "api/v1/sfu/session/<public_id:session_id>/stats",
        SessionStatsView.as_view(),
        name="api-session-stats",
    ),
    re_path(r"^api/.*$", NothingView.as_view()),
]
