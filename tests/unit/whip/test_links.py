"""Addresses of sessions: nobody can make one, and each names its ICE session."""

from __future__ import annotations

from live.whip.links import (
    build_link,
    ice_mark,
    ice_server_links,
    make_link,
    offered_ufrag,
    parse_link,
)

OFFER = "v=0\r\na=ice-ufrag:EsAw\r\na=ice-pwd:x\r\n"


def test_only_our_own_addresses_open() -> None:
    link = make_link("sess_1", OFFER)
    text = build_link("secret", link)
    assert parse_link("secret", text) == link
    assert parse_link("another secret", text) is None
    session, mark, mac = text.split(".")
    for forged in (
        f"sess_2.{mark}.{mac}",
        f"{session}.{ice_mark('x')}.{mac}",
        f"{session}.{mark}.{mac[:-1]}{'0' if mac[-1] != '0' else '1'}",
        f"{text}.",
        session,
        "",
    ):
        assert parse_link("secret", forged) is None
    assert len(mac) * 4 == 128


def test_the_tag_names_the_ice_session() -> None:
    one, other = make_link("sess_1", OFFER), make_link("sess_1", OFFER.replace("EsAw", "abcd"))
    assert one.etag != other.etag
    assert one.etag == make_link("sess_1", OFFER).etag
    assert one.ice == ice_mark(offered_ufrag(OFFER))


def test_ice_servers_as_links() -> None:
    servers = [
        {"urls": "stun:stun.example.org:3478"},
        {"urls": ["turn:t.example.org?transport=udp"], "username": 'a"b', "credential": "c\\d"},
    ]
    assert ice_server_links(servers) == (
        '<stun:stun.example.org:3478>; rel="ice-server", '
        '<turn:t.example.org?transport=udp>; rel="ice-server"; username="a\\"b"; '
        'credential="c\\\\d"; credential-type="password"'
    )
    assert ice_server_links([]) == ""
