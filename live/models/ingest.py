"""What comes in by RTMP, and how the parts beside the app are."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from live.models.rooms import Room


class Ingest(models.Model):
    """The RTMP side of one room: who sends now, what they send, and why it was refused last.

    Somebody sends: `client_id` is set and `lost_at` is null. Media came: `media_at` is set as well.
    """

    room = models.OneToOneField(Room, models.CASCADE, related_name="ingest", verbose_name=_("room"))
    client_id = models.CharField(_("nginx's connection id"), max_length=32, blank=True)
    key_hash = models.CharField(max_length=64, blank=True, editable=False)
    address = models.CharField(_("address"), max_length=45, blank=True)
    encoder = models.CharField(_("encoder"), max_length=100, blank=True)
    # Who sends by WebSocket (docs/bridge.md); null: an encoder with the room's key.
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("sent from a browser by"),
    )
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    media_at = models.DateTimeField(_("first media at"), null=True, blank=True)
    seen_at = models.DateTimeField(_("last seen at"), null=True, blank=True)
    lost_at = models.DateTimeField(_("lost at"), null=True, blank=True)
    figures = models.JSONField(_("figures"), default=dict, blank=True)  # docs/ingest.md, "Figures"
    advice = models.JSONField(_("advice"), default=list, blank=True)  # [{"code", "values"}]
    flv_viewers = models.PositiveIntegerField(_("FLV players elsewhere"), default=0)
    hls_viewers = models.PositiveIntegerField(_("HLS players elsewhere"), default=0)
    refused_at = models.DateTimeField(_("refused at"), null=True, blank=True)
    refused_why = models.CharField(_("refused because"), max_length=30, blank=True)

    class Meta:
        verbose_name = _("RTMP stream")
        verbose_name_plural = _("RTMP streams")

    def __str__(self) -> str:
        return f"RTMP: {self.room}"

    @property
    def is_connected(self) -> bool:
        return bool(self.client_id) and self.lost_at is None

    @property
    def has_media(self) -> bool:
        return self.is_connected and self.media_at is not None


class Part(models.Model):
    """What is beside the app, as the worker found it last: rtmp, flv, disk, worker, bridge."""

    name = models.CharField(_("part"), max_length=20, primary_key=True)
    ok = models.BooleanField(_("works"), default=False)
    detail = models.CharField(_("detail"), max_length=200, blank=True)
    changed_at = models.DateTimeField(_("since"), default=timezone.now)
    seen_at = models.DateTimeField(_("looked at"), default=timezone.now)

    class Meta:
        verbose_name = _("part")
        verbose_name_plural = _("parts")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
