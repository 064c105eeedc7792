"""Other platforms that broadcasts are passed on to: addresses, and how it goes. Reads only."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from live.models import BridgeJob, RestreamTarget, Room
from live.secrets import open_sealed
from live.views_of import iso

SCHEMES: Final = ("rtmp", "rtmps")
STATES: Final = ("off", "starting", "live", "waiting")
DETAILS: Final = {
    "closed": _("The server closed the connection. It is tried again."),
    "crashed": _("It broke and is started again."),
    "hung": _("It hung and is started again."),
    "key_unreadable": _("The key can't be read any more. Enter it again."),
    "no_source": _("Nothing is sent at the moment."),
    "not_rtmp": _("There is no RTMP server at this address."),
    "private_address": _("The server's address is not a public one."),
    "refused": _("The server refuses the stream. Is the key right?"),
    "rtmp_down": _("Our own RTMP server is not answering."),
    "stalled": _("The server takes nothing any more. It is tried again."),
    "taken": _("Somebody else sends to this key already."),
    "tls": _("The server's certificate is not valid."),
    "too_many_jobs": _("Too much runs on this server already."),
    "unreachable": _("The server can't be reached."),
}


class BadServer(ValueError):
    """What is wrong with a server's address, in the reader's language."""


def clean_server(text: str) -> str:
    """ "rtmps://host[:port]/app", without a slash at the end. Raises BadServer."""
    text = text.strip().rstrip("/")
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise BadServer(str(_("This is not an address."))) from None
    if parts.scheme not in SCHEMES or not host:
        raise BadServer(str(_("An address begins with rtmp:// or rtmps://.")))
    if not text.isascii() or not text.isprintable() or " " in text or parts.username is not None:
        raise BadServer(str(_("This is not an address.")))
    if not parts.path.strip("/") or parts.query or parts.fragment:
        raise BadServer(str(_("Write it as rtmps://server/application, without the stream key.")))
    if not settings.RESTREAM_ALLOW_PRIVATE and _is_private(host):
        raise BadServer(str(DETAILS["private_address"]))
    return text


def _is_private(host: str) -> bool:
    """Of a literal address; names are looked up by who connects."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


def full_url(target: RestreamTarget) -> str:
    """With its key: for the process that sends, and nobody else. Raises live.secrets.Unreadable."""
    return f"{target.url}/{open_sealed(target.ciphertext)}"


def restream_shapes(room: Room, targets: Sequence[RestreamTarget]) -> list[dict[str, Any]]:
    jobs = {job.target_id: job for job in BridgeJob.objects.filter(target__in=targets)}
    return [_shape(room, target, jobs.get(target.pk)) for target in targets]


def _shape(room: Room, target: RestreamTarget, job: BridgeJob | None) -> dict[str, Any]:
    state, reason = "off", ""
    if target.enabled and room.is_on_air:
        state = "starting"
        if job is not None:
            state = {"running": "live", "waiting": "waiting"}.get(job.state, "starting")
            reason = job.reason
    live = state == "live" and job is not None
    return {
        "id": target.pk,
        "name": target.name,
        "url": target.url,
        "enabled": target.enabled,
        "has_key": bool(target.ciphertext),
        "state": state,
        "reason": reason or None,
        "detail": str(DETAILS[reason]) if reason in DETAILS else None,
        "since": iso(job.running_at) if live and job is not None else None,
        "kbps": int(job.figures.get("kbps", 0)) if live and job is not None else 0,
    }
