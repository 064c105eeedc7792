"""Qualities of HLS as the real front serves them: by the same rights as the one of nginx."""

from __future__ import annotations

import socket

import pytest

from ingest.viewers import HlsViewers
from ingest.viewers_job import bind_at
from tests.integration.front.alone import PLAY, SEGMENT, Alone

FILES = {
    "master.m3u8": b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nsource/index.m3u8\n",
    "source/index.m3u8": b"#EXTM3U\n#EXTINF:1.000,\n1000.ts\n",
    "480p/1000.ts": SEGMENT,
    "audio/index.m3u8": b"#EXTM3U\n",
    "source/.1001.ts": b"half written",
}


@pytest.fixture
def ladder(front: Alone) -> Alone:
    for name, data in FILES.items():
        file = front.values.media_dir / "ladder" / PLAY / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return front


def test_the_short_address_leads_to_all_qualities_where_there_are_some(ladder: Alone):
    token = ladder.token()
    first = ladder.ask(f"/hls/{PLAY}.m3u8?token={token}&v=page").headers["location"]
    assert first == f"/hls/page/{token}/{PLAY}/ladder/master.m3u8"
    master = ladder.ask(first)
    assert (master.status, master.body) == (200, FILES["master.m3u8"])
    assert master.headers["cache-control"] == "no-store"
    one = ladder.ask(f"/hls/{PLAY}.m3u8?token={token}&v=page&qualities=one").headers["location"]
    assert one == f"/hls/page/{token}/{PLAY}/index.m3u8"
    (ladder.values.media_dir / "ladder" / PLAY / "master.m3u8").unlink()
    again = ladder.ask(f"/hls/{PLAY}.m3u8?token={token}&v=page").headers["location"]
    assert again == f"/hls/page/{token}/{PLAY}/index.m3u8"


@pytest.mark.parametrize("name", ["source/index.m3u8", "480p/1000.ts", "audio/index.m3u8"])
def test_who_may_have_them(ladder: Alone, name: str):
    token = ladder.token()
    url = f"/hls/page/%s/{PLAY}/ladder/{name}"
    assert ladder.ask(url % token).body == FILES[name]
    assert ladder.ask(url % "-").status == 403
    ladder.mark("open")
    assert ladder.ask(url % "-").status == 200
    ladder.mark("air", there=False)
    assert ladder.ask(url % token).status == 404


@pytest.mark.parametrize(
    "name",
    [
        "source/.1001.ts",
        "source/../../../marks/air/x",
        "..%2f..%2fhls/index.m3u8",
        "secret/index.m3u8",
        "source/index.m3u8/x",
        "source/master.txt",
        "480p",
    ],
)
def test_what_is_none_of_them(ladder: Alone, name: str):
    answer = ladder.ask(f"/hls/page/{ladder.token()}/{PLAY}/ladder/{name}")
    assert answer.status in {400, 404}


def test_players_of_several_qualities_are_viewers(ladder: Alone):
    viewer, token = "0" * 31 + "c", ladder.token()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as worker:
        bind_at(worker, ladder.values.run_dir / "viewers.sock")
        worker.settimeout(10)
        for name in ("master.m3u8", "audio/index.m3u8", "480p/1000.ts"):
            assert ladder.ask(f"/hls/{viewer}/{token}/{PLAY}/ladder/{name}").status == 200
        said = worker.recv(2000)
        counted = HlsViewers()
        assert counted.got_datagram(said, 1.0)
        assert counted.counts(2.0) == {PLAY: 1}
        worker.settimeout(0.3)
        with pytest.raises(TimeoutError):
            worker.recv(2000)  # of the other files nobody is told
    (ladder.values.run_dir / "viewers.sock").unlink()
