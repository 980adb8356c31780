"""Looks at the store once for all subscribers, and wakes them. However many read, the store is looked at once."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from wharf_tui.model.build import BuildInfo, Liveness
from wharf_tui.model.errors import StoreError, UnreachableError, WharfError
from wharf_tui.model.ids import StepId
from wharf_tui.model.status import ArtifactEvent
from wharf_tui.results.build_reader import BuildReader

_SHORTEST_BREATH = 0.004
_LONGEST_BREATH = 1.0
_BREATH_PER_SUBSCRIBER = 0.002
"""Seconds between two looks: few subscribers get lines at once, many get them in larger pieces."""
_WOKEN_AT_ONCE = 32
"""The others come a moment later, so that new subscribers and answers to all have their turn in between."""


class BuildHub:
    """One served build. ``run`` must be running for subscribers to get anything new.

    Args:
        reader: the build; refreshed here, read by all.
        wait: returns when the store may have changed.

    Raises:
        InputError: the build cannot be read.
    """

    def __init__(self, reader: BuildReader, wait: Callable[[], Awaitable[None]]) -> None:
        self.reader = reader
        self.subscribers = 0
        self._wait = wait
        self._version = 0
        self._waiters: dict[asyncio.Future[None], None] = {}
        self._failure: WharfError | None = None
        self._is_stopping = False
        self._artifacts: dict[StepId, tuple[ArtifactEvent, ...]] = {}
        self._uid = hashlib.sha256(os.fsencode(reader.path.resolve())).hexdigest()[:16]
        self._epoch = secrets.token_hex(8)
        self._look()

    @property
    def info(self) -> BuildInfo:
        """The build. One of wharf-cmd's has no name of its own: it gets one, and a new epoch whenever it is served."""
        info = self.reader.info
        return info if info.uid else replace(info, uid=self._uid, epoch=self._epoch)

    @property
    def version(self) -> int:
        """Grows at each look."""
        return self._version

    @property
    def ended(self) -> bool:
        """Whether nobody writes the build any more: what is readable now is all there will be."""
        return self.reader.liveness is not Liveness.RUNNING

    def artifacts(self, step_id: StepId) -> tuple[ArtifactEvent, ...]:
        """A step's artifacts as of the last look; the file is read once for all subscribers."""
        if step_id not in self._artifacts:
            self._artifacts[step_id] = self.reader.artifacts(step_id)
        return self._artifacts[step_id]

    def look_ahead(self) -> None:
        """Look out of turn, for one subscriber who knows of more than was here at the last look.

        It had that from another worker that serves the same build. The others are woken at the next look.

        Raises:
            InputError: the build cannot be read any more.
        """
        if not self.ended and self._failure is None:
            self._look()

    async def run(self) -> None:
        """Look and wake until the build has ended, or cannot be read any more.

        A build of wharf-cmd's does not tell whether it has ended. Each stream of it ends with what is there, but who
        comes later gets what has come until then: under a new epoch, for a line that had no end may have grown.
        """
        while self._failure is None and self.reader.liveness in {Liveness.RUNNING, Liveness.UNKNOWN}:
            await self._pause()
            before = (self.reader.info, self.reader.log_bytes)
            try:
                self._look()
            except WharfError as error:
                self._failure = error
            if self.ended and before != (self.reader.info, self.reader.log_bytes):
                self._epoch = secrets.token_hex(8)
            for group in self._waiting_groups():
                _wake(group)
                await asyncio.sleep(0)

    async def _pause(self) -> None:
        if self.ended:
            await asyncio.sleep(_LONGEST_BREATH)
            return
        await self._wait()
        breath = max(_SHORTEST_BREATH, self.subscribers * _BREATH_PER_SUBSCRIBER)
        await asyncio.sleep(min(_LONGEST_BREATH, breath))

    def stop(self) -> None:
        """Let subscribers go as soon as they have all that is there, the end of the build included."""
        self._is_stopping = True
        try:
            self.look_ahead()
        except WharfError as error:
            self._failure = error
        for group in self._waiting_groups():
            _wake(group)

    async def wait(self, seen: int) -> None:
        """Wait for the look after version ``seen``.

        Raises:
            StoreError: the store cannot be read any more.
            UnreachableError: the worker is being stopped.
        """
        self._refuse_when_broken()
        if self._version == seen:
            self._refuse_when_stopping()
            waiter = asyncio.get_running_loop().create_future()
            self._waiters[waiter] = None
            try:
                await waiter
            finally:
                self._waiters.pop(waiter, None)
        self._refuse_when_broken()

    @contextmanager
    def subscribed(self) -> Iterator[None]:
        """Count a subscriber of the logs for as long as it lasts."""
        self.subscribers += 1
        try:
            yield
        finally:
            self.subscribers -= 1

    def _waiting_groups(self) -> list[list[asyncio.Future[None]]]:
        """All who wait now, for whom there is a new version."""
        self._version += 1
        waiters = list(self._waiters)
        self._waiters.clear()
        return [waiters[first : first + _WOKEN_AT_ONCE] for first in range(0, len(waiters), _WOKEN_AT_ONCE)]

    def _refuse_when_broken(self) -> None:
        if self._failure is not None:
            raise StoreError(self._failure.message, self._failure.hint) from self._failure

    def _refuse_when_stopping(self) -> None:
        if self._is_stopping:
            raise UnreachableError("the worker is being stopped")

    def _look(self) -> None:
        """Liveness first: once it says that nobody writes, the logs are read to their very end."""
        self.reader.refresh()
        for step in self.reader.info.steps:
            self.reader.log(step.info.step_id).refresh()
        self._artifacts.clear()


def _wake(waiters: list[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        if not waiter.done():  # else its subscriber has gone
            waiter.set_result(None)
