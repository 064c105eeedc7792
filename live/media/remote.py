"""Asks the process that owns a session: REST may reach any process, a gRPC stream lives in one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from live.errors import MicroVibeError
from live.tasks import end_tasks
from sfu_relay.events import Target

if TYPE_CHECKING:
    from live.media.service import MediaService

logger = logging.getLogger(__name__)
TIMEOUT_SECS: Final = 3.0
VERBS: Final = frozenset({"stats", "answer", "candidates", "close"})


class Remote:
    """Request and reply over the channel layer: group "process.<id>" is one process."""

    def __init__(self, layer: Any, process_id: str, media: MediaService) -> None:
        self._layer = layer
        self._process_id = process_id
        self._media = media
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._channel = ""
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        self._channel = await self._layer.new_channel(f"remote.{self._process_id}")
        await self._layer.group_add(_group(self._process_id), self._channel)
        self._keep(asyncio.create_task(self._receive(), name="remote receive"))

    async def aclose(self) -> None:
        await end_tasks(self._tasks)
        await self._layer.group_discard(_group(self._process_id), self._channel)

    async def ask(
        self, owner_process_id: str, session_id: str, verb: str, **fields: Any
    ) -> dict[str, Any]:
        """What the owner answers. Raises MicroVibeError: the owner's, or sfu_timeout (3 s)."""
        if owner_process_id == self._process_id:
            return await self._carry_out(session_id, verb, fields)
        question = secrets.token_hex(8)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[question] = future
        message = {
            "type": "process.message",
            "question": question,
            "from": self._process_id,
            "session_id": session_id,
            "verb": verb,
            "fields": fields,
        }
        try:
            await self._layer.group_send(_group(owner_process_id), message)
            reply = await asyncio.wait_for(future, TIMEOUT_SECS)
        except TimeoutError:
            raise MicroVibeError("sfu_timeout") from None
        finally:
            del self._waiting[question]
        if reply.get("error"):
            raise MicroVibeError(str(reply["error"]))
        return dict(reply.get("data") or {})

    async def _receive(self) -> None:
        while True:
            try:
                self._got(await self._layer.receive(self._channel))
            except asyncio.CancelledError:
                raise
            except Exception:
                logger.exception("remote: a message was not handled")
                await asyncio.sleep(0.5)

    def _got(self, message: dict[str, Any]) -> None:
        if "reply_to" in message:
            future = self._waiting.get(message["reply_to"])
            if future is not None and not future.done():
                future.set_result(message)
        else:
            self._keep(asyncio.create_task(self._reply(message)))

    async def _reply(self, message: dict[str, Any]) -> None:
        reply: dict[str, Any] = {"type": "process.message", "reply_to": message["question"]}
        try:
            verb, fields = message["verb"], message.get("fields") or {}
            reply["data"] = await self._carry_out(message["session_id"], verb, fields)
        except MicroVibeError as error:
            reply["error"] = error.code
        except Exception:
            logger.exception("remote: %s failed", message.get("verb"))
            reply["error"] = "internal"
        await self._layer.group_send(_group(message["from"]), reply)

    async def _carry_out(
        self, session_id: str, verb: str, fields: dict[str, Any]
    ) -> dict[str, Any]:
        session = self._media.sessions.get(session_id)
        if session is None or verb not in VERBS:
            raise MicroVibeError("session_not_found")
        match verb:
            case "stats":
                counters = await self._media.relay.session_stats(session.peer.session_id)
                return asdict(counters) if counters is not None else {}
            case "answer":
                offer_id = fields.get("offer_id") or session.offer_id
                if offer_id is None:
                    raise MicroVibeError("wrong_order")
                self._media.answer(session, fields["sdp"], offer_id)
            case "candidates":
                for init in fields["candidates"]:
                    self._media.candidate(session, init, Target(session.role.value))
            case "close":
                self._media.close(session, "left", tell=True)
                with contextlib.suppress(TimeoutError):
                    await self._media.journal.flush()
        return {}

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _group(process_id: str) -> str:
    return f"process.{process_id}"
