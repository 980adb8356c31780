"""Many workers side by side, but not too many: who waits gets a turn, first come first served."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

SLICE_SECONDS = 10.0
"""How long a turn lasts at least when others wait."""


class Turns:
    """Bounds how many hold a turn at once.

    Args:
        limit: how many.
        slice_seconds: after how long a turn is over when others wait; nobody's turn is over while nobody waits.
    """

    def __init__(self, limit: int, slice_seconds: float = SLICE_SECONDS) -> None:
        self._free = asyncio.Semaphore(limit)
        self._slice_seconds = slice_seconds
        self._waiting = 0

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[Turn]:
        """Wait for a turn, and hold it for as long as the context lasts."""
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            yield Turn(self)
        finally:
            self._free.release()

    def is_over(self, seconds: float) -> bool:
        """Whether who has held a turn for so long should let others have theirs."""
        return self._waiting > 0 and seconds >= self._slice_seconds


class Turn:
    """A turn that is held."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._began = time.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether it is polite to end it."""
        return self._turns.is_over(time.monotonic() - self._began)
