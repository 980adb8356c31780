"""Runs what belongs to one connection together: it ends together, and no failure goes unheard."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def run_beside(main: Coroutine[Any, Any, Result], *helpers: Coroutine[Any, Any, None]) -> Result:
    """Run ``main`` to its end, and the helpers for as long. A helper may end before; one that fails ends all.

    Raises:
        BaseException: whatever ``main`` or a helper failed with first.
    """
    working = asyncio.create_task(main, name="attach-main")
    pending = {working, *(asyncio.create_task(helper, name="attach-helper") for helper in helpers)}
    tasks = tuple(pending)
    try:
        while not working.done():
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            if working not in done:
                for task in done:
                    task.result()
        return working.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
