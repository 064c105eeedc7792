"""The wiring as an app, so that its system checks run."""

from django.apps import AppConfig


class MicroVibeConfig(AppConfig):
    name = "microvibe"

    def ready(self) -> None:
        from microvibe import checks  # noqa: F401  (registers them)
