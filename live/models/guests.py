"""People whom the owner of a room brings on stage, and the links that invite them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from live.guest_states import GuestState
from live.models.rooms import Room

GUEST_STATES = {
    GuestState.INVITED: _("Invited"),
    GuestState.WAITING: _("In the green room"),
    GuestState.ON_STAGE: _("On stage"),
    GuestState.LEFT: _("Left"),
    GuestState.REMOVED: _("Removed"),
}
STATE_CHOICES = [(state.value, words) for state, words in GUEST_STATES.items()]


class RoomInvite(models.Model):
    """A link to the green room. Its secret is stored as a keyed hash and sealed for its owner."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="invites", verbose_name=_("room"))
    lookup_hash = models.CharField(max_length=64, unique=True, editable=False)
    ciphertext = models.TextField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires at"))
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("guest link")
        verbose_name_plural = _("guest links")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"guest link of {self.room_id}"


class Guest(models.Model):
    """One user in one room, as a guest. May publish while `on_stage`."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="guests", verbose_name=_("room"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="guest_in",
        verbose_name=_("user"),
    )
    state = models.CharField(
        _("state"), max_length=10, choices=STATE_CHOICES, default=GuestState.WAITING.value
    )
    reason = models.CharField(_("because"), max_length=20, blank=True)  # of guest_states
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("invited by"),
    )
    muted = models.BooleanField(_("muted by the owner"), default=False)
    since = models.DateTimeField(_("since"), default=timezone.now)
    seen_at = models.DateTimeField(_("last seen at"), default=timezone.now)

    class Meta:
        verbose_name = _("guest")
        verbose_name_plural = _("guests")
        ordering = ["since", "pk"]
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="guest_once_per_room")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.room_id}"
