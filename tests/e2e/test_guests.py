"""A guest by link or invitation: waits, is let in, seen, heard, muted, removed; layouts change."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from tests.e2e.harness import browse
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.site import Site, wait_for

pytestmark = [pytest.mark.media, pytest.mark.timeout(300)]
QUERY = "?simulcast=0"  # one layer each: this machine encodes three cameras
LAYOUT = "document.querySelector('.player-rung.is-front').dataset.layout"
ELEMENTS = """() => {
    const all = [...document.querySelectorAll('.player-rung.is-front video')];
    window.__kept ??= all;
    return all.length === window.__kept.length && all.every(video => window.__kept.includes(video));
}"""
HEARD = "[...document.querySelectorAll('#player audio')].filter(a => !a.muted).length"


def picture(user_id: int) -> str:
    return f'.picture[data-key="user_{user_id}:camera"]'


def copied_link(studio: Page) -> str:
    """Path of the guest link, by the studio's button."""
    studio.context.grant_permissions(["camera", "microphone", "clipboard-read", "clipboard-write"])
    if studio.locator("#guest-panel").is_hidden():
        studio.locator("#guests-toggle").click()
    studio.locator("[data-guest-link]").click()
    studio.locator("[data-guest-link].is-done").wait_for()
    link = str(studio.evaluate("navigator.clipboard.readText()"))
    return "/guest/" + link.rpartition("/")[2]


def share_of(page: Page, user_id: int) -> float:
    """How much of the screen a person has."""
    box = page.locator(picture(user_id)).bounding_box()
    whole = page.locator(".player-rung.is-front").bounding_box()
    assert box and whole
    return float(box["width"] * box["height"] / (whole["width"] * whole["height"]))


def wait_for_shares(page: Page, shares: dict[int, float]) -> None:
    def look() -> bool:
        return all(abs(share_of(page, user) - share) < 0.02 for user, share in shares.items())

    wait_for(f"the pictures take {shares} of the screen", look)


@pytest.fixture
def room_id(site: Site, request: pytest.FixtureRequest) -> str:
    """Without bridges: mixing two pictures for a recording is another test's matter."""
    return site.create_room(request.node.name[:60], streaming_mode="webrtc")


@pytest.fixture
def ids(site: Site) -> Iterator[tuple[int, int]]:
    yield site.user_id("demo"), site.user_id("staff")


def test_a_guest_by_link_from_the_green_room_to_the_end(
    person: Callable[..., Visitor], room_id: str, ids: tuple[int, int]
) -> None:
    owner_id, guest_id = ids
    demo, staff, anyone = person("demo"), person("staff"), person()
    studio = browse.open_studio(demo, room_id, QUERY)
    browse.go_live(studio)
    link = copied_link(studio)

    door = anyone.open(link)
    assert "demo" in door.locator("h1").inner_text().lower()
    door.close()

    page = browse.watch(anyone, room_id)
    browse.wait_until_advancing(page)
    assert page.evaluate(LAYOUT) == ""

    green = staff.open(link + QUERY)
    browse.wait_for_state(green, "#guest", "ready")
    green.locator("#ask").click()
    browse.wait_for_state(green, "#guest", "waiting")
    assert f"/rooms/{room_id}/guest" in green.url
    studio.locator("[data-guests-count]", has_text="1").wait_for()
    assert studio.title().startswith("(1)")
    studio.locator("[data-deed=admit]").click()
    browse.wait_for_state(green, "#guest", "on-stage")

    # Each sees the other, and viewers see both.
    browse.wait_until_advancing(page, f"{picture(guest_id)} video")
    browse.wait_until_advancing(page, f"{picture(owner_id)} video")
    browse.wait_until_advancing(green, f"{picture(owner_id)} video")
    browse.wait_until_advancing(studio, f"{picture(guest_id)} video")
    browse.unmute(page)
    wait_for("both are heard", lambda: page.evaluate(HEARD) == 2)

    # The owner's layout, at once and with the very same elements.
    page.evaluate(ELEMENTS)
    for layout, shares in {
        "grid": {owner_id: 0.5, guest_id: 0.5},
        "pip": {owner_id: 1.0, guest_id: 0.0484},
    }.items():
        studio.locator(f"[name=layout][value={layout}]").check(force=True)
        wait_for(f"viewers see {layout}", lambda: page.evaluate(LAYOUT) == layout)  # noqa: B023
        wait_for_shares(page, shares)
        assert page.evaluate(ELEMENTS), "a video element was made anew"

    # The viewer's own choice goes before it, and a tap before that.
    page.locator("[data-do=menu]").click()
    page.get_by_role("menuitem", name="Layout").click()
    page.get_by_role("menuitemradio", name="Grid").click()
    wait_for("the viewer has the grid", lambda: page.evaluate(LAYOUT) == "grid")
    page.locator(f"{picture(guest_id)} .picture-pin").click()
    wait_for_shares(page, {guest_id: 0.75})
    assert page.evaluate(ELEMENTS), "a video element was made anew"

    studio.locator("[data-deed=mute]").click()
    wait_for("one is heard", lambda: page.evaluate(HEARD) == 1)
    page.locator(f"{picture(guest_id)} .picture-silent").wait_for()
    green.locator("[data-mute-note]").wait_for()
    assert green.locator("#toggle-mic").is_disabled()
    studio.locator("[data-deed=unmute]").click()
    wait_for("both are heard again", lambda: page.evaluate(HEARD) == 2)
    wait_for("the guest may speak again", green.locator("#toggle-mic").is_enabled)

    studio.locator("[data-deed=remove]").click()
    studio.locator("#remove-guest-dialog [value=remove]").click()
    browse.wait_for_state(green, "#guest", "removed")
    wait_for("one picture is left", lambda: page.locator(".picture").count() == 1)
    browse.wait_until_advancing(page)
    assert page.evaluate(LAYOUT) == ""
    gone = staff.open(link)
    assert "guest_removed" in gone.content()
    assert [*demo.problems, *staff.problems, *anyone.problems] == []


def test_a_viewer_is_invited_from_the_chat_and_reloads_on_stage(
    person: Callable[..., Visitor], room_id: str, ids: tuple[int, int]
) -> None:
    """By keyboard: the owner finds the button in the chat, the viewer accepts."""
    _, guest_id = ids
    demo, staff = person("demo"), person("staff")
    studio = browse.open_studio(demo, room_id, QUERY)
    browse.go_live(studio)
    page = browse.watch(staff, room_id)
    page.locator("#chat[data-connected=true]").wait_for()
    page.locator("#chat-input").fill("May I come?")
    page.locator("#chat-input").press("Enter")
    studio.locator(".chat-invite").wait_for(state="attached")
    studio.locator("[data-chat-lines]").focus()
    studio.keyboard.press("Tab")
    assert studio.evaluate("document.activeElement.className") == "chat-invite"
    studio.keyboard.press("Enter")

    page.locator("#invite-dialog[open]").wait_for()
    page.locator("#invite-dialog [data-accept]").press("Enter")
    page.wait_for_url(f"**/rooms/{room_id}/guest")
    browse.wait_for_state(page, "#guest", "ready")
    page.locator("#ask").press("Enter")
    browse.wait_for_state(page, "#guest", "waiting")
    assert page.evaluate("document.activeElement.id") == "leave"
    studio.locator("[data-deed=admit]").press("Enter")
    browse.wait_for_state(page, "#guest", "on-stage")
    browse.wait_until_advancing(studio, f"{picture(guest_id)} video")

    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    browse.wait_for_state(page, "#guest", "on-stage")
    browse.wait_until_advancing(studio, f"{picture(guest_id)} video")

    page.locator("#leave").click()
    page.locator("#leave-confirm").click()
    browse.wait_for_state(page, "#guest", "left")
    wait_for("the studio is alone", lambda: studio.locator(".picture").count() == 0)
    assert demo.problems == []
    assert staff.problems == []
