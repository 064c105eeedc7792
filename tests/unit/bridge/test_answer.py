"""What a bridge makes of an SFU's offer."""

from __future__ import annotations

import pytest

from bridge.webrtc.answer import parse_offer
from sfu_relay.fixed_offer import FIXED_OFFER


@pytest.mark.parametrize(
    ("line", "is_lite"),
    [("a=ice-lite", True), ("a=ice-lite:ice-lite", True), ("a=ice-options:trickle", False)],
)
def test_who_is_lite_leads_no_check(line: str, is_lite: bool) -> None:
    """Ion (pion 3.1.7) writes the name as a value, too; taken for full, both sides would wait."""
    offer = parse_offer(FIXED_OFFER.replace("t=0 0\r\n", f"t=0 0\r\n{line}\r\n"))
    assert offer.lite is is_lite
