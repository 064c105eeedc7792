"""What kills or jams an Ion node, where signalling can carry it: refused, and nobody is hurt."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.harness import browse
from tests.e2e.harness.browse import Visitor
from tests.e2e.harness.raw_socket import RawSocket, real_offer
from tests.e2e.harness.site import Site, wait_for

Connect = Callable[..., RawSocket]
CANDIDATE = "candidate:1 1 udp 2130706431 192.0.2.7 50000 typ host"


@pytest.fixture(autouse=True)
def nobody_is_hurt(site: Site) -> Iterator[None]:
    """After each attack the very same processes are there, and well."""
    before = {part: site.pid_of(part) for part in ("sfu", "app")}
    yield
    assert {part: site.pid_of(part) for part in before} == before
    assert site.call("GET", "/health/ready")[0] == 200
    said = [line for line in site.lines if "Traceback" in line]
    assert said == [], "\n".join(site.lines[-80:])


@pytest.fixture
def connect(person: Callable[..., Visitor], site: Site, room_id: str) -> Connect:
    """`connect("publisher")` or `connect("subscriber")` → a socket that was welcomed."""

    def open_socket(role: str, welcomed: bool = True) -> RawSocket:
        someone = person("demo" if role == "publisher" else None)
        page = someone.open("/sign-up")
        open_socket.page = page  # type: ignore[attr-defined]
        url = f"{site.ws_url}/api/v1/live/ws?room_id={room_id}&role={role}"
        if role == "publisher":
            url += f"&user_id={site.user_id('demo')}"
        socket = RawSocket(page, url)
        if welcomed:
            socket.next("welcome")
        return socket

    return open_socket


def spoilt_offers(sdp: str) -> dict[str, str]:
    """A real offer, spoilt as browsers never do."""
    video = sdp[sdp.index("m=video") :]
    return {
        "empty": "",
        "blanks": "   ",
        "garbage": "v=0\r\nthis is no sdp\r\n",
        "no media": sdp[: sdp.index("m=")],
        "cut short": sdp[: len(sdp) // 3] + "a=rtpmap:",
        "bad m-line": re.sub(r"m=audio \S+", "m=audio minus-one", sdp, count=1),
        "bad rtpmap": re.sub(r"a=rtpmap:111 opus/48000/2", "a=rtpmap:111 opus/none/x", sdp),
        "bad extmap": re.sub(r"a=extmap:\d+ ", "a=extmap:99999 ", sdp, count=1),
        "no fingerprint": re.sub(r"a=fingerprint:.*\r\n", "", sdp),
        "no ufrag": re.sub(r"a=ice-ufrag:.*\r\n", "", sdp),
        "rids that no node knows": sdp
        + "a=rid:lo send\r\na=rid:hi send\r\na=simulcast:send lo;hi\r\n",
        "200 sections": sdp + video.replace("a=mid:1", "a=mid:9")[:220] * 200,
    }


def test_spoilt_offers_are_refused(connect: Connect):
    socket = connect("publisher")
    spoilt = spoilt_offers(real_offer(connect.page))  # type: ignore[attr-defined]
    codes = {}
    for name, sdp in spoilt.items():
        codes[name] = socket.error_for("offer", sdp)
        socket.send("ping", 1)  # and the connection goes on
        socket.next("pong")
        if len(codes) % 6 == 0:  # 20 errors within 10 s would close it, as they should
            socket.close()
            socket = connect("publisher")
    assert set(codes.values()) <= {"bad_sdp", "no_common_codec", "rate_limited"}, codes
    assert "rate_limited" not in codes.values(), codes


def test_an_offer_that_is_no_sdp(connect: Connect):
    socket = connect("publisher")
    for payload in (None, 7, [], {}, {"type": "answer", "sdp": "v=0"}, {"sdp": None}, True):
        assert socket.error_for("offer", payload) in {"bad_message", "bad_sdp"}, payload


def test_audio_nack_never_reaches_an_sfu(connect: Connect):
    """It kills an Ion node; here the feedback line is taken out and the offer answered."""
    socket = connect("publisher")
    sdp = real_offer(connect.page)  # type: ignore[attr-defined]
    socket.send("offer", sdp.replace("a=rtcp-fb:111 ", "a=rtcp-fb:111 nack\r\na=rtcp-fb:111 "))
    answer = socket.next("answer")["payload"]
    assert "a=rtcp-fb:111 nack" not in answer


def test_two_offers_back_to_back(connect: Connect):
    socket = connect("publisher")
    sdp = real_offer(connect.page)  # type: ignore[attr-defined]
    for _ in range(4):
        socket.send("offer", sdp)
    first = socket.next("answer", "error")
    assert first["type"] == "answer" or first["payload"]["code"] in {"busy", "wrong_order"}
    socket.next("answer", "error")


def test_a_publisher_out_of_order(connect: Connect):
    socket = connect("publisher")
    for type_, payload, codes in (
        ("answer", "v=0\r\n", {"wrong_order", "bad_sdp"}),
        ("ice", {"candidate": CANDIDATE, "sdpMid": "0"}, {"wrong_order"}),
        ("layer", {"stream_id": "a", "layer": "f"}, {"wrong_order", "wrong_role"}),
    ):
        assert socket.error_for(type_, payload) in codes, type_


def test_spoilt_candidates_are_refused(connect: Connect):
    socket = connect("publisher")
    socket.send("offer", real_offer(connect.page))  # type: ignore[attr-defined]
    socket.next("answer")
    for candidate in (
        "garbage",
        "candidate:1 1 udp 1 some.host.example 5000 typ host",
        "candidate:1 1 udp 1 192.0.2.7 99999 typ host",
        "candidate:1 1 udp 1 192.0.2.7 -1 typ host",
        "candidate:" + "1 " * 900,
        CANDIDATE + "\r\na=ice-lite",
        {"an": "object"},
        7,
    ):
        code = socket.error_for("ice", {"candidate": candidate, "sdpMid": "0"})
        assert code in {"bad_candidate", "bad_message"}, candidate


def test_a_viewer_may_not_publish(connect: Connect, site: Site, room_id: str):
    socket = connect("subscriber")
    sdp = real_offer(connect.page)  # type: ignore[attr-defined]
    assert socket.error_for("offer", sdp) == "wrong_role"
    assert socket.error_for("offer", sdp, target="publisher") == "wrong_role"
    assert site.room(room_id)["state"] == "idle"


@pytest.mark.media
def test_a_viewers_answers(person: Callable[..., Visitor], connect: Connect, room_id: str):
    """Against a live room: garbage, doubled, not asked for, and one that would send media."""
    demo = person("demo")
    browse.go_live(browse.open_studio(demo, room_id))

    socket = connect("subscriber")
    page = connect.page  # type: ignore[attr-defined]
    assert socket.error_for("answer", "v=0\r\n") == "wrong_order"
    socket.send("join", {})
    offer = socket.next("offer")
    known = {"session_id": offer["session_id"], "offer_id": offer["offer_id"]}
    assert socket.error_for("answer", "garbage", **known) == "bad_sdp"
    answer = page.evaluate(
        """async (sdp) => {
          const connection = new RTCPeerConnection();
          await connection.setRemoteDescription({ type: 'offer', sdp });
          await connection.setLocalDescription(await connection.createAnswer());
          return connection.localDescription.sdp;
        }""",
        offer["payload"],
    )
    assert "a=recvonly" in answer
    for direction in ("sendrecv", "sendonly"):
        sending = answer.replace("a=recvonly", f"a={direction}")
        assert socket.error_for("answer", sending, **known) == "sends_media"
    assert socket.error_for("answer", answer, session_id="sess_not_mine") == "wrong_order"
    assert socket.error_for("answer", answer, **{**known, "offer_id": 77}) == "wrong_order"
    socket.send("answer", answer, **known)
    assert socket.error_for("answer", answer, **known) == "wrong_order"
    wrong_layer = {"stream_id": "nobody", "layer": "f"}
    assert socket.error_for("layer", wrong_layer) in {"unknown_stream", "wrong_order"}

    watcher = person()
    browse.wait_until_advancing(browse.watch(watcher, room_id))


def test_what_is_not_json(connect: Connect):
    socket = connect("subscriber")
    for text in ("", "{", "[]", "7", '"offer"', "null", "NaN", '{"type": NaN}', "[" * 5000):
        socket.send_text(text)
        assert socket.next("error")["payload"]["code"] in {"bad_json", "bad_message"}, text[:20]


def test_unknown_types(connect: Connect):
    socket = connect("subscriber")
    for type_ in ("subscription", "trickle", "description", "welcome", "", "x" * 99):
        assert socket.error_for(type_, {}) in {"unknown_type", "bad_message"}, type_


def test_a_frame_too_big_closes(connect: Connect):
    socket = connect("publisher")
    socket.send_text('{"type":"offer","payload":"' + "v" * 70_000 + '"}')
    wait_for("the connection is closed", lambda: socket.close_code() is not None)
    assert socket.close_code() == 4413


def test_three_megabytes_are_not_read_at_all(connect: Connect):
    socket = connect("publisher")
    socket.send_text('{"type":"offer","payload":"' + "v" * 3_000_000 + '"}')
    wait_for("the connection is closed", lambda: socket.close_code() is not None)
    assert socket.close_code() in {4413, 1009, 1006}  # 1006: Daphne hangs up above 1 MiB


def test_errors_that_go_on_close(connect: Connect):
    socket = connect("subscriber")
    for _ in range(25):
        socket.send_text("{")
    wait_for("the connection is closed", lambda: socket.close_code() is not None)
    assert socket.close_code() in {4422, 4429}


def test_a_flood_of_bytes_is_no_crash(connect: Connect):
    socket = connect("subscriber")
    for _ in range(10):
        socket.send_bytes(1000)
    assert socket.next("error")["payload"]["code"] == "bad_json"


def test_who_may_not_connect(person: Callable[..., Visitor], site: Site, room_id: str):
    page = person().open("/sign-up")
    for query, code in (
        ("room_id=room_nothere00000&role=subscriber", 4404),
        ("role=subscriber", 4400),
        (f"room_id={room_id}&role=owner", 4400),
        (f"room_id={room_id}&role=publisher", 4401),
        (f"room_id={room_id}&role=publisher&token=forged.token.here", 4401),
        (f"room_id={room_id}&role=subscriber&user_id=1", 4401),
    ):
        assert close_code_of(RawSocket(page, f"{site.ws_url}/api/v1/live/ws?{query}")) == code, (
            query
        )


def test_a_stranger_may_not_publish(person: Callable[..., Visitor], site: Site, room_id: str):
    page = person("staff").open("/dashboard")
    query = f"room_id={room_id}&role=publisher&user_id={site.user_id('staff')}"
    assert close_code_of(RawSocket(page, f"{site.ws_url}/api/v1/live/ws?{query}")) == 4403


def close_code_of(socket: RawSocket) -> int | None:
    """Waits for the close; nothing may have been said before it."""
    wait_for("the connection is closed", lambda: socket.close_code() is not None)
    assert socket.heard() == []
    return socket.close_code()
