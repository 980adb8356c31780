"""Wakes the readers of a store when there is more to read. It carries no data: readers look for themselves."""

from __future__ import annotations

import asyncio
import threading


class ChangeSignal:
    """Told from any thread, heard in any event loop; many tellings before the hearing count as one."""

    def __init__(self) -> None:
        self.version = 0
        """Grows with each change; a reader that remembers it never misses one."""
        self._waiters: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
        """Those who wait, by their loop; a loop in which nobody waits is not there."""
        self._waking: set[asyncio.AbstractEventLoop] = set()
        self._lock = threading.Lock()

    def notify(self) -> None:
        """Something changed. May be called from any thread, also when nobody listens."""
        with self._lock:
            self.version += 1
            if not self._waiters:
                return
            loops = self._waiters.keys() - self._waking
            self._waking |= loops
        for loop in loops:
            try:
                loop.call_soon_threadsafe(self._wake, loop)
            except RuntimeError:  # the loop has been closed: nobody is left there to be woken
                self._take_waiters(loop)

    async def wait(self, seen: int) -> int:
        """Wait until ``version`` differs from ``seen``, and return it."""
        loop = asyncio.get_running_loop()
        with self._lock:
            if self.version != seen:
                return self.version
            waiter = loop.create_future()
            self._waiters.setdefault(loop, []).append(waiter)
        try:
            await waiter
        finally:
            with self._lock:
                others = [other for other in self._waiters.pop(loop, ()) if other is not waiter]
                if others:
                    self._waiters[loop] = others
        return self.version

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        for waiter in self._take_waiters(loop):
            if not waiter.done():
                waiter.set_result(None)

    def _take_waiters(self, loop: asyncio.AbstractEventLoop) -> list[asyncio.Future[None]]:
        with self._lock:
            self._waking.discard(loop)
            return self._waiters.pop(loop, [])
