"""What guests, and those who manage the room, are told about guests. Sync; a snapshot in."""

from __future__ import annotations

from collections.abc import Iterable

from live.guest_states import PRESENT
from live.guests_of import Guests
from live.signalling.codes import CloseCode
from live.signalling.connection import Connection


def tell_guests(connections: Iterable[Connection], guests: Guests) -> None:
    """Each connection what it has not heard yet; a guest's who is none any more is closed."""
    for connection in list(connections):
        mine = guests.of(connection.person.user_id)
        if mine is not None and mine != connection.told_guest:
            connection.send("guest", mine)
        connection.told_guest = mine
        if connection.manages and connection.told_guests != guests.listed:
            connection.told_guests = guests.listed
            connection.send("guests", guests.listed)
        if connection.is_guest and (mine is None or mine["state"] not in PRESENT):
            connection.close(CloseCode.FORBIDDEN)
