"""Recordings: one file to play per broadcast (more when its picture changed its shape)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from live.ids import new_recording_id
from live.models.broadcasts import Broadcast
from live.models.rooms import Room, Visibility


class RecordingState(models.TextChoices):
    RECORDING = "recording", _("Recording")
    PROCESSING = "processing", _("Being made ready")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Could not be made")


class Recording(models.Model):
    recording_id = models.CharField(
        _("recording id"), max_length=32, unique=True, default=new_recording_id, editable=False
    )
    room = models.ForeignKey(
        Room, models.CASCADE, related_name="recordings", verbose_name=_("room")
    )
    broadcast = models.ForeignKey(
        Broadcast,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="recordings",
        verbose_name=_("broadcast"),
    )
    number = models.PositiveSmallIntegerField(_("number in its broadcast"), default=1)
    title = models.CharField(_("title"), max_length=100)
    visibility = models.CharField(
        _("visibility"), max_length=10, choices=Visibility.choices, default=Visibility.PUBLIC
    )
    state = models.CharField(
        _("state"), max_length=12, choices=RecordingState.choices, default=RecordingState.RECORDING
    )
    problem = models.CharField(_("problem"), max_length=30, blank=True)
    # What nginx wrote, oldest first: {"file": name, "at": ISO time of its first frame,
    # "from_ms": where it begins in the MP4, "duration_ms": its length}
    pieces = models.JSONField(_("pieces"), default=list, blank=True)
    started_at = models.DateTimeField(_("first frame at"), default=timezone.now)
    duration_secs = models.FloatField(_("length, seconds"), default=0.0)
    size_bytes = models.PositiveBigIntegerField(_("size, bytes"), default=0)
    width = models.PositiveIntegerField(_("width"), default=0)
    height = models.PositiveIntegerField(_("height"), default=0)
    views = models.PositiveIntegerField(_("views"), default=0)
    ready_at = models.DateTimeField(_("ready at"), null=True, blank=True)

    class Meta:
        verbose_name = _("recording")
        verbose_name_plural = _("recordings")
        ordering = ["-started_at", "-pk"]
        indexes = [models.Index(fields=["state", "visibility"], name="recording_by_state")]

    def __str__(self) -> str:
        return f"{self.title} ({self.recording_id})"

    @property
    def is_ready(self) -> bool:
        return self.state == RecordingState.READY

    def shown_visibility(self, room: Room) -> str:
        """While it is being recorded, its room's: it takes that one over when it ends."""
        return str(room.visibility if self.state == RecordingState.RECORDING else self.visibility)
