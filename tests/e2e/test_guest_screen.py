"""A guest on stage shares a screen: large for viewers, in the studio, and in the mixed picture."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from live.layouts import rectangles
from tests.e2e.harness import browse, cast
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.cast import GUEST, OWNER, Piece
from tests.e2e.harness.site import Site, wait_for
from tests.e2e.test_mixed import BOTH, QUERY, mode, on_stage, site, until

__all__ = ["site"]

pytestmark = [pytest.mark.media, pytest.mark.timeout(420)]
SHARE = """(key) => document.querySelector(`.picture[data-key="${key}"]`).clientWidth
  / document.querySelector(".player-rung.is-front").clientWidth"""
LARGE = 1  # of the owner's camera, the guest's screen, the guest's camera


def pictures(names: list[str]) -> str:
    """Whether the page shows these, by key."""
    wanted = json.dumps(sorted(names))
    return (
        "JSON.stringify([...document.querySelectorAll('.picture.is-placed')]"
        f".map(one => one.dataset.key).sort()) === '{wanted}'.replaceAll(', ', ',')"
    )


def sources_of(site: Site, user_id: int) -> list[str]:
    """What the server knows that this person sends."""
    sql = (
        "select sources from live_sfusession where ended_at is null and role = 'publisher' "
        f"and user_id = {user_id}"
    )
    return sorted(kind for (row,) in site.rows(sql) for kind in json.loads(str(row)).values())


def screen_is_large(piece: Piece) -> Any:
    places = rectangles("speaker", 3, LARGE)
    found = [cast.who_is_at(piece, place, BOTH) for place in places]
    return (found[0] == "owner" and found[2] == "guest" and found[1] not in ("owner", "guest")) or (
        found
    )


def test_a_guest_shares_a_screen(site: Site, person: Callable[..., Visitor]) -> None:
    room_id = site.create_room("Guest's screen", record=True, layout="speaker")
    owner_id, guest_id = site.user_id("demo"), site.user_id("staff")
    demo, staff, anyone = person("demo", at=site), person("staff", at=site), person(at=site)
    OWNER.play(demo)
    GUEST.play(staff)
    studio = browse.open_studio(demo, room_id, QUERY)
    browse.go_live(studio)
    green = on_stage(site, room_id, staff)
    page = browse.watch(anyone, room_id, "?rung=webrtc")
    cameras = [f"user_{owner_id}:camera", f"user_{guest_id}:camera"]
    wait_for("viewers see both", lambda: page.evaluate(pictures(cameras)), 60)

    share = green.locator("#share-screen")
    share.click()
    wait_for("it is shared", lambda: share.get_attribute("aria-pressed") == "true")
    screen = f"user_{guest_id}:screen"
    wait_for("viewers see it", lambda: page.evaluate(pictures([*cameras, screen])), 60)
    assert page.evaluate(SHARE, screen) > 0.7, "it is the large one"
    wait_for(
        "the owner sees it",
        lambda: studio.evaluate(pictures([cameras[1], screen])),
        60,
    )
    page.close()  # one picture less to decode on a busy machine
    assert sources_of(site, guest_id) == ["camera", "screen"]
    mode(site, room_id, "mix")
    until(site, room_id, "the screen is large in the mix", screen_is_large)

    # Whoever is put off the stage shares nothing any more.
    path = f"/api/v1/live/{room_id}/guests/{guest_id}"
    status, answer = site.call("POST", path, {"do": "remove"}, site.token())
    assert status == 200, answer
    browse.wait_for_state(green, "#guest", "removed")
    wait_for("it is shared no more", lambda: share.get_attribute("aria-pressed") == "false")
    assert [*demo.problems, *staff.problems, *anyone.problems] == []
