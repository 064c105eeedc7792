"""What monitoring reads: rooms, people, sessions, parts and bridges, counted when it asks.

All of it comes from rows, so every app process gives the same answer; read one of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, Final

from django.db.models import Count, QuerySet
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.registry import Collector

from live.models import BridgeJob, Ingest, Part, Participant, Room, SfuSession

MB: Final = 1024 * 1024


def metrics() -> bytes:
    """In Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Rows())
    return generate_latest(registry)


class _Rows(Collector):
    def collect(self) -> Iterator[Gauge]:
        yield _counted("microvibe_rooms", "Rooms by state.", Room.objects.all(), "state")
        present = Participant.objects.filter(left_at__isnull=True)
        yield _counted(
            "microvibe_participants",
            "People on our pages, by what they play.",
            present,
            "role",
            "rung",
        )
        opened = SfuSession.objects.filter(ended_at__isnull=True)
        names = ("role", "via", "state", "node")
        yield _counted("microvibe_sfu_sessions", "Open SFU sessions.", opened, *names)
        encoders = Ingest.objects.filter(lost_at__isnull=True).exclude(client_id="")
        yield _counted("microvibe_encoders", "Who sends by RTMP.", encoders, "encoder")
        yield from _parts()
        yield from _bridges()


def _counted(name: str, about: str, rows: QuerySet[Any], *labels: str) -> Gauge:
    gauge = Gauge(name, about, labels=labels)
    for *values, count in rows.order_by().values_list(*labels).annotate(Count("pk")):
        gauge.add_metric([str(value) for value in values], count)
    return gauge


def _parts() -> Iterator[Gauge]:
    works = Gauge("microvibe_part_ok", "1: it works, as the worker found it.", labels=["part"])
    age = Gauge("microvibe_part_seen_seconds", "Since the worker looked at it.", labels=["part"])
    now = timezone.now()
    for part in Part.objects.all():
        works.add_metric([part.name], float(part.ok))
        age.add_metric([part.name], max(0.0, (now - part.seen_at).total_seconds()))
    yield works
    yield age


def _bridges() -> Iterator[Gauge]:
    """A child that died or hung shows as a start more, and as `waiting` with its reason."""
    labels = ("kind", "mode", "state", "reason")
    jobs = list(BridgeJob.objects.all())
    sums: dict[str, tuple[str, Callable[[BridgeJob], float]]] = {
        "restarts": (
            "Starts after the first, of jobs now.",
            lambda job: max(0, job.starts - 1),
        ),
        "cpu_percent": ("Of one core.", lambda job: _figure(job, "cpu_percent")),
        "memory_bytes": ("Resident.", lambda job: _figure(job, "rss_mb") * MB),
    }
    yield _counted("microvibe_bridges", "Jobs of bridges.", BridgeJob.objects.all(), *labels)
    for name, (about, value) in sums.items():
        total: dict[str, float] = defaultdict(float)
        for job in jobs:
            total[job.kind] += value(job)
        gauge = Gauge(f"microvibe_bridge_{name}", about, labels=["kind"])
        for kind, found in sorted(total.items()):
            gauge.add_metric([kind], found)
        yield gauge


def _figure(job: BridgeJob, name: str) -> float:
    found = job.figures.get(name)
    return float(found) if isinstance(found, (int, float)) else 0.0
