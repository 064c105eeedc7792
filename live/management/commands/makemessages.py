"""Django's makemessages, told where our words are: t("…") in scripts, nothing we fetch or make."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import makemessages

NOT_OURS = [".venv", "node_modules", "var", "staticfiles", "tests", "bench"]


class Command(makemessages.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        options["ignore_patterns"] = [*options["ignore_patterns"], *NOT_OURS]
        options["no_wrap"] = True
        options["add_location"] = "file"  # line numbers would change with every commit
        options["locale"] = options["locale"] or ["zh_Hans"]
        if options["domain"] == "djangojs":
            self.xgettext_options = [*self.xgettext_options, "--keyword=t"]
        super().handle(*args, **options)
