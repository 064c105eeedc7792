"""What runs between the worlds: jobs of bridge/, as its manager found them last."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from live.models.rooms import Room


class BridgeKind(models.TextChoices):
    TO_WEBRTC = "to_webrtc", _("RTMP to WebRTC")
    TO_RTMP = "to_rtmp", _("WebRTC to RTMP")
    LADDER = "ladder", _("Qualities of HLS")
    RESTREAM = "restream", _("Restream")


class BridgeMode(models.TextChoices):
    """What is done to the picture."""

    PASS = "pass", _("Passed on as it is")
    TRANSCODE = "transcode", _("Transcoded")
    MIX = "mix", _("Several mixed into one")


class BridgeState(models.TextChoices):
    STARTING = "starting", _("Being started")
    RUNNING = "running", _("Running")
    WAITING = "waiting", _("Waiting")
    STOPPING = "stopping", _("Stopping")


class BridgeJob(models.Model):
    """One thing that should run, and how it does. The row goes when it should run no more."""

    key = models.CharField(max_length=80, unique=True, editable=False)  # "to_rtmp:room_abc123"
    room = models.ForeignKey(
        Room, models.CASCADE, related_name="bridge_jobs", verbose_name=_("room")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=BridgeKind.choices)
    target = models.ForeignKey(
        "RestreamTarget",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="jobs",
        verbose_name=_("restream target"),
    )
    mode = models.CharField(
        _("processing"), max_length=10, choices=BridgeMode.choices, default=BridgeMode.PASS
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

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.room}"


class RestreamTarget(models.Model):
    """Another platform that broadcasts are passed on to. Its key opens with live.secrets only."""

    room = models.ForeignKey(
        Room, models.CASCADE, related_name="restream_targets", verbose_name=_("room")
    )
    name = models.CharField(_("name"), max_length=60)
    url = models.CharField(_("server"), max_length=300)  # rtmp(s)://host[:port]/app
    ciphertext = models.TextField(editable=False)
    enabled = models.BooleanField(_("enabled"), default=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        verbose_name = _("restream target")
        verbose_name_plural = _("restream targets")
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"{self.name}: {self.room}"
