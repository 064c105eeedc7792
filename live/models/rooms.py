"""Rooms, their stream keys, and who else may publish in them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from live.ids import new_play_id, new_room_id
from live.lifecycle import ON_AIR, EndReason, RoomState


class StreamingMode(models.TextChoices):
    RTMP = "rtmp", "RTMP"
    WEBRTC = "webrtc", "WebRTC"
    HYBRID = "hybrid", _("RTMP and WebRTC")


class PushProtocol(models.TextChoices):
    RTMP = "rtmp", "RTMP"
    WEBRTC = "webrtc", "WebRTC"


class StreamType(models.TextChoices):
    VIDEO_AUDIO = "video_audio", _("Video and audio")
    AUDIO = "audio", _("Audio only")


class Visibility(models.TextChoices):
    PUBLIC = "public", _("Public")
    UNLISTED = "unlisted", _("Unlisted: whoever has the link")
    PRIVATE = "private", _("Private: the owner and allowed publishers")


class Layout(models.TextChoices):
    """How several pictures share the screen."""

    SPEAKER = "speaker", _("Speaker: one large, the others beside it")
    GRID = "grid", _("Grid: all of the same size")
    PIP = "pip", _("Picture in picture: one large, the others small upon it")


ROOM_STATES = {
    RoomState.IDLE: _("Idle"),
    RoomState.STARTING: _("Starting"),
    RoomState.LIVE: _("Live"),
    RoomState.INTERRUPTED: _("Interrupted"),
    RoomState.ENDED: _("Ended"),
    RoomState.BANNED: _("Banned"),
}
END_REASONS = {
    EndReason.BY_OWNER: _("Ended by the owner"),
    EndReason.BY_STAFF: _("Ended by staff"),
    EndReason.PUBLISHER_LEFT: _("The publisher left"),
    EndReason.NEVER_STARTED: _("Never started"),
    EndReason.BANNED: _("Banned"),
}
STATE_CHOICES = [(state.value, words) for state, words in ROOM_STATES.items()]
REASON_CHOICES = [(reason.value, words) for reason, words in END_REASONS.items()]


class Room(models.Model):
    room_id = models.CharField(
        _("room id"), max_length=32, unique=True, default=new_room_id, editable=False
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="rooms",
        verbose_name=_("owner"),
    )
    title = models.CharField(_("title"), max_length=100)
    description = models.TextField(_("description"), max_length=2000, blank=True)
    streaming_mode = models.CharField(
        _("streaming mode"),
        max_length=10,
        choices=StreamingMode.choices,
        default=StreamingMode.HYBRID,
    )
    push_protocol = models.CharField(
        _("push protocol"),
        max_length=10,
        choices=PushProtocol.choices,
        default=PushProtocol.WEBRTC,
    )
    stream_type = models.CharField(
        _("stream type"),
        max_length=15,
        choices=StreamType.choices,
        default=StreamType.VIDEO_AUDIO,
    )
    visibility = models.CharField(
        _("visibility"), max_length=10, choices=Visibility.choices, default=Visibility.PUBLIC
    )
    record = models.BooleanField(
        _("record broadcasts"),
        default=True,
        help_text=_("A replay is made of every broadcast."),
    )
    layout = models.CharField(
        _("layout"), max_length=10, choices=Layout.choices, default=Layout.SPEAKER
    )
    play_id = models.CharField(
        _("play id"), max_length=32, unique=True, default=new_play_id, editable=False
    )
    # Goes up when somebody may know of a private room no more: play tokens made before are no good.
    play_epoch = models.PositiveIntegerField(default=0, editable=False)
    state = models.CharField(
        _("state"), max_length=12, choices=STATE_CHOICES, default=RoomState.IDLE.value
    )
    state_changed_at = models.DateTimeField(_("state since"), default=timezone.now)
    grace_until = models.DateTimeField(_("grace time until"), null=True, blank=True)
    ended_reason = models.CharField(
        _("ended because"), max_length=20, choices=REASON_CHOICES, blank=True
    )
    banned_at = models.DateTimeField(_("banned at"), null=True, blank=True)
    likes_total = models.PositiveBigIntegerField(_("likes"), default=0)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["state", "visibility"], name="room_by_state"),
            models.Index(fields=["grace_until"], name="room_by_grace"),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.room_id})"

    @property
    def room_state(self) -> RoomState:
        return RoomState(self.state)

    @property
    def private_epoch(self) -> int | None:
        """Which play tokens are good; None: the room is not private."""
        return self.play_epoch if self.visibility == Visibility.PRIVATE else None

    @property
    def is_on_air(self) -> bool:
        """Starting, live or interrupted: a broadcast is open."""
        return self.state in ON_AIR


class StreamKey(models.Model):
    """The secret of one room, never in clear: `ciphertext` opens with live.secrets only."""

    room = models.OneToOneField(Room, models.CASCADE, related_name="stream_key")
    lookup_hash = models.CharField(max_length=64, unique=True, editable=False)
    ciphertext = models.TextField(editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    rotated_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"key of {self.room_id}"


class RoomPublisher(models.Model):
    """Somebody else whom the owner lets publish."""

    room = models.ForeignKey(
        Room, models.CASCADE, related_name="publishers", verbose_name=_("room")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="publishes_in",
        verbose_name=_("user"),
    )
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("added by"),
    )
    added_at = models.DateTimeField(_("added at"), default=timezone.now)

    class Meta:
        verbose_name = _("allowed publisher")
        verbose_name_plural = _("allowed publishers")
        constraints = [
            models.UniqueConstraint(fields=["room", "user"], name="publisher_once_per_room")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.room_id}"
