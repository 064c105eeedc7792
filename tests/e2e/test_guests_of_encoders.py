"""An owner who sends by OBS or by WebSocket sees and hears the guests, and they the owner."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.e2e.harness import browse, obs
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.encoder import SMALL
from tests.e2e.harness.site import Site, wait_for
from tests.e2e.harness.ways import NO_UDP, by_whip

pytestmark = [pytest.mark.media, pytest.mark.timeout(300)]
QUERY = "?simulcast=0"
HEARD = """async () => {
  const all = [...document.querySelectorAll("[data-sound] audio")];
  const playing = all.filter(audio => !audio.paused && !audio.muted);
  const ids = playing.flatMap(audio => audio.srcObject.getTracks().map(track => track.id));
  const loud = (await __probe.stats()).filter(
    one => one.type === "inbound-rtp" && ids.includes(one.trackIdentifier)
      && one.audioLevel > 0.005,
  );
  return [playing.length, loud.length];
}"""
VIEWERS = "#studio [data-viewers]"

# Connections that send do not get through, while `udp` of the tab says no; those that receive do.
SENDS_NOTHING = """(() => {
  if (location.protocol === "about:") return;
  const real = RTCPeerConnection.prototype;
  const { setRemoteDescription, addIceCandidate } = real;
  const senders = new Set();
  window.__blocked = true;
  real.setRemoteDescription = function (description) {
    if (description.type === "answer") senders.add(this);
    const blocked = window.__blocked && senders.has(this);
    if (!blocked) return setRemoteDescription.call(this, description);
    const sdp = description.sdp.replace(/a=candidate:.*\\r\\n/g, "");
    return setRemoteDescription.call(this, { type: description.type, sdp });
  };
  real.addIceCandidate = function (candidate) {
    const sends = senders.has(this) || this.signalingState === "have-local-offer";
    return window.__blocked && sends ? Promise.resolve() : addIceCandidate.call(this, candidate);
  };
  window.__breakSending = () => {
    window.__blocked = true;
    for (const connection of senders) {
      if (connection.connectionState !== "connected") continue;
      Object.defineProperty(connection, "connectionState", { get: () => "failed" });
      connection.dispatchEvent(new Event("connectionstatechange"));
    }
  };
})()"""


def picture(site: Site, name: str) -> str:
    return f'.picture[data-key="user_{site.user_id(name)}:camera"] video'


def guest_on_stage(site: Site, room_id: str, staff: Visitor, studio: Page) -> Page:
    """By link, let in by the studio's own button."""
    path = f"/api/v1/live/{room_id}/invites"
    status, answer = site.call("POST", path, {}, site.token())
    assert status == 201, answer
    green = staff.open(f"/guest/{answer['data']['token']}{QUERY}")
    browse.wait_for_state(green, "#guest", "ready")
    green.locator("#ask").click()
    browse.wait_for_state(green, "#guest", "waiting")
    studio.locator("[data-deed=admit]").click()
    browse.wait_for_state(green, "#guest", "on-stage")
    return green


def see_each_other(site: Site, studio: Page, green: Page) -> None:
    browse.wait_until_advancing(studio, picture(site, "staff"))
    browse.wait_until_advancing(green, picture(site, "demo"))
    for page in (studio, green):
        wait_for("one other is heard", lambda: page.evaluate(HEARD) == [1, 1], 30)  # noqa: B023


def state(page: Page) -> tuple[str | None, str | None]:
    root = page.locator("#studio")
    return root.get_attribute("data-via"), root.get_attribute("data-state")


def test_an_owner_with_obs_talks_with_a_guest(
    site: Site, person: Callable[..., Visitor], room_id: str
) -> None:
    demo, staff, anyone = person("demo"), person("staff"), person()
    with obs.on_air(site, room_id, SMALL):
        studio = browse.open_studio(demo, room_id)
        green = guest_on_stage(site, room_id, staff, studio)
        see_each_other(site, studio, green)
        assert state(studio) == ("webrtc", "ready"), "this page sends nothing"
        assert studio.locator(".picture").count() == 1, "not the owner as well"
        assert studio.locator("[data-guests-elsewhere]").is_hidden()
        page = browse.watch(anyone, room_id, "?rung=webrtc")
        browse.wait_until_advancing(page, picture(site, "staff"))
        wait_for("one viewer", lambda: studio.locator(VIEWERS).inner_text() == "1")

        studio.reload(wait_until="domcontentloaded")
        see_each_other(site, studio, green)

        # The camera of this page beside OBS: the guest goes on, once.
        studio.locator("#go-live").click()
        browse.wait_for_state(studio, "#studio", "live")
        see_each_other(site, studio, green)
        wait_for("what was joined is left", lambda: len(receiving_sessions(site, room_id)) == 1)
        browse.end_live(studio)
        browse.wait_for_state(studio, "#studio", "ended")
        wait_for("the studio is alone", lambda: studio.locator(".picture").count() == 0)
    assert [*demo.problems, *staff.problems, *anyone.problems] == []


def test_an_owner_with_whip_talks_with_a_guest(
    site: Site, person: Callable[..., Visitor], room_id: str
) -> None:
    demo, staff = person("demo"), person("staff")
    with by_whip(site, room_id):
        studio = browse.open_studio(demo, room_id)
        green = guest_on_stage(site, room_id, staff, studio)
        see_each_other(site, studio, green)
        assert state(studio) == ("webrtc", "ready"), "this page sends nothing"
    assert [*demo.problems, *staff.problems] == []


def test_where_nothing_comes_by_webrtc_the_studio_says_so(
    site: Site, person: Callable[..., Visitor], room_id: str
) -> None:
    demo, staff = person("demo"), person("staff")
    demo.context.add_init_script(NO_UDP)
    studio = browse.open_studio(demo, room_id, QUERY)
    browse.go_live(studio)
    assert state(studio) == ("push", "live")
    green = guest_on_stage(site, room_id, staff, studio)
    studio.locator("[data-guests-elsewhere]").wait_for(timeout=60_000)
    browse.wait_until_advancing(green, picture(site, "demo"))
    wait_for("the studio joins again", lambda: joins(studio) >= 2, 90)
    assert state(studio) == ("push", "live")
    assert [*demo.problems, *staff.problems] == []


def joins(page: Page) -> int:
    return int(page.evaluate("__probe.sent.filter(({type}) => type === 'join').length"))


def receiving_sessions(site: Site, room_id: str) -> list[tuple[object, ...]]:
    """SFU sessions that only receive."""
    sql = (
        "select s.session_id from live_sfusession s join live_room r on s.room_id = r.id "
        f"where r.room_id = '{room_id}' and s.role = 'subscriber' and s.ended_at is null"
    )
    return list(site.rows(sql))


def test_guests_stay_when_the_studio_falls_to_websocket_and_climbs_back(
    site: Site, person: Callable[..., Visitor], room_id: str, show: Callable[[str], None]
) -> None:
    demo, staff = person("demo"), person("staff")
    demo.context.add_init_script(SENDS_NOTHING)
    studio = browse.open_studio(demo, room_id, QUERY)
    browse.go_live(studio)
    assert state(studio) == ("push", "live")
    green = guest_on_stage(site, room_id, staff, studio)
    see_each_other(site, studio, green)

    seen = picture(site, "staff")
    studio.evaluate(DIARY, seen)
    studio.evaluate("() => { window.__blocked = false; }")
    wait_for("live by WebRTC", lambda: state(studio) == ("webrtc", "live"), 90)
    see_each_other(site, studio, green)
    wait_for("what was joined is left", lambda: receiving_sessions(site, room_id) == [])
    show(f"studio climbs to WebRTC: its guest stood for {longest(studio):.0f} ms at most")

    studio.evaluate("() => { window.__gaps.length = 0; window.__breakSending(); }")
    wait_for("live by WebSocket", lambda: state(studio) == ("push", "live"), 60)
    see_each_other(site, studio, green)
    show(f"studio falls to WebSocket: its guest stood for {longest(studio):.0f} ms at most")
    browse.end_live(studio)
    browse.wait_for_state(green, "#guest", "waiting")
    wait_for("nobody receives any more", lambda: receiving_sessions(site, room_id) == [])
    assert [*demo.problems, *staff.problems] == []


# How long the picture stood each time, whatever its element: 20 looks a second.
DIARY = """(selector) => {
  window.__gaps = [];
  let number = null, since = performance.now();
  setInterval(() => {
    const now = __probe.read(document.querySelector(selector));
    if (now === null || now === number) return;
    window.__gaps.push(performance.now() - since);
    number = now;
    since = performance.now();
  }, 50);
}"""


def longest(page: Page) -> float:
    return float(page.evaluate("Math.max(0, ...window.__gaps)"))
