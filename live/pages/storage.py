"""Static files under names with their hash, also where ES modules import each other."""

from __future__ import annotations

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class ModuleManifestStorage(ManifestStaticFilesStorage):
    """Rewrites `import "./x.js"` to the hashed name, so that all can be cached for a year."""

    support_js_module_import_aggregation = True

    def stored_name(self, name: str) -> str:
        """The hashed name; the plain one where collectstatic was not run (development)."""
        if not self.hashed_files:
            return name
        stored: str = super().stored_name(name)
        return stored
