"""A task ends even when what it waits for swallows a cancellation."""

from __future__ import annotations

import asyncio

from live.tasks import end_tasks


async def test_a_swallowed_cancellation_is_repeated() -> None:
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed == 2:
                    raise

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await end_tasks([task])
    assert task.cancelled()
    assert swallowed == 2


async def test_tasks_that_have_ended_or_fail_do_no_harm() -> None:
    async def fails() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise ValueError("on the way out")

    done = asyncio.create_task(asyncio.sleep(0))
    failing = asyncio.create_task(fails())
    await asyncio.wait([done])
    await end_tasks([done, failing])
    assert isinstance(failing.exception(), ValueError)
    await end_tasks([])
