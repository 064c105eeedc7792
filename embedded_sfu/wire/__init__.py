"""The formats on the wire (STUN, RTP, RTCP): pure, bounded, and deaf to garbage. No I/O here."""
