"""The pages of guests at two widths, in both languages and themes: before, and while on stage."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.harness import browse, obs
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.encoder import SMALL
from tests.e2e.harness.look import Look, axe_source
from tests.e2e.harness.site import Site
from tests.e2e.test_guests import QUERY, copied_link, picture, room_id
from tests.e2e.test_guests_of_encoders import guest_on_stage

__all__ = ["room_id"]

pytestmark = [pytest.mark.media, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def axe(missing_part: Callable[[str], None]) -> str:
    return axe_source(missing_part)


def test_the_door_and_the_green_room(
    person: Callable[..., Visitor], site: Site, room_id: str, axe: str
) -> None:
    path = f"/api/v1/live/{room_id}/invites"
    status, answer = site.call("POST", path, {}, site.token())
    assert status == 201, answer
    link = f"/guest/{answer['data']['token']}"
    Look("guest-door", axe).all_ways(
        person().open("/sign-in"), link, lambda page: page.locator(".guest-door").wait_for()
    )
    Look("guest-ready", axe).all_ways(
        person("staff").open("/"), link, lambda page: page.locator("#ask:enabled").wait_for()
    )
    Look("guest-link-bad", axe).all_ways(
        person("staff").open("/"), "/guest/gone", lambda page: page.locator("main").wait_for()
    )


def test_two_on_stage(person: Callable[..., Visitor], site: Site, room_id: str, axe: str) -> None:
    demo, staff, anyone = person("demo"), person("staff"), person()
    studio = browse.open_studio(demo, room_id, QUERY)
    browse.go_live(studio)
    green = staff.open(copied_link(studio) + QUERY)
    browse.wait_for_state(green, "#guest", "ready")
    green.locator("#ask").click()
    studio.locator("[data-deed=admit]").click()
    browse.wait_for_state(green, "#guest", "on-stage")
    studio.locator("[data-deed=mute]").click()
    green.locator("[data-mute-note]").wait_for()
    page = browse.watch(anyone, room_id)
    page.locator(f"{picture(site.user_id('staff'))}.is-placed").wait_for()
    page.locator("[data-do=menu]").click()
    page.get_by_role("menuitem", name="Layout").click()
    for name, shown in {"watch": page, "guest": green, "studio": studio}.items():
        shown.set_default_timeout(60_000)  # a picture of three that move, on a busy machine
        look = Look(f"{name}-two-on-stage", axe)
        look.every_theme_and_width(shown, "en")
        assert not look.wrong, "\n".join(look.wrong)


def test_a_guest_with_a_screen_and_an_owner_with_obs(
    person: Callable[..., Visitor], site: Site, axe: str
) -> None:
    room_id = site.create_room("OBS and a guest")
    demo, staff = person("demo"), person("staff")
    with obs.on_air(site, room_id, SMALL):
        studio = browse.open_studio(demo, room_id)
        green = guest_on_stage(site, room_id, staff, studio)
        green.locator("#share-screen").click()
        guest = site.user_id("staff")
        studio.locator(f'.picture[data-key="user_{guest}:screen"].is-placed').wait_for(
            timeout=60_000
        )
        green.locator(f"{picture(site.user_id('demo'))}.is-placed").wait_for(timeout=60_000)
        for name, shown in {"guest": green, "studio": studio}.items():
            shown.set_default_timeout(60_000)
            look = Look(f"{name}-obs-and-screen", axe)
            look.every_theme_and_width(shown, "en")
            assert not look.wrong, "\n".join(look.wrong)
