"""STUN: what a browser sends is understood, what it does not send is not, nothing raises."""

from __future__ import annotations

import aioice.stun
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded_sfu.wire import stun
from tests.effort import few
from tests.unit.wire.mutations import hostile

PWD = "a-password-of-22-chars"
TRANSACTION = bytes(range(12))
REQUEST = stun.build_binding_request(
    TRANSACTION, username="ours:theirs", pwd=PWD, use_candidate=True, tie_breaker=7
)
SUCCESS = stun.build_binding_success(TRANSACTION, ("192.0.2.7", 50000), PWD)
SUCCESS_V6 = stun.build_binding_success(TRANSACTION, ("2001:db8::7", 50000), PWD)


def parsed(datagram: bytes) -> stun.StunMessage:
    message = stun.parse_message(datagram)
    assert message is not None
    return message


def test_request_is_read() -> None:
    message = parsed(REQUEST)
    assert message.message_type == stun.BINDING_REQUEST
    assert message.transaction_id == TRANSACTION
    assert message.username == ("ours", "theirs")
    assert message.use_candidate
    assert stun.verify_integrity(REQUEST, message, PWD)
    assert not stun.verify_integrity(REQUEST, message, PWD + "x")


def test_request_without_nomination() -> None:
    plain = stun.build_binding_request(TRANSACTION, username="ours:theirs", pwd=PWD)
    assert not parsed(plain).use_candidate


@pytest.mark.parametrize("address", [("192.0.2.7", 50000), ("2001:db8::7", 1), ("::1", 65535)])
def test_success_carries_the_address(address: tuple[str, int]) -> None:
    datagram = stun.build_binding_success(TRANSACTION, address, PWD)
    assert parsed(datagram).mapped_address == address
    other = aioice.stun.parse_message(datagram)
    assert other.attributes["XOR-MAPPED-ADDRESS"] == address
    assert other.check_message_integrity(PWD.encode())


def test_another_implementation_is_understood() -> None:
    message = aioice.stun.Message(
        message_method=aioice.stun.Method.BINDING,
        message_class=aioice.stun.Class.REQUEST,
        attributes={"USERNAME": "abcd:efghij", "PRIORITY": 99, "ICE-CONTROLLING": 1},
    )
    message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(PWD.encode())
    datagram = bytes(message)
    ours = parsed(datagram)
    assert ours.username == ("abcd", "efghij")
    assert ours.use_candidate
    assert stun.verify_integrity(datagram, ours, PWD)


def test_another_implementation_understands_us() -> None:
    theirs = aioice.stun.parse_message(REQUEST)
    assert theirs.attributes["USERNAME"] == "ours:theirs"
    assert theirs.attributes["ICE-CONTROLLING"] == 7
    assert theirs.check_message_integrity(PWD.encode())


def test_what_follows_the_integrity_is_not_believed() -> None:
    """USE-CANDIDATE slipped in behind MESSAGE-INTEGRITY is signed by nobody."""
    plain = stun.build_binding_request(TRANSACTION, username="ours:theirs", pwd=PWD)[:-8]
    slipped = plain + b"\x00\x25\x00\x00"
    slipped = slipped[:2] + (len(slipped) + 8 - 20).to_bytes(2, "big") + slipped[4:]
    slipped += b"\x80\x28\x00\x04" + aioice.stun.message_fingerprint(slipped).to_bytes(4, "big")
    message = parsed(slipped)
    assert not message.use_candidate
    assert stun.verify_integrity(slipped, message, PWD)


@pytest.mark.parametrize(
    "username",
    [b"", b"nocolon", b"\xff:\xfe", b"a" * 600 + b":b"],
    ids=["empty", "one", "raw", "long"],
)
def test_odd_usernames_are_none(username: bytes) -> None:
    message = stun.StunMessage(1, TRANSACTION, {stun.USERNAME: username}, None)
    assert message.username is None


@given(hostile([REQUEST, SUCCESS, SUCCESS_V6]))
def test_nothing_raises(datagram: bytes) -> None:
    message = stun.parse_message(datagram)
    if message is None:
        return
    assert len(message.attributes) <= stun.MAX_ATTRIBUTES
    _ = message.username, message.mapped_address, message.use_candidate
    # Whoever does not know the password cannot have changed a byte of what it signed.
    if datagram not in (REQUEST, SUCCESS, SUCCESS_V6):
        assert not stun.verify_integrity(datagram, message, PWD)


@few
@given(
    attributes=st.dictionaries(
        st.sampled_from([stun.USERNAME, stun.XOR_MAPPED_ADDRESS, stun.USE_CANDIDATE]),
        st.binary(max_size=600),
    )
)
def test_no_attribute_raises(attributes: dict[int, bytes]) -> None:
    message = stun.StunMessage(stun.BINDING_SUCCESS, TRANSACTION, attributes, None)
    assert message.username is None or all(isinstance(part, str) for part in message.username)
    assert message.mapped_address is None or 0 <= message.mapped_address[1] <= 65535
    assert not stun.verify_integrity(REQUEST, message, PWD)
