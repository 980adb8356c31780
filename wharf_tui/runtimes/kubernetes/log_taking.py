"""The event loop's side of taking a log: starts the thread, watches that it does not wait in vain, and ends it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from wharf_tui.runtimes.kubernetes.log_taker import LogTaker
from wharf_tui.runtimes.kubernetes.shared import Threads

_CHECKS_AFTER: Final = (1.0, 5.0, 20.0)
_HURRY_SECONDS: Final = 2.0
"""A container that has ended is silent; after that its log need not be followed any longer."""


class LogTaking:
    """A log that is being taken.

    Args:
        threads: lend one for as long as the container runs, and one for a moment now and then.
        taker: takes it.
        checks_after: so long silent, in seconds, it is looked whether the log has lines that do not come; after the
            last of these again and again.
    """

    def __init__(
        self, threads: Threads, taker: LogTaker, checks_after: Sequence[float] = _CHECKS_AFTER
    ) -> None:
        self._threads = threads
        self._taker = taker
        self._checks_after = checks_after
        self._received = 0
        self._silent_since = time.monotonic()
        self._checks = 0
        self._check: asyncio.Future[None] | None = None
        self.done: asyncio.Future[None] = threads.run_long(taker.run)
        """Set when all is taken; carries what went wrong. It may be set early, where the pod is gone."""

    @property
    def trouble(self) -> str:
        """Why the log cannot be read at the moment, in the cluster's words."""
        return self._taker.trouble

    def look_after(self) -> None:
        """To be called every second: a log that is silent for long may have been rotated away under its reader."""
        now, received = time.monotonic(), self._taker.received
        if received != self._received:
            self._received, self._silent_since, self._checks = received, now, 0
        limit = self._checks_after[min(self._checks, len(self._checks_after) - 1)]
        if now - self._silent_since < limit or (self._check is not None and not self._check.done()):
            return
        if self._check is not None:
            self._check.exception()  # a check that failed is made again
        self._silent_since, self._checks = now, self._checks + 1
        self._check = self._threads.run_short(self._taker.check)

    async def until_silent(self, limit_s: float) -> None:
        """Wait until nothing comes for a moment."""
        end = time.monotonic() + limit_s
        received = -1
        while received != self._taker.received and time.monotonic() < end:
            received = self._taker.received
            await asyncio.wait({self.done}, timeout=_HURRY_SECONDS)

    async def finish(self, away_s: float, *, is_deleted: bool) -> None:
        """The container has ended: take the rest, for as long as more of it comes.

        Args:
            away_s: how long the cluster may be away meanwhile.
            is_deleted: whether the pod is about to be removed, or has been.

        Raises:
            StoreError: the log could not be stored.
            RunError: it cannot be read.
        """
        self._taker.end(is_deleted=is_deleted)
        received, since = self._taker.received, time.monotonic()
        while not self.done.done():
            await asyncio.wait({self.done}, timeout=_HURRY_SECONDS)
            now = time.monotonic()
            if self._taker.received != received:
                received, since = self._taker.received, now
            elif now - since > away_s:
                self._taker.give_up()
            else:
                self._taker.hurry()
        self.done.result()

    async def leave(self) -> None:
        """Take no more of a log that goes on."""
        self._taker.leave()
        await self.abandon()

    async def abandon(self) -> None:
        """Let go of it; what has not come by now is recorded as lost."""
        self._taker.give_up()
        jobs = {self.done} | ({self._check} if self._check else set())
        await asyncio.wait(jobs)
        for job in jobs:
            if not job.cancelled():
                job.exception()
