"""The stream key is known to OBS and the owner: it is looked for everywhere else."""

from __future__ import annotations

import re
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser

from tests.e2e.harness import browse, obs
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.encoder import SMALL
from tests.e2e.harness.rtmp_client import Refused, RtmpClient
from tests.e2e.harness.site import Site, children_of, descendants_of, wait_for

pytestmark = pytest.mark.media
# Where the owner is meant to see it: the pages about the key, and the answers about it.
MEANT = re.compile(r"/rooms/[^/]+/(key|edit|obs-profile)|/rooms/new|/dashboard|/live/[^/]+/key")


@dataclass
class Show:
    site: Site
    room_id: str
    key: str
    play_id: str


@pytest.fixture(scope="module")
def running(site: Site) -> Iterator[Show]:
    """Live by RTMP with a known key, after a rotation and a wrong try, and with a recording."""
    room_id = site.create_room("Secret")
    with obs.on_air(site, room_id, SMALL):
        play_id = site.play_id(room_id)
        key = site.stream_key(room_id)
        wait_for("a segment", lambda: segments(site, room_id))
        wait_for("it is recorded", lambda: list((site.data_dir / "media/recordings").iterdir()))
        for name in (f"{key}x", f"x?name={key}", f"../{key}"):
            with RtmpClient(int(site.env["RTMP_PORT"])) as client, pytest.raises(Refused):
                client.publish(name)
        yield Show(site, room_id, key, play_id)


def segments(site: Site, room_id: str) -> list[str]:
    status, where, body = obs.fetch(obs.play_url(site, room_id, "hls"))
    names = re.findall(r"^[^#\s]\S*$", body.decode(), re.MULTILINE) if status == 200 else []
    return [urllib.parse.urljoin(where, name) for name in names]


@pytest.mark.parametrize("who", [None, "staff", "demo"], ids=["guest", "staff", "owner"])
def test_pages(running: Show, person: Callable[..., Visitor], who: str | None):
    """Every page with everything it loads and hears; from each, the links it has."""
    site, room_id = running.site, running.room_id
    someone = person(who)
    heard: list[tuple[str, str]] = []

    def note(response) -> None:
        kind = response.headers.get("content-type", "")
        if any(word in kind for word in ("html", "json", "javascript", "text", "mpegurl", "svg")):
            try:
                heard.append((response.url, response.text()))
            except Exception:  # gone with its page, or a redirect without a body
                return

    someone.context.on("response", note)
    frames: list[str] = []
    paths = ["/", f"/live/{room_id}?rung=flv", f"/live/{room_id}?rung=hls", "/api/docs"]
    if who:
        paths += ["/dashboard", f"/studio/{room_id}", f"/rooms/{room_id}/recordings"]
        paths += [f"/rooms/{room_id}/edit"]
    if who == "staff":
        paths += ["/admin/", "/admin/live/room/", "/admin/live/ingest/", "/admin/live/streamkey/"]
        pk = site.rows(f"select id from live_room where room_id = '{room_id}'")[0][0]
        paths += [f"/admin/live/room/{pk}/change/"]
    page = someone.context.new_page()
    page.on("websocket", lambda ws: ws.on("framereceived", lambda data: frames.append(str(data))))
    for path in paths:
        page.goto(path, wait_until="domcontentloaded")
        if path.startswith("/live/"):
            browse.wait_until_advancing(page)
        heard.append((path, page.content()))
    assert len(heard) > 10
    assert any(frames)
    leaks = {url for url, text in heard if running.key in text}
    if who == "demo":
        leaks = {url for url in leaks if not MEANT.search(url)}
    assert leaks == set()
    assert not any(running.key in frame for frame in frames)


@pytest.mark.parametrize("who", [None, "staff", "demo"], ids=["guest", "staff", "owner"])
def test_api_answers(running: Show, who: str | None):
    site, room_id = running.site, running.room_id
    token = site.token(who) if who else None
    read = ["live/list", "live/mine", f"live/{room_id}", "openapi.json"]
    read += [f"live/{room_id}/{name}" for name in ("stats", "playback", "ingest", "recordings")]
    read += [f"live/{room_id}/publishers"] + ([] if who == "demo" else [f"live/{room_id}/key"])
    for path in read:
        _, _, body = obs.fetch(f"{site.base_url}/api/v1/{path}", 5_000_000, **bearer(token))
        assert running.key.encode() not in body, path
    _, _, body = obs.fetch(f"{site.base_url}/health/ready")
    assert running.key.encode() not in body


def bearer(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def test_what_is_played(running: Show):
    """Playlists, segments, the names in FLV's metadata."""
    site, room_id, key = running.site, running.room_id, running.key.encode()
    status, where, playlist = obs.fetch(obs.play_url(site, room_id, "hls"))
    assert status == 200 and key not in playlist and running.key not in where
    for url in segments(site, room_id)[-2:]:
        assert key not in obs.fetch(url)[2]
    with closing(urllib.request.urlopen(obs.play_url(site, room_id, "flv"), timeout=20)) as flv:
        assert key not in flv.read(600_000)
        assert key not in str(flv.headers).encode()


def test_what_is_written(running: Show):
    """Logs, configurations, recordings, marks, the database; and the names of all files."""
    site = running.site
    files = [path for path in site.data_dir.rglob("*") if path.is_file()]
    assert {"rtmp.conf", "front.conf"} <= {path.name for path in files}
    assert any("log" in path.parts for path in files)
    leaks = [path for path in files if running.key.encode() in readable(path)]
    assert leaks == []
    assert not any(running.key in str(path) for path in site.data_dir.rglob("*"))
    assert not any(running.key in line for line in site.lines)
    # The play id is what they know instead, so the search above was in the right places.
    assert any(running.play_id in str(path) for path in site.data_dir.rglob("*"))


def readable(path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # a segment that nginx took away just now
        return b""


def test_what_processes_were_told(running: Show):
    """Neither the key nor our secrets are in a command line that any user may list."""
    secrets = (running.site.data_dir / "secrets.env").read_text()
    values = [line.partition("=")[2].strip("\"' ") for line in secrets.splitlines() if "=" in line]
    pids = [running.site.process.pid, *descendants_of(running.site.process.pid)]
    lines = [command for pid in pids for command in children_of(pid).values()]
    assert len(lines) >= 6
    for value in [running.key, *filter(None, values)]:
        assert not any(value in line for line in lines)


def test_nginxs_own_pages(running: Show):
    """The stat page is for the worker: it is not on the front, and knows no key."""
    site = running.site
    stat = f"http://127.0.0.1:{site.env['RTMP_CONTROL_PORT']}/stat"
    status, _, body = obs.fetch(stat)
    assert status == 200
    assert running.play_id.encode() in body
    assert running.key.encode() not in body
    for path in ("/stat", "/control/drop/publisher?app=live&name=x", "/ingest/publish?secret="):
        assert obs.status_of(site.base_url + path) == 404


def test_the_play_id_is_no_key(running: Show):
    for name in (running.play_id, f"{running.play_id}?name={running.play_id}", running.room_id):
        with RtmpClient(int(running.site.env["RTMP_PORT"])) as client, pytest.raises(Refused):
            client.publish(name)


def test_a_rotated_key_is_worth_nothing(running: Show, browser: Browser):
    """Last: the stream that runs with it is ended, and it does not get in again."""
    site, room_id = running.site, running.room_id
    status, answer = site.call("POST", f"/api/v1/live/{room_id}/rotate-key", token=site.token())
    assert status == 200, answer
    assert site.stream_key(room_id) != running.key
    wait_for("the old stream ends", lambda: site.room(room_id)["state"] != "live", 20, 0.2)
    with RtmpClient(int(site.env["RTMP_PORT"])) as client, pytest.raises(Refused):
        client.publish(running.key)
