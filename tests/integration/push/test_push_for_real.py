"""What a page sends by WebSocket is a broadcast like one of OBS."""

from __future__ import annotations

import io
import itertools
import os
import signal
import subprocess
import time
from pathlib import Path

import av
import pytest

from live import access, actions
from live.models import Room
from tests.integration.ingest.site import ingest_of, state_of, until, until_state
from tests.integration.live.make import make_user
from tests.integration.push.conftest import PushSite, ticket_for
from tests.integration.push.page import Material, Page, is_flash, number_in

pytestmark = [pytest.mark.media, pytest.mark.django_db(transaction=True)]


def recorded(site: PushSite, room: Room, secs: float) -> bytes:
    """Of nginx's `out`, by a player that is not ours."""
    url = f"rtmp://127.0.0.1:{site.out}/out/{room.play_id}"
    how = ("-v", "error", "-nostdin", "-rw_timeout", "15000000", "-i", url)
    done = subprocess.run(
        ["ffmpeg", *how, "-t", str(secs), "-c", "copy", "-f", "flv", "-"],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-500:]
    return done.stdout


def pictures_and_tones(flv: bytes) -> tuple[list[tuple[float, int, bool]], list[float]]:
    """[(secs, number, flash)], [secs at which a tone begins]."""
    pictures, tones = [], []
    quiet_since = None
    with av.open(io.BytesIO(flv)) as file:
        for frame in file.decode(video=0):
            pictures.append((float(frame.time or 0), number_in(frame), is_flash(frame)))
    to_s16 = av.AudioResampler(format="s16", layout="mono", rate=48_000)
    with av.open(io.BytesIO(flv)) as file:
        for packed in file.decode(audio=0):
            for frame in to_s16.resample(packed):
                data = memoryview(bytes(frame.planes[0])[: frame.samples * 2]).cast("h")
                for at in range(0, frame.samples, 48):
                    now = float(packed.time or 0) + at / 48_000
                    loud = max(abs(x) for x in data[at : at + 48]) > 3000
                    if loud and quiet_since is not None and now - quiet_since > 0.5:
                        tones.append(now)
                    if loud:
                        quiet_since = None
                    elif quiet_since is None:
                        quiet_since = now
    return pictures, tones


def test_a_page_goes_live_and_its_media_come_out_in_step(site, room, material: Material):
    with Page(site.ws_url(ticket_for(room)), material) as page:
        asked = time.monotonic()
        page.start()
        until_state(room, "live")
        print(f"live {time.monotonic() - asked:.2f} s after the first frame")
        ingest = ingest_of(room)
        assert (ingest.encoder, ingest.sender_id) == ("browser", room.owner_id)
        pictures, tones = pictures_and_tones(recorded(site, room, 11))
        until(lambda: "live" in page.states, "the page was not told")
        assert page.queue_ms < 1_000
    numbers = [number for _, number, _ in pictures]
    steps = [(b - a) % (15 * 8) for a, b in itertools.pairwise(numbers)]
    assert steps and max(steps) <= 2, numbers
    flashes = [
        now
        for (_, _, before), (now, _, flash) in itertools.pairwise(pictures)
        if flash and not before
    ]
    offsets = [min((tone - flash for tone in tones), key=abs) for flash in flashes[1:-1]]
    print("sound after picture, ms:", [round(offset * 1000) for offset in offsets])
    assert offsets and max(map(abs, offsets)) < 0.040 + 1 / 15
    until_state(room, "interrupted")  # nginx was told at once, no time-out had to pass


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_one_of_both_is_enough(site, room, material, kind: str):
    wants = {"video": kind == "video", "audio": kind == "audio"}
    with Page(site.ws_url(ticket_for(room)), material, **wants) as page:
        page.start()
        until_state(room, "live")
        with av.open(io.BytesIO(recorded(site, room, 3))) as file:
            kinds = {stream.type for stream in file.streams}
        # Players wait for the sound that a header promised: silence.
        assert kinds == ({"video", "audio"} if kind == "video" else {"audio"})


def test_a_page_that_comes_back_takes_over_from_itself(site, room, material):
    with Page(site.ws_url(ticket_for(room)), material) as first:
        first.start()
        until_state(room, "live")
        before = ingest_of(room).client_id
        with Page(site.ws_url(ticket_for(room)), material) as second:
            second.start()
            until(lambda: "live" in second.states, "the second is not live")
            until(lambda: first.close_code == 4409, f"the first: {first.close_code}")
            assert ingest_of(room).client_id != before
            assert state_of(room) == "live"
            until(lambda: second.states[-1] == "live", "it stays")


def test_a_new_nginx_is_published_to_again(site, room, material):
    with Page(site.ws_url(ticket_for(room)), material) as page:
        page.start()
        until_state(room, "live")
        client = ingest_of(room).client_id
        site.stop("nginx", by=signal.SIGKILL)
        until(lambda: page.states[-1] == "connecting", "the page is not told")
        site.start("nginx")
        until(lambda: ingest_of(room).client_id != client, "nothing came back")
        until(lambda: page.states[-1] == "live", "the page is not told")
        until_state(room, "live")


def test_whoever_is_no_longer_welcome_is_cut_off(site, room, material):
    helper = make_user("helper")
    actions.do_allow_publisher(room, helper, room.owner)
    with Page(site.ws_url(ticket_for(room, helper)), material) as page:
        page.start()
        until_state(room, "live")
        actions.do_disallow_publisher(room, helper)
        until(lambda: page.close_code == 4403, f"{page.close_code} {page.states[-3:]}")
    assert "refused" in page.states


def test_a_rotated_key_takes_the_page_along(site, room, material):
    with Page(site.ws_url(ticket_for(room)), material) as page:
        page.start()
        until_state(room, "live")
        actions.do_rotate_key(room)
        until(lambda: page.close_code == 4403, f"{page.close_code} {page.states[-3:]}")


def test_obs_that_comes_later_stays_and_the_page_is_told(site, room, material, tmp_path):
    from tests.integration.ingest.site import sending, stream_file

    key = access.access_stream_key(room.owner, room.room_id)
    actions_seen = []
    with Page(site.ws_url(ticket_for(room)), material) as page:
        page.start()
        until_state(room, "live")
        Room.objects.get(pk=room.pk)
        type(ingest_of(room)).objects.filter(room=room).update(
            accepted_at=ingest_of(room).accepted_at.replace(year=2026, month=1)
        )
        with sending(site.url(key), stream_file(tmp_path)) as encoder:
            until(lambda: ingest_of(room).sender_id is None, "OBS did not take over")
            until(lambda: page.close_code == 4403, f"{page.close_code} {page.states[-3:]}")
            actions_seen.append(encoder.poll())
            assert ingest_of(room).sender_id is None
    assert actions_seen == [None]


def test_slow_nginx_holds_the_page_back(site, room, material):
    """What waits is the page's: it is told, and nothing grows here."""
    with Page(site.ws_url(ticket_for(room)), material, heavy=True) as page:
        page.start()
        until_state(room, "live")
        site.signal("nginx", signal.SIGSTOP)
        try:
            until(lambda: page.queue_ms > 2_000, f"{page.queue_ms}")
        finally:
            site.signal("nginx", signal.SIGCONT)
        count = len(page.said)
        until(
            lambda: len(page.said) > count and int(str(page.said[-1]["queue_ms"])) < 700,
            f"{page.said[-1]}",
        )
        assert page.close_code is None


def test_the_gateway_ends_in_order_and_takes_its_children_along(site, room, material):
    with Page(site.ws_url(ticket_for(room)), material) as page:
        page.start()
        until_state(room, "live")
        child = children_of(site.pid_of("push"))
        assert len(child) == 1
        site.stop("push")
        assert page.states[-1] == "restarting"
        until(lambda: page.close_code == 4503, f"{page.close_code}")
        until(lambda: not os.path.exists(f"/proc/{child[0]}"), "the child is there")
    site.start("push")


def test_a_killed_gateway_leaves_nothing(site, room, material):
    with Page(site.ws_url(ticket_for(room)), material) as page:
        page.start()
        until_state(room, "live")
        (child,) = children_of(site.pid_of("push"))
        os.kill(child, signal.SIGSTOP)  # also not one that hangs
        site.stop("push", by=signal.SIGKILL)
        until(lambda: not is_alive(child), "the child is there")
        until_state(room, "interrupted")
    site.start("push")


def test_no_token_is_in_any_log(site, room, material):
    ticket = ticket_for(room)
    with Page(site.ws_url(ticket), material) as page:
        page.start()
        until_state(room, "live")
    for name in ("nginx", "app", "worker", "push"):
        log = site.log_of(name)
        assert ticket not in log
        assert "pushn." not in log, name
        assert "pusht." not in log, name


def children_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
