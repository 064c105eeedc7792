"""Real nginx, app and worker, real encoders: who goes live, who is refused, who takes over."""

from __future__ import annotations

import http.client
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from ingest.nginx import NoNginx, find_nginx
from live import access, actions
from live.models import Ingest, Part, Room
from playback import flv
from tests.e2e.harness.rtmp_client import Refused, RtmpClient
from tests.integration.ingest.site import (
    Site,
    ended,
    figures_of,
    ingest_of,
    sending,
    state_of,
    stream_file,
    until,
    until_state,
)
from tests.integration.live.make import make_room, make_user
from tests.integration.playback.publisher import Publisher
from tests.unit.playback.media import AVC, video

pytestmark = [pytest.mark.media, pytest.mark.django_db(transaction=True)]
ROUND_TRIP_SECS = 0.3  # nginx's push to itself takes 0.09 s


@pytest.fixture(autouse=True)
def rtmp_settings() -> None:
    """The processes have settings of their own."""


@pytest.fixture(scope="module")
def nginx(missing_part):
    found = find_nginx()
    if isinstance(found, NoNginx):
        missing_part(found.reason)
    return found


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stream_file(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="module")
def newest(django_db_setup, tmp_path_factory: pytest.TempPathFactory, nginx):
    site = Site(tmp_path_factory.mktemp("newest"), nginx)
    site.start()
    yield site
    site.stop()


@pytest.fixture
def site(newest: Site, db) -> Site:
    return newest


@pytest.fixture
def room(transactional_db) -> Room:
    return make_room(make_user("mei"))


@pytest.fixture
def key(room: Room) -> str:
    return access.access_stream_key(room.owner, room.room_id)


def refused(site: Site, name: str, file: Path) -> str:
    """What ffmpeg says of it, without the name."""
    with sending(site.url(name), file) as encoder:
        assert ended(encoder, "it was not refused") != 0
        assert encoder.stderr is not None
        return encoder.stderr.read().decode(errors="replace").replace(name, "…")


def dropped(encoder: subprocess.Popen[bytes]) -> None:
    ended(encoder, "it was not dropped")


def test_the_first_keyframe_of_an_encoder_is_kept(site, room, key):
    """OBS as it comes sends the next one 8.3 s later: until then there would be no picture."""
    site.start("playback")
    try:
        with Publisher(site.rtmp, key, app="live") as encoder:
            time.sleep(ROUND_TRIP_SECS)  # as an encoder far away
            encoder.metadata({"videocodecid": 7.0})
            encoder.video(0, AVC)
            for frame in range(120):  # 4 s: without sound the first 3 are kept back
                encoder.video(frame * 33, video(key=frame == 0, size=2_000))
            until_state(room, "live")
            until(lambda: _first_picture_ms(site.flv, room.play_id) == 0, "it was lost")
    finally:
        site.stop("playback")


def _first_picture_ms(port: int, play_id: str) -> int | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", f"/flv/{play_id}.flv")
    answer = connection.getresponse()
    try:
        if answer.status != http.client.OK:
            return None
        answer.read(13)
        while head := answer.read(11):
            body = answer.read(int.from_bytes(head[1:4]) + 4)
            if head[0] == flv.VIDEO and flv.parse_video(body[:-4]).part is flv.Part.KEYFRAME:
                return int.from_bytes(head[4:7])
        return None
    finally:
        connection.close()


def test_the_right_key_goes_live(site, room, key, file):
    asked = time.monotonic()
    with sending(site.url(key), file) as encoder:
        until_state(room, "live")
        print(f"live {time.monotonic() - asked:.2f} s after the encoder was started")
        ingest = ingest_of(room)
        assert ingest.has_media
        assert ingest.address == "127.0.0.1"
        marks = site.data_dir / "media" / "marks"
        until(lambda: (marks / "air" / room.play_id).exists(), "no mark")
        assert (marks / "open" / room.play_id).exists()
        until(
            lambda: (site.data_dir / "media/hls" / room.play_id / "index.m3u8").exists(), "no HLS"
        )
        until(lambda: figures_of(room).get("video_bitrate"), "no bitrate")
        figures = figures_of(room)
        print(figures)
        assert (figures["video_codec"], figures["audio_codec"]) == ("H264", "AAC")
        assert (figures["width"], figures["height"], figures["fps"]) == (320, 180, 15)
        assert 20_000 < figures["video_bitrate"] < 2_000_000
        encoder.kill()
        gone = time.monotonic()
        until_state(room, "interrupted")
        print(f"interrupted {time.monotonic() - gone:.2f} s after the encoder died")
        until(lambda: not (marks / "air" / room.play_id).exists(), "the mark stayed")
    with sending(site.url(key), file):
        until_state(room, "live")
    assert room.broadcasts.count() == 1
    assert room.broadcasts.get().publish_protocol == "rtmp"
    for name in ("nginx", "app", "worker"):
        assert key not in site.log_of(name)
    assert not [path for path in site.data_dir.rglob("*") if key in path.name]


def test_wrong_rotated_banned_and_mode_are_refused_alike(site, room, key, file):
    said = refused(site, "no-such-key", file)
    other = make_room(room.owner, "for browsers", streaming_mode="webrtc")
    other_key = access.access_stream_key(room.owner, other.room_id)
    assert refused(site, other_key, file) == said
    assert ingest_of(other).refused_why == "mode_webrtc"
    new = actions.do_rotate_key(room)
    assert refused(site, key, file) == said
    actions.do_ban_room(room)
    assert refused(site, new, file) == said
    assert ingest_of(room).refused_why == "banned"
    assert state_of(other) == "idle"


@pytest.mark.parametrize(
    "name", ["x" * 2_048, "../../../etc/passwd", "a%00b", "a?b&c=d", "a b", "", "play_0123456789"]
)
def test_odd_names_are_refused_and_leave_nothing(site, room, name, file):
    refused(site, name, file)
    hls = site.data_dir / "media" / "hls"
    assert [path.name for path in hls.iterdir() if not path.name.startswith("play_")] == []
    assert not Ingest.objects.exists()


def test_a_name_added_to_the_key_changes_nothing(site, room, key, file):
    victim = make_room(room.owner, "victim")
    refused(site, f"wrong?name={key}", file)
    with sending(site.url(f"{key}?name={victim.play_id}&clientid=1"), file):
        until_state(room, "live")
        assert state_of(victim) == "idle"


def test_the_newest_takes_over(site, room, key, file):
    with sending(site.url(key), file) as old:
        until_state(room, "live")
        first = ingest_of(room).client_id
        with sending(site.url(key), file) as new:
            dropped(old)
            until(lambda: ingest_of(room).client_id != first, "still the old one")
            until(lambda: ingest_of(room).has_media, "no media of the new one")
            assert state_of(room) == "live", "the old one's publish-done hurt the new one"
            assert new.poll() is None
    assert room.broadcasts.count() == 1


def test_the_oldest_stays_where_that_is_the_rule(site, room, key, file):
    site.stop("app")
    site.env["RTMP_TAKEOVER"] = "oldest"
    site.start("app")
    try:
        with sending(site.url(key), file) as old:
            until_state(room, "live")
            before = ingest_of(room).client_id
            refused(site, key, file)
            assert old.poll() is None
            ingest = ingest_of(room)
            assert (ingest.client_id, ingest.refused_why) == (before, "already_live")
            assert state_of(room) == "live"
            old.send_signal(signal.SIGSTOP)  # nginx has its connection for 10 s
            until_state(room, "interrupted")
            with RtmpClient(site.rtmp) as new:
                new.publish(key)
        until_state(room, "interrupted")
        with sending(site.url(key), file):
            until_state(room, "live")
    finally:
        site.stop("app")
        del site.env["RTMP_TAKEOVER"]
        site.start("app")


def test_playback_measures_what_nginx_does_not(site, room, key, file):
    site.start("playback")
    try:
        with sending(site.url(key), file):
            until(lambda: figures_of(room).get("keyframe_secs"), "nothing was measured")
            until(lambda: figures_of(room).get("audio_bitrate"), "no bitrate of the sound")
            until(lambda: ingest_of(room).advice, "no advice")
            figures = figures_of(room)
            print(figures, ingest_of(room).advice)
            assert 0.9 < figures["keyframe_secs"] < 1.5
            assert (figures["b_frames"], figures["has_audio"]) == (False, True)
            assert 10 < figures["measured_fps"] < 20
            until(lambda: Part.objects.filter(name="flv", ok=True).exists(), "flv is not up")
    finally:
        site.stop("playback")
    until(lambda: Part.objects.filter(name="flv", ok=False).exists(), "flv is not down")


def test_ended_by_hand_is_dropped_and_stays_away_for_a_while(site, room, key, file):
    with sending(site.url(key), file) as encoder:
        until_state(room, "live")
        actions.do_end_broadcast(room, "by_owner")
        dropped(encoder)
    refused(site, key, file)
    assert ingest_of(room).refused_why == "just_ended"
    assert state_of(room) == "ended"


@pytest.mark.parametrize("how", ["rotated", "banned", "owner banned", "deleted"])
def test_who_may_no_longer_send_is_dropped(site, room, key, file, how):
    with sending(site.url(key), file) as encoder:
        until_state(room, "live")
        match how:
            case "rotated":
                actions.do_rotate_key(room)
            case "banned":
                actions.do_ban_room(room)
            case "owner banned":
                actions.do_ban_user(room.owner)
            case "deleted":
                Room.objects.filter(pk=room.pk).delete()
        dropped(encoder)
    if how == "rotated":
        until_state(room, "interrupted")


def test_many_wrong_keys_do_not_disturb_a_stream(site, room, key, file):
    """50 a second for 5 s, each a connection of its own up to the refusal."""
    with sending(site.url(key), file) as encoder:
        until_state(room, "live")
        before = ingest_of(room)
        refusals: list[int] = []
        began = time.monotonic()

        def knock(number: int) -> None:
            for turn in range(50):
                time.sleep(max(0.0, began + turn / 10 - time.monotonic()))
                with RtmpClient(site.rtmp) as client, pytest.raises(Refused):
                    client.publish(f"wrong-{number}-{turn}")
                refusals.append(number)

        threads = [threading.Thread(target=knock, args=[number]) for number in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(f"{len(refusals)} wrong keys in {time.monotonic() - began:.1f} s")
        assert len(refusals) == 250
        after = ingest_of(room)
        assert encoder.poll() is None
        assert (after.client_id, after.lost_at, state_of(room)) == (before.client_id, None, "live")
        assert figures_of(room)["dropped"] == 0


def test_an_encoder_with_an_odd_name_hides_nobody(site, room, key, file):
    """What an encoder says of itself stands on the stat page; so do bytes that no XML may hold."""
    other = make_room(room.owner, "odd")
    other_key = access.access_stream_key(room.owner, other.room_id)
    with RtmpClient(site.rtmp) as odd:
        odd.handshake()
        said = {"app": "live", "tcUrl": "rtmp://x/live", "flashVer": '<a>&\x01"]]>\u2028é'}
        odd.command("connect", 1, said)
        odd.wait_for(b"NetConnection.Connect.Success")
        odd.command("createStream", 2, None)
        odd.wait_for(b"_result")
        odd.command("publish", 3, None, other_key, "live", stream_id=1)
        until(lambda: Ingest.objects.filter(room=other).exists(), "it was not let in")
        with sending(site.url(key), file):
            until_state(room, "live")
            assert ingest_of(other).is_connected
            assert ingest_of(other).encoder.isprintable()
        until_state(room, "interrupted")


def test_hooks_from_elsewhere(site, room, key):
    body = f"clientid=99&name={key}&addr=192.0.2.1"
    path = f"/ingest/publish?secret={site.env['INGEST_SECRET']}"
    for headers in ({"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}):
        connection = http.client.HTTPConnection("127.0.0.1", site.app, timeout=5)
        connection.request("POST", path, body, headers)
        assert connection.getresponse().status == 403
        connection.close()
    assert not Ingest.objects.exists()


def test_without_the_app_nobody_new_comes_but_who_sends_goes_on(site, room, key, file):
    other = make_room(room.owner, "another")
    other_key = access.access_stream_key(room.owner, other.room_id)
    with sending(site.url(key), file) as encoder:
        until_state(room, "live")
        before = ingest_of(room).client_id
        site.stop("app", by=signal.SIGKILL)
        try:
            refused(site, other_key, file)
            assert encoder.poll() is None
            with sending(site.url(key), file) as second:
                ended(second, "the same key was let in without the app")
        finally:
            site.start("app")
        assert (ingest_of(room).client_id, state_of(room)) == (before, "live")
        assert encoder.poll() is None
        site.stop("app", by=signal.SIGKILL)
        encoder.kill()  # its publish-done is lost
        try:
            until_state(room, "interrupted")
        finally:
            site.start("app")
    with sending(site.url(key), file):
        until_state(room, "live")


def test_what_the_rows_forgot_is_found_again(site, room, key, file):
    """A restored database, a worker that was away."""
    with sending(site.url(key), file) as encoder:
        until_state(room, "live")
        site.stop("worker", by=signal.SIGKILL)
        try:
            Ingest.objects.all().delete()
            Room.objects.update(state="idle")
            room.broadcasts.update(ended_at=room.created_at)
        finally:
            site.start("worker")
        until_state(room, "live")
        assert ingest_of(room).has_media
        assert encoder.poll() is None


def test_nginx_dies(site, room, key, file):
    with sending(site.url(key), file) as encoder:
        until_state(room, "live")
        until(lambda: Part.objects.filter(name="rtmp", ok=True).exists(), "the part is not up")
        site.stop("nginx", by=signal.SIGKILL)
        try:
            dropped(encoder)
            until(
                lambda: Part.objects.filter(name="rtmp", ok=False).exists(), "the part is not down"
            )
            until_state(room, "interrupted")
        finally:
            site.start("nginx")
    with sending(site.url(key), file):
        until_state(room, "live")
        until(lambda: Part.objects.filter(name="rtmp", ok=True).exists(), "the part is not up")


def test_nginx_hangs_for_a_while(site, room, key, file):
    """Its streams are taken for lost; they are still there, and so they are found again."""
    with sending(site.url(key), file) as encoder:
        until_state(room, "live")
        site.signal("nginx", signal.SIGSTOP)
        try:
            until_state(room, "interrupted")
        finally:
            site.signal("nginx", signal.SIGCONT)
        until_state(room, "live")
        assert encoder.poll() is None
    assert room.broadcasts.count() == 1


def test_a_rival_from_elsewhere_waits_for_its_turn(site, room, key, file):
    """The address that nginx tells is that of the connection."""
    with sending(site.url(key), file) as encoder:
        until_state(room, "live")
        first = ingest_of(room).client_id
        for _ in range(3):
            with RtmpClient(site.rtmp, address="127.0.0.2") as rival, pytest.raises(Refused):
                rival.publish(key)
        ingest = ingest_of(room)
        assert (ingest.client_id, ingest.refused_why) == (first, "already_live")
        assert encoder.poll() is None
        Ingest.objects.update(accepted_at=room.created_at.replace(year=2020))
        with RtmpClient(site.rtmp, address="127.0.0.2") as rival:
            rival.publish(key)
            dropped(encoder)
            assert ingest_of(room).address == "127.0.0.2"
            with sending(site.url(key), file) as back:
                ended(back, "the first one took it back at once")


def test_an_encoder_that_stands_still(site, room, key, file):
    """A cut cable: nginx has the connection for a while, viewers have nothing."""
    with sending(site.url(key), file) as encoder:
        until_state(room, "live")
        encoder.send_signal(signal.SIGSTOP)
        stopped = time.monotonic()
        until_state(room, "interrupted")
        print(f"interrupted {time.monotonic() - stopped:.1f} s after the encoder stood still")
        assert not ingest_of(room).is_connected
        encoder.send_signal(signal.SIGCONT)
        went_on = time.monotonic()
        until_state(room, "live")
        print(f"live again {time.monotonic() - went_on:.1f} s after it went on")
        assert encoder.poll() is None
        encoder.send_signal(signal.SIGSTOP)
        try:
            until_state(room, "interrupted")
            with RtmpClient(site.rtmp, address="127.0.0.2") as other:
                other.publish(key)  # whoever takes over from a dead one need not wait
        finally:
            encoder.send_signal(signal.SIGCONT)
    assert room.broadcasts.count() == 1
