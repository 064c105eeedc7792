"""What runs between the worlds: jobs of bridge/, as its manager found them last."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from live.models.rooms import Room


class BridgeKind(models.TextChoices):
    TO_WEBRTC = "to_webrtc", _("RTMP to WebRTC")
    TO_RTMP = "to_rtmp", _("WebRTC to RTMP")


class BridgeMode(models.TextChoices):
    """What is done to the picture."""

    PASS = "pass", _("Passed on as it is")
    TRANSCODE = "transcode", _("Transcoded")
    MIX = "mix", _("Several mixed into one")


class BridgeState(models.TextChoices):
    STARTING = "starting", _("Starting")
    RUNNING = "running", _("Running")
    WAITING = "waiting", _("Waiting")
    STOPPING = "stopping", _("Stopping")


class BridgeJob(models.Model):
    """One thing that should run, and how it does. The row goes when it should run no more."""

    room = models.ForeignKey(
        Room, models.CASCADE, related_name="bridge_jobs", verbose_name=_("room")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=BridgeKind.choices)
    mode = models.CharField(
        _("mode"), max_length=10, choices=BridgeMode.choices, default=BridgeMode.PASS
    )
    state = models.CharField(
        _("state"), max_length=10, choices=BridgeState.choices, default=BridgeState.STARTING
    )
    reason = models.CharField(_("reason"), max_length=30, blank=True)  # docs/bridge.md, "Reasons"
    run_id = models.CharField(_("run"), max_length=32, blank=True)  # of the process that does it
    pid = models.PositiveIntegerField(_("process id"), null=True, blank=True)
    session_id = models.CharField(_("SFU session"), max_length=64, blank=True)
    starts = models.PositiveIntegerField(_("times started"), default=0)
    figures = models.JSONField(_("figures"), default=dict, blank=True)
    since = models.DateTimeField(_("since"), default=timezone.now)  # wanted since
    running_at = models.DateTimeField(_("runs since"), null=True, blank=True)
    seen_at = models.DateTimeField(_("last heard"), null=True, blank=True)

    class Meta:
        verbose_name = _("bridge")
        verbose_name_plural = _("bridges")
        ordering = ["since", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["room", "kind"], name="bridge_once_per_room")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.room}"
