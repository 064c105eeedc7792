"""What a plan of bridges is made of, and what it comes to. Values only (docs/bridge.md, "Jobs")."""

from __future__ import annotations

from dataclasses import dataclass


def key_of(kind: str, room_id: str, target: int | None = None) -> str:
    return f"{kind}:{room_id}" if target is None else f"{kind}:{room_id}:{target}"


@dataclass(frozen=True)
class Limits:
    """Of this installation."""

    to_webrtc: bool = True
    to_rtmp: bool = True
    sfu: bool = True  # installed, whether or not it answers
    rtmp: bool = True  # installed
    ladder: bool = False
    ladder_transcodes: bool = True  # false: sound alone, which costs next to nothing
    max_jobs: int = 40
    max_transcodes: int = 1
    stop_after_secs: float = 15.0


@dataclass(frozen=True)
class Shown:
    """One on the programme of a room."""

    person: int
    session_id: str = ""  # "": comes by RTMP
    streams: tuple[tuple[str, str], ...] = ()  # (stream id, "camera" | "screen"); (): not known
    name: str = ""
    muted: bool = False

    @property
    def by_rtmp(self) -> bool:
        return not self.session_id


@dataclass(frozen=True)
class Demand:
    """Who wants FLV, HLS or a file of a room."""

    flv: int = 0  # players, on our pages and elsewhere
    hls: int = 0
    waits: bool = False  # a request that came before there was anything to play
    record: bool = False  # and the disk has space

    def __bool__(self) -> bool:
        return bool(self.flv or self.hls or self.waits or self.record)


@dataclass(frozen=True)
class RoomNow:
    """A room that is on the air. Others have no bridges: leave them out."""

    room_id: str
    play_id: str
    owner: int = 0
    mode: str = "hybrid"  # a StreamingMode
    programme: tuple[Shown, ...] = ()
    demand: Demand = Demand()
    viewers: int = 0  # by whatever way, on our pages and elsewhere
    audio_only: bool = False
    layout: str = "speaker"
    node: str = ""  # of the SFU, where there are several
    targets: tuple[int, ...] = ()  # enabled restream targets
    sealed: frozenset[int] = frozenset()  # of them: STREAM_KEY_SECRET was changed since


@dataclass(frozen=True)
class Heard:
    """What a job's child said last."""

    state: str = "starting"
    reason: str = ""
    needs: str = ""
    session_id: str = ""


@dataclass(frozen=True)
class Held:
    """A job's past."""

    since: float  # wanted since; seconds since 1970
    wished_at: float  # somebody wanted it last
    has_slot: bool = False
    slot_since: float = 0.0  # 0: no slot, or not known
    waits_since: float = 0.0  # for a slot; 0: it does not
    mode: str = "pass"
    person: int = 0  # to_webrtc: who comes by RTMP
    heard: Heard | None = None  # None: no child
    not_before: float = 0.0  # it broke: not to be started before
    broke: str = ""  # "crashed" | "hung"


@dataclass(frozen=True)
class Job:
    """Something that should run; `may_run` false: it has to wait, for `reason`."""

    kind: str
    room_id: str
    play_id: str
    since: float
    wished_at: float
    target: int | None = None
    owner: int = 0  # of the room
    person: int = 0  # to_webrtc: whose encoder it is
    mode: str = "pass"
    may_run: bool = True
    reason: str = ""
    has_slot: bool = False
    slot_since: float = 0.0
    waits_since: float = 0.0
    audio_only: bool = False
    layout: str = "speaker"
    node: str = ""
    tiles: tuple[Shown, ...] = ()

    @property
    def key(self) -> str:
        return key_of(self.kind, self.room_id, self.target)


@dataclass(frozen=True)
class Plan:
    jobs: tuple[Job, ...] = ()  # oldest first
    drop_out: tuple[str, ...] = ()  # play ids whose publisher in nginx's `out` is to go


@dataclass(frozen=True)
class Wish:
    """A job before slots are given. `mixes`, `transcodes`: what it would do with one."""

    job: Job
    held: Held | None
    mixes: bool = False
    transcodes: bool = False
    runs_without: bool = True  # something comes of it in mode pass
    sealed: bool = False  # nobody knows the key any more
    ready: bool = True  # a mix does not begin without somebody, but goes on without
    watched: bool = False  # somebody sees what comes of it

    @property
    def costs(self) -> bool:
        return (self.mixes or self.transcodes) and not self.job.audio_only
