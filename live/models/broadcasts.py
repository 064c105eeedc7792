"""What happened in a room: one Broadcast per time on air, its chat and gifts."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from live.models.rooms import REASON_CHOICES, PushProtocol, Room


class Broadcast(models.Model):
    room = models.ForeignKey(
        Room, models.CASCADE, related_name="broadcasts", verbose_name=_("room")
    )
    started_at = models.DateTimeField(_("started at"), default=timezone.now)
    live_at = models.DateTimeField(_("first media at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    reason = models.CharField(_("ended because"), max_length=20, choices=REASON_CHOICES, blank=True)
    peak_viewers = models.PositiveIntegerField(_("peak viewers"), default=0)
    total_viewers = models.PositiveIntegerField(_("total viewers"), default=0)
    watch_secs = models.FloatField(_("seconds watched"), default=0.0)
    likes = models.PositiveBigIntegerField(_("likes"), default=0)
    gifts = models.PositiveBigIntegerField(_("gifts"), default=0)
    chat_messages = models.PositiveIntegerField(_("chat messages"), default=0)
    publish_protocol = models.CharField(
        _("published by"), max_length=10, choices=PushProtocol.choices, blank=True
    )

    class Meta:
        verbose_name = _("broadcast")
        verbose_name_plural = _("broadcasts")
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["room"],
                condition=Q(ended_at__isnull=True),
                name="one_open_broadcast_per_room",
            )
        ]

    def __str__(self) -> str:
        return f"{self.room_id} {self.started_at:%Y-%m-%d %H:%M}"


class ChatMessage(models.Model):
    room = models.ForeignKey(
        Room, models.CASCADE, related_name="chat_messages", verbose_name=_("room")
    )
    broadcast = models.ForeignKey(
        Broadcast,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="chat",
        verbose_name=_("broadcast"),
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="chat_messages",
        verbose_name=_("user"),
    )
    text = models.CharField(_("text"), max_length=500)
    sent_at = models.DateTimeField(_("sent at"), default=timezone.now)
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True)

    class Meta:
        verbose_name = _("chat message")
        verbose_name_plural = _("chat messages")
        ordering = ["-sent_at", "-pk"]
        indexes = [models.Index(fields=["room", "-sent_at"], name="chat_by_room")]

    def __str__(self) -> str:
        return self.text[:60]


class GiftSent(models.Model):
    room = models.ForeignKey(Room, models.CASCADE, related_name="gifts", verbose_name=_("room"))
    broadcast = models.ForeignKey(
        Broadcast,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="gifts_sent",
        verbose_name=_("broadcast"),
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="gifts_sent",
        verbose_name=_("user"),
    )
    gift = models.CharField(_("gift"), max_length=20)
    count = models.PositiveSmallIntegerField(_("count"), default=1)
    sent_at = models.DateTimeField(_("sent at"), default=timezone.now)

    class Meta:
        verbose_name = _("gift")
        verbose_name_plural = _("gifts")
        ordering = ["-sent_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.count} × {self.gift}"
