"""Looks at the store once for all subscribers, and wakes them. However many read, the store is looked at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from wharf_tui.model.build import Liveness
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.change_signal import ChangeSignal

_SHORTEST_BREATH = 0.004
_LONGEST_BREATH = 1.0
_BREATH_PER_SUBSCRIBER = 0.0005
"""Seconds between two looks: few subscribers get lines at once, many get them in larger pieces."""


class BuildHub:
    """One served build. ``run`` must be running for subscribers to get anything new.

    Args:
        reader: the build; refreshed here, read by all.
        wait: returns when the store may have changed.
    """

    def __init__(self, reader: BuildReader, wait: Callable[[], Awaitable[None]]) -> None:
        self.reader = reader
        self.subscribers = 0
        self._wait = wait
        self._pulse = ChangeSignal()
        self._refresh()

    @property
    def version(self) -> int:
        """Grows at each look."""
        return self._pulse.version

    @property
    def ended(self) -> bool:
        """Whether nobody writes the build any more: what is readable now is all there will be."""
        return self.reader.liveness is not Liveness.RUNNING

    async def run(self) -> None:
        """Look and wake until the build has ended."""
        while not self.ended:
            await self._wait()
            await asyncio.sleep(
                min(_LONGEST_BREATH, max(_SHORTEST_BREATH, self.subscribers * _BREATH_PER_SUBSCRIBER))
            )
            self._refresh()
            self._pulse.notify()

    async def wait(self, seen: int) -> None:
        """Wait for the look after version ``seen``."""
        await self._pulse.wait(seen)

    @contextmanager
    def subscribed(self) -> Iterator[None]:
        """Count a subscriber for as long as it lasts."""
        self.subscribers += 1
        try:
            yield
        finally:
            self.subscribers -= 1

    def _refresh(self) -> None:
        """Liveness first: once it says that nobody writes, the logs are read to their very end."""
        self.reader.refresh()
        for step in self.reader.info.steps:
            self.reader.log(step.info.step_id).refresh()
