"""The sink's connections, each with a thread of its own: who wants to write gets one in turn.

Waiting for a sink that is down happens here, in one place: what is being written is written again until it goes
through, and everybody else waits in the queue. Nothing is read from workers' copies meanwhile, so memory does not grow.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from wharf_tui.aggregator.journal import Journal
from wharf_tui.aggregator.metrics import Metrics
from wharf_tui.aggregator.sinks.port import Sink
from wharf_tui.model.errors import (
    AccessDeniedError,
    StorageFullError,
    StoreBusyError,
    UnreachableError,
    WharfError,
)

_SHORTEST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0
_REMIND_SECONDS = 30.0
"""How often it is said that the sink is still down."""
GRACE_SECONDS = 5.0
"""How long what has begun may go on when we are stopped."""
T = TypeVar("T")


class SinkPool:
    """Runs work on sinks.

    Args:
        sinks: connections to the same place; none is open yet.
        journal: told when the sink fails, and when it answers again.
        metrics: counts.
        give_up_seconds: how long to try a sink that fails; None is for ever.
    """

    def __init__(
        self, sinks: Sequence[Sink], journal: Journal, metrics: Metrics, give_up_seconds: float | None = None
    ) -> None:
        self.name = sinks[0].name
        self._sinks = tuple(sinks)
        self._journal = journal
        self._metrics = metrics
        self._give_up_seconds = give_up_seconds
        self._free = list(sinks)
        self._turn = asyncio.Semaphore(
            len(sinks)
        )  # first come, first served: a Queue would let others in between
        self._threads = ThreadPoolExecutor(max_workers=len(sinks), thread_name_prefix="sink")
        self._down_since: float | None = None
        self._reminded = 0.0

    async def open(self, *, patiently: bool) -> None:
        """Connect, and bring the schema up to date.

        Args:
            patiently: wait for a sink that is not there yet; else that is an error.

        Raises:
            WharfError: the sink cannot be used.
        """
        if patiently:
            await self.run(lambda sink: sink.open())
        else:
            await self._in_thread(self._sinks[0], self._sinks[0].open)

    async def run(self, work: Callable[[Sink], T]) -> T:
        """Do ``work`` with the next free sink, again and again while the sink is down, busy or full.

        ``work`` must leave things so that it can be called again when it raises.

        Raises:
            WharfError: trying again would not help, or has not helped for too long.
        """
        async with self._turn:
            sink = self._free.pop()
            try:
                return await self._keep_trying(sink, lambda: work(sink))
            finally:
                self._free.append(sink)

    async def close(self) -> None:
        """Disconnect."""
        for sink in self._sinks:
            await self._in_thread(sink, sink.close)
        self._threads.shutdown()

    async def _keep_trying(self, sink: Sink, work: Callable[[], T]) -> T:
        attempts = 0
        while True:
            began = time.monotonic()
            try:
                result = await self._in_thread(sink, work)
            except WharfError as error:
                self._note_failure(error)
                attempts += 1
                pause = min(_LONGEST_PAUSE, _SHORTEST_PAUSE * 2 ** min(attempts - 1, 10))
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret
            else:
                self._note_success()
                self._metrics.commit_seconds += time.monotonic() - began
                return result

    async def _in_thread(self, sink: Sink, work: Callable[[], T]) -> T:
        """What has begun is waited for, also when we are cancelled: a thread cannot be stopped."""
        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        began = time.monotonic()
        try:
            while not (await asyncio.wait({future}, timeout=_REMIND_SECONDS))[0]:
                self._note_silence(time.monotonic() - began)
        except asyncio.CancelledError:
            if not (await asyncio.wait({future}, timeout=GRACE_SECONDS))[0]:
                sink.interrupt()
                await asyncio.wait({future})
            if not future.cancelled():
                future.exception()  # nobody else will ask
            raise
        return future.result()

    def _note_silence(self, seconds: float) -> None:
        """It neither takes lines nor fails."""
        self._metrics.sink_problem = f"{self.name} has not answered for {seconds:.0f} s"
        if self._down_since is None:
            self._down_since = time.monotonic() - seconds
        self._journal.warning(f"{self._metrics.sink_problem}; waiting")

    def _note_failure(self, error: WharfError) -> None:
        """Say so, or raise where trying again does not help."""
        worth_it = isinstance(error, UnreachableError | StoreBusyError | StorageFullError)
        if not worth_it or isinstance(error, AccessDeniedError):
            raise error
        now = time.monotonic()
        self._metrics.retries += 1
        self._metrics.sink_problem = error.message
        if self._down_since is None:
            self._down_since = self._reminded = now
            self._journal.warning(f"{error.message}; trying again", hint=error.hint)
        elif now - self._reminded >= _REMIND_SECONDS:
            self._reminded = now
            self._journal.warning(f"{error.message} (for {now - self._down_since:.0f} s); trying again")
        if self._give_up_seconds is not None and now - self._down_since > self._give_up_seconds:
            raise error

    def _note_success(self) -> None:
        if self._down_since is None:
            return
        seconds = time.monotonic() - self._down_since
        self._down_since = None
        self._metrics.sink_problem = ""
        self._journal.info(f"{self.name} takes lines again after {seconds:.1f} s; nothing was lost")
