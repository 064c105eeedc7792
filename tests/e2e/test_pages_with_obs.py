"""The pages of a streamer with OBS: the raised hand, the doctor, then the replay and its chat."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.harness import browse, obs
from tests.e2e.harness import site as sites
from tests.e2e.harness.browse import visitor
from tests.e2e.harness.encoder import SMALL, pushing
from tests.e2e.harness.look import Look, axe_source, choose_language
from tests.e2e.harness.site import Site, wait_for

pytestmark = pytest.mark.media
SENT_SECS = 12
SAID = "早！ What a morning"


@pytest.fixture(scope="module")
def axe(missing_part: Callable[[str], None]) -> str:
    return axe_source(missing_part)


@pytest.fixture(scope="module")
def obs_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with sites.running(tmp_path_factory.mktemp("obs-look") / "var") as running:
        yield running


@pytest.fixture(scope="module")
def demo(browser: Browser, obs_site: Site) -> Iterator[Page]:
    with visitor(browser, obs_site, "demo") as streamer:
        yield streamer.open("/dashboard")


@pytest.fixture(scope="module")
def guest(browser: Browser, obs_site: Site) -> Iterator[Page]:
    with visitor(browser, obs_site) as someone:
        yield someone.open("/sign-in")


@pytest.fixture(scope="module")
def room_id(obs_site: Site) -> str:
    return obs_site.create_room("早安咖啡 · Morning coffee")


@contextlib.contextmanager
def broadcasting(site: Site, browser: Browser, room_id: str) -> Iterator[None]:
    """OBS sends for some seconds at least, and somebody says something meanwhile."""
    with obs.on_air(site, room_id, SMALL) as encoder:
        with visitor(browser, site, "demo") as someone:
            page = browse.watch(someone, room_id)
            page.locator("#chat[data-connected=true]").wait_for()
            # Some seconds into the recording, which begins with a keyframe after the room is live.
            wait_for("some of it is recorded", lambda: encoder.frames_sent > 120, 60)
            page.locator("[data-chat-input]").fill(SAID)
            page.locator("[data-chat-input]").press("Enter")
            page.locator(".chat-line", has_text=SAID).wait_for()
        yield
        frames = SENT_SECS * 30
        wait_for("enough is recorded", lambda: encoder.frames_sent > frames, 60)


@pytest.fixture(scope="class")
def sending(obs_site: Site, browser: Browser, room_id: str) -> Iterator[None]:
    with broadcasting(obs_site, browser, room_id):
        yield


@pytest.fixture(scope="module")
def replay(obs_site: Site, browser: Browser, room_id: str) -> str:
    """The path of its page, once it is ready."""

    def found() -> list[dict[str, Any]]:
        path = f"/api/v1/live/{room_id}/recordings"
        status, answer = obs_site.call("GET", path, token=obs_site.token())
        assert status == 200, answer
        return list(answer["data"]["items"])

    def look() -> str | None:
        (recording,) = found()
        assert recording["state"] != "failed", recording
        return str(recording["page_url"]) if recording["state"] == "ready" else None

    if not found():  # these tests were asked for alone
        with broadcasting(obs_site, browser, room_id):
            pass
    return wait_for("the replay is ready", look, 60, 0.3).removeprefix(obs_site.base_url)


def hand_of(room_id: str, look: str) -> str:
    return f"[data-obs={room_id}] [data-obs-status][data-look={look}]"


def test_a_room_for_obs_waits_for_it(demo: Page, obs_site: Site, axe: str) -> None:
    room_id = obs_site.create_room("OBS only", streaming_mode="rtmp")
    Look("studio-obs-waiting", axe).all_ways(
        demo,
        f"/studio/{room_id}",
        lambda page: page.locator(hand_of(room_id, "waiting")).wait_for(),
    )
    # Nothing of a browser's broadcast: no camera was asked for.
    expect(demo.locator("#go-live")).to_be_hidden()
    expect(demo.locator("[data-preview-box]")).to_be_hidden()


def test_a_refused_obs_is_told_of(demo: Page, obs_site: Site) -> None:
    room_id = obs_site.create_room("Browser only", streaming_mode="webrtc")
    browse_in_english(demo)
    demo.goto("/dashboard")
    with pushing(obs_site.rtmp_url(obs_site.stream_key(room_id)), SMALL) as encoder:
        wait_for("OBS was sent away", lambda: not encoder.is_running, 30)
    card = demo.locator(f"[data-room={room_id}]")
    card.scroll_into_view_if_needed()
    card.locator("[data-look=refused]").wait_for()
    expect(card.locator("[data-obs-words]")).to_contain_text("takes the browser only")
    expect(card.locator("[data-obs-spoken]")).to_contain_text("OBS tried at")


@pytest.mark.usefixtures("sending")
class TestWhileObsSends:
    def test_dashboard(self, demo: Page, room_id: str, axe: str) -> None:
        Look("dashboard-obs", axe).all_ways(
            demo,
            "/dashboard",
            lambda page: page.locator(
                f"{hand_of(room_id, 'seen')} ~ .doctor .doctor-item"
            ).first.wait_for(),
        )

    def test_the_hand_says_what_is_seen(self, demo: Page, room_id: str) -> None:
        browse_in_english(demo)
        demo.goto("/dashboard")
        words = demo.locator(f"{hand_of(room_id, 'seen')} [data-obs-words]")
        expect(words).to_have_text(re.compile(r"We see you: 640×360, \d+ fps, \d+(\.\d)? Mbps"))
        live = demo.locator(f"[data-room={room_id}] .dash-room-facts .is-live")
        expect(live).to_be_visible()

    def test_studio(self, demo: Page, room_id: str, axe: str) -> None:
        """From here too one may go live, while OBS sends."""
        Look("studio-obs", axe).all_ways(
            demo,
            f"/studio/{room_id}",
            lambda page: page.locator(f"#rtmp {hand_of(room_id, 'seen')}").wait_for(),
        )
        expect(demo.locator("#go-live")).to_be_enabled()
        expect(demo.locator("#end-rtmp")).to_be_visible()

    def test_the_card_on_the_home_page_has_its_picture(self, guest: Page, room_id: str) -> None:
        def look() -> bool:
            guest.goto("/")
            picture = guest.locator(f"[data-room={room_id}] [data-live-picture]")
            answer = guest.request.get(str(picture.get_attribute("src")))
            return answer.headers["content-type"] == "image/jpeg"

        wait_for("a live thumbnail was made", look, 40, 1.0)

    def test_it_is_ended_in_the_studio(self, demo: Page, obs_site: Site, room_id: str) -> None:
        demo.goto(f"/studio/{room_id}")
        demo.locator("#end-rtmp").click()
        demo.locator("#end-cancel").click()
        demo.locator("#end-rtmp").click()
        demo.locator("#end-confirm").click()
        wait_for("the room has ended", lambda: obs_site.room(room_id)["state"] == "ended")
        # OBS comes back by itself, and is not let in.
        expect(demo.locator("#end-rtmp")).to_be_hidden()


class TestAfterwards:
    def test_home(self, guest: Page, replay: str, axe: str) -> None:
        Look("home-replays", axe).all_ways(
            guest, "/", lambda page: page.locator(f".home-replays a[href='{replay}']").wait_for()
        )

    def test_watch_page_of_the_room(self, guest: Page, room_id: str, replay: str, axe: str) -> None:
        Look("watch-replays", axe).all_ways(
            guest,
            f"/live/{room_id}",
            lambda page: page.locator(f".room-replays a[href='{replay}']").wait_for(),
        )

    @pytest.mark.parametrize("name", ["recordings", "edit", "delete"])
    def test_pages_of_the_owner(
        self, name: str, demo: Page, room_id: str, replay: str, axe: str
    ) -> None:
        path = f"/rooms/{room_id}/recordings" if name == "recordings" else f"{replay}/{name}"
        Look(f"replay-{name}", axe).all_ways(
            demo, path, lambda page: page.locator("main h1").wait_for()
        )

    def test_replay(self, guest: Page, replay: str, axe: str) -> None:
        Look("replay", axe).all_ways(guest, replay, until_it_can_play)

    def test_it_plays_with_its_chat_in_step(self, guest: Page, replay: str) -> None:
        guest.goto(replay)
        until_it_can_play(guest)
        said = guest.locator(".chat-line", has_text=SAID)
        assert said.count() == 0
        guest.locator(".replay-big").click()
        wait_for("it plays", lambda: time_of(guest) > 0.5, 20)
        guest.keyboard.press(" ")
        assert guest.evaluate("document.querySelector('[data-video]').paused")
        for _ in range(3):
            guest.keyboard.press("ArrowRight")
        assert time_of(guest) > 8
        said.wait_for()
        for _ in range(4):
            guest.keyboard.press("ArrowLeft")
        wait_for("it is at the beginning", lambda: time_of(guest) < 0.5, 10)
        expect(said).to_have_count(0)

    def test_a_url_that_no_longer_serves_is_renewed(self, guest: Page, replay: str) -> None:
        guest.goto(replay)
        until_it_can_play(guest)
        old = "video => { video.src = video.src.replace(/token=[^&]*/, 'token=1-gone'); }"
        guest.locator("[data-video]").evaluate(old)
        renewed = "!document.querySelector('[data-video]').src.includes('gone')"
        wait_for("the URL is renewed", lambda: guest.evaluate(renewed), 20)
        until_it_can_play(guest)

    def test_it_goes_on_at_the_same_second(self, guest: Page, replay: str) -> None:
        """Refused in the middle, as with a token that has expired; then let in again."""
        guest.goto(replay)
        until_it_can_play(guest)
        guest.route("**/*.mp4*", lambda route: route.fulfill(status=403))
        place = float(guest.evaluate("document.querySelector('[data-video]').duration")) - 3
        video = guest.locator("[data-video]")
        video.evaluate("(video, place) => { video.currentTime = place; }", place)
        noticed = "video => video.error !== null || (!video.seeking && video.readyState >= 2)"
        wait_for("it was refused, or had it already", lambda: video.evaluate(noticed), 20)
        guest.unroute("**/*.mp4*")
        until_it_can_play(guest)
        assert abs(time_of(guest) - place) < 1

    def test_it_is_deleted_after_a_question(
        self, demo: Page, guest: Page, room_id: str, replay: str
    ) -> None:
        browse_in_english(demo)
        demo.goto(f"/rooms/{room_id}/recordings")
        delete = demo.locator("[data-delete]")
        delete.click()
        demo.locator("#delete-dialog [data-delete-cancel]").click()
        expect(demo.locator("#delete-dialog")).to_be_hidden()
        delete.focus()
        demo.keyboard.press("Enter")
        demo.locator("#delete-dialog .danger").click()
        demo.get_by_text("The replay is deleted.").wait_for()
        answer = guest.goto(replay)
        assert answer is not None and answer.status == 404


def browse_in_english(page: Page) -> None:
    choose_language(page.context, page.url, "en")


def until_it_can_play(page: Page) -> None:
    page.locator("#replay[data-state=ready]").wait_for()
    can = "document.querySelector('[data-video]').readyState >= 2"
    wait_for("the video can play", lambda: page.evaluate(can), 20)


def time_of(page: Page) -> float:
    return float(page.evaluate("document.querySelector('[data-video]').currentTime"))
