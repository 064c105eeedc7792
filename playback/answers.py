"""What each URL answers, and to whom: the rights of docs/ingest.md, without database."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from dataclasses import dataclass
from typing import Final

from playback.config import Config
from playback.http_head import Request, build_cors, build_head, build_json
from playback.stream import Stream
from playback.streams import Streams
from playback.tokens import epoch_of, is_valid, play_name
from playback.waits import WAIT_SECS, TooMany, TooManyOfOne

APPEARS_WITHIN_SECS: Final = WAIT_SECS
KEYFRAME_WITHIN_SECS: Final = 7.0
"""And so much more once nginx has the stream: it says nothing before a keyframe, and OBS's own
settings have them up to 8.3 s apart."""
RETRY_SECS: Final = 10
_FLV: Final = re.compile(r"/flv/(play_[0-9a-z]{1,40})\.flv", re.ASCII)
_EXPECT: Final = re.compile(r"/expect/(play_[0-9a-z]{1,40})", re.ASCII)
_HLS_WAIT: Final = re.compile(r"/hls-wait/(play_[0-9a-z]{1,40})", re.ASCII)
_INSPECT: Final = re.compile(r"/inspect/(play_[0-9a-z]{1,40})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """Whole, and the last thing on its connection."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Watch:
    """A head, and then the stream for as long as it lasts."""

    head: bytes
    stream: Stream
    is_page: bool
    by_mark: bool
    by_epoch: int | None


class Answers:
    def __init__(self, config: Config, streams: Streams) -> None:
        self._config = config
        self._streams = streams

    async def answer(self, request: Request) -> Answer | Watch:
        if found := _FLV.fullmatch(request.path):
            answer = await self._flv(request, found[1])
            if isinstance(answer, Answer) and request.method == "HEAD":
                return Answer(answer.data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
            return answer
        if request.method != "GET":
            return _problem(405, "method_not_allowed")
        if request.path == "/status":
            return Answer(build_json(200, self._streams.status(), {}))
        if found := _INSPECT.fullmatch(request.path):
            return self._inspect(found[1])
        if found := _EXPECT.fullmatch(request.path):
            await self._streams.expect(found[1])
            return Answer(build_json(200, {}, {}))
        if found := _HLS_WAIT.fullmatch(request.path):
            return await self._hls_wait(request, found[1])
        return _problem(404, "not_found")

    async def _flv(self, request: Request, play_id: str) -> Answer | Watch:
        cors = build_cors(request.origin, self._config.cors_origins)
        if request.method == "OPTIONS":
            allowed = {
                "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
                "Access-Control-Allow-Headers": "Range",
                "Access-Control-Max-Age": "600",
                "Content-Length": "0",
            }
            return Answer(build_head(204, cors | allowed))
        if request.method not in ("GET", "HEAD"):
            return _problem(405, "method_not_allowed", cors)
        if not self._streams.is_on_air(play_id):
            return _problem(404, "not_on_air", cors)
        token = request.query.get("token", "")
        epoch = epoch_of(token) if self._streams.is_private(play_id) else None
        by_token = self._is_good(token, play_id, epoch)
        if not by_token and not self._streams.is_open(play_id):
            return _problem(403, "no_valid_token", cors)
        head = build_head(200, {"Content-Type": "video/x-flv"} | cors)
        if request.method == "HEAD":
            return Answer(head)
        if self._streams.viewers >= self._config.max_viewers:
            return _problem(503, "too_many_viewers", cors)
        stream = self._streams.want(play_id)
        try:
            appears = await self._appears(stream, request.address)
        except TooManyOfOne:
            return _too_many_waits(cors)
        if not appears:
            status = 404 if stream.problem == "not_on_air" else 503
            return _problem(status, stream.problem, cors)
        if not self._streams.is_on_air(play_id):
            return _problem(404, "not_on_air", cors)
        is_page = request.query.get("v") == "page"
        # It may have been ended while we waited: then another one has its place.
        stream = self._streams.want(play_id)
        return Watch(head, stream, is_page, not by_token, epoch if by_token else None)

    def _is_good(self, token: str, play_id: str, epoch: int | None) -> bool:
        """`epoch`: which the token says that it is of, where the room is private."""
        streams = self._streams
        if streams.is_private(play_id) and not streams.is_current(play_id, epoch):
            return False
        name = play_name(play_id, epoch)
        return is_valid(token, name, self._config.token_secret, time.time())

    async def _appears(self, stream: Stream, address: str) -> bool:
        if stream.appeared.is_set():
            return True
        with self._streams.waits.one(stream.play_id, address) as came:
            appears = await _in_time(stream)
            if appears:
                came()
            return appears

    async def _hls_wait(self, request: Request, play_id: str) -> Answer:
        """Asked by the front, which has checked the right to it and serves the file itself."""
        try:
            is_there = await self._streams.waits.playlist(play_id, request.address)
        except TooMany:
            return _problem(503, "too_many_viewers")
        except TooManyOfOne:
            return _too_many_waits()
        if not is_there:
            return _problem(404, "not_on_air")
        return Answer(build_head(200, {"X-Accel-Redirect": "/.hls-waited", "Content-Length": "0"}))

    def _inspect(self, play_id: str) -> Answer:
        if not self._streams.is_on_air(play_id):
            return _problem(404, "not_on_air")
        return Answer(build_json(200, self._streams.want(play_id).inspector.report(), {}))


async def _in_time(stream: Stream) -> bool:
    for secs in (APPEARS_WITHIN_SECS, KEYFRAME_WITHIN_SECS):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(secs):
                return await stream.appeared.wait()
        if stream.problem != "no_media":
            break
    return False


def _too_many_waits(fields: dict[str, str] | None = None) -> Answer:
    """Of one address, for what is not there yet."""
    return _problem(429, "too_many_waits", {"Retry-After": str(RETRY_SECS)} | (fields or {}))


def _problem(status: int, code: str, fields: dict[str, str] | None = None) -> Answer:
    return Answer(build_json(status, {"code": code}, fields or {}))
