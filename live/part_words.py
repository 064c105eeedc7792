"""What is wrong with the parts beside the app, and what follows for people, in plain words."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from live import parts

NAMES = {
    "rtmp": gettext_lazy("RTMP (nginx)"),
    "flv": gettext_lazy("HTTP-FLV (playback)"),
    "push": gettext_lazy("WebSocket (push)"),
    "disk": gettext_lazy("Disk"),
    "worker": gettext_lazy("Worker"),
    "bridge": gettext_lazy("Bridges"),
}


@dataclass(frozen=True)
class Trouble:
    part: str
    words: str
    detail: str  # as the worker found it: "connection refused"


def troubles() -> list[Trouble]:
    """Empty: all is well, or RTMP is not part of this installation."""
    if not settings.RTMP_ENABLED:
        return []
    found = []
    if not parts.worker_runs():
        found.append(Trouble("worker", consequence("worker"), ""))
    for name in ("rtmp", "flv", "push", "disk", "bridge"):
        seen = parts.parts_now().get(name)
        if seen is not None and not seen.ok:
            found.append(Trouble(name, consequence(name), seen.detail))
    return found


def consequence(name: str) -> str:
    """Of this part being down."""
    match name:
        case "rtmp":
            return _("RTMP is down: publish from the browser. It is started again by itself.")
        case "flv":
            return _("HTTP-FLV is down: viewers get HLS, some seconds later.")
        case "push":
            return _("The gateway is down: studios without WebRTC can't go on by WebSocket.")
        case "disk":
            return _("The disk is nearly full: nothing is recorded until there is room again.")
        case "bridge":
            return _(
                "Bridges can't be started: who sends by RTMP is not seen over WebRTC, who sends "
                "from a browser neither over HTTP-FLV and HLS nor in recordings."
            )
        case "worker":
            return _(
                "The worker is not running: what OBS begins to send does not go live, "
                "and recordings are not made ready. Running streams go on."
            )
    return ""


def words(name: str, ok: bool) -> str:
    """One line for a list of all parts."""
    if not settings.RTMP_ENABLED and name in ("rtmp", "flv", "push", "bridge"):
        return _("Not part of this installation.")
    if name == "worker":
        ok = parts.worker_runs()
    return _("Works.") if ok else consequence(name)
