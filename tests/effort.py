"""How hard property tests try where the profile's thousands of inputs would only cost time.

Parsers of a stranger's bytes (SDP guard, message schema, STUN, RTP, RTCP) follow the profile.
"""

from __future__ import annotations

from hypothesis import settings

few = settings(max_examples=min(200, settings.default.max_examples))  # what we built ourselves
some = settings(max_examples=min(2_000, settings.default.max_examples))  # behind a guard already
