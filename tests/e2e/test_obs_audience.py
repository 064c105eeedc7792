"""Who may play a room's stream, and who counts as a viewer of it."""

from __future__ import annotations

import http.client
import re
import time
import urllib.parse
from collections.abc import Callable, Iterator

import pytest

from playback.tokens import build_token
from tests.e2e.harness import browse, obs
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.encoder import SMALL
from tests.e2e.harness.site import Site, wait_for

pytestmark = pytest.mark.media


@pytest.fixture(scope="module")
def private_room(site: Site) -> Iterator[str]:
    room_id = site.create_room("Not for everybody", visibility="private")
    with obs.on_air(site, room_id, SMALL):
        yield room_id


@pytest.fixture(scope="module")
def public_room(site: Site) -> Iterator[str]:
    room_id = site.create_room("For everybody")
    with obs.on_air(site, room_id, SMALL):
        yield room_id


def split(url: str) -> tuple[str, str, str]:
    """The address without its token, the play id, and the token."""
    bare, _, query = url.partition("?")
    play_id = bare.rpartition("/")[2].partition(".")[0]
    return bare, play_id, urllib.parse.parse_qs(query).get("token", [""])[0]


@pytest.mark.parametrize("rung", ["flv", "hls"])
def test_a_private_room_needs_a_token(site: Site, private_room: str, rung: str):
    bare, play_id, token = split(obs.play_url(site, private_room, rung))
    assert token, "the owner's address has a token"
    soon = int(time.time()) + 600
    tokens = {
        token: 200,
        obs.play_token(site, f"{play_id}.private.0", 600): 200,
        obs.play_token(site, f"{play_id}.private.0", -5): 403,
        obs.play_token(site, play_id, 600): 403,  # of before it became private
        obs.play_token(site, "play_another", 600): 403,
        build_token(play_id, "not the secret", soon): 403,
        token[:-3] + ("AAA" if token[-3:] != "AAA" else "BBB"): 403,
        str(soon) + token[10:]: 403,
        "": 403,
        "-": 403,
        "x" * 3000: 403,
    }
    found = {each: obs.fetch(f"{bare}?token={each}", 100)[0] for each in tokens}
    assert found == tokens
    assert obs.status_of(bare) == 403
    assert obs.status_of(f"{bare}?v=page") == 403
    # Neither does another play id open it, nor a name that is none.
    assert obs.status_of(bare.replace(play_id, "play_0000000000000000") + f"?token={token}") in {
        403,
        404,
    }


def test_segments_need_it_too(site: Site, private_room: str):
    url = obs.play_url(site, private_room, "hls")
    _, play_id, token = split(url)

    def look() -> list[str]:
        status, where, body = obs.fetch(url)
        assert status == 200
        return [urllib.parse.urljoin(where, name) for name in segments(body)]

    first = wait_for("a segment", look)[-1]
    status, _, body = obs.fetch(first)
    assert status == 200 and body[:1] == b"\x47"
    assert token in first
    past = obs.play_token(site, f"{play_id}.private.0", -5)
    assert obs.status_of(first.replace(token, "-")) == 403
    assert obs.status_of(first.replace(token, past)) == 403
    for path in (f"/hls/{play_id}/index.m3u8", f"/media/hls/{play_id}/index.m3u8", "/hls/"):
        assert obs.status_of(site.base_url + path) in {403, 404}


def test_a_guest_of_a_private_room_gets_no_address(site: Site, private_room: str):
    for path in ("", "/playback", "/stats", "/ingest"):
        status, answer = site.call("GET", f"/api/v1/live/{private_room}{path}")
        assert status in {401, 404}, answer


def test_who_may_watch_no_more_takes_no_address_along(
    site: Site, private_room: str, show: Callable[[str], None]
):
    """Last of those that make tokens themselves: from here on the room's epoch is 1."""
    path = f"/api/v1/live/{private_room}/publishers"
    status, answer = site.call("POST", path, {"username": "staff"}, site.token())
    assert status in {200, 201}, answer
    old = {rung: obs.play_url(site, private_room, rung) for rung in ("flv", "hls")}
    _, playlist, _ = obs.fetch(old["hls"])
    assert [obs.status_of(url) for url in (*old.values(), playlist)] == [200, 200, 200]
    user_id = answer["data"]["user"]["id"]
    status, answer = site.call("DELETE", f"{path}/{user_id}", None, site.token())
    assert status == 200, answer
    began = time.monotonic()
    addresses = (*old.values(), playlist)
    wait_for(
        "the addresses of before to play nothing",
        lambda: all(obs.status_of(url) == 403 for url in addresses),
    )
    show(f"addresses of a private room: worthless {time.monotonic() - began:.1f} s after")
    for rung, url in old.items():
        new = obs.play_url(site, private_room, rung)
        assert (new != url, obs.status_of(new)) == (True, 200)


def test_the_owner_watches_a_private_room(person: Callable[..., Visitor], private_room: str):
    page = browse.watch(person("demo"), private_room, "?rung=hls")
    browse.wait_for_rung(page, "hls")


def test_a_running_playlist_stops_when_the_room_becomes_private(site: Site):
    room_id = site.create_room("Changes its mind")
    with obs.on_air(site, room_id, SMALL):
        bare, _, _ = split(obs.play_url(site, room_id, "hls"))
        wait_for("guests get it", lambda: obs.status_of(bare) == 200)
        _, where, _ = obs.fetch(bare)
        status, answer = site.call(
            "PATCH", f"/api/v1/live/{room_id}", {"visibility": "private"}, site.token()
        )
        assert status == 200, answer
        wait_for("guests get it no more", lambda: obs.status_of(where) == 403)


def segments(playlist: bytes) -> list[str]:
    return re.findall(r"^[^#\s]\S*$", playlist.decode(), re.MULTILINE)


def test_viewers_are_counted_once_each(
    site: Site,
    person: Callable[..., Visitor],
    public_room: str,
    show: Callable[[str], None],
):
    """An HLS player and an FLV player outside, and a page on each of the two rungs.

    Whoever asks for playlists and plays nothing is none.
    """
    pages = [browse.watch(person(), public_room, f"?rung={rung}") for rung in ("flv", "hls")]
    for page, rung in zip(pages, ("flv", "hls"), strict=True):
        browse.wait_for_rung(page, rung)
    wait_for("two pages are two viewers", lambda: viewers(site, public_room) == 2, 30, 0.2)
    # A player asks for the short address once and then follows: each asking is a viewer.
    _, where, _ = obs.fetch(obs.rungs(site, public_room)["hls"]["url"])
    _, nobody, _ = obs.fetch(obs.rungs(site, public_room)["hls"]["url"])
    flv = urllib.parse.urlsplit(obs.play_url(site, public_room, "flv"))
    connection = http.client.HTTPConnection(flv.hostname or "", flv.port, timeout=10)
    connection.request("GET", f"{flv.path}?{flv.query}")
    response = connection.getresponse()
    assert response.read(3) == b"FLV"

    def play() -> int:
        response.read(2000)
        assert obs.status_of(nobody) == 200
        status, _, playlist = obs.fetch(where)
        assert status == 200
        obs.fetch(urllib.parse.urljoin(where, segments(playlist)[-1]))
        return viewers(site, public_room)

    started = time.monotonic()
    wait_for("four viewers", lambda: play() == 4, 30, 0.4)
    took = time.monotonic() - started
    seen = {play() for _ in polled(5.0)}
    connection.close()
    assert seen == {4}
    stopped = time.monotonic()
    wait_for("two viewers again", lambda: viewers(site, public_room) == 2, 40, 0.4)
    show(
        f"players outside: counted after {took:.1f} s, once each for 5 s, "
        f"gone {time.monotonic() - stopped:.1f} s after they stopped"
    )


def polled(secs: float) -> Iterator[None]:
    """Each half second, for so long."""
    until = time.monotonic() + secs
    while time.monotonic() < until:
        yield
        time.sleep(0.5)


def viewers(site: Site, room_id: str) -> int:
    status, answer = site.call("GET", f"/api/v1/live/{room_id}/stats", token=site.token())
    assert status == 200, answer
    return int(answer["data"]["viewers"])
