"""What a child is told: a job of the plan, with what the settings and rows say beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.conf import settings

from bridge.child.spec import Spec, Tile, shown_name
from bridge.plan_terms import Job, Shown
from live.relay_config import relay_config
from sfu_relay.config import RelayConfig


@dataclass(frozen=True)
class Specs:
    urls: Mapping[int, str] = field(default_factory=dict, repr=False)  # Scene.urls
    sfu: RelayConfig = field(default_factory=relay_config)

    def of(self, job: Job, run_id: str) -> Spec:
        return Spec(
            kind=job.kind,
            room_id=job.room_id,
            play_id=job.play_id,
            run_id=run_id,
            rtmp_out_port=settings.RTMP_OUT_PORT,
            mode=job.mode,
            sfu=self._sfu_of(job),
            audio_only=job.audio_only,
            tiles=tuple(_tile(shown) for shown in job.tiles),
            layout=job.layout,
            url=self.urls.get(job.target, "") if job.target is not None else "",
            private_ok=settings.RESTREAM_ALLOW_PRIVATE,
            renditions=tuple(settings.HLS_LADDER) if job.kind == "ladder" else (),
            hls_dir=str(settings.MEDIA_DIR / "ladder" / job.play_id)
            if job.kind == "ladder"
            else "",
        )

    def _sfu_of(self, job: Job) -> RelayConfig:
        if not job.node:
            return self.sfu
        return replace(self.sfu, mode="standalone", server_url=job.node, cluster_nodes=())


def _tile(shown: Shown) -> Tile:
    name = shown_name(shown.name)
    return Tile(shown.session_id, dict(shown.streams), shown.person, name, shown.muted)
