"""More than one thing to see in a room, and nothing left behind when people have come and gone."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.harness import browse
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.site import Site, wait_for

pytestmark = pytest.mark.media
TRACKS = "__probe.tracks.filter(t => t.kind === 'video').map(t => t.source).sort()"


def live_videos(page) -> int:
    """How many video tracks arrive at this page and are being decoded right now."""
    count = "__probe.stats().then(all => all.filter(s => s.type === 'inbound-rtp'"
    count += " && s.kind === 'video' && s.framesPerSecond > 0).length)"
    return int(page.evaluate(count))


def test_a_screen_is_shared_while_live(person: Callable[..., Visitor], room_id: str):
    demo, guest = person("demo"), person()
    studio = browse.open_studio(demo, room_id)
    browse.go_live(studio)
    page = browse.watch(guest, room_id)
    browse.wait_until_advancing(page)
    assert page.evaluate(TRACKS) == ["camera"]
    studio.locator("#share-screen").click()
    wait_for("the screen is announced", lambda: page.evaluate(TRACKS) == ["camera", "screen"])
    wait_for("camera and screen arrive", lambda: live_videos(page) == 2)
    studio.locator("#share-screen").click()
    wait_for("the screen is gone", lambda: page.evaluate(TRACKS) == ["camera"])
    browse.wait_until_advancing(page)


def test_two_publishers_in_one_room(person: Callable[..., Visitor], site: Site, room_id: str):
    staff_id = site.user_id("staff")
    status, answer = site.call(
        "POST", f"/api/v1/live/{room_id}/publishers", {"user_id": staff_id}, site.token()
    )
    assert status in {200, 201}, answer
    demo, staff, guest = person("demo"), person("staff"), person()
    browse.go_live(browse.open_studio(demo, room_id, "?codec=h264&simulcast=0"))
    page = browse.watch(guest, room_id)
    browse.wait_until_advancing(page)
    second = browse.open_studio(staff, room_id, "?codec=vp8&simulcast=0")
    browse.go_live(second)
    wait_for("both are announced", lambda: page.evaluate(TRACKS) == ["camera", "camera"])
    wait_for("both arrive", lambda: live_videos(page) == 2)
    assert browse.codecs(page, "inbound-rtp") == {"video/h264", "video/vp8"}
    staff.close()
    wait_for("one is gone", lambda: page.evaluate(TRACKS) == ["camera"])
    browse.wait_until_advancing(page)
    assert site.room(room_id)["state"] == "live"


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def memory_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def test_five_joins_and_leaves_leave_nothing_behind(
    person: Callable[..., Visitor],
    breakable_site: Site,
    show: Callable[[str], None],
):
    """Publisher and viewer come and go; the first round is there to load what is loaded once."""
    site = breakable_site
    # Not hybrid: for a recording there a bridge is one viewer more, for some seconds longer.
    room_id = site.create_room("Come and go", streaming_mode="webrtc")
    pids = {part: site.pid_of(part) for part in ("sfu", "app")}
    demo, guest = person("demo", at=site), person(at=site)

    def counts() -> dict[str, int]:
        node = site.sfu_stats()
        rows = site.rows("select count(*) from live_sfusession where ended_at is null")
        people = site.rows("select count(*) from live_participant where left_at is null")
        return {
            "rooms": node.rooms,
            "peers": node.peers,
            "transports": node.transports,
            "publishers": node.publishers,
            "open session rows": rows[0][0],
            "present participants": people[0][0],
        }

    def come_and_go() -> None:
        studio = browse.open_studio(demo, room_id)
        browse.go_live(studio)
        pages = [browse.watch(guest, room_id) for _ in range(2)]
        for page in pages:
            browse.wait_until_advancing(page)
        assert counts()["peers"] == 3
        for page in pages:
            page.close()
        studio.close(run_before_unload=False)
        empty = dict.fromkeys(counts(), 0)
        wait_for("everybody has left the counters", lambda: counts() == empty, 30)

    come_and_go()
    files = {part: open_files(pid) for part, pid in pids.items()}
    memory = {part: memory_mb(pid) for part, pid in pids.items()}
    for _ in range(5):
        come_and_go()
    time_limit = time.monotonic() + 15
    while any(open_files(pid) > files[part] + 2 for part, pid in pids.items()):
        assert time.monotonic() < time_limit, "files stay open"
        time.sleep(0.2)
    grown = {part: memory_mb(pid) - memory[part] for part, pid in pids.items()}
    show(
        "five joins and leaves: "
        + ", ".join(
            f"{part} grew {mb:+.1f} MB from {memory[part]:.0f}" for part, mb in grown.items()
        )
    )
    assert all(mb < 25 for mb in grown.values()), grown
    assert {part: site.pid_of(part) for part in pids} == pids, "a process was started again"
