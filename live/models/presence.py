"""Who is there now: people in rooms, and their sessions at the SFU."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from live.ids import new_participant_id, new_session_id
from live.models.rooms import Room


class Role(models.TextChoices):
    PUBLISHER = "publisher", _("Publisher")
    SUBSCRIBER = "subscriber", _("Subscriber")


class Rung(models.TextChoices):
    """The way somebody plays now."""

    NONE = "", _("None yet")
    WEBRTC = "webrtc", "WebRTC"
    FLV = "flv", "HTTP-FLV"
    HLS = "hls", "HLS"


class Via(models.TextChoices):
    """How a session came to be."""

    BROWSER = "browser", _("Browser")
    REST = "rest", "REST"
    WHIP = "whip", "WHIP"
    WHEP = "whep", "WHEP"
    BRIDGE = "bridge", _("Bridge")


class SessionState(models.TextChoices):
    JOINING = "joining", _("Joining")
    CONNECTED = "connected", _("Connected")
    LOST = "lost", _("Lost")
    CLOSED = "closed", _("Closed")


OPEN_SESSION = (SessionState.JOINING.value, SessionState.CONNECTED.value)


class Participant(models.Model):
    """One person's connection to a room, kept over reconnects. `left_at` null: there now."""

    participant_id = models.CharField(
        _("participant id"),
        max_length=40,
        unique=True,
        default=new_participant_id,
        editable=False,
    )
    room = models.ForeignKey(
        Room, models.CASCADE, related_name="participants", verbose_name=_("room")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="participants",
        verbose_name=_("user"),
    )
    role = models.CharField(_("role"), max_length=12, choices=Role.choices)
    rung = models.CharField(
        _("plays by"), max_length=8, choices=Rung.choices, blank=True, default=Rung.NONE
    )
    process_id = models.CharField(_("process"), max_length=64, blank=True)
    connected_at = models.DateTimeField(_("connected at"), default=timezone.now)
    last_seen_at = models.DateTimeField(_("last seen at"), default=timezone.now)
    left_at = models.DateTimeField(_("left at"), null=True, blank=True)
    counted_secs = models.FloatField(_("seconds counted"), default=0.0)

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        ordering = ["-connected_at", "-pk"]
        indexes = [
            models.Index(
                fields=["room", "role"], condition=Q(left_at__isnull=True), name="present_by_room"
            ),
            models.Index(
                fields=["last_seen_at"], condition=Q(left_at__isnull=True), name="present_by_seen"
            ),
        ]

    def __str__(self) -> str:
        return self.participant_id


class SfuSession(models.Model):
    """One join of one browser to the SFU. Report fields come from the browser: for display only."""

    session_id = models.CharField(
        _("session id"), max_length=64, unique=True, default=new_session_id, editable=False
    )
    room = models.ForeignKey(Room, models.CASCADE, related_name="sessions", verbose_name=_("room"))
    participant = models.ForeignKey(
        Participant,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="sessions",
        verbose_name=_("participant"),
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="sfu_sessions",
        verbose_name=_("user"),
    )
    role = models.CharField(_("role"), max_length=12, choices=Role.choices)
    via = models.CharField(_("via"), max_length=10, choices=Via.choices, default=Via.BROWSER)
    # What each stream shows: {stream id: "camera" | "screen"}
    sources = models.JSONField(_("streams"), default=dict, blank=True)
    node = models.CharField(_("SFU node"), max_length=255, blank=True)
    process_id = models.CharField(_("process"), max_length=64, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=SessionState.choices, default=SessionState.JOINING
    )
    started_at = models.DateTimeField(_("started at"), default=timezone.now)
    last_seen_at = models.DateTimeField(_("last seen at"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    end_reason = models.CharField(_("ended because"), max_length=40, blank=True)
    video_bitrate = models.PositiveBigIntegerField(_("video bitrate, bit/s"), null=True, blank=True)
    audio_bitrate = models.PositiveBigIntegerField(_("audio bitrate, bit/s"), null=True, blank=True)
    packet_loss = models.FloatField(_("packet loss, 0 to 1"), null=True, blank=True)
    jitter = models.FloatField(_("jitter, ms"), null=True, blank=True)
    round_trip_time = models.FloatField(_("round trip time, ms"), null=True, blank=True)
    fps = models.FloatField(_("frames per second"), null=True, blank=True)
    width = models.PositiveIntegerField(_("width"), null=True, blank=True)
    height = models.PositiveIntegerField(_("height"), null=True, blank=True)
    reported_at = models.DateTimeField(_("reported at"), null=True, blank=True)

    class Meta:
        verbose_name = _("SFU session")
        verbose_name_plural = _("SFU sessions")
        ordering = ["-started_at", "-pk"]
        indexes = [
            models.Index(
                fields=["room", "role"], condition=Q(ended_at__isnull=True), name="open_session"
            )
        ]

    def __str__(self) -> str:
        return self.session_id


# A bridge only passes on what somebody else sends.
BY_PEOPLE = ~Q(via=Via.BRIDGE)
# Sessions of publishers that an SFU has answered: media flows, or is about to.
SENDING = BY_PEOPLE & Q(role=Role.PUBLISHER, ended_at__isnull=True, state=SessionState.CONNECTED)
