"""To other platforms: a second nginx stands for one. What arrives, who is told what."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.nginx import NoNginx, find_nginx
from tests.e2e.harness import browse, obs, outs
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.cast import OWNER
from tests.e2e.harness.encoder import SMALL
from tests.e2e.harness.look import Look, axe_source, choose_language
from tests.e2e.harness.site import Site, free_ports, running, wait_for
from tests.e2e.harness.stream_reader import read
from tests.integration.playback.rig import Rig

pytestmark = [pytest.mark.media, pytest.mark.timeout(420)]
LEAST_FRAMES = 30
WITHIN_SECS = 60.0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Its targets may be on this machine; what nobody wants ends soon."""
    folder = tmp_path_factory.mktemp("restream") / "var"
    env = {"RESTREAM_ALLOW_PRIVATE": "true", "HLS_LADDER": "", "BRIDGE_STOP_AFTER_SECS": "3"}
    with running(folder, **env) as started:
        yield started


@pytest.fixture
def room_id(site: Site, request: pytest.FixtureRequest) -> str:
    """Not recorded: that would be a wish of its own."""
    return site.create_room(request.node.name[:60], record=False)


class Platform:
    """Another RTMP server."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self.server = f"rtmp://127.0.0.1:{rig.rtmp_port}/out"
        self.start, self.kill = rig.start_nginx, rig.kill_nginx

    def pictures(self, key: str) -> int:
        """How many different ones come by a stream's key within a few seconds."""
        heard = read(f"{self.server}/{key}", secs=3.0, within_secs=WITHIN_SECS)
        return len(set(heard.numbers))


@pytest.fixture
def platform(tmp_path: Path, missing_part: Callable[[str], None]) -> Iterator[Platform]:
    nginx = find_nginx()
    if isinstance(nginx, NoNginx):
        missing_part(nginx.reason)
        raise AssertionError
    rig = Rig(tmp_path, tmp_path, nginx, free_ports(5))
    try:
        rig.start_nginx()
        yield Platform(rig)
    finally:
        rig.close()


@pytest.fixture
def key() -> str:
    return f"live_{secrets.token_hex(12)}"


def path_of(room_id: str) -> str:
    return f"/api/v1/live/{room_id}/restreams"


def add(site: Site, room_id: str, **fields: Any) -> int:
    body = {"name": "Elsewhere", **fields}
    status, answer = site.call("POST", path_of(room_id), body, site.token())
    assert status == 201, answer
    return int(answer["data"]["id"])


def wait_for_target(site: Site, room_id: str, target_id: int, state: str) -> dict[str, Any]:
    last: dict[str, Any] = {}

    def look() -> bool:
        status, answer = site.call("GET", path_of(room_id), token=site.token())
        assert status == 200, answer
        last.update(next(each for each in answer["data"]["items"] if each["id"] == target_id))
        return bool(last["state"] == state)

    try:
        wait_for(f"the target is {state}", look, WITHIN_SECS, 0.1)
    except AssertionError as error:
        raise AssertionError(f"{error}; last: {last}") from None
    return last


def test_an_encoder_goes_on_after_the_platform_was_away(
    site: Site, room_id: str, platform: Platform, key: str, show: Callable[[str], None]
) -> None:
    target = add(site, room_id, url=platform.server, key=key)
    assert wait_for_target(site, room_id, target, "off")["has_key"]
    with obs.on_air(site, room_id, SMALL):
        began = time.monotonic()
        wait_for_target(site, room_id, target, "live")
        started = time.monotonic() - began
        assert platform.pictures(key) >= LEAST_FRAMES
        wait_for("a rate is told", lambda: _kbps(site, room_id, target) > 500)

        platform.kill()
        waiting = wait_for_target(site, room_id, target, "waiting")
        assert waiting["reason"] in {"closed", "unreachable"}
        assert waiting["detail"]
        platform.start()
        began = time.monotonic()
        wait_for_target(site, room_id, target, "live")
        resumed = time.monotonic() - began
        assert platform.pictures(key) >= LEAST_FRAMES
        show(
            f"restream of OBS: sends {started:.1f} s after the room is live, "
            f"again {resumed:.1f} s after the platform is back"
        )
    wait_for_target(site, room_id, target, "off")


def _kbps(site: Site, room_id: str, target: int) -> int:
    return int(wait_for_target(site, room_id, target, "live")["kbps"])


def test_a_browser_is_passed_on_and_switched_off(
    site: Site,
    room_id: str,
    person: Callable[..., Visitor],
    platform: Platform,
    key: str,
    show: Callable[[str], None],
) -> None:
    """Nobody watches: the target alone is a wish for `to_rtmp`."""
    target = add(site, room_id, url=platform.server, key=key)
    demo = person("demo", at=site)
    OWNER.play(demo)
    studio = browse.open_studio(demo, room_id, "?codec=h264&simulcast=0&push=0")
    browse.go_live(studio)
    began = time.monotonic()
    wait_for_target(site, room_id, target, "live")
    show(f"restream of a browser: sends {time.monotonic() - began:.1f} s after it is live")
    assert platform.pictures(key) >= LEAST_FRAMES

    path = f"{path_of(room_id)}/{target}"
    status, _ = site.call("PATCH", path, {"enabled": False}, site.token())
    assert status == 200
    wait_for_target(site, room_id, target, "off")
    wait_for("nothing is fed for nobody", lambda: not outs.jobs(site, room_id), WITHIN_SECS)
    status, _ = site.call("PATCH", path, {"enabled": True}, site.token())
    assert status == 200
    wait_for_target(site, room_id, target, "live")
    assert platform.pictures(key) >= LEAST_FRAMES
    assert demo.problems == []


def test_the_key_is_told_to_the_platform_alone(
    site: Site, room_id: str, person: Callable[..., Visitor], platform: Platform, key: str
) -> None:
    target = add(site, room_id, url=platform.server, key=key)
    with obs.on_air(site, room_id, SMALL):
        wait_for_target(site, room_id, target, "live")
        commands = Path("/proc").glob("[0-9]*/cmdline")
        assert [str(each) for each in commands if key.encode() in _content(each)] == []
        for name in ("demo", "staff"):
            for path in (path_of(room_id), f"/api/v1/live/{room_id}", "/health/ready"):
                assert key not in str(site.call("GET", path, token=site.token(name)))
        pk = site.rows(f"select id from live_restreamtarget where id = {target}")[0][0]
        admin = "/admin/live/restreamtarget/"
        pages = {"demo": ["/dashboard", f"/studio/{room_id}"], None: [f"/live/{room_id}"]}
        pages["staff"] = [admin, f"{admin}{pk}/change/", "/admin/live/bridgejob/"]
        for who, paths in pages.items():
            someone = person(who, at=site)
            for path in paths:
                page = someone.open(path)
                page.wait_for_load_state()
                assert key not in page.content(), path
                page.close()
        platform.kill()  # whoever can't connect may say to whom
        wait_for_target(site, room_id, target, "waiting")
    files = [each for each in site.data_dir.rglob("*") if each.is_file()]
    assert len(files) > 20
    assert [str(each) for each in files if key.encode() in _content(each)] == []
    assert not any(key in line for line in site.lines)


def _content(path: Path) -> bytes:
    """Files come and go."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_the_card_on_the_dashboard(
    site: Site,
    person: Callable[..., Visitor],
    platform: Platform,
    key: str,
    missing_part: Callable[[str], None],
) -> None:
    axe = axe_source(missing_part)
    room_id = site.create_room("Everywhere")
    add(site, room_id, name="Elsewhere", url=platform.server, key=key)
    add(site, room_id, name="Nobody at home", url="rtmp://127.0.0.1:9/app", key=key)
    add(site, room_id, name="YouTube", url="rtmps://a.rtmps.youtube.com/live2", key=key)
    third = f"{path_of(room_id)}/{_ids(site, room_id)[2]}"
    assert site.call("PATCH", third, {"enabled": False}, site.token())[0] == 200
    demo = person("demo", at=site)
    with obs.on_air(site, room_id, SMALL):
        card = f'[data-restreams="{room_id}"]'

        def ready(page: Any) -> None:
            page.set_default_timeout(60_000)
            page.locator(card).scroll_into_view_if_needed()
            for state in ("live", "waiting", "off"):
                page.locator(f"{card} .restream[data-state={state}]").wait_for()

        Look("dashboard-restreams", axe).all_ways(demo.open("/dashboard"), "/dashboard", ready)
        choose_language(demo.context, site.base_url, "en")
        page = demo.open("/dashboard")
        ready(page)
        row = page.locator(f"{card} .restream", has_text="Elsewhere")
        assert "Live" in row.inner_text()
        full = page.locator(f"{card} [data-full]", has_text="(3)")
        assert full.is_visible() and page.locator(f"{card} summary").is_hidden()
        row.locator("[data-switch]").click()
        wait_for("it is off", lambda: row.get_attribute("data-state") == "off")
        page.once("dialog", lambda dialog: dialog.accept())
        row.locator("[data-remove]").click()
        row.wait_for(state="detached")
        assert page.locator(f"{card} .restream").count() == 2
        assert full.is_hidden()
        page.route("**/restreams/*", lambda route: route.abort())
        off = page.locator(f"{card} .restream", has_text="YouTube")
        off.locator("[data-switch]").click()
        page.locator(f"{card} [data-problem]:visible", has_text="does not answer").wait_for()
        page.unroute("**/restreams/*")
        page.locator(f"{card} summary").click()
        page.locator(f"{card} form button").click()
        name = page.locator(f"{card} [name=name][aria-invalid=true]:focus")
        name.wait_for()
        assert name.evaluate(
            "it => document.getElementById(it.getAttribute('aria-describedby')).textContent"
        )
        name.fill("Once more")
        page.locator(f"{card} [name=url]").fill(platform.server)
        page.locator(f"{card} [name=key]").fill(key)
        page.locator(f"{card} form button").click()
        again = page.locator(f"{card} .restream", has_text="Once more")
        wait_for("it is live", lambda: again.get_attribute("data-state") == "live", WITHIN_SECS)
        assert key not in page.content()
    assert demo.problems == []


def _ids(site: Site, room_id: str) -> list[int]:
    status, answer = site.call("GET", path_of(room_id), token=site.token())
    assert status == 200, answer
    return [each["id"] for each in answer["data"]["items"]]
