"""What a child is told: a job of the plan, with what the settings and rows say beside."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from django.conf import settings

from bridge.child.spec import Spec, Tile
from bridge.plan import Job, Shown
from live.models import RestreamTarget
from live.relay_config import relay_config
from live.secrets import Unreadable, open_sealed
from sfu_relay.config import RelayConfig


@dataclass(frozen=True)
class Specs:
    sfu: RelayConfig
    rtmp_out_port: int
    # By restream target: the whole address, with the key of the other platform.
    urls: Mapping[int, str] = field(default_factory=dict, repr=False)

    @staticmethod
    def of_settings(urls: Mapping[int, str] | None = None) -> Specs:
        return Specs(relay_config(), settings.RTMP_OUT_PORT, urls or {})

    def of(self, job: Job, run_id: str) -> Spec:
        return Spec(
            kind=job.kind,
            room_id=job.room_id,
            play_id=job.play_id,
            run_id=run_id,
            rtmp_out_port=self.rtmp_out_port,
            mode=job.mode,
            sfu=self.sfu,
            audio_only=job.audio_only,
            tiles=tuple(_tile(shown) for shown in job.tiles),
            layout=job.layout,
            url=self.urls.get(job.target, "") if job.target is not None else "",
        )


def read_specs(targets: Collection[int]) -> Specs:
    """With the addresses of these restream targets. Sync."""
    urls = {}
    for row in RestreamTarget.objects.filter(pk__in=targets):
        try:
            urls[row.pk] = f"{row.url.rstrip('/')}/{open_sealed(row.ciphertext)}"
        except Unreadable:
            continue  # STREAM_KEY_SECRET was changed: its child says that it has no address
    return Specs.of_settings(urls)


def _tile(shown: Shown) -> Tile:
    return Tile(shown.session_id, dict(shown.streams), shown.person, shown.name, shown.muted)
