"""People with an account."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    display_name = models.CharField(_("display name"), max_length=50, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    banned_at = models.DateTimeField(_("banned at"), null=True, blank=True)
    ban_reason = models.CharField(_("ban reason"), max_length=200, blank=True)

    class Meta(AbstractUser.Meta):
        verbose_name = _("user")  # type: ignore[assignment]  # lazy, as in Django's own
        verbose_name_plural = _("users")  # type: ignore[assignment]
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="username_unique_whatever_case",
                violation_error_message=_("This username is taken."),
            )
        ]

    @property
    def name(self) -> str:
        """What others see."""
        return self.display_name or self.username

    @property
    def is_banned(self) -> bool:
        return self.banned_at is not None
