"""What requests must look like, and (for the description only) what answers do look like."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from live.advice_words import SEVERITIES
from live.ingest_of import STATES as INGEST_STATES
from live.ladder import RUNGS, WAYS
from live.lifecycle import EndReason, RoomState
from live.models import Layout, PushProtocol, StreamingMode, StreamType, Visibility

STATES = [state.value for state in RoomState]
REASONS = [reason.value for reason in EndReason]
WAY_NAMES = list(WAYS)


# --- Requests -----------------------------------------------------------------------------------
class RoomCreateRequest(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=100)
    description = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    streaming_mode = serializers.ChoiceField(StreamingMode.choices, required=False)
    push_protocol = serializers.ChoiceField(PushProtocol.choices, required=False)
    stream_type = serializers.ChoiceField(StreamType.choices, required=False)
    visibility = serializers.ChoiceField(Visibility.choices, required=False)
    record = serializers.BooleanField(required=False)
    layout = serializers.ChoiceField(Layout.choices, required=False)


class RoomUpdateRequest(RoomCreateRequest):
    title = serializers.CharField(max_length=100, required=False)


class PageQuery(serializers.Serializer[Any]):
    page = serializers.IntegerField(min_value=1, max_value=100_000, default=1)
    page_size = serializers.IntegerField(min_value=1, max_value=100, default=20)


class PublisherRequest(serializers.Serializer[Any]):
    """One of the two."""

    user_id = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    username = serializers.CharField(required=False, max_length=150)

    def validate(self, attrs: dict[str, object]) -> dict[str, object]:
        if len(attrs) != 1:
            raise serializers.ValidationError("Give either user_id or username.")
        return attrs


class TokenRequest(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=4096, trim_whitespace=False)


class RefreshRequest(serializers.Serializer[Any]):
    refresh = serializers.CharField(max_length=4096)


# --- Answers ------------------------------------------------------------------------------------
class TokenPair(serializers.Serializer[Any]):
    access = serializers.CharField()
    refresh = serializers.CharField()


class UserShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class BroadcastShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    started_at = serializers.DateTimeField()


class ReplayShape(serializers.Serializer[Any]):
    recording_id = serializers.CharField()
    ready = serializers.BooleanField()


class OnStageShape(serializers.Serializer[Any]):
    user = UserShape()
    muted = serializers.BooleanField(help_text="By the owner.")


class StageShape(serializers.Serializer[Any]):
    layout = serializers.ChoiceField(Layout.choices)
    people = OnStageShape(many=True, help_text="Who sends media, in the order of the programme.")


class Created(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    room_id = serializers.CharField()
    stream_key = serializers.CharField(help_text="Secret: whoever has it can publish.")
    stream_url = serializers.CharField(allow_null=True, help_text="For OBS; holds the key.")
    webrtc_url = serializers.CharField(allow_null=True)
    play_url = serializers.CharField(allow_null=True)
    flv_url = serializers.CharField(allow_null=True)
    webrtc_play_url = serializers.CharField(allow_null=True)
    streaming_mode = serializers.ChoiceField(StreamingMode.choices)


class RoomShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    room_id = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(STATES)
    streaming_mode = serializers.ChoiceField(StreamingMode.choices)
    push_protocol = serializers.ChoiceField(PushProtocol.choices)
    stream_type = serializers.ChoiceField(StreamType.choices)
    visibility = serializers.ChoiceField(Visibility.choices)
    record = serializers.BooleanField(help_text="A recording is made of what comes by RTMP.")
    layout = serializers.ChoiceField(Layout.choices, help_text="Of several pictures.")
    owner = UserShape()
    broadcast = BroadcastShape(allow_null=True, help_text="The one on air.")
    ended_reason = serializers.ChoiceField(REASONS, allow_null=True)
    grace_until = serializers.DateTimeField(allow_null=True)
    publishing = serializers.ListField(
        child=serializers.ChoiceField(WAY_NAMES), help_text="Who sends media now."
    )
    replay = ReplayShape(allow_null=True, help_text="Of the last broadcast, once it is over.")
    stage = StageShape()
    viewers = serializers.IntegerField()
    likes = serializers.IntegerField()
    state_changed_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    play_url = serializers.CharField(allow_null=True)
    flv_url = serializers.CharField(allow_null=True)
    webrtc_play_url = serializers.CharField(allow_null=True)


class RoomPage(serializers.Serializer[Any]):
    items = RoomShape(many=True)
    page = serializers.IntegerField()
    page_size = serializers.IntegerField()
    total = serializers.IntegerField()


class KeyShape(serializers.Serializer[Any]):
    room_id = serializers.CharField()
    stream_key = serializers.CharField(allow_null=True, help_text="null for staff.")
    stream_url = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    rotated_at = serializers.DateTimeField(allow_null=True)


class ViewersByProtocol(serializers.Serializer[Any]):
    none = serializers.IntegerField(help_text="There, but playing nothing.")
    webrtc = serializers.IntegerField()
    flv = serializers.IntegerField()
    hls = serializers.IntegerField()


class FiguresShape(serializers.Serializer[Any]):
    """What is not known is left out."""

    video_codec = serializers.CharField(required=False)
    profile = serializers.CharField(required=False)
    level = serializers.CharField(required=False)
    width = serializers.IntegerField(required=False)
    height = serializers.IntegerField(required=False)
    fps = serializers.FloatField(required=False, help_text="As the encoder declared it.")
    audio_codec = serializers.CharField(required=False)
    channels = serializers.IntegerField(required=False)
    sample_rate = serializers.IntegerField(required=False, help_text="Hz")
    dropped = serializers.IntegerField(required=False, help_text="Frames.")
    uptime_secs = serializers.FloatField(required=False)
    video_bitrate = serializers.FloatField(required=False, help_text="bit/s")
    audio_bitrate = serializers.FloatField(required=False, help_text="bit/s")
    keyframe_secs = serializers.FloatField(
        required=False, help_text="Longest way between keyframes in the last minute."
    )
    b_frames = serializers.BooleanField(required=False)
    measured_fps = serializers.FloatField(required=False)
    has_audio = serializers.BooleanField(required=False)
    has_video = serializers.BooleanField(required=False)
    hevc = serializers.BooleanField(required=False)
    av_offset_ms = serializers.FloatField(required=False)


class RoomStats(serializers.Serializer[Any]):
    room_id = serializers.CharField()
    state = serializers.ChoiceField(STATES)
    viewers = serializers.IntegerField(help_text="Players elsewhere (VLC …) count, too.")
    viewers_by_protocol = ViewersByProtocol()
    peak_viewers = serializers.IntegerField()
    total_viewers = serializers.IntegerField()
    watch_secs = serializers.FloatField(help_text="Seconds, of all viewers together.")
    likes = serializers.IntegerField(help_text="Of this broadcast.")
    likes_total = serializers.IntegerField(help_text="Of the room.")
    gifts = serializers.IntegerField()
    chat_messages = serializers.IntegerField()
    uptime_secs = serializers.FloatField()
    video_bitrate = serializers.IntegerField(allow_null=True, help_text="bit/s, sent")
    audio_bitrate = serializers.IntegerField(allow_null=True, help_text="bit/s, sent")
    packet_loss = serializers.FloatField(allow_null=True, help_text="0 to 1")
    jitter = serializers.FloatField(allow_null=True, help_text="ms")
    round_trip_time = serializers.FloatField(allow_null=True, help_text="ms")
    fps = serializers.FloatField(allow_null=True)
    width = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)
    video_codec = serializers.CharField(allow_null=True, help_text="Of RTMP.")
    audio_codec = serializers.CharField(allow_null=True, help_text="Of RTMP.")
    ingest = FiguresShape(allow_null=True, help_text="Of what is sent by RTMP now.")


class RungShape(serializers.Serializer[Any]):
    rung = serializers.ChoiceField(RUNGS)
    available = serializers.BooleanField()
    url = serializers.CharField(allow_null=True)
    qualities = serializers.ListField(
        child=serializers.CharField(),
        allow_null=True,
        help_text='Of hls, best first: "source", "720p", "480p", "360p", "audio".',
    )
    reason = serializers.CharField(allow_null=True, help_text="Why it is missing.")
    detail = serializers.CharField(allow_null=True, help_text="The reason in plain words.")


class WayShape(serializers.Serializer[Any]):
    way = serializers.ChoiceField(WAY_NAMES)
    available = serializers.BooleanField()
    reason = serializers.CharField(allow_null=True)
    detail = serializers.CharField(allow_null=True)


class PlaybackShape(serializers.Serializer[Any]):
    rungs = RungShape(many=True)
    publish = WayShape(many=True)


class AdviceShape(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="docs/ingest.md lists them.")
    values = serializers.DictField()
    severity = serializers.ChoiceField(SEVERITIES)
    title = serializers.CharField()
    detail = serializers.CharField()


class RefusedShape(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    why = serializers.CharField()
    title = serializers.CharField()
    detail = serializers.CharField()


class IngestShape(serializers.Serializer[Any]):
    state = serializers.ChoiceField(INGEST_STATES)
    reason = serializers.CharField(
        allow_null=True, help_text="Why nobody could begin to publish by RTMP now."
    )
    detail = serializers.CharField(allow_null=True, help_text="The reason in plain words.")
    server = serializers.CharField(help_text="For OBS; the key comes from live/{room_id}/key.")
    encoder = serializers.CharField(allow_blank=True)
    since = serializers.DateTimeField(allow_null=True, help_text="Of the state.")
    figures = FiguresShape()
    advice = AdviceShape(many=True, help_text="Worst first.")
    refused = RefusedShape(
        allow_null=True, help_text="The last time the right key was sent away, until let in."
    )
    recording = serializers.BooleanField()
    disk_ok = serializers.BooleanField(help_text="false: recording has stopped.")


class PublisherShape(serializers.Serializer[Any]):
    user = UserShape()
    added_at = serializers.DateTimeField()


class PublisherList(serializers.Serializer[Any]):
    items = PublisherShape(many=True)


class HealthShape(serializers.Serializer[Any]):
    status = serializers.CharField()


class PartShape(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    detail = serializers.CharField()


class PartsShape(serializers.Serializer[Any]):
    database = PartShape()
    channel_layer = PartShape()
    sfu = PartShape()
    rtmp = PartShape()
    playback = PartShape(help_text="HTTP-FLV.")
    worker = PartShape()
    disk = PartShape(help_text="Not ok: recording has stopped. The rest is ready all the same.")
    bridge = PartShape(help_text="Between RTMP and WebRTC. Not ok: each is for itself.")


class ReadyShape(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["ok", "unavailable"])
    parts = PartsShape()
