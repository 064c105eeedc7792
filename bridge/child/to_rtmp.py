"""WebRTC to RTMP: sees the room as a viewer does and feeds nginx's `out/<play id>`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Any, Final

from bridge.child.cast import Cast
from bridge.child.spec import Spec
from bridge.child.usage import Usage
from bridge.child.work import Report
from bridge.compose import Key
from bridge.h264 import build_annex_b
from bridge.mix import Encoded, Mixer
from bridge.rtmp.backlog import Tag
from bridge.rtmp.outlet import Outlet, OutState
from bridge.rtmp.target import Target
from bridge.sound import Sound
from bridge.video import Job
from bridge.video_tags import VideoTags
from bridge.webrtc.receiver import Media
from bridge.webrtc.viewer import Stream, Viewer
from playback.flv import AUDIO, VIDEO, Part, parse_audio, parse_video

logger = logging.getLogger(__name__)

TICK_SECS: Final = 0.01
LOOK_SECS: Final = 0.1  # who speaks, what is to be said
FIGURES_SECS: Final = 2.0
KEYFRAME_SECS: Final = 2.0  # HLS cuts there; browsers make one on request only
# The first ones sooner: nginx has a playlist with the second, if 1 s (hls_fragment) has passed.
FIRST_KEYFRAMES_SECS: Final = 1.1
FIRST_KEYFRAMES: Final = 3
NO_KEYFRAME_SECS: Final = 3.0
# Sound waits for the first picture: a player that began without one shows none later.
HOLD_SOUND_SECS: Final = 3.0
HOLD_ALONE_SECS: Final = 1.0  # where there are tracks, and none is a picture
PUBLISH_SECS: Final = 2.0  # so long it waits to know what there will be, which metadata tell
FRAME_BYTES: Final = 4_000_000  # nginx takes no more


class ToRtmp:
    def __init__(self, spec: Spec, report: Report) -> None:
        self._spec = spec
        self._report = report
        self._loop = asyncio.get_running_loop()
        self._began = time.monotonic()
        self._cast = Cast(spec)
        self._sound = Sound()
        self._tags = VideoTags()
        self._mixer: Mixer | None = None
        self._chosen: Key | None = None
        self._codec = ""
        self._usage = Usage()
        self._sent_bytes = self._sent_frames = 0
        self._said = ("", "", "")
        self._last_ms = {AUDIO: -1, VIDEO: -1}
        self._sound_goes = False
        self._keyframe_at = 0.0
        self._keyframes = 0  # since nginx has it
        self._picture_at = 0.0
        self._connected_at: float | None = None
        self._first_out_at: float | None = None
        self._outlet = Outlet(
            Target("127.0.0.1", spec.rtmp_out_port, "out", spec.play_id),
            on_change=self._outlet_changed,
            want_keyframe=self._want_keyframe,
            longest_wait_secs=0.5,  # it is our own nginx, which may be starting
        )
        self._viewer = Viewer(
            spec.sfu,
            spec.room_id,
            got_media=self._got_media,
            wanted=self._cast.wants,
            got_tracks=self._cast.take_tracks,
        )
        self._use_mode()

    # --- Work -----------------------------------------------------------------------------------

    async def run(self) -> None:
        self._report("starting")
        self._put(AUDIO, 0, self._sound.header)
        viewing = asyncio.create_task(self._viewer.run(), name="viewer")
        looked = told = 0.0
        try:
            while not viewing.done():
                await asyncio.sleep(TICK_SECS)
                now = time.monotonic()
                if self._may_publish(now):
                    self._outlet.metadata = self._metadata()  # for this connection, or the next
                    self._outlet.start()
                self._send_sound(now)
                if now - looked >= LOOK_SECS:
                    looked = now
                    self._look(now)
                    self._say(now, with_figures=now - told >= FIGURES_SECS)
                    told = now if now - told >= FIGURES_SECS else told
            viewing.result()
        finally:
            viewing.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await viewing

    def changed(self, spec: Spec) -> None:
        self._spec = spec
        self._cast.change(spec)
        self._use_mode()
        self._look(time.monotonic())
        self._viewer.look_again()

    async def close(self) -> None:
        if self._mixer is not None:
            self._mixer.close()
        await self._outlet.aclose()

    # --- media in -------------------------------------------------------------------------------

    def _got_media(self, stream: Stream, media: Media) -> None:
        tile = self._cast.tile_of(stream)
        if tile is None:
            return
        key = (stream.session_id, stream.stream_id, stream.track_id)
        if stream.kind == "audio":
            if media.codec == "OPUS":
                at_secs = media.at - self._began
                self._sound.put(key, at_secs, media.frame.data, muted=tile.muted)
            return
        if not self._cast.wants(stream):
            return
        if self._mixer is not None:
            self._picture_at = media.frame.arrived
            frame = media.frame
            data = frame.data or build_annex_b(frame.nals)
            self._mixer.put(key, Job(media.codec, data, frame.keyframe, media.at))
            self._codec = media.codec
        elif key == self._chosen:
            self._codec = media.codec
            self._picture_at = media.frame.arrived
            if media.codec == "H264":
                self._send_picture(media.frame.nals, media.frame.keyframe, media.at)

    # --- media out ------------------------------------------------------------------------------

    def _send_picture(self, nals: tuple[bytes, ...], keyframe: bool, at: float) -> None:
        try:
            bodies = self._tags.put(nals, keyframe=keyframe)
        except ValueError as error:
            logger.info("a picture that can't be passed on: %s", error)
            self._want_keyframe()
            return
        if keyframe and bodies:
            self._keyframe_at = time.monotonic()
            self._keyframes += self._outlet.state.connected
        for body in bodies:
            if len(body) < FRAME_BYTES:
                self._put(VIDEO, at - self._began, body)

    def _send_sound(self, now: float) -> None:
        due = self._sound.take(now - self._began)
        if not self._sound_goes:
            self._sound_goes = self._may_sound_go(now)
        if self._sound_goes:
            for at_ms, body in due:
                self._put(AUDIO, at_ms / 1000, body)

    def _may_sound_go(self, now: float) -> bool:
        if self._last_ms[VIDEO] >= 0:
            return True
        if self._connected_at is None:
            return False
        alone = bool(self._viewer.tracks) and not self._cast.has_pictures
        hold = HOLD_ALONE_SECS if alone else HOLD_SOUND_SECS
        return now - self._connected_at > (0 if self._spec.audio_only else hold)

    def _may_publish(self, now: float) -> bool:
        since = now - (self._connected_at or now)
        return bool(self._viewer.tracks) or since > PUBLISH_SECS

    def _metadata(self) -> dict[str, object]:
        """What there is or will be: players wait for it. Sound there is always."""
        found: dict[str, object] = {"audiocodecid": 10, "audiosamplerate": 48_000, "stereo": True}
        if self._last_ms[VIDEO] >= 0 or self._cast.has_pictures:
            found["videocodecid"] = 7
        return found

    def _put(self, kind: int, at_secs: float, body: bytes) -> None:
        """Times never go back; a picture has one of its own."""
        at_ms = max(0, round(at_secs * 1000))
        last_ms = self._last_ms[kind]
        at_ms = max(at_ms, last_ms + (kind == VIDEO))
        self._outlet.put(Tag(kind, at_ms, body))
        part = parse_video(body).part if kind == VIDEO else parse_audio(body).part
        if part is Part.HEADER:
            return
        self._last_ms[kind] = at_ms
        self._sent_bytes += len(body)
        self._sent_frames += kind == VIDEO

    # --- what is to be seen ---------------------------------------------------------------------

    def _use_mode(self) -> None:
        wanted = self._spec.mode != "pass" and not self._spec.audio_only
        if wanted == (self._mixer is not None):
            return
        self._tags = VideoTags()
        if self._mixer is not None:
            self._mixer.close()
            self._mixer = None
            self._chosen = None
            return
        self._mixer = Mixer(
            self._spec.width,
            self._spec.height,
            self._spec.fps,
            emit=lambda one: self._in_loop(self._got_encoded, one),
            failed=lambda key: self._in_loop(self._decoder_failed, key),
        )

    def _look(self, now: float) -> None:
        cast = self._cast
        cast.look(now, self._sound.loudness)
        self._sound.keep(cast.sounds, cast.muted)
        if self._mixer is not None:
            if self._mixer.is_broken:
                raise RuntimeError("the mixer broke")
            self._mixer.show(cast.scene)
        elif cast.first_picture != self._chosen:
            self._chosen = cast.first_picture
            self._tags = VideoTags()
            self._codec = ""
            self._want_keyframe()
        if self._viewer.is_connected and self._connected_at is None:
            self._connected_at = now
        early = self._keyframes < FIRST_KEYFRAMES
        apart_secs = FIRST_KEYFRAMES_SECS if early else KEYFRAME_SECS
        passing = self._mixer is None and now - self._keyframe_at >= apart_secs
        if passing or (self._outlet.wants_keyframe and self._outlet.state.connected):
            self._want_keyframe()

    def _got_encoded(self, one: Encoded) -> None:
        if self._mixer is not None:
            self._send_picture(one.nals, one.keyframe, one.at)

    def _decoder_failed(self, key: Key) -> None:
        for stream, receiver in self._viewer.receivers():
            if (stream.session_id, stream.stream_id, stream.track_id) == key:
                receiver.ask_for_keyframe()

    def _want_keyframe(self) -> None:
        if self._mixer is not None:
            self._mixer.force_keyframe()
            return
        for stream, receiver in self._viewer.receivers():
            if (stream.session_id, stream.stream_id, stream.track_id) == self._chosen:
                receiver.ask_for_keyframe()

    def _outlet_changed(self, state: OutState) -> None:
        if state.connected:
            self._keyframes = 0  # it begins a new playlist
        self._say(time.monotonic(), with_figures=False)

    def _in_loop(self, call: Any, what: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the process ends
            self._loop.call_soon_threadsafe(call, what)

    # --- what is said ---------------------------------------------------------------------------

    def _say(self, now: float, *, with_figures: bool) -> None:
        state, reason = self._state(now)
        foreign = self._codec not in ("", "H264") and self._spec.mode != "mix"
        needs = "transcode" if foreign else ""
        if state == "running" and self._first_out_at is None:
            self._first_out_at = now
            logger.info("media flows %.2f s after the start", now - self._began)
        if with_figures or (state, reason, needs) != self._said:
            self._said = state, reason, needs
            figures = self._figures(now) if with_figures else None
            self._report(state, reason, needs=needs, figures=figures)

    def _state(self, now: float) -> tuple[str, str]:
        out = self._outlet.state
        if not out.connected and out.reason:
            return "waiting", "taken" if out.reason == "taken" else "rtmp_down"
        if self._spec.mode == "pass" and self._codec not in ("", "H264"):
            return "waiting", "codec"
        if not self._viewer.is_connected:
            early = now - self._began < NO_KEYFRAME_SECS
            return ("starting", "") if early else ("waiting", "sfu_unavailable")
        if self._last_ms[VIDEO] < 0 and self._cast.has_pictures:
            since = now - (self._connected_at or now)
            return ("waiting", "no_keyframe") if since > NO_KEYFRAME_SECS else ("starting", "")
        flows = out.connected and max(self._last_ms.values()) >= 0
        return ("running", "") if flows else ("starting", "")

    def _figures(self, now: float) -> dict[str, Any]:
        started = self._first_out_at
        return {
            **self._usage.figures(sent_bytes=self._sent_bytes, frames=self._sent_frames),
            "mode": self._spec.mode,
            "codec": self._codec,
            "pictures": len(self._cast.scene.slots),
            "lost_packets": self._viewer.lost_packets,
            "plis": self._viewer.plis,
            "joins": self._viewer.joins,
            "connects": self._outlet.connects,
            "queue_ms": self._outlet.queue_ms,
            "dropped_frames": self._outlet.dropped_frames,
            "av_offset_ms": self._last_ms[VIDEO] - self._last_ms[AUDIO],
            "sound_delay_ms": round(self._sound.delay_secs * 1000),
            "ready_ms": round((started - self._began) * 1000) if started is not None else None,
        }


def make(spec: Spec, report: Report) -> ToRtmp:
    return ToRtmp(spec, report)
