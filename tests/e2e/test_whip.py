"""WHIP with FFmpeg's own muxer as encoder, WHEP with a bare page as player; both abused."""

from __future__ import annotations

import http.client
import json
import statistics
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.harness import browse, whep_player
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.encoder import SMALL
from tests.e2e.harness.site import Site, wait_for
from tests.e2e.harness.whip_sender import whip

pytestmark = pytest.mark.media
SDP = "application/sdp"


def sessions(site: Site, room_id: str, via: str) -> list[tuple[str, str]]:
    """(state, why it ended) of the room's sessions, oldest first."""
    return site.rows(  # type: ignore[return-value]
        "select s.state, s.end_reason from live_sfusession s join live_room r on r.id = s.room_id"
        f" where r.room_id = '{room_id}' and s.via = '{via}' order by s.id"
    )


def ask(
    site: Site, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(site.base_url + path, body, named, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def test_an_encoder_by_whip_is_seen(
    person: Callable[..., Visitor], site: Site, room_id: str, show: Callable[[str], None]
):
    viewer = browse.watch(person(), room_id)
    browse.wait_for_state(viewer, "#player", "waiting")
    # One address for all rooms, as OBS is given it: the key says which.
    with whip(f"{site.base_url}/whip", site.stream_key(room_id), SMALL) as sender:
        first_ms = browse.first_frame_ms(viewer) - sender.started_at
        browse.wait_until_advancing(viewer)
        assert site.room(room_id)["state"] == "live"
        browse.unmute(viewer)
        browse.wait_until_heard(viewer)
        behind = sender.behind_ms(browse.frames_seen(viewer, ms=2000))
        player, told = whep_player.play(person(), f"/whep/{room_id}")
        assert told["status"] == 201, told
        browse.wait_until_advancing(player, whep_player.VIDEO)
        by_whep = sender.behind_ms(browse.frames_seen(player, whep_player.VIDEO, 2000))
        show(
            f"WHIP (FFmpeg) → WebRTC: first frame {first_ms:.0f} ms after its start, "
            f"delay {statistics.median(behind):.0f} ms; by WHEP {statistics.median(by_whep):.0f} ms"
        )
    assert sender.errors == []
    wait_for(
        "DELETE ends the session", lambda: sessions(site, room_id, "whip") == [("closed", "left")]
    )
    assert site.room(room_id)["state"] == "interrupted"


def test_a_crashed_encoder_comes_back(
    person: Callable[..., Visitor], site: Site, room_id: str, show: Callable[[str], None]
):
    """It is never told that it is still there, and the room's broadcast goes on."""
    key, url = site.stream_key(room_id), f"{site.base_url}/whip/{room_id}"
    viewer = browse.watch(person(), room_id)
    with whip(url, key, SMALL) as sender:
        browse.wait_until_advancing(viewer)
        sender.crash()
    crashed = browse.now_ms()
    with whip(url, key, SMALL):
        wait_for("the new one plays", lambda: sessions(site, room_id, "whip")[0][0] == "closed")
        browse.wait_until_advancing(viewer)
        show(
            f"WHIP encoder crashed and started again: seen after {browse.now_ms() - crashed:.0f} ms"
        )
        assert [state for state, _ in sessions(site, room_id, "whip")] == ["closed", "connected"]
        broadcasts = "select count(*) from live_broadcast b join live_room r on r.id = b.room_id"
        assert site.rows(f"{broadcasts} where r.room_id = '{room_id}'") == [(1,)]


def test_an_encoder_that_dies_in_silence_is_noticed(
    site: Site, room_id: str, show: Callable[[str], None]
):
    with whip(f"{site.base_url}/whip", site.stream_key(room_id), SMALL) as sender:
        wait_for("it is live", lambda: site.room(room_id)["state"] == "live")
        sender.crash()
    crashed = browse.now_ms()
    gone = lambda: site.room(room_id)["state"] in {"interrupted", "ended"}  # noqa: E731
    wait_for("its silence is noticed", gone, 60)
    show(f"WHIP encoder died in silence: interrupted after {browse.now_ms() - crashed:.0f} ms")


def test_a_player_by_whep_outlives_its_publisher(
    person: Callable[..., Visitor], site: Site, room_id: str, show: Callable[[str], None]
):
    demo = person("demo")
    studio = browse.open_studio(demo, room_id, "?codec=h264&simulcast=1")
    early, told = whep_player.play(person(), f"/whep/{room_id}")
    assert told["status"] == 409
    assert json.loads(told["body"])["code"] == "not_live"
    early.close()
    browse.go_live(studio)
    page, told = whep_player.play(person(), f"/whep/{room_id}")
    assert told["status"] == 201, told
    assert told["patched"] == 204
    browse.wait_until_advancing(page, whep_player.VIDEO)
    first_ms = page.evaluate("whepTimes.frame")
    packets = "packetsReceived"
    wait_for(
        "sound comes, too",
        lambda: any(one[packets] > 50 for one in browse.stats(page, "inbound-rtp", "audio")),
    )
    assert browse.codecs(page, "inbound-rtp") == {"video/h264"}
    show(f"studio → WHEP: first frame {first_ms:.0f} ms after the request")
    wait_for("the player counts", lambda: site.room(room_id)["viewers"] == 1)

    studio.goto(f"{site.base_url}/studio/{room_id}?codec=vp8&simulcast=0")
    browse.resume_live(studio)
    browse.wait_until_advancing(page, whep_player.VIDEO)
    assert browse.codecs(page, "inbound-rtp") == {"video/vp8"}
    assert whep_player.state(page) == "connected"

    assert (
        page.evaluate("url => fetch(url, {method: 'DELETE'}).then(a => a.status)", told["session"])
        == 200
    )
    wait_for(
        "DELETE ends it", lambda: whep_player.state(page) in {"closed", "failed", "disconnected"}
    )
    assert sessions(site, room_id, "whep")[-1] == ("closed", "left")

    second, told = whep_player.play(person(), f"/whep/{room_id}")
    browse.wait_until_advancing(second, whep_player.VIDEO)
    browse.end_live(studio)
    wait_for("the end of the broadcast ends it", lambda: whep_player.state(second) != "connected")


def test_the_hostile_are_refused_and_hurt_nobody(site: Site, room_id: str):
    before = {part: site.pid_of(part) for part in ("sfu", "app")}
    key, path = site.stream_key(room_id), f"/whip/{room_id}"
    bearer = f"Bearer {key}"

    def posted(
        body: bytes, where: str = path, kind: str = SDP, who: str = bearer
    ) -> tuple[int, str]:
        headers = {"Content_Type": kind, **({"Authorization": who} if who else {})}
        status, _, answer = ask(site, "POST", where, body, **headers)
        return status, json.loads(answer)["code"] if status >= 400 and answer[:1] == b"{" else ""

    offer = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
    assert posted(b"") == (400, "bad_sdp")
    assert posted(b"garbage\x00\xff") == (400, "bad_sdp")
    assert posted(offer) == (400, "bad_sdp")
    assert posted(offer + b"a=x\r\n" * 3100) == (400, "bad_sdp")
    assert posted(offer, kind="application/json") == (415, "unsupported_media_type")
    assert posted(b"v" * 100_000) == (413, "too_large")
    assert posted(b"v" * 3_000_000)[0] == 413
    assert posted(offer, who="") == (401, "unauthenticated")
    assert posted(offer, who="Bearer no-such-key") == (401, "token_invalid")
    assert posted(offer, who="Basic x") == (401, "token_invalid")
    assert posted(offer, where="/whip/room_nothing") == (401, "token_invalid")
    token = f"Bearer {site.token()}"
    assert posted(offer, where="/whip/room_nothing", who=token) == (404, "room_not_found")
    assert posted(offer, where="/whep/room_nothing", who="") == (404, "room_not_found")
    assert ask(site, "DELETE", f"{path}/sess_x.{'0' * 8}.{'0' * 32}")[0] == 404
    assert ask(site, "GET", path)[0] == 405
    status, headers, _ = ask(site, "OPTIONS", path, Origin="https://elsewhere.example")
    assert (status, headers["Accept-Post"]) == (204, SDP)
    assert headers["Access-Control-Allow-Origin"] == "*"

    def one(number: int) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", int(site.env["PORT"]), timeout=60)
        try:
            connection.request(
                "POST",
                path,
                offer * (number % 40 + 1),
                {"Content-Type": SDP, "Authorization": bearer},
            )
            return connection.getresponse().status
        finally:
            connection.close()

    with ThreadPoolExecutor(50) as many:
        statuses = Counter(many.map(one, range(200)))
    assert set(statuses) <= {400, 429, 503}
    assert {part: site.pid_of(part) for part in before} == before
    assert site.call("GET", "/health/ready")[0] == 200
    said = [line for line in site.lines if line.startswith(("app", "sfu"))]
    assert "Traceback" not in "".join(said), "\n".join(said)
    assert sessions(site, room_id, "whip") == []
