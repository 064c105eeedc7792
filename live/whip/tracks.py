"""Which picture and which sound a player gets that can show only one of each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from sfu_relay.events import Track


def main_tracks(
    tracks: Iterable[Track],
    user_of: Callable[[str], int | None],
    owner_id: int,
    muted: Collection[int] = (),
) -> tuple[str, ...]:
    """Ids: of the first person of the programme that has a picture, the screen before the camera.

    `tracks` in the order in which their publishers came. The sound is that person's, else the
    first there is, but of nobody who is `muted` (users' primary keys). `user_of`: whose session it
    is; a session of nobody known counts as the owner's.
    """
    newest: dict[int, list[Track]] = {}
    for track in tracks:
        user = user_of(str(track.session_id))
        person = owner_id if user is None else user
        mine = newest.get(person)
        if mine is None or mine[0].session_id != track.session_id:
            newest[person] = mine = []  # of one person only what began last
        mine.append(track)
    people = sorted(newest, key=lambda person: person != owner_id)  # stable: then as they came
    lead = [newest[person] for person in people]
    video = [track for mine in lead for track in _screen_first(mine) if track.kind == "video"]
    heard = [newest[person] for person in people if person not in muted]
    sound = [track for mine in heard for track in reversed(_screen_first(mine))]
    audio = [track for track in sound if track.kind == "audio"]
    if video:
        audio.sort(key=lambda track: track.session_id != video[0].session_id)
    return tuple(found[0].track_id for found in (video, audio) if found)


def muted_sounds(
    tracks: Iterable[Track], user_of: Callable[[str], int | None], muted: Collection[int]
) -> tuple[str, ...]:
    """Ids: of the sounds that nobody is to hear."""
    return tuple(
        track.track_id
        for track in tracks
        if track.kind == "audio" and user_of(str(track.session_id)) in muted
    )


def _screen_first(tracks: list[Track]) -> list[Track]:
    return sorted(tracks, key=lambda track: track.source != "screen")
