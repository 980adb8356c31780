"""Wakes the readers of a store when there is more to read. It carries no data: readers look for themselves."""

from __future__ import annotations

import asyncio
import threading


class ChangeSignal:
    """Told from any thread, heard in one event loop; many tellings before the hearing count as one."""

    def __init__(self) -> None:
        self.version = 0
        """Grows with each change; a reader that remembers it never misses one."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiters: list[asyncio.Future[None]] = []
        self._lock = threading.Lock()
        self._wake_is_due = False

    def notify(self) -> None:
        """Something changed. May be called from any thread, also when nobody listens."""
        with self._lock:
            self.version += 1
            loop = self._loop
            if loop is None or self._wake_is_due or not self._waiters:
                return
            self._wake_is_due = True
        try:
            loop.call_soon_threadsafe(self._wake)
        except RuntimeError:  # the loop has been closed: nobody is left to be woken
            with self._lock:
                self._wake_is_due = False

    async def wait(self, seen: int) -> int:
        """Wait until ``version`` differs from ``seen``, and return it."""
        loop = asyncio.get_running_loop()
        with self._lock:
            if self.version != seen:
                return self.version
            if self._loop is not loop:
                self._loop, self._waiters, self._wake_is_due = loop, [], False
            waiter = loop.create_future()
            self._waiters.append(waiter)
        try:
            await waiter
        finally:
            with self._lock:
                if waiter in self._waiters:
                    self._waiters.remove(waiter)
        return self.version

    def _wake(self) -> None:
        with self._lock:
            self._wake_is_due = False
            waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
