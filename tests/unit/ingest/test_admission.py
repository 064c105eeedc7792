"""Who may send, and why not; and what a call of nginx is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.admission import HOLD_SECS, Asked, Rules, why_refused
from ingest.hooks import Call, is_from_here, is_secret, parse_call

RULES = Rules("newest", max_streams=100, max_streams_per_user=5, refuse_after_end_secs=30.0)
OLDEST = replace(RULES, takeover="oldest")
IDLE = Asked("idle", "hybrid", False, "", 1000.0, 0, 0, False)
ENDED = replace(IDLE, state="ended", ended_reason="by_owner", since_state_secs=5.0)
RIVAL = replace(
    IDLE, state="live", another_sends=True, from_elsewhere=True, another_for_secs=HOLD_SECS - 1
)
TABLE = [
    (IDLE, RULES, None),
    (replace(IDLE, mode="rtmp"), RULES, None),
    (replace(IDLE, mode="webrtc"), RULES, "mode_webrtc"),
    (replace(IDLE, state="banned"), RULES, "banned"),
    (replace(IDLE, owner_banned=True), RULES, "banned"),
    (ENDED, RULES, "just_ended"),
    (replace(ENDED, ended_reason="by_staff"), RULES, "just_ended"),
    (replace(ENDED, ended_reason="publisher_left"), RULES, None),
    (replace(ENDED, ended_reason="never_started"), RULES, None),
    (replace(ENDED, since_state_secs=30.0), RULES, None),
    (replace(ENDED, state="starting"), RULES, None),
    (replace(IDLE, state="live", another_sends=True), RULES, None),
    (replace(IDLE, state="live", another_sends=True), OLDEST, "already_live"),
    (replace(IDLE, state="live"), OLDEST, None),
    (RIVAL, RULES, "already_live"),
    (RIVAL, OLDEST, "already_live"),
    (replace(RIVAL, another_for_secs=0.0), RULES, "already_live"),
    (replace(RIVAL, another_for_secs=HOLD_SECS), RULES, None),
    (replace(RIVAL, another_for_secs=-5.0), RULES, None),  # a clock that was set back
    (replace(RIVAL, another_sends=False), RULES, None),  # it is gone, only the row does not know
    (replace(RIVAL, from_elsewhere=False), RULES, None),  # a reconnect
    (replace(RIVAL, mode="webrtc"), RULES, "mode_webrtc"),
    # By WebSocket: what began last stays, guests of the room take over from nobody.
    (replace(RIVAL, page_secs=1.0), RULES, None),
    (replace(RIVAL, page_secs=60.0), RULES, "already_live"),
    (replace(RIVAL, page_secs=60.0, another_sends=False), RULES, None),
    (replace(RIVAL, page_secs=1.0), OLDEST, "already_live"),
    (replace(RIVAL, page_secs=1.0, is_owner=False), RULES, "already_live"),
    (replace(IDLE, page_secs=1.0, is_owner=False), RULES, None),
    (replace(IDLE, page_secs=1.0, mode="webrtc"), RULES, "mode_webrtc"),
    (replace(IDLE, streams=99), RULES, None),
    (replace(IDLE, streams=100), RULES, "too_many_streams"),
    (replace(IDLE, streams_of_owner=5), RULES, "too_many_streams"),
]


@pytest.mark.parametrize(("asked", "rules", "why"), TABLE)
def test_who_may_send(asked: Asked, rules: Rules, why: str | None):
    assert why_refused(asked, rules) == why


REAL = (
    b"app=live&flashver=FMLE/3.0%20(compatible%3B%20Lavf59.27&swfurl=&"
    b"tcurl=rtmp://127.0.0.1:1935/live%3Fname=evil%26clientid=77&pageurl=&addr=127.0.0.1&"
    b"clientid=1&call=publish&name=good%2Dkey&type=live&name=victim&clientid=2&x=1"
)


def test_a_real_call():
    assert parse_call(REAL) == Call("good-key", "1", "127.0.0.1", "FMLE/3.0 (compatible; Lavf59.27")


@given(st.binary(max_size=300))
def test_any_body(body: bytes):
    for each in (body, REAL + body, b"clientid=1&name=" + body):
        call = parse_call(each)
        if call is not None:
            assert call.client_id.isdigit()
            assert call.encoder.isprintable()


@pytest.mark.parametrize(
    ("peer", "here"),
    [
        *(("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("::ffff:127.0.0.1", True)),
        *(("192.0.2.1", False), ("::ffff:192.0.2.1", False), ("", False), ("localhost", False)),
        *(("0.0.0.0", False), ("127.0.0.1, 192.0.2.1", False)),
    ],
)
def test_who_is_here(peer: str, here: bool):
    assert is_from_here(peer) is here


def test_secrets():
    assert is_secret("s" * 40, "s" * 40)
    for given_, secret in (("", ""), ("s", ""), ("", "s"), ("t", "s"), ("\udcff", "s"), ("é", "e")):
        assert not is_secret(given_, secret)
