"""/metrics: who may read it, and that it says what the rows say."""

from __future__ import annotations

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import DjangoAssertNumQueries

from live.models import BridgeJob, Part, Role, Room, SfuSession
from tests.integration.live.make import make_room

TOKEN = "0123456789abcdef" * 2


def read(
    client: Client, token: str = TOKEN
) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.django_db
def test_it_is_for_monitoring_alone(client: Client, settings) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
    settings.METRICS_TOKEN = TOKEN
    for given in ({}, {"Authorization": "Bearer é"}, {"Authorization": f"Bearer {TOKEN}0"}):
        assert client.get("/metrics", headers=given).status_code == 401
    assert client.post("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 405


def test_a_bridge_that_died_is_seen(client: Client, settings, room: Room) -> None:
    settings.METRICS_TOKEN = TOKEN
    figures = {"cpu_percent": 7.5, "rss_mb": 100}
    BridgeJob.objects.create(
        key="a", room=room, kind="to_rtmp", state="running", starts=3, figures=figures
    )
    BridgeJob.objects.create(
        key="b",
        room=room,
        kind="to_rtmp",
        state="waiting",
        reason="crashed",
        figures={"rss_mb": "x"},
    )
    Part.objects.create(name="bridge", ok=False)
    SfuSession.objects.create(room=room, role=Role.PUBLISHER, node="sfu-1:5551", state="connected")
    found = read(client)
    died = (("kind", "to_rtmp"), ("mode", "pass"), ("reason", "crashed"), ("state", "waiting"))
    assert found["microvibe_bridges", died] == 1
    assert found["microvibe_bridge_restarts", (("kind", "to_rtmp"),)] == 2
    assert found["microvibe_bridge_cpu_percent", (("kind", "to_rtmp"),)] == 7.5
    assert found["microvibe_bridge_memory_bytes", (("kind", "to_rtmp"),)] == 100 * 1024 * 1024
    assert found["microvibe_part_ok", (("part", "bridge"),)] == 0
    assert found["microvibe_rooms", (("state", "idle"),)] == 1
    session = {"role": "publisher", "via": "browser", "state": "connected", "node": "sfu-1:5551"}
    assert found["microvibe_sfu_sessions", tuple(sorted(session.items()))] == 1


def test_more_rooms_cost_no_more_queries(
    client: Client, settings, owner, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.METRICS_TOKEN = TOKEN
    for number in range(5):
        room = make_room(owner, title=f"Room {number}")
        BridgeJob.objects.create(key=str(number), room=room, kind="to_rtmp")
    with django_assert_num_queries(7):
        assert read(client)["microvibe_rooms", (("state", "idle"),)] == 5
